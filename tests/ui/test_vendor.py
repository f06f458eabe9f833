"""What others made is what the manifest says, and no page asks another host for anything."""

from __future__ import annotations

import gzip
import hashlib
import json
import re

import pytest
from django.conf import settings

STATIC = settings.BASE_DIR / "static"
TEMPLATES = settings.BASE_DIR / "templates"
MANIFEST = json.loads((STATIC / "vendor/MANIFEST.json").read_text())
OURS = [
    *sorted(TEMPLATES.rglob("*.html")),
    *sorted(path for path in STATIC.glob("*") if path.suffix in {".css", ".js", ".svg"}),
]
NAMESPACE = re.compile(r'xmlns(:\w+)?="http://www\.w3\.org/[^"]+"')


@pytest.mark.parametrize("name", sorted(MANIFEST))
def test_a_vendored_file_is_the_one_of_the_manifest(name: str) -> None:
    entry = MANIFEST[name]
    assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == entry["sha256"]
    assert entry["version"]
    assert f"`{name}` | {entry['package']} {entry['version']}" in (STATIC / "vendor/LICENSES.md").read_text()


def test_nothing_is_vendored_without_a_manifest_entry() -> None:
    found = {str(path.relative_to(STATIC / "vendor")) for path in (STATIC / "vendor").rglob("*") if path.is_file()}
    assert found - {"MANIFEST.json", "LICENSES.md"} == set(MANIFEST)


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_files_name_no_other_host(path) -> None:
    text = NAMESPACE.sub("", path.read_text())
    hosts = re.findall(r"(?:https?:)?//([a-z0-9-]+\.[a-z0-9.-]+)", text)
    assert [host for host in hosts if not host.endswith(".example")] == []


@pytest.mark.parametrize("name", [name for name in MANIFEST if name.endswith(".css")])
def test_vendored_styles_load_nothing(name: str) -> None:
    css = (STATIC / "vendor" / name).read_text()
    assert "@import" not in css
    assert "sourceMappingURL" not in css  # the static files storage would look for the map
    assert {url[:5] for url in re.findall(r"url\([\"']?([^)\"']+)", css)} <= {"data:"}


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_templates_hold_nothing_the_content_policy_forbids(path) -> None:
    text = path.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "inline script"
    assert not re.search(r"\s(style|on[a-z]+|hx-on[:\w-]*)=", text), "inline style or handler"
    assert not re.search(r'hx-trigger="[^"]*\[', text), "a trigger filter is evaluated code"


def test_what_every_page_loads_leaves_room_for_the_page_itself() -> None:
    head = (TEMPLATES / "components/head.html").read_text()
    files = [STATIC / "icons.svg", *(STATIC / name for name in re.findall(r"{% static '([^']+)' %}", head))]
    assert len(files) == 7
    weight = sum(len(gzip.compress(path.read_bytes())) for path in files)
    assert weight <= 120_000  # of 150,000 for an ordinary page
