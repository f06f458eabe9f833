"""What is derived from products has grown: their families are looked at again, in the background.

On PostgreSQL the search box gets an index by three letters, where the extension may be made.
"""

from __future__ import annotations

from django.db import DatabaseError, migrations, transaction
from django.db.models import Count, F


def derive_anew(apps, schema_editor):
    Family = apps.get_model("catalog", "Family")
    Recompute = apps.get_model("catalog", "Recompute")
    Family.objects.update(requirements=F("requirements") + 1)
    used = Family.objects.annotate(count=Count("products")).filter(count__gt=0)
    Recompute.objects.bulk_create(Recompute(family=family, total=family.count) for family in used)


def index_by_letters(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError:
        return  # this account may not: searching works without, only slower; see docs/operations
    schema_editor.execute(
        "CREATE INDEX IF NOT EXISTS product_search_text ON catalog_product USING gin (search_text gin_trgm_ops)"
    )


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS product_search_text")


class Migration(migrations.Migration):
    dependencies = [("catalog", "0005_whole_catalogue")]
    operations = [
        migrations.RunPython(derive_anew, migrations.RunPython.noop),
        migrations.RunPython(index_by_letters, drop_index),
    ]
