from __future__ import annotations

from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "channels"
    verbose_name = "Channels"

    def ready(self) -> None:
        from channels import access, concerns, fields, filters, lengths, panels, scores, search, subscribers
        from channels.alerts import probes
        from channels.connectors import registry
        from channels.mapping import document

        registry.load()
        probes.plug_in()
        subscribers.plug_in()
        access.plug_in()
        concerns.plug_in()
        fields.plug_in()
        panels.plug_in()
        search.plug_in()
        filters.plug_in()
        scores.plug_in()
        lengths.plug_in()
        document.plug_in()
