"""Texts of before rest on what their drafts were found to rest on."""

from __future__ import annotations

from typing import Any

from django.db import migrations

AT_ONCE = 500


def fill(apps: Any, schema_editor: Any) -> None:
    origins = apps.get_model("governance", "TextOrigin").objects.select_related("draft")
    last = 0
    while rows := list(origins.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        for row in rows:
            row.rests = {code: [row.draft.facts.get(code)] for code in row.draft.used}
        origins.model.objects.bulk_update(rows, ["rests"])
        last = rows[-1].pk


class Migration(migrations.Migration):
    dependencies = [("governance", "0019_what_texts_rest_on")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
