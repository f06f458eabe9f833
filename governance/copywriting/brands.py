"""The brands of the catalogue, as a closed vocabulary."""

from __future__ import annotations

from catalog.models import AttributeOption, ValueIndex
from governance.copywriting.claims.vocabulary import Vocabulary, of_caller


def brands() -> Vocabulary:
    """The names of all brands: in a text about another's product they are a rival's."""
    labels = AttributeOption.objects.filter(attribute__code="brand").values_list("labels", flat=True)
    written = ValueIndex.objects.filter(attribute__code="brand", text__isnull=False).values_list("text", flat=True)
    found = {word for each in labels for word in each.values()} | {str(word) for word in written.distinct()}
    return of_caller({"brands": sorted(word for word in found if len(word) > 2)})
