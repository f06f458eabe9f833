"""A prompt for the demo: descriptions for search engines by the offline writer, tried on products and in use."""

from __future__ import annotations

from catalog.models import Attribute, Product, User
from governance.copywriting import prompts
from governance.copywriting.evaluation import evaluate
from governance.models import PromptTemplate

CODE, TRIED = "search_description", 5


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
