"""Files of many calls, from the first line to the last answer booked.

gathering → closed → starting → working → done. Each step is noted before the next begins, so whoever finds a file
whose worker died goes on: uploading again harms nothing, a start whose answer was lost is looked for by its mark, and
answers that were noted are not noted twice. What an answer means for its product, the product's own next turn books.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import cast

import orjson
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog import blobs
from channels import connections
from channels.connections import ChannelNotReady, authorise, connect, connector_of
from channels.connectors.base import Connection, Connector
from channels.connectors.bulk import BulkJob, BulkRefused, ReportsBulk, SendsInBulk
from channels.connectors.outcome import Verdict
from channels.models import BulkLine, BulkRun, Channel, Placement
from channels.models.channel import here
from channels.publishing import bulk_lines, lease
from channels.rates import Wait
from pimhub.foundation.http import Request, Response

S = BulkRun.State
logger = logging.getLogger("pimhub.publishing")

# A file waits so long for more lines; then it goes as it is.
OLDEST = dt.timedelta(seconds=60)
# A file that cannot leave (its channel is paused) goes stale: its calls are planned anew.
STALE = dt.timedelta(minutes=5)
# One worker at a time; longer than the calls of one step.
HOLD = dt.timedelta(seconds=240)
# Clocks differ: what was started a little before, by the channel's clock, may be ours.
SKEW = dt.timedelta(minutes=5)
SLOWEST = 30.0
GIVE_UP_AFTER = 20
_BOOKED_AT_ONCE = 200
KEPT = dt.timedelta(days=30)


def advance(*, most: int = 20) -> int:
    """A step for each file that is due; how many took one."""
    runs = list(due().order_by("due_at").values_list("pk", flat=True)[:most])
    return sum(_step(pk) for pk in runs)


def due() -> QuerySet[BulkRun]:
    now = timezone.now()
    able = Channel.objects.filter(Q(wait_until__isnull=True) | Q(wait_until__lte=now), paused=False, environment=here())
    open_ = BulkRun.objects.filter(due_at__lte=now).exclude(state__in=(S.DONE, S.UNSENT))
    # A file that its channel keeps from leaving is looked at all the same: it may have to be given up.
    return open_.filter(Q(channel__in=able.values("pk")) | Q(state__in=(S.GATHERING, S.CLOSED)))


def wake(channel: Channel) -> None:
    """The channel says that it is done with a file: it is asked now."""
    BulkRun.objects.filter(channel=channel, state=S.WORKING).update(due_at=timezone.now())


def tidy() -> None:
    BulkRun.objects.filter(state__in=(S.DONE, S.UNSENT), finished_at__lt=timezone.now() - KEPT).delete()


def _step(pk: int) -> bool:
    now = timezone.now()
    if not due().filter(pk=pk).update(due_at=now + HOLD):
        return False  # somebody was faster
    run = BulkRun.objects.select_related("channel").get(pk=pk)
    try:
        match run.state:
            case S.GATHERING:
                _gathering(run)
            case S.CLOSED | S.STARTING | S.WORKING:
                _with_channel(run)
    except Wait as wait:
        _again(run, wait.seconds)
    except ChannelNotReady as error:
        _again(run, SLOWEST, problem=str(error))
    except BulkRefused as refused:
        _refused(run, refused)
    return True


def _gathering(run: BulkRun) -> None:
    """Closed when nothing more comes: nothing of the channel is due, or the first line has waited long enough."""
    with transaction.atomic():
        run = BulkRun.objects.select_for_update().select_related("channel").get(pk=run.pk)
        now = timezone.now()
        if run.state != S.GATHERING:
            run.due_at = now
            run.save(update_fields=["due_at"])
            return
        more = Placement.objects.filter(channel=run.channel, due_at__lte=now).exists()
        if not more or now - run.created_at > OLDEST:
            if run.lines.exists():
                bulk_lines.close(run)
            else:
                run.delete()  # all its lines were taken out again
            return
    _again(run, 0.2)


def _with_channel(run: BulkRun) -> None:
    channel = run.channel
    connector = connector_of(channel)
    if run.state == S.CLOSED and (not channel.sends or channel.paused or channel.is_elsewhere):
        if timezone.now() - run.created_at > STALE:
            _give_back(run, "The channel sends nothing now.")
        else:
            _again(run, SLOWEST)
        return
    connection = authorise(channel, connector, connect(channel))
    bulk = bulk_lines.sends_in_bulk(connector)
    if bulk is None:
        _give_back(run, "The channel takes no files any more.")
    elif run.state == S.CLOSED:
        _start(run, connector, bulk, connection)
    elif run.state == S.STARTING:
        _find(run, connector, bulk, connection)
    else:
        _ask(run, connector, bulk, connection)


def _start(run: BulkRun, connector: Connector, bulk: SendsInBulk, connection: Connection) -> None:
    """1 wait for a place at the channel · 2 upload · 3 note that it is being started · 4 start it."""
    busy = BulkRun.objects.filter(channel=run.channel, state__in=(S.STARTING, S.WORKING)).count()
    if busy >= bulk.bulk_limits.at_once:
        _again(run, 1.0)
        return
    lines = [bulk.bulk_line(run.kind, request, number) for number, request in enumerate(_requests(run))]
    body = bulk.bulk_file(run.kind, lines, connection)
    asked = _call(run, connector, bulk.upload_request(run.kind, run.mark, len(body), connection), "bulk place")
    upload, path = bulk.read_upload(asked, body)
    answer = _call(run, connector, upload, "bulk upload")
    if not 200 <= answer.status < 300:
        raise BulkRefused(Verdict.TRANSIENT, f"The file was not taken ({answer.error or answer.status}).")
    request = bulk.start_request(run.kind, path, run.mark, connection)
    connections.await_turn(run.channel, request)
    _note(run, state=S.STARTING, started_at=timezone.now())
    _take(run, bulk.read_job(_call(run, connector, request, "bulk start")))


def _find(run: BulkRun, connector: Connector, bulk: SendsInBulk, connection: Connection) -> None:
    """Nobody knows whether the channel has it: it is looked for, and only started again when it is not there."""
    others = set(BulkRun.objects.exclude(job="").values_list("job", flat=True))
    request = bulk.find_request(run.created_at - SKEW, connection)
    found = bulk.read_found(_call(run, connector, request, "bulk list"), run.mark, others)
    if found is not None:
        _take(run, found)
    elif run.started_at and timezone.now() - run.started_at < dt.timedelta(seconds=connector.deadline):
        _again(run, 2.0)  # the call may still be on its way
    else:
        _note(run, state=S.CLOSED, due_at=timezone.now())


def _take(run: BulkRun, job: BulkJob) -> None:
    _note(run, state=S.WORKING, job=job.id, asked=0, problem="", due_at=timezone.now() + dt.timedelta(seconds=0.5))


def _ask(run: BulkRun, connector: Connector, bulk: SendsInBulk, connection: Connection) -> None:
    job = bulk.read_job(_call(run, connector, bulk.ask_request(run.job, connection), "bulk state"))
    if not job.done:
        _again(run, min(0.5 * 2 ** min(run.asked, 8), SLOWEST))
        return
    place = job.answers
    if job.report:
        reports = cast(ReportsBulk, bulk)  # only its jobs name one
        place = reports.read_report(_call(run, connector, reports.report_request(job, connection), "bulk report"))
    if place:
        # The address is a signed permission to read: it is neither kept nor noted.
        answers = connections.fetch(run.channel, place, timeout=connector.deadline, max_bytes=bulk.bulk_limits.answer)
        if answers.status != 200 and run.asked < GIVE_UP_AFTER:
            _again(run, min(2.0 ** min(run.asked, 5), SLOWEST), problem=f"The answers cannot be read: {answers.error}")
            return
        _book(run, bulk, answers)
    _book_rest(run)
    _note(run, state=S.DONE, finished_at=timezone.now(), problem=job.problem[:500])


# ---- answers -----------------------------------------------------------------------------------------


def _book(run: BulkRun, bulk: SendsInBulk, answers: Response) -> None:
    """Each line of the answers to the call it names. What was noted before a worker died stays as it is."""
    lines = list(run.lines.order_by("pk").values_list("pk", "placement_id", "answered_at"))
    found: list[tuple[int, int, bytes]] = []
    for number, answer in bulk.bulk_answers(answers.body, _requests(run)):
        if number < len(lines) and lines[number][2] is None:
            pk, placement, _ = lines[number]
            found.append((pk, placement, answer.body))
        if len(found) == _BOOKED_AT_ONCE:
            _note_answers(found)
            found = []
    _note_answers(found)


def _note_answers(found: list[tuple[int, int, bytes]]) -> None:
    now = timezone.now()
    with transaction.atomic():
        hashes = blobs.put_all([orjson.loads(body) for _, _, body in found])
        BulkLine.objects.bulk_update(
            [BulkLine(pk=pk, answer=h, answered_at=now) for (pk, _, _), h in zip(found, hashes, strict=True)],
            ["answer", "answered_at"],
        )
        Placement.objects.filter(pk__in=[placement for _, placement, _ in found]).update(due_at=now)


def _book_rest(run: BulkRun) -> None:
    """Calls that the answers do not name: what became of them is read from the channel, product by product."""
    with transaction.atomic():
        rest = run.lines.filter(answered_at__isnull=True)
        placements = list(rest.values_list("placement_id", flat=True))
        rest.update(answered_at=timezone.now())
        Placement.objects.filter(pk__in=placements).update(due_at=timezone.now())


def _give_back(run: BulkRun, why: str) -> None:
    """Nothing was sent: each call is planned anew and goes alone."""
    with transaction.atomic():
        placements = list(run.lines.values_list("placement_id", flat=True))
        run.lines.filter(answered_at__isnull=True).update(sent=False, answered_at=timezone.now())
        Placement.objects.filter(pk__in=placements).update(due_at=timezone.now())
        _note(run, state=S.UNSENT, finished_at=timezone.now(), problem=why[:500])


# ---- calls and notes ---------------------------------------------------------------------------------


def _requests(run: BulkRun) -> list[Request]:
    """The calls of the file, in the order of its lines."""
    hashes = list(run.lines.order_by("pk").values_list("publication__request", flat=True))
    found: list[Request] = []
    for start in range(0, len(hashes), _BOOKED_AT_ONCE):
        part = hashes[start : start + _BOOKED_AT_ONCE]
        held = blobs.get_all(part)
        found += [bulk_lines.kept(held[each]) for each in part]
    return found


def _call(run: BulkRun, connector: Connector, request: Request, operation: str) -> Response:
    return connections.ask(run.channel, request, timeout=connector.deadline, operation=operation)


def _refused(run: BulkRun, refused: BulkRefused) -> None:
    """What was said no to: a place later, a word that was lost, or the file itself."""
    words, wait = str(refused), refused.retry_after or min(2.0 ** min(run.asked, 5), SLOWEST)
    match run.state, refused.verdict:
        case S.STARTING, Verdict.UNKNOWN:
            _again(run, 2.0, problem=words)  # it is looked for
        case S.STARTING, Verdict.THROTTLED | Verdict.TRANSIENT:
            _note(run, state=S.CLOSED)  # it was said no to, so nothing was started
            _again(run, wait, problem=words)
        case (S.STARTING, Verdict.STALE) | (S.WORKING, Verdict.GONE):
            _book_rest(run)
            _note(run, state=S.DONE, finished_at=timezone.now(), problem=words[:500])
        case ((S.STARTING | S.CLOSED), Verdict.CONTRACT | Verdict.REJECTED | Verdict.GONE):
            logger.warning("file of calls refused", extra={"run": run.pk, "problem": words})
            _give_back(run, words)
        case S.CLOSED, _ if run.asked >= GIVE_UP_AFTER:
            _give_back(run, words)
        case _:
            _again(run, wait, problem=words)


def _again(run: BulkRun, seconds: float, *, problem: str = "") -> None:
    asked = run.asked + (run.state != S.GATHERING)
    until = timezone.now() + dt.timedelta(seconds=seconds)
    _note(run, due_at=until, asked=asked, problem=problem[:500])


def _note(run: BulkRun, **fields: object) -> None:
    for name, value in fields.items():
        setattr(run, name, value)
    run.save(update_fields=list(fields))


assert lease.LEASE < HOLD
