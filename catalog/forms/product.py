"""The forms in which a product and a variant begin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.forms import BoundField
from django.urls import reverse

from catalog.attributes.spec import ValueProblem
from catalog.attributes.types import type_of
from catalog.models import Attribute, AttributeOption, Family, Product
from catalog.products.apply import MAX_AXES
from catalog.products.beginning import another, begun
from catalog.products.changes import ProductChange
from catalog.products.options import OptionBook
from pimhub.foundation.jsonvalue import JSON

FEW = 200  # options that fit a list
# Where an error of the write door is shown.
FIELDS = {"code": "code", "sku": "sku", "family": "family"}


class NewProductForm(forms.Form):
    """`change` is what was asked for, once the form is valid."""

    family = forms.ModelChoiceField(
        Family.objects.all(), to_field_name="code", empty_label=None, help_text="What one can say of the product."
    )
    name = forms.CharField(max_length=500, required=False)
    code = forms.CharField(max_length=100, required=False)
    sku = forms.CharField(max_length=100, required=False, label="SKU")

    def __init__(self, *args: Any, family: Family, locale: str, **given: Any) -> None:
        super().__init__(*args, **given)
        self.locale, self.of, self.book = locale, family, _Options(locale)
        self.change: ProductChange | None = None
        self.fields["family"].initial = family.code
        self.fields["family"].label_from_instance = lambda each: each.label(locale)  # type: ignore[attr-defined]
        self.fields["family"].widget.attrs |= {
            "hx-get": reverse("product_new"),
            "hx-target": "main",
            "hx-select": "main",
            "hx-swap": "outerHTML",
            "hx-include": "closest form",
        }
        self.named = family.label_attribute or family.attributes.filter(code="name").first()
        if self.named is None:
            del self.fields["name"]
        else:
            self.fields["name"].label = self.named.label(locale)
            self.fields["name"].help_text = f"In {locale}." if self.named.localizable else ""
        pattern = family.code_pattern
        self.fields["code"].help_text = (
            f"Left empty, it is made: {pattern}" if pattern else "By which everybody calls the product, for good."
        )
        made = family.sku_pattern or "the code, and what tells the variant apart"
        self.fields["sku"].help_text = f"Of a product without variants. Left empty, it is made: {made}."
        self.differing = _differing(family)
        choices = [("", "—"), *((a.code, a.label(locale)) for a in self.differing)]
        for number in range(min(MAX_AXES, len(self.differing))):
            start = family.axes[number] if number < len(family.axes) else ""
            self.fields[f"axis{number}"] = forms.ChoiceField(
                choices=choices, required=False, initial=start, label="They differ by"
            )
            self.fields[f"values{number}"] = forms.CharField(
                required=False, max_length=5000, label="Its values", help_text="Parted by semicolons: S; M; L"
            )

    @property
    def first(self) -> list[BoundField]:
        return [self[name] for name in ("family", "name", "code", "sku") if name in self.fields]

    @property
    def axes(self) -> Iterator[tuple[BoundField, BoundField]]:
        for number in range(MAX_AXES):
            if f"axis{number}" in self.fields:
                yield self[f"axis{number}"], self[f"values{number}"]

    @property
    def many_axes(self) -> bool:
        """Whether more than the first two are said."""
        return any(box.value() or several.value() for box, several in list(self.axes)[2:])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        axes: dict[str, list[JSON]] = {}
        known = {a.code: a for a in self.differing}
        for number in range(MAX_AXES):
            code, text = given.get(f"axis{number}", ""), given.get(f"values{number}", "")
            if code and code in axes:
                self.add_error(f"axis{number}", "The variants differ by this already. Choose another, or none.")
            elif code and text.strip():
                axes[code] = self._values(f"values{number}", known[code], text)
            elif text.strip():
                self.add_error(f"axis{number}", "Choose what these are values of.")
        if axes and given.get("sku"):
            self.add_error("sku", "A product with variants has a SKU for each of them. Leave this empty.")
        if not self.errors:
            try:
                self.change = begun(
                    family=self.of, code=given["code"], sku=given["sku"], values=self._name(given), axes=axes
                )
            except ValueProblem as problem:
                self.add_error("code" if problem.code == "code_missing" else None, str(problem))
        return given

    def _name(self, given: dict[str, Any]) -> dict[str, JSON]:
        text, attribute = given.get("name", ""), self.named
        if attribute is None or not text:
            return {}
        key = f"{attribute.code}@{self.locale}" if attribute.localizable else attribute.code
        return {key: type_of(attribute.type).parse(text, attribute.spec())}

    def _values(self, field: str, attribute: Attribute, text: str) -> list[JSON]:
        found: list[JSON] = []
        for each in filter(None, map(str.strip, text.split(";"))):
            try:
                value = _parsed(attribute, each, self.book)
            except ValueProblem as problem:
                self.add_error(field, f"{each}: {problem}")
                continue
            if value in found:
                self.add_error(field, f"{each} stands here twice.")
            found.append(value)
        return found

    def refused(self, key: str, message: str) -> None:
        """Show what the write door refused where it was typed."""
        field = FIELDS.get(key)
        for number in range(MAX_AXES):
            if key and self.cleaned_data.get(f"axis{number}") == key:
                field = f"values{number}"
        self.add_error(field if field in self.fields else None, message)


class NewVariantForm(forms.Form):
    """What tells another variant of a product apart. `change` is what was asked for, once the form is valid."""

    sku = forms.CharField(max_length=100, required=False, label="SKU")

    def __init__(self, *args: Any, product: Product, locale: str, **given: Any) -> None:
        super().__init__(*args, **given)
        self.product, self.book = product, _Options(locale)
        self.change: ProductChange | None = None
        found = {a.code: a for a in Attribute.objects.filter(code__in=product.axes)}
        self.axes = [found[code] for code in product.axes if code in found]
        for axis in self.axes:
            self.fields[f"axis:{axis.code}"] = _box(axis, locale)
        made = product.family.sku_pattern or "the code of the product and these values"
        self.fields["sku"].help_text = f"Left empty, it is made: {made}."
        self.order_fields([*(f"axis:{axis.code}" for axis in self.axes), "sku"])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        values: dict[str, JSON] = {}
        for axis in self.axes:
            try:
                values[axis.code] = _parsed(axis, given.get(f"axis:{axis.code}", ""), self.book)
            except ValueProblem as problem:
                self.add_error(f"axis:{axis.code}", str(problem))
        if not self.errors:
            self.change = another(self.product, sku=given["sku"], values=values)
        return given

    def refused(self, key: str, message: str) -> None:
        """Show what the write door refused where it was typed."""
        self.add_error(next((f for f in (key, f"axis:{key}") if f in self.fields), None), message)


def _box(axis: Attribute, locale: str) -> forms.Field:
    """A list to choose from where there are few options, else a field to type into."""
    label = axis.label(locale)
    if type_of(axis.type).has_options:
        options = AttributeOption.objects.filter(attribute=axis)
        few = list(options[: FEW + 1])
        if 0 < len(few) <= FEW:
            return forms.ChoiceField(label=label, choices=[("", "—"), *((o.code, o.label(locale)) for o in few)])
    return forms.CharField(label=label, max_length=500)


class _Options:
    """What was typed for choices. Labels that are new become options where files may bring new ones too, but only
    when `make` is called: what the form is refused for leaves nothing behind."""

    def __init__(self, locale: str) -> None:
        self.locale = locale
        self.planned = OptionBook(locale=locale, dry_run=True)
        self.typed: dict[str, tuple[Attribute, list[str]]] = {}

    def code(self, attribute: Attribute, label: str) -> str:
        """Raises ValueProblem for what is no option, and cannot become one."""
        self.typed.setdefault(attribute.code, (attribute, []))[1].append(label)
        found = self.planned.codes(attribute, attribute.code, [label]).get(label)
        if found is None:
            name = attribute.label(self.locale)
            raise ValueProblem("unknown_option", f"This is no option of {name}.", "Choose another, or have it added.")
        return found

    def make(self) -> None:
        """Call it in the transaction that writes."""
        book = OptionBook(locale=self.locale, dry_run=False)
        for code, (attribute, labels) in self.typed.items():
            book.codes(attribute, code, labels)


def _parsed(attribute: Attribute, text: str, options: _Options) -> JSON:
    """Raises ValueProblem."""
    kind, spec = type_of(attribute.type), attribute.spec()
    value = kind.parse(text, spec)
    return options.code(attribute, value) if kind.has_options and isinstance(value, str) else value


def _differing(family: Family) -> QuerySet[Attribute]:
    """What variants of the family may differ by, its usual axes first among them in the order of the family."""
    return Attribute.objects.filter(
        family_attributes__family=family, localizable=False, scopable=False, family_attributes__on_variant=True
    ).order_by("family_attributes__position")
