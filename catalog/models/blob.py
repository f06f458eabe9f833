"""Documents stored once by the hash of their content: parts of revisions, payloads, responses."""

from __future__ import annotations

from django.db import models


class Blob(models.Model):
    hash = models.CharField(max_length=64, primary_key=True)
    data = models.BinaryField()  # zlib-compressed canonical JSON

    def __str__(self) -> str:
        return self.hash
