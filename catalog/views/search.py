"""The global search: a page of its own, and the list below the search box while one types."""

from __future__ import annotations

from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string

from catalog.permissions import requires
from pimhub.foundation.search import search

LONGEST = 200
WHILE_TYPING, ON_THE_PAGE = 6, 50


@requires("catalog.view_product")
def search_page(request: HttpRequest) -> HttpResponse:
    """What was found, by kind. Enter on the very SKU, barcode or code leads straight to its product."""
    text = request.GET.get("q", "")[:LONGEST]
    typing = bool(getattr(request, "htmx", False))
    hits = search(request, text, limit=WHILE_TYPING if typing else ON_THE_PAGE)
    exact = [hit for hit in hits if hit.exact]
    if len(exact) == 1 and not typing:
        return redirect(exact[0].url)
    context = {
        "q": text.strip(),
        "groups": [(kind, list(found)) for kind, found in groupby(hits, key=lambda hit: hit.kind)],
        "limit": ON_THE_PAGE,
    }
    if typing:  # an empty list must be empty, so that its box is not drawn
        return HttpResponse(render_to_string("catalog/search_results.html", context, request).strip())
    return render(request, "catalog/search.html", context)
