"""Each request acts as its user, from a page."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from catalog.change_sets import acting
from catalog.models import ChangeSet, User


class ActingMiddleware:
    """Everything a request changes belongs to one change set of its user."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user if isinstance(request.user, User) else None
        with acting(user=user, source=ChangeSet.Source.PAGE):
            return self.get_response(request)
