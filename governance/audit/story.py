"""The whole story of a product: what was written, said, decided and sent, with the proof of it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from catalog.access.reach import sight
from catalog.models import JournalEntry, Product, User
from governance.audit.chain import seal_all
from governance.models import AuditEntry, AuditHead, ReviewStep, Revision
from governance.revisions.pending import visible
from governance.revisions.read import flat, read_all
from pimhub.foundation.jsonvalue import JSON


def story(product: Product) -> dict[str, JSON]:
    """Plain values: {"product", "changes", "decisions", "revisions", "audit", "head", "at"}, each list oldest first.

    `changes` are journal entries with old and new of every value; `audit` are the sealed entries about it, so
    that a reader can hold them against the chain.
    """
    seal_all()
    head = AuditHead.objects.first()
    entries = list(AuditEntry.objects.filter(about=f"product:{product.code}").order_by("pk"))
    names = {u.pk: u.display_name for u in User.objects.filter(pk__in={e.user_id for e in entries if e.user_id})}
    return {
        "product": {"code": product.code, "name": product.name("en_US"), "version": product.version},
        "at": timezone.now().isoformat(),
        "changes": [_change(entry) for entry in _journal(product)],
        "decisions": [_decision(step) for step in _steps(product)],
        "revisions": _revisions(product),
        "audit": [_entry(entry, names) for entry in entries],
        "head": {"number": head.number, "seal": head.seal} if head else None,
    }


def _journal(product: Product) -> Any:
    rows = JournalEntry.objects.filter(product=product).select_related("change_set")
    return rows.order_by("pk").iterator(chunk_size=500)


def _steps(product: Product) -> Any:
    return ReviewStep.objects.filter(product=product).select_related("user", "revision").order_by("pk")


def _change(entry: JournalEntry) -> dict[str, JSON]:
    act, written = entry.change_set, sight().visible(entry.product_id, entry.changes)
    return {
        "at": act.created_at.isoformat(),
        "by": act.actor,
        "through": act.get_source_display(),
        "reason": act.reason,
        "change_set": str(act.pk),
        "sku": entry.sku,
        "line": entry.line,
        "written": [{"key": key, "old": pair[0], "new": pair[1]} for key, pair in written.items()],
    }


def _decision(step: ReviewStep) -> dict[str, JSON]:
    return {
        "at": step.created_at.isoformat(),
        "by": step.user.display_name if step.user else "",
        "verb": step.verb,
        "from": step.from_state,
        "to": step.to_state,
        "comment": step.comment,
        "revision": step.revision.number if step.revision else None,
        "details": step.details,
    }


def _revisions(product: Product) -> list[dict[str, JSON]]:
    revisions = list(Revision.objects.filter(product=product).select_related("approved_by").order_by("number"))
    documents = read_all(revisions)
    return [
        {
            "number": r.number,
            "at": r.approved_at.isoformat(),
            "by": r.approved_by.display_name if r.approved_by else "",
            "content_hash": r.content_hash,
            "content": visible(r.product_id, flat(documents[r.pk])),
        }
        for r in revisions
    ]


def _entry(entry: AuditEntry, names: dict[int, str]) -> dict[str, JSON]:
    return {
        "number": entry.number,
        "at": entry.at.isoformat(),
        "kind": entry.kind,
        "user": entry.user_id,
        "name": names.get(entry.user_id or 0, ""),
        "source": entry.source,
        "data": entry.data,
        "seal": entry.seal,
    }
