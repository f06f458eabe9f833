"""Texts written by AI: prompts and their versions, runs, and the drafts they leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Case, Count, Exists, OuterRef, Q, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from catalog.access.reach import seen, sight
from catalog.attributes.types import type_of
from catalog.models import Attribute, Locale, Product, Scope, User
from catalog.models.codes import code_key, key_code
from catalog.permissions import requires
from catalog.plans import run as plans
from catalog.plans.kinds.base import BadPlan
from governance import proposals
from governance.copywriting import evaluation, generate, prompts, runs
from governance.copywriting.facts import facts_now
from governance.copywriting.rulebook import pack_labels
from governance.copywriting.staleness import BadPolicy, set_policy
from governance.models import (
    AiProvider,
    CopyRun,
    CopyTrial,
    Draft,
    ModelPrice,
    PromptTemplate,
    PromptVersion,
    TextOrigin,
)
from governance.views.named import names_of, origins_named

USE, MANAGE = runs.USE, "governance.manage_prompts"
SHOWN = 100
MOST = 20_000  # products of a run that is started on a page
LABELS = "en_US"  # the language of the labels on pages


def languages() -> list[Locale]:
    """To choose one: those of scopes first, the language of the labels before all others."""
    return list(
        Locale.objects.annotate(spoken=Exists(Scope.objects.filter(locales=OuterRef("pk")))).order_by(
            "-spoken", Case(When(code=LABELS, then=0), default=1), "code"
        )
    )


@requires(USE)
def copy_home(request: HttpRequest) -> HttpResponse:
    """What can be written, what is being written, what went stale."""
    stale = TextOrigin.objects.filter(is_current=True, stale_since__isnull=False, product__trashed_at=None)
    stale = seen(stale, "product")
    context = {
        "templates": PromptTemplate.objects.select_related("attribute", "scope").annotate(
            drafts=Count("versions__drafts", filter=Q(versions__drafts__proposal__in=proposals.waiting()))
        ),
        "runs": CopyRun.objects.select_related("version__template", "requested_by")[:20],
        "stale": origins_named(
            [
                row
                for row in stale.select_related("product", "draft").order_by("stale_since")[:SHOWN]
                if sight().shows(row.product_id, row.key)
            ]
        ),
        "stale_count": stale.count(),
        "providers": AiProvider.objects.all(),
        "may_manage": request.user.has_perm(MANAGE),
        "may_confirm": request.user.has_perm("catalog.change_product"),
        "waiting": open_drafts().count(),
        "first": open_drafts().first(),
    }
    return render(request, "governance/copy_home.html", context)


@requires(MANAGE)
def template_new(request: HttpRequest) -> HttpResponse:
    """A kind of text: for which attribute, in which scope."""
    given, problem = request.POST, ""
    if request.method == "POST":
        try:
            template = _new_template(given)
            return redirect("copy_template", code=template.code)
        except ValueError as error:
            problem = str(error)
    context = {
        "given": given,
        "problem": problem,
        "attributes": [a for a in Attribute.objects.filter(verbatim=False) if type_of(a.type).is_prose],
        "scopes": Scope.objects.all(),
        "locales": languages(),
        "tasks": PromptTemplate.Task.choices,
        "stale_choices": PromptTemplate.WhenStale.choices,
    }
    return render(request, "governance/copy_template_new.html", context, status=422 if problem else 200)


def _new_template(given: Mapping[str, str]) -> PromptTemplate:
    code = given.get("code", "").strip()
    try:
        key_code(code)
    except ValidationError as error:
        raise ValueError(f"Code: “{code}” cannot be. {error.messages[0]}") from error
    if PromptTemplate.objects.filter(code=code).exists():
        raise ValueError(f"Code: there is a template “{code}” already.")
    task, source = given.get("task", "write"), given.get("source_locale", "")
    attribute = Attribute.objects.filter(code=given.get("attribute", ""), verbatim=False).first()
    if task == PromptTemplate.Task.ALT:
        attribute = None  # the texts of pictures are no attribute's
    elif attribute is None or not type_of(attribute.type).is_prose:
        raise ValueError("Attribute: choose what the text is for.")
    points = given.get("points") or "5"
    if not points.isdigit() or not 1 <= int(points) <= 20:
        raise ValueError("Points: give 1 to 20.")
    if task not in PromptTemplate.Task.values:
        raise ValueError("Task: choose what is done.")
    if attribute and task == PromptTemplate.Task.BULLETS and not type_of(attribute.type).holds_lines:
        raise ValueError("Attribute: bullet points need one that holds several lines.")
    if given.get("when_stale", "warn") not in PromptTemplate.WhenStale.values:
        raise ValueError("When stale: choose what happens.")
    if task == PromptTemplate.Task.TRANSLATE and not (attribute and attribute.localizable and source):
        raise ValueError("Source: a translation needs a language to translate from, and an attribute with languages.")
    return PromptTemplate.objects.create(
        code=code,
        label=given.get("label", "").strip() or code,
        task=task,
        attribute=attribute,
        scope=Scope.objects.filter(code=given.get("scope", "")).first() if attribute and attribute.scopable else None,
        points=int(points),
        source_locale=source if task == PromptTemplate.Task.TRANSLATE else "",
        when_stale=given.get("when_stale", "") or PromptTemplate.WhenStale.WARN,
    )


@requires(USE)
def template_detail(request: HttpRequest, code: str) -> HttpResponse:
    """All versions of a prompt, two of them side by side, and the whole request for a product."""
    template = get_object_or_404(PromptTemplate.objects.select_related("attribute", "scope"), code=code)
    problem, field, status = "", "", 200
    if request.method == "POST":
        if not request.user.has_perm(MANAGE):
            raise Http404
        try:
            return _carry_out(request, template)
        except (prompts.BadPrompt, BadPolicy) as error:
            problem, field, status = str(error), getattr(error, "field", ""), 422
    versions = list(template.versions.select_related("author", "activated_by", "provider"))
    shown = _chosen(request, versions, "version")
    other = _chosen(request, [v for v in versions if v != shown], "with")
    context = {
        "template": template,
        "versions": versions,
        "shown": shown,
        "other": other,
        "tried": _shown(shown),
        "beside": _beside(shown, other),
        "form": request.POST if problem else _form_of(versions[0] if versions else None),
        "problem": problem,
        "field": field,
        "packs": pack_labels().items(),
        "providers": AiProvider.objects.all(),
        "locales": languages(),
        "may_manage": request.user.has_perm(MANAGE),
        "in_use": in_use(request, Q(draft__version=shown)) if shown else 0,
        "target": template.attribute.label() if template.attribute else "",
        "told": _told(shown) if shown else {},
        "stale_choices": PromptTemplate.WhenStale.choices,
        "models": ModelPrice.objects.order_by("model").values_list("model", flat=True).distinct(),
        "attributes": Attribute.objects.order_by("position", "code"),
        "trials": _trials(template),
        "trying": CopyTrial.objects.filter(version__template=template, ended_at=None).exists(),
        **_preview(request, shown),
    }
    return render(request, "governance/copy_template.html", context, status=status)


@requires(USE)
def template_trials(request: HttpRequest, code: str) -> HttpResponse:
    """How far the versions are that are being tried, for the page of the prompt."""
    template = get_object_or_404(PromptTemplate, code=code)
    trials = _trials(template)
    trying = any(trial.ended_at is None for trial in trials)
    context = {"template": template, "trials": trials, "trying": trying, "ended": not trying}
    return render(request, "governance/copy_trials.html", context)


def _trials(template: PromptTemplate) -> list[CopyTrial]:
    """Those under way, and the last one where it ended early."""
    rows = CopyTrial.objects.filter(version__template=template).select_related("version")
    last = rows.order_by("-pk").first()
    return [*rows.filter(ended_at=None), *([last] if last and last.ended_at and last.problem else [])]


def _told(version: PromptVersion) -> dict[str, list[str]]:
    """What a version sends, needs and is judged by, in words."""
    names, packs = names_of([*version.inputs, *version.required]), pack_labels()
    return {
        "inputs": [names.get(code, code) for code in version.inputs],
        "required": [names.get(code, code) for code in version.required],
        "packs": [packs.get(code, code) for code in version.packs],
    }


def _chosen(request: HttpRequest, versions: list[PromptVersion], name: str) -> PromptVersion | None:
    wanted = request.GET.get(name, "")
    return next((v for v in versions if str(v.number) == wanted), versions[0] if versions else None)


def _shown(version: PromptVersion | None) -> list[dict[str, Any]]:
    """What a version wrote when it was tried, of products that the person sees as a whole: a text tells of any fact."""
    rows = version.evaluation.get("rows", []) if version else []
    found = seen(Product.objects.filter(code__in=[row["product"] for row in rows])) if rows else []
    whole = {product.code for product in found if sight().whole(product.pk)}
    return [row for row in rows if row["product"] in whole]


def _beside(shown: PromptVersion | None, other: PromptVersion | None) -> list[dict[str, Any]]:
    """What two versions wrote for the same products in the same language when they were tried last."""
    if shown is None or other is None or shown.evaluation.get("locale") != other.evaluation.get("locale"):
        return []
    before = {row["product"]: row for row in _shown(other)}
    rows = _shown(shown)
    return [{"product": r["product"], "one": before[r["product"]], "two": r} for r in rows if r["product"] in before]


def _form_of(version: PromptVersion | None) -> dict[str, Any]:
    if version is None:
        return {"packs": ["eu_green_claims", "health_claims", "superlatives"]}
    return {
        "instructions": version.instructions,
        "inputs": ", ".join(version.inputs),
        "required": ", ".join(version.required),
        "max_length": version.max_length or "",
        "packs": version.packs,
        "provider": version.provider.code if version.provider else "",
        "model": version.model,
        "temperature": version.parameters.get("temperature", ""),
    }


def _carry_out(request: HttpRequest, template: PromptTemplate) -> HttpResponse:
    """Raises BadPrompt and BadPolicy."""
    given, user = request.POST, cast(User, request.user)
    if given.get("do") == "policy":
        set_policy(template, given.get("when_stale", ""))
        messages.success(request, f"When a fact changed: {template.get_when_stale_display()}.")
        return redirect("copy_template", code=template.code)
    if given.get("do") == "write":
        version = prompts.write_version(
            template=template, by=user, wording=_wording(given), note=given.get("note", "")[:500]
        )
        messages.success(request, f"Version {version.number} is written. Evaluate it on a few products next.")
    else:
        version = get_object_or_404(template.versions.select_related("provider"), number=given.get("number") or 0)
        if given.get("do") == "both":
            other = get_object_or_404(template.versions.select_related("provider"), number=given.get("with") or 0)
            products = products_named(given.get("products", ""))
            for each in (version, other):
                evaluation.plan(version=each, products=products, locale=given.get("locale", "en_US"), by=user)
            messages.success(request, "Both are being tried.")
            response = redirect("copy_template", code=template.code)
            response["Location"] += f"?version={version.number}&with={other.number}#beside"
            return response
        if given.get("do") == "evaluate":
            products = products_named(given.get("products", ""))
            evaluation.plan(version=version, products=products, locale=given.get("locale", "en_US"), by=user)
            messages.success(request, f"Version {version.number} is being tried.")
        else:
            prompts.activate(version=version, by=user)
            messages.success(request, f"Version {version.number} is used from now on.")
    response = redirect("copy_template", code=template.code)
    response["Location"] += f"?version={version.number}"
    return response


def _wording(given: Any) -> dict[str, Any]:
    try:
        limit = int(given.get("max_length") or 0)
        parameters = {"temperature": float(given["temperature"])} if given.get("temperature") else {}
    except ValueError as error:
        raise prompts.BadPrompt("max_length", "Write lengths and temperature as numbers.") from error
    return {
        "instructions": given.get("instructions", ""),
        "inputs": prompts.listed(given.get("inputs", "")),
        "required": prompts.listed(given.get("required", "")),
        "max_length": max(0, limit),
        "packs": given.getlist("packs"),
        "provider": AiProvider.objects.filter(code=given.get("provider", "")).first(),
        "model": given.get("model", "").strip() if given.get("provider") else "",
        "parameters": parameters,
    }


def products_named(codes: str) -> list[Product]:
    """The products of codes as typed. Raises BadPrompt that names those that are none."""
    keys = {code_key(code): code for code in prompts.listed(codes)}
    found = list(seen(Product.objects.filter(code_key__in=keys)).order_by("code_key"))
    if lost := [keys[key] for key in keys.keys() - {product.code_key for product in found}]:
        more = f" and {len(lost) - 5} more" if len(lost) > 5 else ""
        raise prompts.BadPrompt(
            "products", f"There is no product {', '.join(sorted(lost)[:5])}{more}. Check the codes."
        )
    return found


def _preview(request: HttpRequest, version: PromptVersion | None) -> dict[str, Any]:
    """The request for one product, byte for byte, and what the version lacks for it."""
    code = request.GET.get("product", "")
    if version is None or not code:
        return {}
    product = seen(Product.objects.all()).filter(code_key=code_key(code)).first()
    if product is None:
        return {"preview_problem": f"There is no product {code}."}
    locale = request.GET.get("locale", "en_US")
    how, target = prompts.how_to_read(version, locale), version.template.key(locale)
    facts = facts_now(product, how, target=target, source=prompts.source_key(version.template, locale))
    given = prompts.given_facts(version, facts)
    if not all(sight().shows(product.pk, key) for key in given.keys.values()):
        return {"preview_problem": f"Some facts of {product.code} are not yours to see."}
    asked = prompts.asked(version, given, locale=locale, name=product.code, product=product)
    return {
        "preview": generate.preview(version, asked),
        "preview_of": product,
        "preview_locale": locale,
        "lacking": prompts.missing(version, given),
    }


@require_POST
@requires(USE, "catalog.undo_changes")
def texts_back(request: HttpRequest) -> HttpResponse:
    """Preview what taking back the texts of a run, or of a prompt version, would do."""
    version = request.POST.get("version", "")
    what = {"version": int(version)} if version.isdigit() else {"run": request.POST.get("run", "")}
    try:
        plan = plans.start(kind="undo_texts", what=what, user=cast(User, request.user))
    except BadPlan as error:
        messages.error(request, str(error))
        return redirect("copy_home")
    return redirect("plan_detail", pk=plan.pk)


def in_use(request: HttpRequest, which: Q) -> int:
    """Products that show a text now, for who may take it back."""
    if not request.user.has_perm("catalog.undo_changes"):
        return 0
    rows = TextOrigin.objects.filter(which, is_current=True)
    return seen(rows, "product").values("product_id").distinct().count()


def open_drafts() -> Any:
    """Waiting drafts, the flagged first."""
    rows = Draft.objects.filter(proposal__in=proposals.waiting())
    return seen(rows, "proposal__product").order_by("-flags", "pk")


def beside(draft: Draft) -> tuple[Draft | None, Draft | None]:
    """The waiting drafts before and after one; after the last come those that were left out."""
    others = open_drafts().exclude(pk=draft.pk)
    before = Q(flags__gt=draft.flags) | Q(flags=draft.flags, pk__lt=draft.pk)
    return others.filter(before).reverse().first(), others.exclude(before).first() or others.first()


@require_POST
@requires(USE)
def write_anew(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a stale text, or a draft, written anew with the version in use, from the facts of now."""
    draft = get_object_or_404(
        seen(Draft.objects.select_related("version__template", "proposal__product"), "proposal__product"), pk=pk
    )
    if not sight().shows(draft.proposal.product_id, draft.proposal.key):
        raise Http404
    version = draft.version.template.versions.filter(state=PromptVersion.State.ACTIVE).first()
    if version is None:
        messages.error(request, "No version of this prompt is active.")
        return redirect("copy_home")
    user = cast(User, request.user)
    run = runs.plan(version=version, locale=draft.locale, ids=[draft.proposal.product_id], by=user)
    if version.provider is None:
        runs.start(run, by=user)
        messages.success(request, "It is being written.")
    return redirect("copy_run", pk=run.pk)
