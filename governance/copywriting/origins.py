"""Where texts come from, followed through edits, copies and undos; and which of them went stale."""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog import change_sets, events, stamp
from catalog.events import ProductDelta
from catalog.models import Product
from governance.copywriting.facts import Facts, facts_of_all
from governance.copywriting.prompts import given_facts, how_to_read, source_key
from governance.copywriting.resting import Rests, as_edited, stale_by
from governance.models import Draft, PromptTemplate, TextOrigin
from governance.proposed_parts import ALT, Gone, is_proposable
from governance.proposed_parts import now as parts_now
from pimhub.foundation.among import Compiled, among
from pimhub.foundation.html import to_text
from pimhub.foundation.jsonvalue import JSON, digest

K = TextOrigin.Kind
_TOLD = Compiled(
    lambda ids: TextOrigin.objects.filter(among("product_id", ids)).order_by().values_list("product_id").distinct()
)
REWRITTEN = 0.5  # a text that shares less with the draft than this is the person's own


def alike(one: str, other: str) -> float:
    """From 0 to 1, by words."""
    return difflib.SequenceMatcher(None, one.split(), other.split(), autojunk=False).ratio()


def follow(deltas: Sequence[ProductDelta]) -> None:
    """Keep the origins of what a write changed, inside its transaction: an edit is AI's text edited until it is
    rewritten; an old text that comes back, by undo or by copying, brings its origin along."""
    ids = [delta.product.pk for delta in deltas]
    told = {pk for (pk,) in _TOLD(ids)}
    known: dict[int, list[TextOrigin]] = {}
    for row in _rows(TextOrigin.objects.filter(product_id__in=told)) if told else ():
        known.setdefault(row.product_id, []).append(row)
    edited: list[_Edit] = []
    for delta in deltas:
        if rows := known.get(delta.product.pk):
            for sku, keys in delta.changes.items():
                for key, pair in keys.items():
                    edited += _follow(delta.product, rows, sku, key, pair[1])
            edited += _follow_parts(delta, rows)
    _keep_edits(edited)
    if touched := [delta.product.pk for delta in deltas if delta.product.pk in known and "content" in delta.facets]:
        refresh(touched)


# AI's text that somebody edited, and what became of it.
_Edit = tuple[TextOrigin, Product, str]


def _follow(product: Product, rows: Sequence[TextOrigin], sku: str, key: str, value: JSON) -> Iterator[_Edit]:
    current = next((row for row in rows if row.is_current and (row.sku, row.key) == (sku, key)), None)
    same = _of_same_text([row for row in rows if not is_proposable(row.key)], value)
    if same is not None:
        note(product=product, sku=sku, key=key, value=value, draft=same.draft, kind=same.kind, rests=same.rests)
    elif current is not None:
        if isinstance(value, str) and alike(current.draft.text, plain(value)) >= REWRITTEN:
            yield current, product, value
        else:
            TextOrigin.objects.filter(pk=current.pk).update(is_current=False)


def _follow_parts(delta: ProductDelta, rows: Sequence[TextOrigin]) -> Iterator[_Edit]:
    """Texts of pictures and categories that came from drafts: what became of them."""
    own = delta.changes.get("", {})
    content = {"": {name: pair[1] for name, pair in own.items() if name in ("media", "categories")}}
    for row in rows:
        if not row.is_current or not is_proposable(row.key):
            continue
        name = "media" if row.key.startswith(ALT) else "categories"
        if name not in content[""]:
            continue
        try:
            value = parts_now({"": {"media": [], "categories": [], **content[""]}}, row.key)
        except Gone:
            value = None
        if digest(value) == row.value_hash:
            continue
        if isinstance(value, str) and alike(row.draft.text, value) >= REWRITTEN:
            yield row, delta.product, value
        else:
            TextOrigin.objects.filter(pk=row.pk).update(is_current=False)


def _keep_edits(edited: Sequence[_Edit]) -> None:
    """What an edited text says now is what it rests on. The facts are read once for all that were edited alike."""
    facts = _facts_of([row for row, _, _ in edited]) if edited else {}
    for row, product, value in edited:
        known = facts[row.pk]
        rests = as_edited(row.draft, plain(value), row.rests, known) if known else row.rests
        note(product=product, sku=row.sku, key=row.key, value=value, draft=row.draft, kind=K.EDITED, rests=rests)


def _of_same_text(rows: Sequence[TextOrigin], value: JSON) -> TextOrigin | None:
    if not value or not isinstance(value, str):
        return None
    wanted = digest(value)
    return next((row for row in reversed(rows) if row.value_hash == wanted), None)


def note(*, product: Product, sku: str, key: str, value: JSON, draft: Draft, kind: str, rests: Rests) -> TextOrigin:
    """The value that the act under way wrote comes from this draft."""
    here = TextOrigin.objects.filter(product=product, sku=sku, key=key)
    here.filter(is_current=True).update(is_current=False)
    row, _ = TextOrigin.objects.update_or_create(
        product=product,
        sku=sku,
        key=key,
        change_set_id=change_sets.change_set().pk,
        defaults={
            "draft": draft,
            "kind": kind,
            "value_hash": digest(value),
            "is_current": True,
            "rests": rests,
            "stale": {},
            "stale_since": None,
        },
    )
    return row


def kind_of(draft: Draft, text: str) -> str:
    """The origin of a text that was taken from a draft, or "" when a person rewrote it."""
    if plain(text) == plain(draft.text):
        is_translation = draft.version.template.task == PromptTemplate.Task.TRANSLATE
        return K.TRANSLATED if is_translation else K.AI
    return K.EDITED if alike(draft.text, plain(text)) >= REWRITTEN else ""


def plain(text: str) -> str:
    """The words of a text that may hold markup."""
    return re.sub(r"(?m)^- ", "", to_text(text)) if "<" in text or "&" in text else text


def _rows(query: QuerySet[TextOrigin]) -> QuerySet[TextOrigin]:
    """With what their facts are read by."""
    template = "draft__version__template"
    return query.select_related("product", f"{template}__attribute", f"{template}__scope").order_by("pk")


def refresh(ids: Collection[int]) -> int:
    """Find anew which texts of these products rest on facts that changed; how many are stale."""
    rows = list(_rows(TextOrigin.objects.filter(product_id__in=ids, is_current=True)))
    now, mark = timezone.now(), stamp.current() or ""
    facts = _facts_of(rows)
    told = []
    for row in rows:
        known = facts[row.pk]
        stale = stale_by(row.rests, known.values if known else {})
        since = (row.stale_since or now) if stale else None
        if stale and not row.stale:
            told.append(("text.stale", row.product, {"sku": row.sku, "key": row.key}))
        if (stale, since, mark) != (row.stale, row.stale_since, row.stamp):
            row.stale, row.stale_since, row.stamp = stale, since, mark
            row.save(update_fields=["stale", "stale_since", "stamp"])
    if told:
        events.append_all(told)
    return sum(bool(row.stale) for row in rows)


def _facts_of(rows: Sequence[TextOrigin]) -> Mapping[int, Facts | None]:
    """The present facts for each text, read once for all that are read alike."""
    groups: dict[tuple[int, str], list[TextOrigin]] = {}
    for row in rows:
        groups.setdefault((row.draft.version_id, row.draft.locale), []).append(row)
    found: dict[int, Facts | None] = {}
    for (_, locale), alike_ in groups.items():
        version = alike_[0].draft.version
        read = facts_of_all(
            {row.product_id for row in alike_},
            how_to_read(version, locale),
            target=version.template.key(locale),
            source=source_key(version.template, locale),
        )
        for row in alike_:
            facts = read.get(row.product_id)
            found[row.pk] = given_facts(version, facts) if facts else None
    return found


def words_changed(sender: object, created: bool = False, **_: object) -> None:
    """An option or category is called something else: texts are looked at anew by the next sweep."""
    if not created:
        TextOrigin.objects.filter(is_current=True).update(stamp="")


def refresh_after_structure(*, seconds: float = 15.0) -> int:
    """Look anew at texts that were last looked at before the configuration changed; how many products."""
    mark, ends, done = stamp.current() or "", time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        rows = TextOrigin.objects.filter(~Q(stamp=mark) | Q(stamp=""), is_current=True)
        ids = list(rows.order_by("product_id").values_list("product_id", flat=True).distinct()[:100])
        if not ids or not mark:
            break
        with transaction.atomic():
            refresh(ids)
        done += len(ids)
    return done
