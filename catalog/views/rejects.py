"""Messages of sources that could not be taken: looked at, tried again, dropped."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from catalog.access.reach import own
from catalog.intake.again import drop, retry
from catalog.models import Reject, User
from catalog.permissions import requires

PAGE = 100
AT_ONCE = 5000
FILTERS = ("code", "kind", "source")
# What is wrong, and what mends it, in words for who answers for a source.
CAUSES = {
    "unknown_sku": ("SKU is not known", "Create the product, or correct the SKU in the source."),
    "unknown_location": ("Location is not known", "Create the location under Structure, or correct it in the source."),
    "unknown_price_list": ("Price list is not known", "Create it under Structure, or correct it in the source."),
    "unknown_family": ("Family is not known", "Create the family under Structure, or correct it in the source."),
    "unknown_attribute": ("Attribute is not known", "Create it under Structure, or leave it out, then try again."),
    "unknown_option": ("Option is not known", "Add the option to the attribute, then try again."),
    "owned": ("Belongs to somebody else", "Say in the rules of ownership who writes it, then try again."),
    "wrong_currency": ("Wrong currency", "Send the price for a price list of that currency."),
    "negative_stock": ("Negative stock", "The source must send 0 or more. Drop the line once it does."),
    "fractional_stock": ("Fractional stock", "The source must send whole units. Drop the line once it does."),
    "clock_ahead": ("Clock is ahead", "Set the clock of the source right, and send the line anew."),
    "bad_amount": ("No amount of this currency", "Correct the amount in the source."),
    "bad_form": ("Line is not of the form", "Correct the line, or the columns of the source."),
    "not_json": ("Line is no JSON", "The source must send the line anew. Drop this one then."),
    "torn_row": ("Quotation mark is missing", "Correct the row in the file, and deliver it anew."),
    "archived": ("Product is archived", "Take the product out of the archive, or drop the line."),
}


@requires("catalog.handle_rejects")
def reject_list(request: HttpRequest) -> HttpResponse:
    """The open ones by cause, kind and source, and what a person does about them: all of a cause, or the chosen."""
    rows = own(Reject.objects.filter(state=Reject.State.OPEN))
    if request.method == "POST":
        _decide(request, rows)
        kept = {name: request.POST[name] for name in FILTERS if request.POST.get(name)}
        return redirect(f"{request.path}?{urlencode(kept)}" if kept else request.path)
    shown = _narrowed(rows, request.GET)
    causes = rows.order_by().values_list("code").annotate(n=Count("id")).order_by("-n")
    code = request.GET.get("code", "")
    context = {
        "causes": [(code, words(code), n) for code, n in causes],
        "code": code,
        "remedy": CAUSES.get(code, ("", ""))[1],
        "kind": request.GET.get("kind", ""),
        "source": request.GET.get("source", ""),
        "kinds": Reject._meta.get_field("kind").choices,
        "sources": rows.order_by("source").values_list("source", flat=True).distinct(),
        "rows": shown.select_related("user")[:PAGE],
        "count": shown.count(),
        "shown": PAGE,
        "at_once": AT_ONCE,
        "narrowed": any(request.GET.get(name) for name in FILTERS),
    }
    return render(request, "catalog/reject_list.html", context)


def words(code: str) -> str:
    """A cause, for people."""
    return CAUSES.get(code, (code.replace("_", " ").capitalize(), ""))[0]


def _narrowed(rows: QuerySet[Reject], given: QueryDict) -> QuerySet[Reject]:
    return rows.filter(**{name: given[name] for name in FILTERS if given.get(name)})


def _decide(request: HttpRequest, rows: QuerySet[Reject]) -> None:
    ids = [int(pk) for pk in request.POST.getlist("id") if pk.isdigit()]
    if not ids and not request.POST.get("code"):
        messages.error(request, "Tick the lines, or choose a cause above to mean all of its lines.")
        return
    chosen = rows.filter(pk__in=ids) if ids else _narrowed(rows, request.POST)
    user = cast(User, request.user)
    if request.POST.get("do") == "drop":
        messages.success(request, f"{drop(chosen, user=user)} dropped.")
        return
    found = list(chosen.select_related("user").order_by("id")[:AT_ONCE])
    done = retry(found, user=user)
    said = f"{done['taken']} taken, {done['overtaken']} overtaken, {done['rejected']} refused again."
    if done["rejected"]:
        said += " Each line below says why."
    if len(found) == AT_ONCE:
        said += f" That were the first {AT_ONCE:,}; press again for the next."
    (messages.warning if done["rejected"] else messages.success)(request, said)
