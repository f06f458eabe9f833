"""Stale texts whose prompt says so are written anew by themselves: as drafts, in a run like any other.

The run is in the name of whoever made the version active, for as long as that person may use AI, and costs at most what
its estimate says; the budgets of days and months hold as for everybody.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Greatest

from governance.copywriting import runs
from governance.models import CopyItem, CopyRun, Draft, PromptTemplate, PromptVersion, TextOrigin

AT_ONCE = 200  # products of a run


def renew_stale() -> int:
    """Start runs for texts that went stale and that nobody asked to be written anew since; how many texts."""
    return sum(
        _renew(template) for template in PromptTemplate.objects.filter(when_stale=PromptTemplate.WhenStale.RENEW)
    )


def _renew(template: PromptTemplate) -> int:
    version = template.versions.filter(state=PromptVersion.State.ACTIVE).select_related("activated_by").first()
    person = version.activated_by if version else None
    if version is None or person is None or not person.is_active or not person.has_perm(runs.USE):
        return 0
    done = 0
    with transaction.atomic():
        PromptTemplate.objects.select_for_update(of=("self",)).get(pk=template.pk)  # one sweep at a time
        for locale, ids in _due(template).items():
            run = runs.plan(version=version, locale=locale, ids=ids, by=person)
            estimate = runs.estimate(run)
            if estimate.micros is None:  # without a price nothing is called; the page of the run says so
                CopyRun.objects.filter(pk=run.pk).update(problem=estimate.problem[:500])
                continue
            runs.start(run, by=person, budget_micros=estimate.micros)
            done += len(ids)
    return done


def _due(template: PromptTemplate) -> dict[str, list[int]]:
    """Products by language: those never asked for since they went stale, or changed once more since."""
    items = CopyItem.objects.filter(
        product=OuterRef("product"), run__version__template=template, run__locale=OuterRef("draft__locale")
    )
    known = items.filter(run__created_at__gte=Greatest(OuterRef("stale_since"), OuterRef("product__updated_at")))
    stale = (
        TextOrigin.objects.filter(draft__version__template=template, is_current=True, stale_since__isnull=False)
        .exclude(Exists(known))
        .exclude(Exists(items.filter(state__in=(CopyItem.State.WAITING, CopyItem.State.CALLING))))
    )
    found: dict[str, list[int]] = {}
    for row in stale.select_related("draft").order_by("pk"):
        ids = found.setdefault(row.draft.locale, [])
        if len(ids) < AT_ONCE and row.product_id not in ids and not _is_told(row, template):
            ids.append(row.product_id)
    return {locale: ids for locale, ids in found.items() if ids}


def _is_told(row: TextOrigin, template: PromptTemplate) -> bool:
    """Whether somebody asked since, and what changed is in the newest draft, or none could be made."""
    asked = CopyItem.objects.filter(
        product=row.product_id,
        run__version__template=template,
        run__locale=row.draft.locale,
        run__created_at__gte=row.stale_since,
    )
    newest = Draft.objects.filter(item__in=asked).order_by("-pk").first()
    if newest is None:
        return asked.exists()
    return all(newest.facts.get(fact) == now for fact, (_, now) in row.stale.items())
