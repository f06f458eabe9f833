"""Who owns what: rules that say which system, or people, may write a value or a part of a product."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from catalog.models.codes import key_code
from catalog.models.history import history
from catalog.products import parts


class OwnershipRule(models.Model):
    """Everything that is set must fit; the most specific rule that fits decides.

    An owner of None are people. At most one of `attribute`, `group` and `part` says what it is about; none of
    them: everything.
    """

    class Part(models.TextChoices):
        PRICES = parts.PRICES, parts.LABELS[parts.PRICES]
        SALES = parts.SALES, parts.LABELS[parts.SALES]
        STOCK = parts.STOCK, parts.LABELS[parts.STOCK]
        MEDIA = parts.MEDIA, parts.LABELS[parts.MEDIA]
        CATEGORIES = parts.CATEGORIES, parts.LABELS[parts.CATEGORIES]
        STRUCTURE = parts.STRUCTURE, parts.LABELS[parts.STRUCTURE]
        BARCODE = parts.BARCODE, parts.LABELS[parts.BARCODE]
        ASSOCIATIONS = parts.ASSOCIATIONS, parts.LABELS[parts.ASSOCIATIONS]
        PUBLICATION = parts.PUBLICATION, parts.LABELS[parts.PUBLICATION]

    class Otherwise(models.TextChoices):
        REJECT = "reject", "is refused"
        PROPOSE = "propose", "becomes a proposal"
        OVERRIDE = "override", "holds for some days"

    code = models.CharField(max_length=100, unique=True, validators=[key_code])
    owner = models.ForeignKey("catalog.ExternalSystem", null=True, blank=True, on_delete=models.PROTECT)
    attribute = models.ForeignKey("catalog.Attribute", null=True, blank=True, on_delete=models.CASCADE)
    group = models.ForeignKey("catalog.AttributeGroup", null=True, blank=True, on_delete=models.CASCADE)
    part = models.CharField(max_length=20, blank=True, choices=Part.choices)
    family = models.ForeignKey("catalog.Family", null=True, blank=True, on_delete=models.CASCADE)
    scope = models.ForeignKey("catalog.Scope", null=True, blank=True, on_delete=models.CASCADE)
    locale = models.ForeignKey("catalog.Locale", null=True, blank=True, on_delete=models.CASCADE)
    location = models.ForeignKey("catalog.Location", null=True, blank=True, on_delete=models.CASCADE)
    price_list = models.ForeignKey("catalog.PriceList", null=True, blank=True, on_delete=models.CASCADE)
    otherwise = models.CharField(max_length=10, choices=Otherwise.choices, default=Otherwise.REJECT)
    override_days = models.PositiveSmallIntegerField(default=14)  # for how long somebody else's value holds
    reason = models.CharField(max_length=500, blank=True)
    history = history()

    class Meta:
        ordering = ["code"]
        permissions = [("manage_ownership", "Can say who owns which values")]
        constraints = [
            models.CheckConstraint(
                condition=Q(attribute__isnull=True, group__isnull=True)
                | Q(attribute__isnull=True, part="")
                | Q(group__isnull=True, part=""),
                name="ownership_of_one_thing",
            )
        ]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        if not 1 <= self.override_days <= 3650:
            raise ValidationError({"override_days": "Give one day to ten years (3,650 days)."})
        if sum((self.attribute is not None, self.group is not None, bool(self.part))) > 1:
            raise ValidationError({"part": "Choose one of attribute, group and part."})
        if self.part == self.Part.PUBLICATION:
            if self.otherwise != self.Otherwise.REJECT:
                raise ValidationError({"otherwise": "Publishing by others can only be refused."})
            if self.scope is not None or self.locale is not None:
                raise ValidationError({"part": "A product is published as a whole: leave scope and language empty."})
        if self.location is not None and self.part not in ("", self.Part.STOCK):
            raise ValidationError({"location": "Only stock lies at a location."})
        if self.price_list is not None and self.part not in ("", self.Part.PRICES, self.Part.SALES):
            raise ValidationError({"price_list": "Only prices are on a price list."})
