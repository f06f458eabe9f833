"""A feed file counts what it left out; which items, and why, its fragments and the channel's issues say."""

from typing import Any

from django.db import migrations, models


def count(apps: Any, schema: Any) -> None:
    files = apps.get_model("channels", "FeedFile").objects
    for file in files.only("skipped").iterator(chunk_size=1):
        files.filter(pk=file.pk).update(left_out=len(file.skipped))


class Migration(migrations.Migration):
    dependencies = [("channels", "0024_all_that_is_there")]

    operations = [
        migrations.AddField("feedfile", "left_out", models.PositiveIntegerField(default=0)),
        migrations.RunPython(count, migrations.RunPython.noop),
        migrations.RemoveField("feedfile", "skipped"),
        migrations.RenameField("feedfile", "left_out", "skipped"),
    ]
