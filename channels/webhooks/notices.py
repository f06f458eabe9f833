"""Tell owners that their subscription was disabled. At least once: the note is cleared when the mail is out."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from channels.models.webhook import Subscription
from pimhub.foundation import mail

TEXT = """{name} is told of events at {url}.
That does not happen any more: {reason}

Nothing is lost. Once the receiver works, resume it, and it goes on after event {cursor}:
{page}
"""


def send_notices() -> int:
    """Write to the owners of subscriptions that were disabled; how many mails were due."""
    rows = list(Subscription.objects.filter(notice_due=True).select_related("user")[:100])
    for row in rows:
        page = settings.PIMHUB_PUBLIC_URL + reverse("webhook_detail", kwargs={"pk": row.pk})
        text = TEXT.format(name=row.name, url=row.url, reason=row.disabled_reason, cursor=row.cursor, page=page)
        if mail.write(row.user.email, f"PIMHub: {row.name} is not told any more", text):
            Subscription.objects.filter(pk=row.pk).update(notice_due=False)
    return len(rows)
