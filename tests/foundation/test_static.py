"""Static files are gathered when one of them changed, and not otherwise."""

from __future__ import annotations

from pathlib import Path

from django.test import override_settings

from pimhub.static import gather


def test_they_are_gathered_once_and_again_after_a_change(tmp_path: Path) -> None:
    source, root = tmp_path / "source", tmp_path / "root"
    source.mkdir()
    (source / "own.css").write_text("a {}")
    with override_settings(STATIC_ROOT=root, STATICFILES_DIRS=[source]):
        assert gather()
        assert (root / "own.css").read_text() == "a {}"
        assert not gather()
        (source / "own.css").write_text("b { color: red }")
        assert gather()
        assert (root / "own.css").read_text() == "b { color: red }"
