"""Forms made from the rows of the API, so that a page and a call write the configuration by the same rules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from rest_framework import serializers

from catalog.api.resources import Labels, Plain, Row
from catalog.api.structure import HasField
from catalog.attributes.types import type_of
from catalog.models import Locale
from catalog.products.wire import BadForm, load_json

CHOOSE = 200  # more than so many are typed by code, not chosen from a list
WORDS = {
    "localizable": ("A value in each language", ""),
    "scopable": ("A value in each scope", ""),
    "unique": ("Tells products apart", "No two products may have the same value."),
    "filterable": ("Can be filtered by", ""),
    "searchable": ("The search box finds it", ""),
    "verbatim": (
        "Goes out letter by letter",
        "AI never reads or rewrites it, and channels are sent it unchanged or nothing.",
    ),
    "never_send": ("Never sent to an AI provider", ""),
    "requires_review": ("Changes need a review", ""),
    "open_options": ("New labels in files become options", ""),
    "two_way": ("Both ways", "What A points to, points back."),
    "quantified": ("With quantities", "Packs, bundles and sets."),
    "axes": ("Axes", "Codes of attributes that tell variants apart, parted by commas; at most five."),
    "code_pattern": ("Pattern of codes", "Such as shirt-{number:5}. Empty: people type them."),
    "sku_pattern": ("Pattern of SKUs", "Such as {code}-{size}. Empty: people type them."),
    "label_attribute": ("Shown as the name", ""),
    "image_attribute": ("Shown as the picture", ""),
    "limits": ("Limits", ""),
    "values": ("Values", "A JSON object by value key."),
    "countries": ("Countries", "Two letters each, parted by commas."),
    "parent": ("Below", "The code of the category above; empty for a tree of its own."),
    "otherwise": ("What others write", ""),
    "override_days": ("Holds for days", "Where what others write holds for a time."),
    "people": ("How many must agree", ""),
    "item_by_item": ("Each value by itself", "They are ticked one by one; nothing is approved at a stroke."),
    "due_hours": ("Due after hours", "From the request for review on."),
    "roles": ("Who approves", "None: whoever has the right."),
    "trusted": ("Trusted system", "What it writes goes live by itself."),
    "tax_included": ("Prices include tax", ""),
    "largest_move": (
        "Held above a move of percent",
        "A price that moves by more, up or down, waits for a second person.",
    ),
}


class RowForm(forms.Form):
    """The fields of one kind of row. `sent()` is what a call of the API would send."""

    def __init__(self, kind: type[Row], row: Any | None, data: QueryDict | None, *, read_only: bool) -> None:
        self.row = row
        held = kind(row).data if row is not None else _defaults(kind)
        super().__init__(data, initial=dict(_initial(held)))
        self.kinds: dict[str, serializers.Field[Any, Any, Any, Any]] = {}
        for name, field in kind(row).fields.items():
            if field.read_only or isinstance(field, HasField):
                continue
            self.kinds[name] = field
            for key, made in _fields(name, field, row):
                made.disabled = read_only or (row is not None and name in kind.fixed)
                self.fields[key] = made

    def sent(self) -> dict[str, Any]:
        """Call it when the form is valid."""
        found: dict[str, Any] = {}
        for name, field in self.kinds.items():
            if isinstance(field, Labels):
                texts = {key.partition(".")[2]: text for key, text in self.cleaned_data.items() if _is_of(key, name)}
                found[name] = {locale: text for locale, text in texts.items() if text}
            else:
                found[name] = _sent(field, self.cleaned_data[name])
        return found

    def blame(self, errors: Mapping[str, Any]) -> None:
        """Put errors of the API's rules to the fields that they speak of."""
        for name, told in errors.items():
            place = name if name in self.fields else next((key for key in self.fields if _is_of(key, name)), None)
            for message in _flat(told):
                self.add_error(place, message if place else f"{name}: {message}".removeprefix("non_field_errors: "))


def _initial(held: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in held.items():
        if name == "labels":
            yield from ((f"labels.{locale}", text) for locale, text in value.items())
        elif name in ("limits", "values"):
            yield name, json.dumps(value, ensure_ascii=False, indent=1) if value else ""
        elif isinstance(value, list) and all(isinstance(each, str) for each in value):
            yield name, value
        else:
            yield name, value


def _defaults(kind: type[Row]) -> dict[str, Any]:
    """What a new row has where nothing is said."""
    model: Any = kind.Meta.model
    named = set(kind().fields.keys())
    return {f.name: f.get_default() for f in model._meta.concrete_fields if f.name in named and f.has_default()}


def _is_of(key: str, name: str) -> bool:
    return key.startswith(f"{name}.")


def _fields(name: str, field: Any, row: Any) -> Iterator[tuple[str, forms.Field]]:
    label, hint = WORDS.get(name, (name.replace("_", " ").capitalize(), ""))
    common: dict[str, Any] = {"label": label, "help_text": hint, "required": False}
    if isinstance(field, Labels):
        for locale in Locale.objects.filter(scopes__isnull=False).distinct():
            yield (
                f"{name}.{locale.code}",
                forms.CharField(**common | {"label": f"Label in {locale.name}"}, max_length=255),
            )
    elif isinstance(field, Plain):
        if name == "limits" and row is not None:
            known = ", ".join(type_of(row.type).limits) or "none"
            common["help_text"] = f"A JSON object; this type knows: {known}."
        yield name, JSONText(**common, widget=forms.Textarea(attrs={"rows": 4, "class": "code"}))
    elif isinstance(field, serializers.BooleanField):
        yield name, forms.BooleanField(**common)
    elif isinstance(field, serializers.ChoiceField):
        yield name, forms.ChoiceField(**common | {"required": field.required}, choices=list(field.choices.items()))
    elif isinstance(field, serializers.ManyRelatedField):
        yield name, _many(field, common)
    elif isinstance(field, serializers.SlugRelatedField):
        yield name, _one(field, common)
    elif isinstance(field, serializers.ListField):
        yield name, Codes(**common)
    elif isinstance(field, serializers.IntegerField):
        yield name, forms.IntegerField(**common)
    else:
        longest = getattr(field, "max_length", None)
        yield name, forms.CharField(**common | {"required": field.required}, max_length=longest)


def _choices(field: Any) -> list[tuple[str, str]] | None:
    """(code, words) of all rows that a field may point to, or None for too many."""
    if field.queryset.count() > CHOOSE:
        return None
    return [(code, _words(row, code)) for row in field.queryset for code in [str(getattr(row, field.slug_field))]]


def _words(row: Any, code: str) -> str:
    label = getattr(row, "label", "") or getattr(row, "name", "")
    text = label() if callable(label) else label
    return f"{text} ({code})" if text and text != code else code


def _one(field: Any, common: Mapping[str, Any]) -> forms.Field:
    choices = _choices(field)
    if choices is None:
        return forms.CharField(**{**common, "help_text": "Its code."})
    empty = [] if field.required else [("", "—")]
    return forms.ChoiceField(**{**common, "required": field.required}, choices=[*empty, *choices])


def _many(field: Any, common: Mapping[str, Any]) -> forms.Field:
    choices = _choices(field.child_relation)
    if choices is None:
        return Codes(**{**common, "help_text": "Codes, parted by commas."})
    return forms.MultipleChoiceField(**common, choices=choices, widget=forms.CheckboxSelectMultiple)


class Codes(forms.CharField):
    """Codes parted by commas."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        return [code.strip() for code in (value or "").split(",") if code.strip()]


class JSONText(forms.CharField):
    """A JSON object, exact to the last digit."""

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str) or not value.strip():
            return {}
        try:
            found = load_json(value.encode())
        except BadForm as error:
            raise forms.ValidationError(error.errors[0].message) from error
        if not isinstance(found, dict):
            raise forms.ValidationError('Write an object, such as {"max_length": 80}.')
        return found


def _sent(field: Any, value: Any) -> Any:
    if isinstance(field, serializers.IntegerField):
        return value if value or field.allow_null else 0
    if value == "" and getattr(field, "allow_null", False):
        return None
    return value


def _flat(told: Any) -> Iterator[str]:
    if isinstance(told, Mapping):
        for inner in told.values():
            yield from _flat(inner)
    elif isinstance(told, list | tuple):
        for inner in told:
            yield from _flat(inner)
    else:
        yield str(told)
