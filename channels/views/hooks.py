"""Where channels send their messages. The signature, or the end of the address, is the only key."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from catalog.permissions import requires
from channels import overview, subscribed
from channels.access import PUBLISH, reached
from channels.connections import ChannelNotReady
from channels.connectors.abilities import NotGenuine
from channels.models import Channel, InboundEvent, InboundTally
from channels.rates import Wait
from channels.webhooks.inbound import LARGEST, how, receive

PAGE = 50


@csrf_exempt
@login_not_required
@require_POST
def hook(request: HttpRequest, code: str, token: str = "") -> JsonResponse:
    """200 once the message is kept, also when it was before; 401 when it is not genuine, whether or not there is
    such a channel."""
    length = request.headers.get("Content-Length", "")
    try:
        raw = request.body if not length.isdigit() or int(length) <= LARGEST else None
    except RequestDataTooBig:
        raw = None
    if raw is None or len(raw) > LARGEST:
        return JsonResponse({"error": f"A message has at most {LARGEST} bytes."}, status=413)
    channel = Channel.objects.filter(code=code).first()
    try:
        if channel is None:
            raise NotGenuine
        headers = {name.lower(): value for name, value in request.headers.items()}
        new = receive(channel, headers, raw, token=token)
    except NotGenuine:
        return JsonResponse({"error": "This message is not signed as it should be."}, status=401)
    return JsonResponse({"kept": True, "new": new})


@requires("channels.view_channel")
def message_list(request: HttpRequest, code: str) -> HttpResponse:
    """Where a channel sends its messages, how many came, and what became of them."""
    channel = get_object_or_404(reached(Channel.objects.all()), code=code)
    rows = InboundEvent.objects.filter(channel=channel).defer("body")
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: PAGE + 1])
    context = {
        "channel": channel,
        "waiting": overview.waiting(channel),
        "address": subscribed.address(channel),
        "subscriptions": subscribed.of(channel),
        "may_publish": request.user.has_perm(PUBLISH),
        "how": how(channel),
        "tallies": InboundTally.objects.filter(channel=channel)[:7],
        "rows": found[:PAGE],
        "next_url": f"?before={found[PAGE - 1].pk}" if len(found) > PAGE else "",
    }
    return render(request, "channels/message_list.html", context)


@require_POST
@requires("channels.publish_channel")
def subscriptions(request: HttpRequest, code: str) -> HttpResponse:
    """Ask the channel which messages it sends, and have it send what is missing."""
    channel = get_object_or_404(reached(Channel.objects.all(), right=PUBLISH), code=code)
    if subscribed.keeper(channel) is None:
        messages.error(request, f"{channel.label} keeps no subscriptions. {how(channel)}")
    elif request.POST.get("do") == "repair":
        try:
            done = subscribed.repair(channel)
        except (ChannelNotReady, ValueError) as error:
            messages.error(request, str(error))
        except Wait as wait:
            messages.error(request, f"The channel is busy; try again in {wait.seconds:.0f} seconds.")
        else:
            messages.success(request, f"{done} subscription{'' if done == 1 else 's'} mended.")
    elif problem := subscribed.check(channel):
        messages.error(request, problem)
    else:
        messages.success(request, "The channel was asked which messages it sends.")
    return redirect("channel_messages", code=code)
