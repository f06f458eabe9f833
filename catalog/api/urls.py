"""Addresses of the catalogue's API, below /api/v1/."""

from __future__ import annotations

from django.urls import path

from catalog.api import access, events, products

urlpatterns = [
    path("products/", products.ProductList.as_view(), name="api_products"),
    path("products/<path:code>/restore/", products.ProductRestore.as_view(), name="api_product_restore"),
    path("products/<path:code>/copy/", products.ProductCopy.as_view(), name="api_product_copy"),
    path("products/<path:code>/", products.ProductDetail.as_view(), name="api_product"),
    path("events/", events.EventList.as_view(), name="api_events"),
    path("tokens/", access.TokenList.as_view(), name="api_tokens"),
    path("tokens/<str:prefix>/rotate/", access.TokenRotate.as_view(), name="api_token_rotate"),
    path("tokens/<str:prefix>/", access.TokenDetail.as_view(), name="api_token"),
    path("oauth/token/", access.OAuthToken.as_view(), name="api_oauth_token"),
    path("oauth/jwks.json", access.PublicKeys.as_view(), name="api_jwks"),
]
