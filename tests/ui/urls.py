"""The addresses the shell itself links to."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path


def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [
    path("", nothing, name="home"),
    path("login/", nothing, name="login"),
    path("account/", nothing, name="account"),
    path("logout/", nothing, name="logout"),
    path("products/", nothing, name="product_list"),
]
