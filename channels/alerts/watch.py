"""When somebody is told: what has been wrong for long enough; and when it is over: what has been right as long.

1 measure, outside of any transaction · 2 under the rule's lock: open, keep, close · 3 what nobody acknowledged in time
goes to a second person. Measured anew each time, so a lost run only delays. What comes back within an hour is the same
alert: nobody is told twice.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog import events
from catalog.access.reach import sight
from catalog.models import User
from channels.access import CHANNEL, VIEW
from channels.alerts.probes import Reading, probes
from channels.models import Alert, AlertRule
from pimhub.foundation import audit

logger = logging.getLogger("pimhub.alerts")

DAMPING = dt.timedelta(hours=1)
KEPT = dt.timedelta(days=400)
S = Alert.State


def visible() -> QuerySet[Alert]:
    """What the person acting may see: all, or what is about the channels they reach."""
    rows = Alert.objects.exclude(state=S.PENDING).select_related("rule__owner", "rule__second", "acknowledged_by")
    codes = sight(VIEW).limited(CHANNEL)
    if sight().everything and sight(VIEW).everything:
        return rows
    if codes is None:
        return rows.filter(subject__startswith="channel:")
    return rows.filter(subject__in=[f"channel:{code}" for code in codes])


def rule_of(probe: str) -> AlertRule:
    """The rule of a probe; made with the probe's own threshold when there is none yet."""
    rule, _ = AlertRule.objects.get_or_create(probe=probe, defaults={"threshold": probes.get(probe).threshold})
    return rule


def watch() -> None:
    """Look at everything once. A probe that fails is logged and holds up no other."""
    for name in probes.names():
        rule = rule_of(name)
        try:
            readings = list(probes.get(name).measure()) if rule.enabled else []
        except Exception:
            logger.exception("an alert probe failed", extra={"probe": name})
            continue
        settle(rule, readings)
    Alert.objects.filter(state=S.OVER, over_at__lt=timezone.now() - KEPT).delete()


def settle(rule: AlertRule, readings: Sequence[Reading]) -> None:
    """Open, keep and close the alerts of one rule by what was measured."""
    now = timezone.now()
    with transaction.atomic():
        rule = AlertRule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
        known = {alert.subject: alert for alert in rule.alerts.exclude(state=S.OVER)}
        for reading in readings:
            if reading.value > rule.threshold:
                alert = known.pop(reading.subject) if reading.subject in known else _returned(rule, reading, now)
                _wrong(rule, alert, reading, now)
        for alert in known.values():
            _right(rule, alert, now)
        _escalate(rule, now)


def _returned(rule: AlertRule, reading: Reading, now: dt.datetime) -> Alert:
    """The alert that was over a moment ago, open again; else a new one."""
    old = rule.alerts.filter(subject=reading.subject, state=S.OVER, over_at__gt=now - DAMPING).first()
    if old is None:
        return Alert(rule=rule, subject=reading.subject, began_at=now)
    old.state = S.ACKNOWLEDGED if old.acknowledged_at else S.OPEN
    old.over_at = old.told_over_at = None
    old.returns += 1
    return old


def _wrong(rule: AlertRule, alert: Alert, reading: Reading, now: dt.datetime) -> None:
    alert.label, alert.words, alert.url = reading.label[:200], reading.words[:500], reading.url[:300]
    alert.value, alert.calm_since = reading.value, None
    raised = alert.state == S.PENDING and now - alert.began_at >= dt.timedelta(minutes=rule.hold_minutes)
    if raised:
        alert.state, alert.raised_at = S.OPEN, now
    alert.save()
    if raised:
        _announce("alert.raised", alert)


def _right(rule: AlertRule, alert: Alert, now: dt.datetime) -> None:
    if alert.state == S.PENDING:
        alert.delete()  # it passed before anybody was told
        return
    alert.calm_since = alert.calm_since or now
    over = now - alert.calm_since >= dt.timedelta(minutes=rule.hold_minutes)
    if over:
        alert.state, alert.over_at = S.OVER, now
    alert.save()
    if over:
        _announce("alert.over", alert)


def _escalate(rule: AlertRule, now: dt.datetime) -> None:
    since = now - dt.timedelta(minutes=rule.escalate_minutes)
    for alert in rule.alerts.filter(state=S.OPEN, raised_at__lte=since, escalated_at__isnull=True):
        alert.escalated_at = now
        alert.save(update_fields=["escalated_at"])
        _announce("alert.escalated", alert)


def acknowledge(alert: Alert, *, user: User) -> bool:
    """Somebody sees to it: nobody else is told. False when it is open no more."""
    with transaction.atomic():
        taken = Alert.objects.filter(pk=alert.pk, state=S.OPEN).update(
            state=S.ACKNOWLEDGED, acknowledged_at=timezone.now(), acknowledged_by=user
        )
        if taken:
            audit.record("alert.acknowledged", f"alert:{alert.pk}", probe=alert.rule.probe, subject=alert.subject)
            alert.refresh_from_db()
            _announce("alert.acknowledged", alert)
    return bool(taken)


def _announce(type: str, alert: Alert) -> None:
    """Tell subscribers of events. A subject that is no channel may name what not everybody sees."""
    kind, _, code = alert.subject.partition(":")
    about = {"channel": code} if kind == "channel" else {}
    events.append(type=type, data={"alert": alert.pk, "probe": alert.rule.probe, "state": alert.state, **about})
