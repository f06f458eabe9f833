"""What the documentation shows is run as it stands."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.product import Product

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
PYTHON = {page: re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL) for page in PAGES}
EXAMPLES = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page, blocks in PYTHON.items()
    for number, block in enumerate(blocks, 1)
]
FURNITURE = ROOT / "tests/data/shopify/packt_furniture.csv"


def python(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run code as an extension would: in a process of its own, with the product set up."""
    begin = "import django\ndjango.setup()\n"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PIMHUB_", "DATABASE_", "CELERY_"))}
    return subprocess.run(
        [sys.executable, "-c", begin + code],
        cwd=ROOT,
        env=environment | {"DJANGO_SETTINGS_MODULE": "pimhub.settings"} | env,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_runs(code: str, tmp_path: Path) -> None:
    done = python(code, PIMHUB_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr


def test_the_settings_for_production_are_taken(tmp_path: Path) -> None:
    page = (ROOT / "docs/configuration.md").read_text()
    given = dict(re.findall(r"^export (\w+)=(\S+)$", page, re.MULTILINE))
    assert {"DATABASE_URL", "CELERY_BROKER_URL", "PIMHUB_PUBLIC_URL"} <= set(given)
    check = (
        "from django.conf import settings as s\n"
        "print(s.DATABASES['default']['ENGINE'], s.SESSION_COOKIE_SECURE, s.CELERY_BROKER_URL, s.ALLOWED_HOSTS)\n"
    )
    done = python(check, **(given | {"PIMHUB_HOME": str(tmp_path)}))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [
        "django.db.backends.postgresql",
        "True",
        "redis://redis.internal:6379/0",
        "['pim.example.com']",
    ]


def test_the_queues_of_the_page_are_those_that_are_used() -> None:
    from django.conf import settings

    page = (ROOT / "docs/configuration.md").read_text()
    shown = set(re.findall(r"^celery -A pimhub worker .*-Q (\w+)$", page, re.MULTILINE))
    assert shown == {"celery", *(route["queue"] for route in settings.CELERY_TASK_ROUTES.values())}


@pytest.mark.flow
def test_the_commands_of_the_readme_do_what_it_says(tmp_path: Path) -> None:
    commands = re.findall(r"^    python manage\.py (.+)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(commands) >= 8
    product = Product(tmp_path / "home")
    product.run("demo", "--empty")
    product.start()
    try:
        for command in commands:
            words = command.replace("FILE", str(FURNITURE)).replace("--sku SKU", "--sku floor-lamp")
            words = words.replace("feed.xml", str(tmp_path / "feed.xml"))
            done = product.run(*shlex.split(words))
            assert done.code == 0, f"{command}: {done.err}"
    finally:
        product.stop()
    assert (tmp_path / "feed.xml").exists()
