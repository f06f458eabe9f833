"""The page one lands on."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from pimhub.foundation import panels


def home(request: HttpRequest) -> HttpResponse:
    """To the page of one's work: reviewers to the queue, channel managers to the channels, others to the products."""
    user = request.user
    if user.has_perm("catalog.change_product"):
        return redirect("product_list")
    common = {reverse("product_list"), reverse("change_set_list")}
    if entries := panels.menu(request):
        # Whoever only looks at products has other work; the products are for those who have none.
        first = min(entries, key=lambda e: (e["url"] in common, e["order"]))
        return redirect(first["url"])
    return render(request, "403.html", status=403)
