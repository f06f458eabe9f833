"""Read what was frozen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from catalog import blobs
from catalog.models import Attribute
from governance.models import Revision
from governance.revisions.context import Context
from pimhub.foundation.jsonvalue import JSON


@dataclass(frozen=True, slots=True)
class FrozenVariant:
    sku: str
    gtin: str
    values: Mapping[str, JSON]
    position: int
    associations: Mapping[str, JSON] = field(default_factory=dict)  # "associations.<type>" → targets


@dataclass(frozen=True, slots=True)
class Document:
    """A revision as plain values. `media` items: id, key, url, sha256, extension, alt, sku, mime, width, height."""

    number: int
    code: str
    family: str
    axes: tuple[str, ...]
    categories: Mapping[str, list[Mapping[str, str]]]  # code → labels of the path
    values: Mapping[str, JSON]
    variants: tuple[FrozenVariant, ...]
    media: tuple[Mapping[str, JSON], ...]
    labels: Mapping[str, Mapping[str, Mapping[str, str]]]  # attribute → option → locale → label
    provenance: Mapping[str, Mapping[str, str]]
    associations: Mapping[str, JSON] = field(default_factory=dict)
    axis_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # axis → its words

    def context(self) -> Context:
        """What was frozen besides values."""
        return Context(labels=self.labels, categories=dict(self.categories), axes=self.axis_labels, media=self.media)


def read(revision: Revision) -> Document:
    return read_all([revision])[revision.pk]


def read_all(revisions: Iterable[Revision]) -> dict[int, Document]:
    """Documents by revision id, with one query for all their parts."""
    wanted = list(revisions)
    hashes = {h for r in wanted for h in _hashes(r.manifest)}
    found = blobs.get_all(hashes)
    if any("axes" not in found[r.manifest["context"]] for r in wanted):
        # Frozen before the names of axes were pinned: as they are today.
        today = dict(Attribute.objects.values_list("code", "labels"))
        found = {h: {**part, "axes": today} if _unpinned(part) else part for h, part in found.items()}
    return {r.pk: _assemble(r, found) for r in wanted}


def _unpinned(part: JSON) -> bool:
    return isinstance(part, dict) and set(part) == {"labels", "categories"}


def _hashes(manifest: Mapping[str, JSON]) -> list[str]:
    fixed = [manifest[name] for name in ("product", "media", "context", "provenance")]
    return fixed + list(manifest["variants"].values())


def _assemble(revision: Revision, found: Mapping[str, JSON]) -> Document:
    manifest = revision.manifest
    product, context = found[manifest["product"]], found[manifest["context"]]
    variants = [
        FrozenVariant(
            sku=sku,
            gtin=body["gtin"] or "",
            values=body["values"],
            position=body["position"],
            associations=_associations(body),
        )
        for sku, hash in manifest["variants"].items()
        for body in [found[hash]]
    ]
    return Document(
        number=revision.number,
        code=product["code"],
        family=product["family"],
        axes=tuple(product["axes"]),
        categories=context["categories"],
        values=product["values"],
        variants=tuple(sorted(variants, key=lambda v: v.position)),
        media=tuple(found[manifest["media"]]),
        labels=context["labels"],
        provenance=found[manifest["provenance"]],
        associations=_associations(product),
        axis_labels={axis: context["axes"][axis] for axis in product["axes"] if axis in context["axes"]},
    )


def _associations(body: Mapping[str, JSON]) -> dict[str, JSON]:
    return {key: targets for key, targets in body.items() if key.startswith("associations.")}


def flat(document: Document) -> dict[str, dict[str, JSON]]:
    """The document in the flat form of `catalog/products/state.py`, to compare with the working copy."""
    media = [{k: m[k] for k in ("id", "alt", "sku") if k in m} for m in document.media]
    own = {
        **document.values,
        "family": document.family,
        "axes": list(document.axes),
        "categories": sorted(document.categories),
        "media": media,
        **document.associations,
    }
    return {"": own} | {v.sku: {**v.values, "gtin": v.gtin or None, **v.associations} for v in document.variants}
