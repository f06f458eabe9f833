"""What an approval would make live: the difference between the working copy and the live revision."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from catalog.access.reach import sight
from catalog.models import JournalEntry, Product
from catalog.products.load import load_states
from catalog.products.state import PRODUCT_ROW, Flat, content_of, difference, flatten
from governance.models import Proposal, Standing, TextOrigin
from governance.revisions.context import Context, context_of
from governance.revisions.read import Document, flat, read
from pimhub.foundation.jsonvalue import JSON, digest

Changes = Mapping[str, Mapping[str, list[JSON]]]
Key = tuple[str, str]  # (row: a SKU, or "" for the product itself; value key or part)
STRUCTURE = ("family", "axes")  # parts that cannot be approved one without the other


T = TypeVar("T")


class HashMismatch(RuntimeError):
    """The standing's hash is not the hash of the rows: a write went past the door."""


class NoSuchChange(Exception):
    """A key was chosen that does not differ."""


@dataclass(frozen=True, slots=False)
class Pending:
    """`content` and `context` are of now; `live` is what was approved last, if anything."""

    product: Product
    content: Flat
    context: Context
    live: Document | None

    @cached_property
    def before(self) -> Flat:
        return flat(self.live) if self.live else {}

    @cached_property
    def changes(self) -> Changes:
        """{row: {key: [live, new]}}"""
        return difference(self.before, self.content)

    def keys(self) -> set[Key]:
        """All that differs."""
        return {(row, key) for row, changed in self.changes.items() for key in changed}

    @cached_property
    def words(self) -> dict[str, list[JSON]]:
        """{what: [live, new]} of names and pictures that read differently though no value changed."""
        if self.live is None:
            return {}
        return named_differently(self.live.context(), self.context)

    def absent(self) -> int:
        """How many pictures are not here: an approval pins their addresses, as nobody has seen their bytes."""
        return sum(not medium["sha256"] for medium in self.context.media)

    @cached_property
    def review_hash(self) -> str:
        """Of all that a reviewer is shown: a decision is bound to it."""
        return digest([self.content, self.context.words()])

    def authors(self, keys: Collection[Key] | None = None) -> dict[Key, JournalEntry]:
        """Who wrote the new value of each change, or of the chosen ones. Taking a variant away writes all of it."""
        wanted = self.keys() if keys is None else self.keys() & set(keys)
        found: dict[Key, JournalEntry] = {}
        for entry in self._entries():
            written = set(entry.changes)
            if "trashed" in written and entry.sku in self.before and entry.sku not in self.content:
                written |= set(self.changes[entry.sku])
            for key in written:
                if (entry.sku, key) in wanted:
                    found.setdefault((entry.sku, key), entry)
            if len(found) == len(wanted):
                break
        return found

    def writers(self, keys: Collection[Key] | None = None) -> dict[int, Key]:
        """Everybody who had a hand in the changes, or in the chosen ones: {id of the user: one of theirs}.

        Whoever brings a variant back from the trash writes it too, beside those who wrote its values; whoever proposed
        a value, beside those who took it; and of a text by AI who asked for it and who wrote its prompt, for as long
        as it is that text, edited or brought back.
        """
        found = {e.change_set.user_id: key for key, e in self.authors(keys).items() if e.change_set.user_id}
        acts = {e.change_set_id: key for key, e in self.authors(keys).items()}
        wanted = self.keys() if keys is None else self.keys() & set(keys)
        hands: list[tuple[Proposal, Key]] = []
        for row in Proposal.objects.filter(change_set_id__in=acts).select_related("draft__version"):
            hands.append((row, acts[row.change_set_id]))  # type: ignore[index]
        texts = TextOrigin.objects.filter(product=self.product, is_current=True)
        for text in texts.select_related("draft__proposal__draft__version"):
            if (text.sku, text.key) in wanted:
                hands.append((text.draft.proposal, (text.sku, text.key)))
        for row, key in hands:
            author = row.draft.version.author_id if hasattr(row, "draft") else None  # who wrote the prompt
            for person in (row.proposed_by_id, author):
                if person:
                    found.setdefault(person, key)
        chosen = {row for row, _ in keys} if keys is not None else set(self.changes)
        back = {row for row in chosen if row and row in self.content and row not in self.before}
        for entry in self._entries() if back else ():
            if entry.sku in back and "trashed" in entry.changes and entry.change_set.user_id:
                found.setdefault(entry.change_set.user_id, (entry.sku, "trashed"))
        return found

    def _entries(self) -> Iterator[JournalEntry]:
        """The newest first."""
        entries = JournalEntry.objects.filter(product=self.product).select_related("change_set__user")
        return entries.order_by("-pk").iterator(chunk_size=200)

    def provenance(self, keys: Collection[Key] | None = None) -> dict[str, dict[str, str]]:
        """{row: {key: id of the journal entry that wrote the value}}; with `keys`, of the live values but for these."""
        found: dict[str, dict[str, str]] = {}
        for pk, sku, changes in (
            JournalEntry.objects.filter(product=self.product).order_by("pk").values_list("pk", "sku", "changes")
        ):
            for key in changes:
                found.setdefault(sku, {})[key] = str(pk)
        if keys is None or self.live is None:
            return found
        mixed = {row: dict(ids) for row, ids in self.live.provenance.items()}
        for row, key in keys:
            mixed.setdefault(row, {})[key] = found.get(row, {}).get(key, "")
        return mixed

    def whole(self, keys: Collection[Key]) -> set[Key]:
        """The chosen changes, and those that must go with them: family, axes, and variants that come or go.

        Raises NoSuchChange.
        """
        units = self._structure()
        chosen: set[Key] = set()
        for row, key in keys:
            if key not in self.changes.get(row, {}):
                raise NoSuchChange(f"{row or 'The product'} does not differ in {key}.")
            chosen |= units if (row, key) in units else {(row, key)}
        return chosen

    def _moves(self, row: str) -> bool:
        """Whether the variant comes or goes."""
        return (row in self.before) != (row in self.content)

    def _structure(self) -> set[Key]:
        axes = set(self.content[PRODUCT_ROW]["axes"]) | set(self.before.get(PRODUCT_ROW, {}).get("axes", []))
        found: set[Key] = set()
        for row, changed in self.changes.items():
            found |= {
                (row, key) for key in changed if self._moves(row) or key in axes or (not row and key in STRUCTURE)
            }
        return found

    def partly(self, keys: Collection[Key]) -> tuple[Flat, Context]:
        """What would be live with these changes alone, and what belongs to it. Raises NoSuchChange."""
        chosen = self.whole(keys)
        rows = dict.fromkeys([*self.content, *self.before])
        content: Flat = {}
        for row in rows:
            old, new, picked = self.before.get(row), self.content.get(row), {k for r, k in chosen if r == row}
            if old is None or new is None:  # a variant that comes or goes, as one
                kept = new if picked else old
                if kept is not None:
                    content[row] = dict(kept)
                continue
            content[row] = dict(old)
            for key in picked:
                if key in new:
                    content[row][key] = new[key]
                else:
                    content[row].pop(key, None)
        return content, self._context_of(content, with_media=(PRODUCT_ROW, "media") in chosen)

    def _context_of(self, content: Flat, *, with_media: bool) -> Context:
        """Names that were approved stay as they were; new values bring theirs."""
        if self.live is None:
            return self.context
        own, held = content[PRODUCT_ROW], self.live.context()
        labels = {a: {**self.context.labels.get(a, {}), **held.labels.get(a, {})} for a in _attributes(self, held)}
        return Context(
            labels=labels,
            categories={c: held.categories.get(c) or self.context.categories[c] for c in own["categories"]},
            axes={a: held.axes.get(a) or self.context.axes.get(a, {}) for a in own["axes"]},
            media=self.context.media if with_media else held.media,
        )


def _attributes(pending: Pending, held: Context) -> list[str]:
    return list(dict.fromkeys([*held.labels, *pending.context.labels]))


def named_differently(old: Context, new: Context) -> dict[str, list[JSON]]:
    """{what: [old, new]} of what both have and call, or show, differently."""
    before, after = old.words(), new.words()
    return {what: [before[what], after[what]] for what in before if what in after and before[what] != after[what]}


def visible(product_id: int, rows: Mapping[str, Mapping[str, T]]) -> dict[str, Mapping[str, T]]:
    """Of {row: {key: …}}, what the person acting reaches."""
    found = {row: sight().visible(product_id, keys) for row, keys in rows.items()}
    return {row: keys for row, keys in found.items() if keys or not rows[row]}


def pending(standing: Standing, *, lock: bool = False) -> Pending:
    """What differs now. With `lock`, inside a transaction that holds the standing."""
    product = standing.product
    state = load_states(ids=[product.pk], lock=lock)[product.code_key]
    content = content_of(flatten(state))
    if digest(content) != standing.content_hash:
        raise HashMismatch(f"{product.code}: the stored content hash does not fit the rows")
    return Pending(
        product=product,
        content=content,
        context=context_of(product, content),
        live=read(standing.live) if standing.live else None,
    )
