"""The audit on a page, and the story of a product as one file."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string

from catalog.access.reach import seen
from catalog.models import Product, User
from catalog.models.codes import code_key
from catalog.permissions import requires
from governance.audit.chain import readable
from governance.audit.story import story
from governance.models import AuditEntry, AuditHead
from pimhub.foundation import audit

SHOWN = 100
READ = "governance.read_audit"


@requires(READ)
def audit_list(request: HttpRequest) -> HttpResponse:
    """Entries, the newest first; narrowed by kind, thing and person."""
    asked = request.GET
    query = readable(AuditEntry.objects.order_by("-pk"))
    if kind := asked.get("kind", ""):
        query = query.filter(Q(kind=kind) | Q(kind__startswith=f"{kind}."))
    if about := asked.get("about", "").strip():
        query = query.filter(about=about)
    if asked.get("user", "").isdigit():
        query = query.filter(user_id=int(asked["user"]))
    if asked.get("before", "").isdigit():
        query = query.filter(pk__lt=int(asked["before"]))
    found = list(query[: SHOWN + 1])
    names = {u.pk: u.display_name for u in User.objects.filter(pk__in={e.user_id for e in found if e.user_id})}
    context = {
        "rows": [(entry, names.get(entry.user_id or 0, "")) for entry in found[:SHOWN]],
        "before": found[SHOWN - 1].pk if len(found) > SHOWN else None,
        "kinds": AuditEntry.objects.order_by("kind").values_list("kind", flat=True).distinct(),
        "people": User.objects.order_by("username")[:500],
        "head": AuditHead.objects.first(),
        "asked": asked,
    }
    return render(request, "governance/audit_list.html", context)


@requires(READ)
def product_story(request: HttpRequest, code: str) -> HttpResponse:
    """Everything that happened to a product, as one file to keep: a page that needs nothing else."""
    product = get_object_or_404(seen(Product.everything.all()), code_key=code_key(code))
    audit.record("export", f"product:{product.code}", what="story")
    text = render_to_string("governance/story.html", {"story": story(product)})
    answer = HttpResponse(text, content_type="text/html; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="story-{product.pk}.html"'
    return answer
