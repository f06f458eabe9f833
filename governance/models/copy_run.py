"""Texts being written: runs over products, each call to a provider with its cost, drafts, and where texts come from."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from governance.models.copy import PromptVersion
from governance.models.proposal import Proposal
from governance.proposed_parts import told_key


class CopyRun(models.Model):
    """One version of a prompt over a selection of products, in one language."""

    class State(models.TextChoices):
        PLANNED = "planned", "planned"
        RUNNING = "running", "running"
        PAUSED = "paused", "paused"
        STOPPED = "stopped", "stopped"  # by a budget or a provider, see `problem`
        CANCELLED = "cancelled", "cancelled"
        DONE = "done", "done"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(PromptVersion, on_delete=models.PROTECT, related_name="runs")
    locale = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    by_batch = models.BooleanField(default=False)  # in files that the provider works off within a day
    budget_micros = models.PositiveBigIntegerField(default=0)  # at most; 0 only where nothing costs anything
    problem = models.CharField(max_length=500, blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.version} {self.locale}"


class CopyItem(models.Model):
    """One product of a run."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        CALLING = "calling", "being written"
        DONE = "done", "written"
        SKIPPED = "skipped", "skipped"
        FAILED = "failed", "failed"

    run = models.ForeignKey(CopyRun, on_delete=models.CASCADE, related_name="items")
    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    code = models.CharField(max_length=50, blank=True)
    message = models.CharField(max_length=500, blank=True)
    tries = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True)  # not before
    leased_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["run", "product"], name="copy_item_once")]
        indexes = [models.Index(fields=["run", "state"], name="copy_item_state")]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.product_id}"


class CopyBatch(models.Model):
    """Requests of a run that were sent in one file; `told` is the provider's word for how it stands."""

    run = models.ForeignKey(CopyRun, on_delete=models.CASCADE, related_name="batches")
    remote_id = models.CharField(max_length=200)
    told = models.CharField(max_length=30, blank=True)
    look_at = models.DateTimeField(null=True)  # not before
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.remote_id} {self.told}"


class ProviderCall(models.Model):
    """One call to a provider, booked before it is made: what it may cost, then what it did cost."""

    item = models.ForeignKey(CopyItem, null=True, on_delete=models.SET_NULL, related_name="calls")
    run = models.ForeignKey(CopyRun, null=True, on_delete=models.SET_NULL, related_name="calls")
    batch = models.ForeignKey(CopyBatch, null=True, on_delete=models.SET_NULL, related_name="calls")
    provider = models.CharField(max_length=50)
    model = models.CharField(max_length=100)
    answered_model = models.CharField(max_length=100, blank=True)
    request_id = models.CharField(max_length=200, blank=True)
    request = models.TextField(blank=True)  # the body, as it was sent
    response = models.TextField(blank=True)
    outcome = models.CharField(max_length=30, default="sent")
    input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    reserved_micros = models.PositiveBigIntegerField(default=0)
    cost_micros = models.PositiveBigIntegerField(null=True)  # None while it is not known: then what is reserved counts
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(auto_now_add=True, db_index=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.provider} {self.outcome}"


class CopyBudget(models.Model):
    """A hard limit on what all runs, or those of one person, may cost in a day or month."""

    class Per(models.TextChoices):
        DAY = "day", "day"
        MONTH = "month", "month"

    per = models.CharField(max_length=5, choices=Per.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    micros = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["per", "user"], name="copy_budget_once"),
            models.UniqueConstraint(fields=["per"], condition=Q(user=None), name="copy_budget_of_all_once"),
        ]

    def __str__(self) -> str:
        return f"{self.micros} a {self.per}"


class Draft(models.Model):
    """A written text with its proof: the facts it was given, those it used, and the verdict on each of its claims.

    The proposal carries it to those who decide; a draft is never a value.
    """

    proposal = models.OneToOneField(Proposal, on_delete=models.CASCADE, related_name="draft")
    # Several where values are read out of a text.
    item = models.ForeignKey(CopyItem, null=True, on_delete=models.SET_NULL, related_name="drafts")
    version = models.ForeignKey(PromptVersion, on_delete=models.PROTECT, related_name="drafts")
    call = models.ForeignKey(ProviderCall, null=True, on_delete=models.SET_NULL, related_name="drafts")
    locale = models.CharField(max_length=20)
    text = models.TextField()
    sentences = models.JSONField(default=list)  # [{"text", "facts": [keys]}]
    facts = models.JSONField(default=dict)  # what was given: {key: value}
    fact_keys = models.JSONField(default=dict)  # {fact: the value key that gave it}, for who may see it
    facts_hash = models.CharField(max_length=64)
    used = models.JSONField(default=list)  # keys of the facts the text rests on
    claims = models.JSONField(default=list)
    flags = models.PositiveIntegerField(default=0)
    # The rule packs that judged it, each with its version: [{"pack", "version"}]; when written, and when taken.
    judged_by = models.JSONField(default=list)
    taken_by = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    # What the reviewer made of it, in characters and words changed.
    edited_characters = models.PositiveIntegerField(null=True)
    edited_words = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"draft {self.pk}"


class TextOrigin(models.Model):
    """Where a value that AI had a hand in comes from, as one change set wrote it. A person's own text has none."""

    class Kind(models.TextChoices):
        AI = "ai", "AI"
        EDITED = "ai_edited", "AI, edited"
        TRANSLATED = "translated", "AI translation"

    product = models.ForeignKey("catalog.Product", on_delete=models.CASCADE, related_name="text_origins")
    sku = models.CharField(max_length=255, blank=True)
    key = models.CharField(max_length=255)
    change_set_id = models.UUIDField()
    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="origins")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    value_hash = models.CharField(max_length=64)
    is_current = models.BooleanField(default=True)  # of the working copy
    rests = models.JSONField(default=dict)  # {fact: [values with which the text holds]}, copywriting/resting.py
    stale = models.JSONField(default=dict)  # {fact: [as it was, as it is]} of the working copy
    stale_since = models.DateTimeField(null=True)
    stamp = models.CharField(max_length=64, blank=True)  # of the configuration under which that was found
    # Who said last of the stale text that it holds still, and why.
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="texts_confirmed"
    )
    confirmed_at = models.DateTimeField(null=True)
    confirmed_why = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["change_set_id", "product", "sku", "key"], name="text_origin_once"),
            models.UniqueConstraint(
                fields=["product", "sku", "key"], condition=Q(is_current=True), name="text_origin_one_current"
            ),
        ]
        indexes = [models.Index(fields=["stale_since"], name="text_origin_stale", condition=Q(is_current=True))]

    def __str__(self) -> str:
        return f"{self.product_id} {self.key}: {self.kind}"

    @property
    def told_key(self) -> str:
        return told_key(self.key)
