"""Addresses of governance."""

from __future__ import annotations

from django.urls import path

from governance.views import audit, review, revisions

urlpatterns = [
    path("audit/", audit.audit_list, name="audit_list"),
    path("audit/story/<path:code>/", audit.product_story, name="product_story"),
    path("review/", review.review_queue, name="review_queue"),
    path("review/<int:product_id>/", review.review_detail, name="review_detail"),
    path("review/<int:product_id>/revisions/", revisions.product_revisions, name="product_revisions"),
    path("review/<int:product_id>/submit/", review.product_submit, name="product_submit"),
    path("review/<int:product_id>/withdraw/", review.product_withdraw, name="product_withdraw"),
]
