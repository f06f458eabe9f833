from __future__ import annotations

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = "Catalog"

    def ready(self) -> None:
        from catalog import events, found, panels, stamp
        from catalog.access import within
        from catalog.plans import kinds  # noqa: F401 # they make themselves known
        from catalog.search import parts  # noqa: F401 # its fields make themselves known
        from catalog.sign_in import facts, sessions

        events.plug_in()
        stamp.plug_in()
        within.plug_in()
        panels.plug_in()
        found.plug_in()
        sessions.plug_in()
        facts.plug_in()
