"""Who writes copy, and by which instructions: providers with their prices, templates and their versions."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from catalog.attributes.values import ValueKey
from catalog.models.codes import key_code
from catalog.models.history import history
from pimhub.foundation import secrets


class AiProvider(models.Model):
    """A server that speaks OpenAI's protocol. Without any, the offline writer is there."""

    class Api(models.TextChoices):
        RESPONSES = "responses", "Responses"
        CHAT = "chat", "Chat Completions"

    code = models.CharField(max_length=50, unique=True, validators=[key_code])
    label = models.CharField(max_length=200)
    base_url = models.CharField(max_length=500)  # "sandbox:/openai/v1": the sandbox's, wherever it listens
    api = models.CharField(max_length=10, choices=Api.choices, default=Api.RESPONSES)
    key_encrypted = models.TextField(blank=True)
    timeout = models.PositiveIntegerField(default=60)  # seconds a call
    at_once = models.PositiveIntegerField(default=4)  # calls under way
    sees_pictures = models.BooleanField(default=False)  # its models take pictures beside the words
    # Whether it works off files of requests within a day, and what a call costs there, in percent of its price.
    takes_batches = models.BooleanField(default=False)
    batch_percent = models.PositiveSmallIntegerField(default=50)
    # How fast it goes just now: fewer at once after it asked to slow down, and nothing before `rest_until`.
    pace = models.PositiveIntegerField(default=0)  # 0 = as many as `at_once`
    good = models.PositiveIntegerField(default=0)  # answers since the pace was last changed
    rest_until = models.DateTimeField(null=True)
    is_paused = models.BooleanField(default=False)
    problem = models.CharField(max_length=500, blank=True)  # why it was paused
    history = history(excluded_fields=["key_encrypted", "pace", "good", "rest_until"])

    class Meta:
        ordering = ["code"]
        permissions = [
            ("use_ai", "Can have texts written by AI"),
            ("manage_prompts", "Can change prompts, AI providers and budgets"),
        ]

    def __str__(self) -> str:
        return self.label or self.code

    @property
    def now_at_once(self) -> int:
        return min(self.pace, self.at_once) if self.pace else self.at_once

    @property
    def key(self) -> str:
        """Raises SecretError when the key of the instance does not open it."""
        if not self.key_encrypted:
            return ""
        return secrets.decrypt(self.key_encrypted, settings.PIMHUB_FERNET_KEYS)["key"]

    @key.setter
    def key(self, value: str) -> None:
        self.key_encrypted = secrets.encrypt({"key": value}, settings.PIMHUB_FERNET_KEYS) if value else ""


class ModelPrice(models.Model):
    """What a model costs from a day on, in millionths of the currency for a million tokens."""

    provider = models.ForeignKey(AiProvider, on_delete=models.CASCADE, related_name="prices")
    model = models.CharField(max_length=100)
    valid_from = models.DateField()
    input_micros = models.PositiveBigIntegerField()
    output_micros = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["provider", "model", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "model", "valid_from"], name="model_price_once"),
        ]

    def __str__(self) -> str:
        return f"{self.model} from {self.valid_from}"


class PromptTemplate(models.Model):
    """A kind of text to be written: for which attribute, in which scope."""

    class Task(models.TextChoices):
        WRITE = "write", "write from facts"
        TRANSLATE = "translate", "translate"
        BULLETS = "bullets", "bullet points from facts"
        EXTRACT = "extract", "read values out of the text"
        CLASSIFY = "categories", "suggest categories from the text"
        ALT = "alt", "describe pictures"

    class WhenStale(models.TextChoices):
        KEEP = "keep", "say nothing"
        WARN = "warn", "warn"
        BLOCK = "block", "publish nothing until it is mended"
        RENEW = "renew", "warn, and write a new draft"

    code = models.CharField(max_length=50, unique=True, validators=[key_code])
    label = models.CharField(max_length=200)
    when_stale = models.CharField(max_length=5, choices=WhenStale.choices, default=WhenStale.WARN)
    task = models.CharField(max_length=10, choices=Task.choices, default=Task.WRITE)
    # None where pictures are described: their texts are no attribute's.
    attribute = models.ForeignKey("catalog.Attribute", null=True, on_delete=models.PROTECT, related_name="+")
    scope = models.ForeignKey("catalog.Scope", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    source_locale = models.CharField(max_length=20, blank=True)  # of a translation
    points = models.PositiveSmallIntegerField(default=5)  # bullet points at most
    history = history()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.label or self.code

    def key(self, locale: str) -> str:
        """The value key that a text in this language is for, or is read from; "" where pictures are described."""
        own = self.attribute
        if own is None:
            return ""
        scope = self.scope.code if self.scope and own.scopable else None
        return str(ValueKey(own.code, locale if own.localizable else None, scope))


class PromptVersion(models.Model):
    """One wording of a template, immutable from the moment it is active. Texts name the version that wrote them."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        ACTIVE = "active", "active"
        RETIRED = "retired", "retired"

    template = models.ForeignKey(PromptTemplate, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    instructions = models.TextField()
    inputs = models.JSONField(default=list)  # codes of attributes that are sent as facts; empty = all that may be sent
    required = models.JSONField(default=list)  # codes of facts without which nothing is written
    max_length = models.PositiveIntegerField(default=0)  # characters; 0 = that of the attribute
    packs = models.JSONField(default=list)  # codes of rule packs
    # None is the offline writer.
    provider = models.ForeignKey(AiProvider, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    model = models.CharField(max_length=100, blank=True)
    parameters = models.JSONField(default=dict)
    note = models.CharField(max_length=500, blank=True)
    evaluation = models.JSONField(default=dict)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    activated_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["template", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="prompt_version_once"),
            models.UniqueConstraint(
                fields=["template"], condition=models.Q(state="active"), name="prompt_version_one_active"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template_id} v{self.number}"

    def save(self, *args: object, **kwargs: object) -> None:
        """Raises TypeError when what is written of a version that is no draft any more would change."""
        before = PromptVersion.objects.filter(pk=self.pk).exclude(state=self.State.DRAFT).values(*WORDING).first()
        if before is not None and any(before[name] != getattr(self, name) for name in WORDING):
            raise TypeError("an active version is immutable; write a new one")
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class CopyTrial(models.Model):
    """A version being tried on pinned products, one at a time, however often its worker dies; `rows` so far."""

    version = models.ForeignKey(PromptVersion, on_delete=models.CASCADE, related_name="trials")
    locale = models.CharField(max_length=20)
    products = models.JSONField(default=list)  # ids, in order
    rows = models.JSONField(default=list)
    problem = models.CharField(max_length=500, blank=True)  # why it ended early
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    leased_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version"], condition=models.Q(ended_at=None), name="copy_trial_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} on {len(self.products)} products"


# What a version says: fixed from the moment it is active, by the database as well.
WORDING = (
    "template_id",
    "number",
    "instructions",
    "inputs",
    "required",
    "max_length",
    "packs",
    "provider_id",
    "model",
    "parameters",
    "author_id",
)
