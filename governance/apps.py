from __future__ import annotations

from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "governance"
    verbose_name = "Governance"

    def ready(self) -> None:
        from governance import filters, guards, panels, subscribers
        from governance.api import fields
        from governance.audit import plug
        from governance.copywriting import rollback  # noqa: F401  # a kind of plan
        from governance.ownership import document as ownership
        from governance.sales import plug as sales
        from governance.workflow import document as workflow

        subscribers.plug_in()
        panels.plug_in()
        fields.plug_in()
        filters.plug_in()
        guards.plug_in()
        ownership.plug_in()
        workflow.plug_in()
        plug.plug_in()
        sales.plug_in()
