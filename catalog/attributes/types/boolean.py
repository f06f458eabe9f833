"""Yes or no."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from catalog.attributes.cells import shown
from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types.base import AttributeType, IndexValue, attribute_type
from pimhub.foundation.jsonvalue import JSON

YES = frozenset({
    "true", "t", "yes", "y", "1", "x", "on", "wahr", "ja", "j", "vrai", "oui", "o", "sant", "sann",
    "sandt", "verdadero", "verdadeiro", "vero", "sí", "si", "sì", "sim", "waar", "kyllä", "tosi", "tak",
    "prawda", "✓", "✔", "☑",
})  # fmt: skip
NO = frozenset({
    "false", "f", "no", "n", "0", "off", "falsch", "nein", "faux", "non", "falskt", "falsk", "nej", "nei",
    "falso", "não", "nao", "onwaar", "nee", "ei", "epätosi", "nie", "fałsz", "✗", "✘", "☐",
})  # fmt: skip
WORDS = {
    "en": ("Yes", "No"), "de": ("Ja", "Nein"), "fr": ("Oui", "Non"), "sv": ("Ja", "Nej"), "es": ("Sí", "No"),
    "it": ("Sì", "No"), "pt": ("Sim", "Não"), "nl": ("Ja", "Nee"), "da": ("Ja", "Nej"), "nb": ("Ja", "Nei"),
    "fi": ("Kyllä", "Ei"), "pl": ("Tak", "Nie"),
}  # fmt: skip


@attribute_type
class Boolean(AttributeType):
    """Canonical: true or false; None is "not said"."""

    name = "boolean"
    choices = (("true", "Yes"), ("false", "No"))
    label = "Yes or no"
    widget = "tristate"
    index_column = "boolean"

    def _parse(self, text: str, spec: AttributeSpec, decimal_separator: str | None) -> JSON:
        word = text.casefold()
        if word not in YES | NO:
            raise ValueProblem("not_a_boolean", f"{shown(text)} is neither yes nor no.", "Write yes or no.")
        return word in YES

    def _validate(self, value: JSON, spec: AttributeSpec, options: Container[str] | None) -> JSON:
        if not isinstance(value, bool):
            raise ValueProblem("not_a_boolean", f"{shown(value)} is neither true nor false.", "Send true or false.")
        return value

    def _display(self, value: JSON, spec: AttributeSpec, locale: str, labels: Mapping[str, str]) -> str:
        yes, no = WORDS.get(locale.partition("_")[0], WORDS["en"])
        return yes if value else no

    def _export(self, value: JSON, spec: AttributeSpec) -> str:
        return "true" if value else "false"

    def _index_values(self, value: JSON, spec: AttributeSpec) -> Iterator[IndexValue]:
        yield "boolean", value

    def json_schema(self, spec: AttributeSpec) -> dict[str, JSON]:
        return self.described(spec, "boolean")
