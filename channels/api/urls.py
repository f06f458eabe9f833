"""Addresses of channels' API, below /api/v1/."""

from __future__ import annotations

from django.urls import path

from channels.api import published

urlpatterns = [
    path("published/<str:scope>/products/", published.PublishedList.as_view(), name="api_published_list"),
    path("published/<str:scope>/products/<path:code>/", published.PublishedDetail.as_view(), name="api_published"),
]
