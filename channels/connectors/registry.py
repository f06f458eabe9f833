"""The connectors this instance knows. The core never lists its guests: each folder registers itself."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from channels import connectors as package
from channels.connectors.base import Connector
from pimhub.foundation.registry import Registry

connectors: Registry[Connector] = Registry("connector")


def load() -> None:
    """Import every connector folder once, so that each registers itself."""
    for module in iter_modules(package.__path__):
        if module.ispkg:
            import_module(f"{package.__name__}.{module.name}")
