"""The attribute types, one file each. Every file here is found and imported: adding a type adds a file."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from catalog.attributes.types.base import AttributeType, attribute_types

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")


def type_of(name: str) -> AttributeType:
    """The type of an attribute (`attribute.type`). Raises LookupError naming the known ones."""
    return attribute_types.get(name)


def type_choices() -> list[tuple[str, str]]:
    """(name, label) of every type, for forms."""
    return [(kind.name, kind.label) for kind in attribute_types]
