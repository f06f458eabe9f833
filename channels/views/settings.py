"""Pages of those who set channels up."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.validators import MaxValueValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from catalog.models import Market, Scope
from catalog.permissions import requires
from catalog.views.again import asks_again
from channels import overview, rotation, setup
from channels.access import reached
from channels.connections import ChannelNotReady, connector_of
from channels.connectors.abilities import SettingField
from channels.connectors.base import Connector
from channels.connectors.registry import connectors
from channels.models import Channel, StockRule
from channels.publishing import policy_text
from channels.publishing.policy import FACETS, READ_BACK_HOURS, REMOVALS_A_DAY, SHRINK_PERCENT, STOCK_SETTLES_MINUTES
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.moments import zones

CHANGE = "channels.change_channel"
_ASKS = (
    ("price_percent", "Ask when a price moves by more than … percent", None),
    ("removals_a_day", "Ask from so many removals a day on", REMOVALS_A_DAY),
    ("shrink_percent", "Ask when more than … percent of the variants go", SHRINK_PERCENT),
)
_ZONES = forms.TextInput({"list": "zones", "autocomplete": "off"})


class NewChannel(forms.Form):
    code = forms.CharField(max_length=50, help_text="Small letters, digits and underscores. It stays as it is.")
    label = forms.CharField(max_length=100, label="Name")
    connector = forms.ChoiceField(label="Kind")
    scope = forms.ModelChoiceField(Scope.objects.all())
    market = forms.ModelChoiceField(Market.objects.all())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = cast(forms.ChoiceField, self.fields["connector"])
        kinds.choices = [(c.key, c.label) for c in connectors]


class SettingsForm(forms.Form):
    """Settings of the channel's kind, its policy in words, and secrets that are never shown again."""

    label = forms.CharField(max_length=100, label="Name")
    publishes_on_approval = forms.BooleanField(required=False, label="Approved products go out by themselves")

    def __init__(self, channel: Channel, connector: Connector, *args: Any) -> None:
        held = channel.policy
        ask = held.get("ask", {})
        super().__init__(*args)
        self.channel, self.kinds = channel, {f.name: f for f in setup.fields_of(connector)}
        self.initial.update(label=channel.label, publishes_on_approval=channel.publishes_on_approval)
        for each in self.kinds.values():
            self.fields[f"s_{each.name}"] = _box(each)
            value = channel.settings.get(each.name)
            flag = each.usual if value is None else bool(value)
            self.initial[f"s_{each.name}"] = flag if each.kind == "flag" else setup.written(each, value)
        stock = StockRule.objects.filter(channel=channel).first() or StockRule(channel=channel)
        places = "Codes, a line each. Empty: all."
        lines = forms.Textarea({"rows": 2})
        self._text("stock_locations", "Locations counted", "\n".join(stock.locations), places, widget=lines)
        self._number("stock_buffer", "Units held back", stock.buffer, "")
        self._number("stock_cap", "Never show more than", stock.cap, "Empty: all there is.")
        self._number("stock_stale_minutes", "A figure is too old after … minutes", stock.stale_minutes, "Empty: never.")
        self.fields["stock_when_stale"] = forms.ChoiceField(
            choices=StockRule.WhenStale.choices, label="Of figures that are too old"
        )
        self.initial["stock_when_stale"] = stock.when_stale
        self._text("time_zone", "Time zone", held.get("time_zone", "UTC"), "Of all times of day here.", _ZONES)
        self.facets = [f for f in FACETS if f in connector.facets]
        for facet in self.facets:
            told = policy_text.rhythm(held.get("delivery", {}).get(facet))
            self._text(f"d_{facet}", f"Send {facet}", told, "", forms.TextInput({"class": "form-control"}))
        area = forms.Textarea({"rows": 3})
        example = (
            "A line each: 2026-11-26T18:00 to 2026-11-30T08:00: Black week; except stock, offer; products recall-1"
        )
        self._text("freezes", "Freezes", policy_text.freezes(held.get("freezes", [])), example, widget=area)
        for name, label, usual in _ASKS:
            self._number(f"a_{name}", label, ask.get(name, usual), "")
        for facet in self.facets:
            value = held.get("fresh", {}).get(facet)
            self._number(f"f_{facet}", f"{facet.capitalize()} accepted within … seconds", value, "")
        hours = held.get("read_back_hours", READ_BACK_HOURS)
        self._number("read_back_hours", "Compare with the channel every … hours", hours, "Empty: only when asked.")
        settles = held.get("stock_settles_minutes", STOCK_SETTLES_MINUTES)
        help_text = (
            "Something sold there shows as less stock than was sent. When its source has spoken so long after, and its "
            "figure is still the same, the figure is sent again. Empty: only when asked."
        )
        self._number("stock_settles_minutes", "Orders reach the source of stock within … minutes", settles, help_text)
        self.secrets = list(dict.fromkeys(name for way in setup.secrets_of(connector) for name in way))
        ways = " or ".join(" + ".join(way) for way in setup.secrets_of(connector))
        more = setup.more_secrets_of(connector)
        self.secrets += more
        ends = rotation.ends(channel.credentials, timezone.now())
        for name in self.secrets:
            wanted = "For messages of the channel." if name in more else f"Needed: {ways}."
            stored = "One is stored; empty leaves it." if channel.credentials.get(name) else wanted
            if name in ends:
                stored += f" The one before counts until {ends[name]:%Y-%m-%d %H:%M} UTC."
            secret = forms.PasswordInput({"autocomplete": "off"}) if name != "service_account" else area
            self.fields[f"c_{name}"] = forms.CharField(
                required=False, label=name.replace("_", " ").capitalize(), help_text=stored, widget=secret
            )
        if setup.rotated_of(connector):
            words = "Messages that are signed with the one before are taken for so long. 0: it ends at once."
            self._number("c_overlap", "A replaced secret of messages counts for … hours", rotation.HOURS, words)
            self.fields["c_overlap"].validators.append(MaxValueValidator(rotation.MOST_HOURS))

    def _text(self, name: str, label: str, value: str, help_text: str, widget: Any = forms.TextInput) -> None:
        self.fields[name] = forms.CharField(required=False, label=label, help_text=help_text, widget=widget)
        self.initial[name] = value

    def _number(self, name: str, label: str, value: int | None, help_text: str) -> None:
        box = forms.NumberInput({"class": "form-control"})
        self.fields[name] = forms.IntegerField(
            required=False, min_value=0, label=label, help_text=help_text, widget=box
        )
        self.initial[name] = value

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.settings: dict[str, JSON] = {}
        for name, kind in self.kinds.items():
            given = cleaned.get(f"s_{name}")
            if kind.kind == "flag":
                self.settings[name] = bool(given)
                continue
            if kind.kind == "choices":
                self.settings[name] = list(given or [])
                continue
            try:
                self.settings[name] = setup.read(kind, str(given or ""))
            except ValueError as error:
                self.add_error(f"s_{name}", str(error))
        try:
            frozen = policy_text.read_freezes(str(cleaned.get("freezes") or ""))
        except ValueError as error:
            self.add_error("freezes", str(error))
            frozen = []
        rhythms = {f: policy_text.read_rhythm(str(cleaned.get(f"d_{f}") or "")) for f in self.facets}
        self.rules: dict[str, JSON] = {
            "time_zone": str(cleaned.get("time_zone") or "UTC"),
            "delivery": {f: how for f, how in rhythms.items() if how},
            "freezes": frozen,
            "ask": {name: cleaned.get(f"a_{name}") for name, _, _ in _ASKS},
            "fresh": {f: cleaned[f"f_{f}"] for f in self.facets if cleaned.get(f"f_{f}") is not None},
            "read_back_hours": cleaned.get("read_back_hours"),
            "stock_settles_minutes": cleaned.get("stock_settles_minutes"),
        }
        return cleaned

    def given_secrets(self) -> dict[str, str] | None:
        """All secrets as they are to be, with those that are stored and were left empty; None: nothing was given."""
        given = {name: str(self.cleaned_data.get(f"c_{name}") or "").strip() for name in self.secrets}
        if not any(given.values()):
            return None
        return {**self.channel.credentials, **{name: value for name, value in given.items() if value}}

    def place(self, name: str) -> str:
        """The box in which a problem of the channel is told."""
        head, _, rest = name.removeprefix("policy.").partition(".")
        prefix = {"delivery": "d_", "ask": "a_", "fresh": "f_"}.get(head)
        found = f"{prefix}{rest}" if prefix else head
        return found if found in self.fields else "label"


def _box(field: SettingField) -> forms.Field:
    if field.kind == "flag":
        return forms.BooleanField(required=False, label=field.label, help_text=field.help)
    if field.kind == "choices":
        return forms.MultipleChoiceField(
            required=False,
            label=field.label,
            help_text=field.help,
            choices=[(each, each) for each in field.choices],
            widget=forms.CheckboxSelectMultiple,
        )
    lines = field.kind in ("list", "map", "rows")
    widget: Any = forms.Textarea({"rows": 2}) if lines else forms.TextInput
    return forms.CharField(required=False, label=field.label, help_text=field.help, widget=widget)


@requires(CHANGE)
def channel_new(request: HttpRequest) -> HttpResponse:
    form = NewChannel(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            channel = setup.create(**form.cleaned_data)
        except setup.BadChannel as error:
            for name, words in error.problems.items():
                form.add_error(name, words)
        else:
            messages.success(request, f"{channel.label} is made. It only previews until a rollout begins.")
            return redirect("channel_settings", code=channel.code)
    return render(request, "channels/new.html", {"form": form}, status=422 if request.method == "POST" else 200)


@requires(CHANGE)
@never_cache
@sensitive_post_parameters()
@asks_again
def channel_settings(request: HttpRequest, code: str) -> HttpResponse:
    """What the owner of a channel decides; pausing it."""
    channel = get_object_or_404(reached(Channel.objects.all(), right=CHANGE), code=code)
    try:
        connector = connector_of(channel)
    except ChannelNotReady as error:
        messages.error(request, str(error))
        return redirect("channel_list")
    form = SettingsForm(channel, connector, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            given = form.cleaned_data
            stock = setup.change_stock(
                channel,
                locations=[line.strip() for line in given["stock_locations"].splitlines() if line.strip()],
                buffer=given["stock_buffer"] or 0,
                cap=given["stock_cap"],
                stale_minutes=given["stock_stale_minutes"],
                when_stale=given["stock_when_stale"],
            )
            changed = ["stock"] if stock else []
            changed += setup.change(
                channel,
                label=form.cleaned_data["label"],
                settings=form.settings,
                rules=form.rules,
                publishes_on_approval=form.cleaned_data["publishes_on_approval"],
                credentials=form.given_secrets(),
                overlap_hours=rotation.HOURS if given.get("c_overlap") is None else given["c_overlap"],
            )
        except setup.BadChannel as error:
            for name, words in error.problems.items():
                form.add_error(form.place(name), words)
        else:
            messages.success(request, f"Saved: {', '.join(changed)}." if changed else "Nothing was changed.")
            return redirect("channel_settings", code=code)
    common = ("label", "publishes_on_approval", *(f"s_{f.name}" for f in setup.COMMON), "s_feed_formats")
    groups = [
        ("Channel", [form[name] for name in common if name in form.fields]),
        (connector.label, [f for f in form if f.name.startswith("s_") and f.name not in common]),
        ("Stock", [f for f in form if f.name.startswith("stock_")]),
        ("When to send", [f for f in form if f.name in ("time_zone", "freezes") or f.name[:2] in ("d_", "f_")]),
        ("What to ask first", [f for f in form if f.name.startswith("a_")]),
        ("Comparing", [form["read_back_hours"]]),
        ("Credentials", [f for f in form if f.name.startswith("c_")]),
    ]
    context = {
        "channel": channel,
        "groups": groups,
        "rhythms": [(f, form[f"d_{f}"], form[f"f_{f}"]) for f in form.facets],
        "zones": zones(),
        "tab": "settings",
        "waiting": overview.waiting(channel),
        "version": connector.api_version,
    }
    return render(request, "channels/settings.html", context, status=422 if request.method == "POST" else 200)
