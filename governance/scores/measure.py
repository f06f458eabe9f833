"""Measure products, and keep what differs from the last time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from django.db.models import Prefetch
from django.utils import timezone

from catalog.models import DomainEvent, Product, Scope
from governance.models import ContentScore
from governance.scores.parts import Batch, Judged, Part, Place, score_parts, texts_of
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.registry import Registry

BATCH = 200

# Told the products whose score changed: {product: [(scope, locale, before or None, after)]}.
Changed = Mapping[int, Sequence[tuple[str, str, int | None, int]]]
listeners: Registry[Callable[[Changed], None]] = Registry("listener to scores")


def measure(product_ids: Collection[int]) -> int:
    """Bring the scores of products up to date; how many changed."""
    ids, changed = sorted(product_ids), 0
    for start in range(0, len(ids), BATCH):
        changed += _measure(ids[start : start + BATCH])
    return changed


def _measure(ids: Sequence[int]) -> int:
    batch = _load(ids)
    judged = [(part, part.judge(batch)) for part in score_parts]
    scope_ids = dict(Scope.objects.values_list("code", "pk"))
    held = {(s.product_id, s.scope_id, s.locale): s for s in ContentScore.objects.filter(product_id__in=batch.products)}
    now = timezone.now()
    news: list[ContentScore] = []
    changes: dict[int, list[tuple[str, str, int | None, int]]] = {}
    for place in batch.places():
        score, parts = points(place, judged)
        key = place.product_id, scope_ids[place.scope], place.locale
        old = held.pop(key, None)
        if old is not None and (old.score, old.parts) == (score, parts):
            continue
        values = {"score": score, "parts": parts, "measured_at": now}
        news.append(ContentScore(product_id=key[0], scope_id=key[1], locale=key[2], **values))
        if old is None or old.score != score:
            was = None if old is None else old.score
            changes.setdefault(place.product_id, []).append((place.scope, place.locale, was, score))
    # A language that the scope no longer has.
    ContentScore.objects.filter(pk__in=[s.pk for s in held.values()]).delete()
    ContentScore.objects.bulk_create(
        news,
        update_conflicts=True,
        unique_fields=["product", "scope", "locale"],
        update_fields=["score", "parts", "measured_at"],
    )
    if changes:
        for listener in listeners:
            listener(changes)
    return len(news)


def _load(ids: Sequence[int]) -> Batch:
    products = Product.objects.filter(pk__in=ids).select_related("family").prefetch_related("media_links").in_bulk()
    locales = Prefetch("locales")
    scopes = {s.code: [x.code for x in s.locales.all()] for s in Scope.objects.prefetch_related(locales)}
    return Batch(products, scopes, texts_of([p.family_id for p in products.values()]))


def points(place: Place, judged: Sequence[tuple[Part, Mapping[Place, Judged]]]) -> tuple[int, list[JSON]]:
    """(score of 0 to 100, parts) of one place: reached points of those that could be reached."""
    parts: list[JSON] = []
    reached = possible = 0
    for part, found in judged:
        verdict = found.get(place)
        if verdict is None:
            continue
        got = round(part.points * verdict.share)
        reached, possible = reached + got, possible + part.points
        parts.append(
            {"part": part.code, "label": part.label, "points": got, "of": part.points, "why": list(verdict.why)}
        )
    return (round(100 * reached / possible) if possible else 0), parts


def on_events(found: Sequence[DomainEvent]) -> None:
    """Consumer: whatever happened to a product may change what its content is worth."""
    measure({e.product_id for e in found if e.product_id})
