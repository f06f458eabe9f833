"""File formats: one file each, known by the headers. Importing this room registers them."""

from __future__ import annotations

from catalog.imports.formats import shopify as shopify
from catalog.imports.formats import table as table
