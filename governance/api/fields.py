"""Fields of products that governance knows of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from catalog.access.reach import sight
from catalog.products import represent
from governance.copywriting.provenance import within
from governance.models import ContentScore, Embargo, Standing, TextOrigin
from pimhub.foundation.jsonvalue import JSON


def standing(ids: Sequence[int]) -> Mapping[int, Mapping[str, JSON]]:
    rows = Standing.objects.filter(product_id__in=ids)
    found = rows.values_list("product_id", "state", "content_hash", "live__number", "live__content_hash")
    held: dict[int, list[JSON]] = {}
    for embargo in Embargo.objects.filter(product_id__in=ids).select_related("scope", "shown"):
        held.setdefault(embargo.product_id, []).append(
            {
                "scope": embargo.scope.code,
                "until": embargo.until.isoformat(),
                "shown_revision": embargo.shown.number if embargo.shown else None,
            }
        )
    return {
        pk: {
            "state": state,
            "content_hash": content_hash,
            "live_revision": number,
            "has_unpublished_changes": live_hash != content_hash,
            "embargoes": held.get(pk, []),
        }
        for pk, state, content_hash, number, live_hash in found
    }


def text_origins(ids: Sequence[int]) -> Mapping[int, Mapping[str, JSON]]:
    """Of the working copy: which texts AI had a hand in, with whose proof, and which facts changed since."""
    found: dict[int, dict[str, JSON]] = {pk: {} for pk in ids}
    rows = TextOrigin.objects.filter(product_id__in=ids, is_current=True)
    for row in rows.select_related("draft__version__template", "draft__call"):
        if not sight().shows(row.product_id, row.key):
            continue
        version, call = row.draft.version, row.draft.call
        stale = within(row.draft, row.product_id, row.stale)
        found[row.product_id][row.key] = {
            "origin": row.kind,
            "digital_source_type": "trainedAlgorithmicMedia",
            "prompt": version.template.code,
            "version": version.number,
            "model": (call.answered_model or call.model) if call else "",
            "facts_hash": row.draft.facts_hash,
            "stale": {fact: {"then": pair[0], "now": pair[1]} for fact, pair in stale.items()},
        }
    return {pk: {"text_origins": origins} for pk, origins in found.items()}


def content_scores(ids: Sequence[int]) -> Mapping[int, Mapping[str, JSON]]:
    """{scope: {locale: points of 100}} of the languages that the reader sees."""
    found: dict[int, dict[str, dict[str, int]]] = {pk: {} for pk in ids}
    rows = ContentScore.objects.filter(product_id__in=ids).order_by("scope_id", "locale")
    reach = sight()
    for pk, scope, locale, score in rows.values_list("product_id", "scope__code", "locale", "score"):
        if reach.shows(pk, f"name@{locale}#{scope}"):
            found[pk].setdefault(scope, {})[locale] = score
    return {pk: {"content_scores": scores} for pk, scores in found.items()}


FIELDS = ("state", "content_hash", "live_revision", "has_unpublished_changes", "embargoes")


def plug_in() -> None:
    represent.plug_in("governance.standing", FIELDS, standing)
    represent.plug_in("governance.scores", ("content_scores",), content_scores)
    represent.plug_in("governance.texts", ("text_origins",), text_origins)
