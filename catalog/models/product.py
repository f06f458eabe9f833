"""The master record: a product and the variants in which it is sold."""

from __future__ import annotations

from collections.abc import Callable

from django.db import models

from catalog.models.category import Category
from catalog.models.codes import code_key
from catalog.models.family import Family
from catalog.models.history import history
from catalog.models.trash import InUse


class Product(models.Model):
    """What is described. Its values live in one flat object under their value keys.

    `version` grows with every write through the door; it is not history (the journal is).
    """

    code = models.CharField(max_length=255)
    code_key = models.CharField(max_length=255, unique=True, editable=False)
    family = models.ForeignKey(Family, on_delete=models.PROTECT, related_name="products")
    values = models.JSONField(default=dict)
    # Raw text of values that were cleaned on the way in, by value key.
    originals = models.JSONField(default=dict)
    axes = models.JSONField(default=list)  # attribute codes that tell the variants apart, in order
    categories = models.ManyToManyField(Category, blank=True, related_name="products")
    version = models.PositiveIntegerField(default=0)
    # Lower-case text of names, codes and SKUs, for the grid's search box; written by the door.
    search_text = models.TextField(default="", blank=True)
    trashed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    history = history(
        excluded_fields=["values", "originals", "search_text", "version", "updated_at", "created_at", "axes"]
    )

    objects = InUse()
    everything: models.Manager[Product] = models.Manager()  # the trash too

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="product_recent"),
            models.Index(fields=["-trashed_at"], name="product_trash", condition=models.Q(trashed_at__isnull=False)),
        ]
        permissions = [
            ("import_product", "Can import product files"),
            ("export_product", "Can export products"),
        ]

    def __str__(self) -> str:
        return self.code

    def save(self, *args: object, **kwargs: object) -> None:
        self.code_key = code_key(self.code)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def name(self, locale: str = "en_US", *, shows: Callable[[int, str], bool] | None = None) -> str:
        """The name in `locale`, else in any language, else the code. `shows`: that of the sight, if at hand."""
        from catalog.access.reach import sight  # who sees a name is asked of rows, and asks rows

        values, shows = self.values, shows or sight().shows
        first = (f"name@{locale}", "name@en_US", "name")
        others = sorted(key for key in values if key.startswith("name@"))
        return next((str(values[k]) for k in (*first, *others) if values.get(k) and shows(self.pk, k)), self.code)


class Variant(models.Model):
    """What is sold. Its values override the product's at the same value key."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    sku = models.CharField(max_length=255)
    sku_key = models.CharField(max_length=255, unique=True, editable=False)
    # GTIN-8, -12, -13 or -14, digits only, check digit right. NULL = none.
    gtin = models.CharField(max_length=14, null=True, blank=True, unique=True)
    values = models.JSONField(default=dict)
    position = models.PositiveIntegerField(default=0)
    sku_generated = models.BooleanField(default=False)  # made from the product code, not given by anyone
    # Value keys at which the product holds another value, with spaces around each; written by the door.
    overrides = models.TextField(default="", blank=True)
    trashed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    history = history(excluded_fields=["values", "overrides", "updated_at", "created_at"])

    objects = InUse()
    everything: models.Manager[Variant] = models.Manager()

    class Meta:
        ordering = ["product_id", "position", "id"]
        indexes = [models.Index(fields=["product"], name="variant_overrides", condition=~models.Q(overrides=""))]

    def __str__(self) -> str:
        return self.sku

    def save(self, *args: object, **kwargs: object) -> None:
        self.sku_key = code_key(self.sku)
        super().save(*args, **kwargs)  # type: ignore[arg-type]
