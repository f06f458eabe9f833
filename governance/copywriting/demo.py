"""For the demo: descriptions for search engines by the offline writer, tried on products and in use; and the sandbox
as a provider, for who wants to try models that are honest or make things up."""

from __future__ import annotations

import datetime as dt

from catalog.models import Attribute, Product, User
from governance.copywriting import prompts
from governance.copywriting.evaluation import evaluate
from governance.models import AiProvider, ModelPrice, PromptTemplate

CODE, TRIED = "search_description", 5
MODELS = ("sandbox-honest", "sandbox-hallucinating")


def ensure_prompts(*, author: User, user: User) -> None:
    """Once; a template that is there stays as it is."""
    if PromptTemplate.objects.filter(code=CODE).exists():
        return
    template = PromptTemplate.objects.create(
        code=CODE, label="Description for search engines", attribute=Attribute.objects.get(code="seo_description")
    )
    wording = {
        "instructions": "Name what tells this product from others, in short sentences.",
        "inputs": ["name", "description", "brand", "product_type", "material", "color", "size", "weight"],
        "required": ["name"],
        "max_length": 320,
        "packs": ["eu_green_claims", "health_claims", "superlatives", "google_text"],
    }
    version = prompts.write_version(template=template, by=author, wording=wording, note="The first.")
    products = list(Product.objects.order_by("pk")[:TRIED])
    if products and evaluate(version=version, products=products, locale="en_US", by=author)["green"]:
        prompts.activate(version=version, by=user)


def ensure_provider() -> None:
    """Once; the sandbox listens on another port at each start, so its address is kept without one."""
    provider, is_new = AiProvider.objects.get_or_create(
        code="sandbox",
        defaults={"label": "Sandbox", "base_url": "sandbox:/openai/v1", "takes_batches": True},
    )
    if is_new:
        for model in MODELS:
            ModelPrice.objects.create(
                provider=provider,
                model=model,
                valid_from=dt.date(2026, 1, 1),
                input_micros=1_500_000,
                output_micros=6_000_000,
            )
