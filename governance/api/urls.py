"""Addresses of governance's API, below /api/v1/."""

from __future__ import annotations

from django.urls import path

from governance.api import workflow

urlpatterns = [
    path("products/<path:code>/submit/", workflow.Submit.as_view(), name="api_product_submit"),
    path("products/<path:code>/withdraw/", workflow.Withdraw.as_view(), name="api_product_withdraw"),
    path("products/<path:code>/request-changes/", workflow.RequestChanges.as_view(), name="api_request_changes"),
    path("products/<path:code>/approve/", workflow.Approve.as_view(), name="api_product_approve"),
]
