"""Addresses of governance's API, below /api/v1/."""

from __future__ import annotations

from django.urls import path

from governance.api import audit, ownership, policies, proposals, revisions, roles, rules, sales, texts, workflow

urlpatterns = [
    path("proposals/", proposals.ProposalList.as_view(), name="api_proposals"),
    path("proposals/<int:pk>/accept/", proposals.Accept.as_view(), name="api_proposal_accept"),
    path("proposals/<int:pk>/reject/", proposals.Reject.as_view(), name="api_proposal_reject"),
    path("products/<path:code>/proposals/", proposals.ProposalMake.as_view(), name="api_product_propose"),
    path("products/<path:code>/texts/confirm/", texts.ConfirmText.as_view(), name="api_text_confirm"),
    path("products/<path:code>/texts/", texts.ProductTexts.as_view(), name="api_product_texts"),
    path("overrides/", ownership.OverrideList.as_view(), name="api_overrides"),
    path("overrides/<int:pk>/end/", ownership.OverrideEnd.as_view(), name="api_override_end"),
    path("policies/", policies.PolicyList.as_view(), name="api_policies"),
    path("policies/<str:code>/", policies.PolicyDetail.as_view(), name="api_policy"),
    path("sale-policies/", sales.SalePolicyList.as_view(), name="api_sale_policies"),
    path("sale-policies/<str:code>/", sales.SalePolicyDetail.as_view(), name="api_sale_policy"),
    path("sales/", sales.SaleList.as_view(), name="api_sales"),
    path("sales/<int:pk>/approve/", sales.SaleApprove.as_view(), name="api_sale_approve"),
    path("sales/<int:pk>/refuse/", sales.SaleRefuse.as_view(), name="api_sale_refuse"),
    path("rule-packs/", rules.PackList.as_view(), name="api_rule_packs"),
    path("rule-packs/<str:code>/versions/", rules.VersionList.as_view(), name="api_rule_pack_versions"),
    path("rule-packs/<str:code>/versions/<int:number>/", rules.VersionDetail.as_view(), name="api_rule_pack_version"),
    path(
        "rule-packs/<str:code>/versions/<int:number>/activate/",
        rules.Activate.as_view(),
        name="api_rule_pack_activate",
    ),
    path("roles/", roles.RoleList.as_view(), name="api_roles"),
    path("roles/<str:name>/", roles.RoleDetail.as_view(), name="api_role"),
    path("audit/", audit.AuditList.as_view(), name="api_audit"),
    path("products/<path:code>/story/", audit.Story.as_view(), name="api_product_story"),
    path("ownership/", ownership.RuleList.as_view(), name="api_ownership"),
    path("ownership/owner/", ownership.Owner.as_view(), name="api_owner"),
    path("ownership/<str:code>/", ownership.RuleDetail.as_view(), name="api_ownership_rule"),
    path("products/<path:code>/submit/", workflow.Submit.as_view(), name="api_product_submit"),
    path("products/<path:code>/withdraw/", workflow.Withdraw.as_view(), name="api_product_withdraw"),
    path("products/<path:code>/request-changes/", workflow.RequestChanges.as_view(), name="api_request_changes"),
    path("products/<path:code>/approve/", workflow.Approve.as_view(), name="api_product_approve"),
    path("products/<path:code>/make-live/", workflow.MakeLive.as_view(), name="api_product_make_live"),
    path("products/<path:code>/hold-back/", workflow.HoldBack.as_view(), name="api_product_hold_back"),
    path("products/<path:code>/lift/", workflow.Lift.as_view(), name="api_product_lift"),
    path("products/<path:code>/archive/", workflow.Archive.as_view(), name="api_product_archive"),
    path("products/<path:code>/reopen/", workflow.Reopen.as_view(), name="api_product_reopen"),
    path("products/<path:code>/comment/", workflow.Remark.as_view(), name="api_product_comment"),
    path("products/<path:code>/assign/", workflow.Assign.as_view(), name="api_product_assign"),
    path("products/<path:code>/steps/", revisions.StepList.as_view(), name="api_product_steps"),
    path("products/<path:code>/review/", revisions.Review.as_view(), name="api_product_review"),
    path("products/<path:code>/revisions/", revisions.RevisionList.as_view(), name="api_revisions"),
    path("products/<path:code>/revisions/<int:number>/", revisions.RevisionDetail.as_view(), name="api_revision"),
    path(
        "products/<path:code>/revisions/<int:number>/compare/<int:other>/",
        revisions.RevisionCompare.as_view(),
        name="api_revision_compare",
    ),
]
