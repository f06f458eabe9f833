"""Addresses of channels."""

from __future__ import annotations

from django.urls import path

from channels.views import channels, feeds, mapping

urlpatterns = [
    path("channels/", channels.channel_list, name="channel_list"),
    path("channels/<slug:code>/", channels.channel_detail, name="channel_detail"),
    path("channels/<slug:code>/publish/", channels.channel_publish, name="channel_publish"),
    path("channels/<slug:code>/products/<int:product_id>/", channels.listing_detail, name="listing_detail"),
    path("channels/<slug:code>/mapping/", mapping.mapping_edit, name="mapping_edit"),
    path("channels/<slug:code>/mapping/<int:number>/", mapping.mapping_version, name="mapping_version"),
    path("channels/<slug:code>/mapping/<int:number>/decide/", mapping.mapping_decide, name="mapping_decide"),
    path("channels/<slug:code>/definitions/<int:pk>/", mapping.definition_detail, name="definition_detail"),
    path("feeds/<slug:code>/<str:token>.xml", feeds.feed, name="feed"),
]
