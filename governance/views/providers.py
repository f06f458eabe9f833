"""AI providers, what their models cost, and what may be spent."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from catalog.models import User
from catalog.permissions import requires
from catalog.views.again import asks_again
from governance.copywriting.budget import money
from governance.copywriting.runs import USE
from governance.models import AiProvider, CopyBudget, ModelPrice
from governance.people import who_may
from pimhub.foundation import audit, sandbox
from pimhub.foundation.guard import Refused
from pimhub.foundation.http import check_address

MANAGE = "governance.manage_prompts"
MICROS = 1_000_000


class ProviderForm(forms.ModelForm):  # type: ignore[type-arg]
    """A provider; its key is written, never shown."""

    key = forms.CharField(
        required=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Kept encrypted and never shown again. Leave it empty to keep the one that is there.",
    )

    class Meta:
        model = AiProvider
        fields = (
            "code",
            "label",
            "base_url",
            "api",
            "timeout",
            "at_once",
            "sees_pictures",
            "takes_batches",
            "batch_percent",
        )
        labels = {
            "base_url": "Address of the API",
            "api": "Protocol",
            "timeout": "Seconds to wait for an answer",
            "at_once": "Calls at once, at most",
            "takes_batches": "It works off batches within a day",
            "batch_percent": "What a call in a batch costs, in percent of its price",
            "sees_pictures": "Its models take pictures: small copies are sent where pictures are described",
        }
        help_texts = {"base_url": "With its version: https://api.openai.com/v1. A private one must be allowed by PIMHUB_ALLOWED_ORIGINS; sandbox:/openai/v1 is the sandbox's."}  # fmt: skip  # noqa: E501

    def clean_base_url(self) -> str:
        address = str(self.cleaned_data["base_url"]).strip()
        if not address.startswith(sandbox.SCHEME):
            try:
                check_address(address, allowed_origins=settings.PIMHUB_ALLOWED_ORIGINS)
            except Refused as error:
                raise forms.ValidationError(f"It would not be called: {error}.") from error
        return address

    def clean_at_once(self) -> int:
        calls: int = self.cleaned_data["at_once"]
        if not 1 <= calls <= 64:
            raise forms.ValidationError("Between 1 and 64 calls.")
        return calls

    def clean_batch_percent(self) -> int:
        percent: int = self.cleaned_data["batch_percent"]
        if not 1 <= percent <= 100:
            raise forms.ValidationError("Between 1 and 100 percent.")
        return percent

    def clean_timeout(self) -> int:
        seconds: int = self.cleaned_data["timeout"]
        if not 1 <= seconds <= 600:
            raise forms.ValidationError("Between 1 and 600 seconds.")
        return seconds


class PriceForm(forms.Form):
    """What a million tokens cost, from a day on."""

    model = forms.CharField(max_length=100)
    valid_from = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    incoming = forms.DecimalField(label="A million tokens sent", min_value=0, max_value=100_000, decimal_places=6)
    outgoing = forms.DecimalField(label="A million tokens written", min_value=0, max_value=100_000, decimal_places=6)


class BudgetForm(forms.Form):
    """At most so much in a day or month, of all or of one person."""

    per = forms.ChoiceField(choices=CopyBudget.Per.choices)
    person = forms.ModelChoiceField(queryset=User.objects.none(), required=False, empty_label="everybody together")
    amount = forms.DecimalField(label="At most", min_value=0, max_value=10_000_000, decimal_places=6)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["person"]
        field.queryset = User.objects.filter(pk__in=[user.pk for user in who_may(USE)])


@requires(MANAGE)
def provider_list(request: HttpRequest) -> HttpResponse:
    """Who writes, what may be spent; a new budget replaces the one before."""
    form = BudgetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        micros = int(given["amount"] * MICROS)
        CopyBudget.objects.update_or_create(per=given["per"], user=given["person"], defaults={"micros": micros})
        _note(request, "budget.set", "copy_budget", per=given["per"], micros=micros)
        messages.success(request, "The budget holds from now on.")
        return redirect("copy_providers")
    budgets = CopyBudget.objects.select_related("user")
    context = {
        "providers": AiProvider.objects.all(),
        "budgets": [(each, money(each.micros)) for each in budgets],
        "form": form,
    }
    return render(request, "governance/copy_providers.html", context, status=422 if form.errors else 200)


@requires(MANAGE)
@asks_again
def provider_edit(request: HttpRequest, code: str = "") -> HttpResponse:
    """A provider, its key, and the prices of its models."""
    provider = get_object_or_404(AiProvider, code=code) if code else None
    form = ProviderForm(instance=provider)
    prices = PriceForm()
    if request.method == "POST" and request.POST.get("do") == "price" and provider:
        prices = PriceForm(request.POST)
        if prices.is_valid() and _priced(provider, prices):
            _note(request, "price.set", f"ai_provider:{provider.code}", model=prices.cleaned_data["model"])
            return redirect("copy_provider", code=provider.code)
    elif request.method == "POST" and request.POST.get("do") == "resume" and provider:
        AiProvider.objects.filter(pk=provider.pk).update(is_paused=False, problem="")
        _note(request, "provider.resumed", f"ai_provider:{provider.code}")
        return redirect("copy_provider", code=provider.code)
    elif request.method == "POST":
        form = ProviderForm(request.POST, instance=provider)
        if form.is_valid():
            saved = form.save(commit=False)
            if form.cleaned_data["key"]:
                saved.key, saved.is_paused, saved.problem = form.cleaned_data["key"], False, ""
            saved.save()
            _note(request, "provider.saved", f"ai_provider:{saved.code}", new_key=bool(form.cleaned_data["key"]))
            messages.success(request, f"{saved} is saved.")
            return redirect("copy_provider", code=saved.code)
    rows = provider.prices.all() if provider else ModelPrice.objects.none()
    context = {
        "provider": provider,
        "form": form,
        "prices": prices,
        "rows": [(row, money(row.input_micros), money(row.output_micros)) for row in rows],
    }
    wrong = form.errors or prices.errors
    return render(request, "governance/copy_provider.html", context, status=422 if wrong else 200)


def _priced(provider: AiProvider, form: PriceForm) -> bool:
    given = form.cleaned_data
    try:
        with transaction.atomic():
            ModelPrice.objects.create(
                provider=provider,
                model=given["model"].strip(),
                valid_from=given["valid_from"],
                input_micros=int(given["incoming"] * MICROS),
                output_micros=int(given["outgoing"] * MICROS),
            )
    except IntegrityError:
        form.add_error("valid_from", "There is a price from this day on already. Choose a later day.")
        return False
    return True


def _note(request: HttpRequest, what: str, about: str, **details: Any) -> None:
    audit.record(what, about, by=cast(User, request.user).pk, **details)
