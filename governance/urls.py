"""Addresses of governance."""

from __future__ import annotations

from django.urls import path

from governance import pages
from governance.views import (
    audit,
    copy,
    copy_runs,
    copy_texts,
    drafts,
    figures,
    ownership,
    people,
    proposals,
    providers,
    queue,
    review,
    revisions,
    roles,
    rules,
    sales,
)

pages.plug_in()

urlpatterns = [
    path("proposals/", proposals.proposal_list, name="proposal_list"),
    path("proposals/new/", proposals.proposal_new, name="proposal_new"),
    path("proposals/<int:pk>/", proposals.proposal_decide, name="proposal_decide"),
    path("texts/", copy.copy_home, name="copy_home"),
    path("texts/prompts/new/", copy.template_new, name="copy_template_new"),
    path("texts/prompts/<slug:code>/", copy.template_detail, name="copy_template"),
    path("texts/prompts/<slug:code>/trials/", copy.template_trials, name="copy_trials"),
    path("texts/prompts/<slug:code>/<int:number>/texts/", copy_texts.version_texts, name="copy_version_texts"),
    path("texts/providers/", providers.provider_list, name="copy_providers"),
    path("texts/providers/new/", providers.provider_edit, name="copy_provider_new"),
    path("texts/providers/<slug:code>/", providers.provider_edit, name="copy_provider"),
    path("texts/runs/new/", copy_runs.run_new, name="copy_run_new"),
    path("texts/runs/<uuid:pk>/", copy_runs.run_detail, name="copy_run"),
    path("texts/rules/", rules.pack_list, name="rule_packs"),
    path("texts/rules/<slug:code>/", rules.pack_detail, name="rule_pack"),
    path("texts/figures/", figures.copy_figures, name="copy_figures"),
    path("texts/back/", copy.texts_back, name="texts_back"),
    path("texts/drafts/<int:pk>/", drafts.draft_detail, name="draft_detail"),
    path("texts/drafts/<int:pk>/anew/", copy.write_anew, name="draft_anew"),
    path("texts/<int:pk>/still-right/", copy_texts.confirm_text, name="text_confirm"),
    path("sales/", sales.sale_list, name="sale_list"),
    path("structure/ownership/rules/", ownership.rule_list, name="ownership"),
    path("structure/ownership/new/", ownership.rule_edit, name="ownership_new"),
    path("structure/ownership/rules/<slug:code>/", ownership.rule_edit, name="ownership_rule"),
    path("overrides/<int:pk>/end/", proposals.override_end, name="override_end"),
    path("people/", people.people_list, name="people_list"),
    path("people/new/", people.person_edit, name="person_new"),
    path("people/<int:pk>/", people.person_edit, name="person_edit"),
    path("people/roles/", roles.role_list, name="role_list"),
    path("people/roles/new/", roles.role_edit, name="role_new"),
    path("people/roles/<slug:name>/", roles.role_edit, name="role_edit"),
    path("password/<str:uid>/<str:token>/", people.choose_password, name="choose_password"),
    path("audit/", audit.audit_list, name="audit_list"),
    path("audit/story/<path:code>/", audit.product_story, name="product_story"),
    path("review/reminders/seen/", queue.reminders_seen, name="reminders_seen"),
    path("review/batch/", queue.review_batch, name="review_batch"),
    path("review/", queue.review_queue, name="review_queue"),
    path("review/<int:product_id>/", review.review_detail, name="review_detail"),
    path("review/<int:product_id>/undo/", review.review_undo, name="review_undo"),
    path("review/<int:product_id>/assign/", review.review_assign, name="review_assign"),
    path("review/<int:product_id>/revisions/", revisions.product_revisions, name="product_revisions"),
    path("review/<int:product_id>/submit/", review.product_submit, name="product_submit"),
    path("review/<int:product_id>/withdraw/", review.product_withdraw, name="product_withdraw"),
]
