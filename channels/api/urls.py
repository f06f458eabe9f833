"""Addresses of channels' API, below /api/v1/."""

from __future__ import annotations

from django.urls import path

from channels.api import (
    calls,
    channels,
    listings,
    mappings,
    maps,
    published,
    reconciliations,
    rollouts,
    steering,
    webhooks,
)

urlpatterns = [
    path("published/<str:scope>/products/", published.PublishedList.as_view(), name="api_published_list"),
    path("published/<str:scope>/linked/<path:code>/", published.PublishedLinked.as_view(), name="api_linked"),
    path("published/<str:scope>/products/<path:code>/", published.PublishedDetail.as_view(), name="api_published"),
    path("channels/", channels.ChannelList.as_view(), name="api_channels"),
    path("channels/<slug:code>/", channels.ChannelDetail.as_view(), name="api_channel"),
    path("channels/<slug:code>/publish/", channels.ChannelPublish.as_view(), name="api_channel_publish"),
    path("channels/<slug:code>/pause/", channels.ChannelPause.as_view(), name="api_channel_pause"),
    path("channels/<slug:code>/resume/", channels.ChannelResume.as_view(), name="api_channel_resume"),
    path("channels/<slug:code>/explain/", channels.Explain.as_view(), name="api_channel_explain"),
    path("channels/<slug:code>/trace/", channels.TraceFields.as_view(), name="api_channel_trace"),
    path("channels/<slug:code>/listings/", listings.ListingList.as_view(), name="api_channel_listings"),
    path("channels/<slug:code>/issues/", listings.IssueList.as_view(), name="api_channel_issues"),
    path("channels/<slug:code>/publications/", listings.PublicationList.as_view(), name="api_channel_publications"),
    path(
        "channels/<slug:code>/publications/<int:pk>/",
        listings.PublicationDetail.as_view(),
        name="api_channel_publication",
    ),
    path("channels/<slug:code>/holds/", steering.HoldList.as_view(), name="api_channel_holds"),
    path(
        "channels/<slug:code>/holds/<int:pk>/confirm/", steering.HoldConfirm.as_view(), name="api_channel_hold_confirm"
    ),
    path("channels/<slug:code>/holds/<int:pk>/reject/", steering.HoldReject.as_view(), name="api_channel_hold_reject"),
    path("channels/<slug:code>/drift/", steering.DriftList.as_view(), name="api_channel_drift"),
    path("channels/<slug:code>/drift/answer/", steering.DriftAnswer.as_view(), name="api_channel_drift_answer"),
    path("channels/<slug:code>/drift/look/", steering.DriftLook.as_view(), name="api_channel_drift_look"),
    path("channels/<slug:code>/matches/", steering.MatchList.as_view(), name="api_channel_matches"),
    path(
        "channels/<slug:code>/matches/<int:pk>/answer/", steering.MatchAnswer.as_view(), name="api_channel_match_answer"
    ),
    path("channels/<slug:code>/rollouts/", rollouts.RolloutList.as_view(), name="api_channel_rollouts"),
    path(
        "channels/<slug:code>/rollouts/preview/", rollouts.RolloutPreview.as_view(), name="api_channel_rollout_preview"
    ),
    path("channels/<slug:code>/rollouts/<int:pk>/", rollouts.RolloutSteer.as_view(), name="api_channel_rollout"),
    path("channels/<slug:code>/pins/", rollouts.PinList.as_view(), name="api_channel_pins"),
    path("channels/<slug:code>/pins/preview/", rollouts.PinPreview.as_view(), name="api_channel_pin_preview"),
    path("channels/<slug:code>/pins/release/", rollouts.PinRelease.as_view(), name="api_channel_pin_release"),
    path("channels/<slug:code>/calls/", calls.CallList.as_view(), name="api_channel_calls"),
    path("reconciliations/", reconciliations.ReconciliationList.as_view(), name="api_reconciliations"),
    path("reconciliations/<int:pk>/", reconciliations.ReconciliationDetail.as_view(), name="api_reconciliation"),
    path("reconciliations/<int:pk>/gaps/", reconciliations.GapList.as_view(), name="api_reconciliation_gaps"),
    path(
        "reconciliations/<int:pk>/repair/",
        reconciliations.ReconciliationRepair.as_view(),
        name="api_reconciliation_repair",
    ),
    path(
        "reconciliations/<int:pk>/stop/", reconciliations.ReconciliationStop.as_view(), name="api_reconciliation_stop"
    ),
    path("webhooks/", webhooks.WebhookList.as_view(), name="api_webhooks"),
    path("webhooks/<int:pk>/", webhooks.WebhookDetail.as_view(), name="api_webhook"),
    path("webhooks/<int:pk>/rotate/", webhooks.WebhookRotate.as_view(), name="api_webhook_rotate"),
    path("webhooks/<int:pk>/replay/", webhooks.WebhookReplay.as_view(), name="api_webhook_replay"),
    path("webhooks/<int:pk>/test/", webhooks.WebhookTest.as_view(), name="api_webhook_test"),
    path("webhooks/<int:pk>/deliveries/", webhooks.DeliveryList.as_view(), name="api_webhook_deliveries"),
    path("channels/<slug:code>/mappings/", mappings.MappingList.as_view(), name="api_channel_mappings"),
    path("channels/<slug:code>/maps/", maps.MapList.as_view(), name="api_channel_maps"),
    path("channels/<slug:code>/maps/<slug:field>/<slug:source>/", maps.MapDetail.as_view(), name="api_channel_map"),
    path("channels/<slug:code>/mappings/try/", mappings.MappingTry.as_view(), name="api_channel_mapping_try"),
    path("channels/<slug:code>/mappings/<int:number>/", mappings.MappingDetail.as_view(), name="api_channel_mapping"),
    path(
        "channels/<slug:code>/mappings/<int:number>/activate/",
        mappings.MappingActivate.as_view(),
        name="api_channel_mapping_activate",
    ),
]
