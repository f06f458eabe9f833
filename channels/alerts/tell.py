"""Write to whom an alert concerns. At least once each: the row says so when the mail is out."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from catalog.models import Source, User
from channels.alerts.probes import probes
from channels.models import Alert
from governance.people import who_may
from pimhub.foundation import mail

S = Alert.State
MANAGE = "channels.manage_alerts"
ABOUT_SOURCE = ("source", "rejects")  # kinds of subjects
TEXT = """{words}

{label}, since {since:%Y-%m-%d %H:%M} UTC.
See it here: {url}
Say that you see to it here, or {next}: {page}
"""


def tell() -> int:
    """Write what is due; how many alerts there were something to say of."""
    raised = Alert.objects.filter(raised_at__isnull=False).select_related("rule__owner", "rule__second")
    new = list(raised.filter(state=S.OPEN, told_at__isnull=True)[:100])
    escalated = list(raised.filter(state=S.OPEN, escalated_at__isnull=False, told_second_at__isnull=True)[:100])
    over = list(raised.filter(state=S.OVER, told_at__isnull=False, told_over_at__isnull=True)[:100])
    for alert in new:
        if _write(_owners(alert), f"PIMHub: {alert.words}", _text(alert)):
            _note(alert, "told_at")
    for alert in escalated:
        second = [alert.rule.second] if alert.rule.second else _managers(but=alert.rule.owner)
        if _write(second, f"PIMHub, nobody answered: {alert.words}", _text(alert)):
            _note(alert, "told_second_at")
    for alert in over:
        people = [*_owners(alert), *([alert.rule.second] if alert.told_second_at and alert.rule.second else [])]
        if _write(people, f"PIMHub: over: {alert.words}", f"{alert.words}\n\nThis is over.\n"):
            _note(alert, "told_over_at")
    return len(new) + len(escalated) + len(over)


def _owners(alert: Alert) -> list[User]:
    """Who answers for the source that it is about, else the rule's owner, else whoever looks after rules."""
    kind, _, code = alert.subject.partition(":")
    source = Source.objects.select_related("owner").filter(code=code).first() if kind in ABOUT_SOURCE else None
    owner = source.owner if source is not None and source.owner is not None else alert.rule.owner
    return [owner] if owner is not None and owner.is_active else _managers(but=None)


def _managers(*, but: User | None) -> list[User]:
    return [person for person in who_may(MANAGE) if person != but]


def _write(people: list[User], subject: str, text: str) -> bool:
    addresses = {person.email for person in people if person.email}
    line = " ".join(subject.split())[:200]  # a subject is one line
    out = [mail.write(address, line, text) for address in sorted(addresses)]  # to all, also when one fails
    return all(out)


def _text(alert: Alert) -> str:
    base = settings.PIMHUB_PUBLIC_URL
    second = alert.rule.second
    name = second.display_name if second else "somebody else"
    then = f"{name} is told after {alert.rule.escalate_minutes} minutes"
    return TEXT.format(
        words=alert.words,
        label=probes.get(alert.rule.probe).label,
        since=alert.began_at.astimezone(dt.UTC),
        url=base + (alert.url or reverse("alert_list")),
        next=then,
        page=base + reverse("alert_list"),
    )


def _note(alert: Alert, field: str) -> None:
    Alert.objects.filter(pk=alert.pk).update(**{field: timezone.now()})
