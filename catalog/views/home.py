"""Signing in, and the page one lands on."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from catalog.demo_people import LOGINS
from catalog.models import User
from pimhub.foundation import panels


class Login(LoginView):
    template_name = "registration/login.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """On a machine of one's own with the demo's people, their logins are offered."""
        context = super().get_context_data(**kwargs)
        if settings.PIMHUB_PUBLIC_URL.startswith("http://127.0.0.1"):
            known = set(
                User.objects.filter(username__in=[x["name"] for x in LOGINS]).values_list("username", flat=True)
            )
            context["demo_logins"] = [x for x in LOGINS if x["name"] in known]
        return context


def home(request: HttpRequest) -> HttpResponse:
    """To the page of one's work: reviewers to the queue, channel managers to the channels, others to the products."""
    user = request.user
    if user.has_perm("catalog.change_product"):
        return redirect("product_list")
    common = {reverse("product_list"), reverse("change_set_list")}
    entries = [e for make in panels.nav if (e := make(request))]
    if entries:
        # Whoever only looks at products has other work; the products are for those who have none.
        first = min(entries, key=lambda e: (e["url"] in common, e["order"]))
        return redirect(first["url"])
    return render(request, "403.html", status=403)
