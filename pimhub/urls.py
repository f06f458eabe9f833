"""Every address of the product."""

from __future__ import annotations

from django.urls import include, path

from pimhub.health import livez, readyz

urlpatterns = [
    path("livez", livez, name="livez"),
    path("readyz", readyz, name="readyz"),
    path("", include("catalog.urls")),
    path("", include("governance.urls")),
    path("", include("channels.urls")),
]
