"""Every address of the product."""

from __future__ import annotations

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny

from catalog.api.base import Nowhere
from pimhub.health import livez, readyz
from pimhub.metrics import metrics

urlpatterns = [
    path("livez", livez, name="livez"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("api/v1/schema/", SpectacularAPIView.as_view(permission_classes=[AllowAny]), name="api_schema"),
    # Verbs before resources: a product's code may hold slashes.
    path("api/v1/", include("channels.api.urls")),
    path("api/v1/", include("governance.api.urls")),
    path("api/v1/", include("catalog.api.urls")),
    re_path(r"^api/(?P<rest>[\s\S]*)$", Nowhere.as_view(), name="api_nowhere"),
    path("", include("catalog.urls")),
    path("", include("governance.urls")),
    path("", include("channels.urls")),
]
