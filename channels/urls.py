"""Addresses of channels."""

from __future__ import annotations

from django.urls import path

from channels.views import alerts, channels, feeds, hooks, mapping, operate, reconciliations, settings, webhooks

urlpatterns = [
    path("channels/", channels.channel_list, name="channel_list"),
    path("channels/new/", settings.channel_new, name="channel_new"),
    path("channels/<slug:code>/", channels.channel_detail, name="channel_detail"),
    path("channels/<slug:code>/publish/", channels.channel_publish, name="channel_publish"),
    path("channels/<slug:code>/pause/", channels.channel_pause, name="channel_pause"),
    path("channels/<slug:code>/resume/", channels.channel_resume, name="channel_resume"),
    path("channels/<slug:code>/check/", channels.channel_check, name="channel_check"),
    path("channels/<slug:code>/products/<int:product_id>/", channels.listing_detail, name="listing_detail"),
    path("channels/<slug:code>/settings/", settings.channel_settings, name="channel_settings"),
    path("channels/<slug:code>/held/", operate.held, name="channel_held"),
    path("channels/<slug:code>/held/confirm/", operate.held_confirm, name="channel_held_confirm"),
    path("channels/<slug:code>/drift/", operate.drifted, name="channel_drift"),
    path("channels/<slug:code>/drift/answer/", operate.drift_answer, name="channel_drift_answer"),
    path("channels/<slug:code>/put-back/", operate.put_back, name="channel_put_back"),
    path("channels/<slug:code>/let-go/", operate.let_go, name="channel_let_go"),
    path("channels/<slug:code>/rollout/", operate.rollouts, name="channel_rollout"),
    path("channels/<slug:code>/calls/", operate.calls, name="channel_calls"),
    path("channels/<slug:code>/mapping/", mapping.mapping_edit, name="mapping_edit"),
    path("channels/<slug:code>/mapping/<int:number>/", mapping.mapping_version, name="mapping_version"),
    path("channels/<slug:code>/mapping/<int:number>/decide/", mapping.mapping_decide, name="mapping_decide"),
    path("channels/<slug:code>/definitions/<int:pk>/", mapping.definition_detail, name="definition_detail"),
    path("channels/<slug:code>/subscriptions/", hooks.subscriptions, name="channel_subscriptions"),
    path("channels/<slug:code>/messages/", hooks.message_list, name="channel_messages"),
    path("hooks/<slug:code>/", hooks.hook, name="hook"),
    path("hooks/<slug:code>/<str:token>/", hooks.hook, name="hook_with_token"),
    path("alerts/", alerts.alert_list, name="alert_list"),
    path("alerts/rules/", alerts.rule_list, name="alert_rules"),
    path("alerts/rules/<slug:code>/", alerts.rule_edit, name="alert_rule"),
    path("webhooks/", webhooks.webhook_list, name="webhook_list"),
    path("webhooks/new/", webhooks.webhook_new, name="webhook_new"),
    path("webhooks/<int:pk>/", webhooks.webhook_detail, name="webhook_detail"),
    path("webhooks/<int:pk>/edit/", webhooks.webhook_edit, name="webhook_edit"),
    path("reconciliation/", reconciliations.reconciliation_list, name="reconciliation_list"),
    path("reconciliation/<int:pk>/", reconciliations.reconciliation_detail, name="reconciliation_detail"),
    path("reconciliation/<int:pk>/repair/", reconciliations.reconciliation_repair, name="reconciliation_repair"),
    path("feeds/<slug:code>/<str:token>.xml", feeds.feed, name="feed"),
    path("feeds/<slug:code>/<str:token>.<str:extension>", feeds.feed, name="feed_as"),
]
