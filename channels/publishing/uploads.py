"""A file on its way to a channel: to where the answer to a call says, straight from the disk."""

from __future__ import annotations

import datetime as dt
import time
from typing import cast

from django.conf import settings

from catalog.media.storage import path_of
from channels import calls, connections
from channels.connectors.abilities import Uploads
from channels.connectors.base import Connector, Operation
from channels.connectors.outcome import Outcome
from channels.models import Placement
from channels.publishing import lease
from pimhub.foundation.http import FileBody, Response

# The largest file at half a megabyte a second; a worker's task ends after 300.
SECONDS = 200.0
# Of the lease, for what is done around it.
SPARE = 40.0


def put(
    placement: Placement, connector: Connector, operation: Operation, response: Response
) -> tuple[Response, Outcome | None]:
    """Send the file of a call that was answered with a place for it: the answer to book, and the outcome if the file
    was not taken.

    The place is asked for anew each time. One that a dead worker left unused holds nothing of ours. Raises LeaseLost.
    """
    assert operation.file is not None
    able, file = cast(Uploads, connector), operation.file
    path = path_of(settings.MEDIA_ROOT, file.sha256, file.extension)
    request = able.upload(operation, response, FileBody(path, file.size))
    if request is None:
        return response, None
    lease.renew(placement, during=dt.timedelta(seconds=SECONDS + SPARE))
    started = time.monotonic()
    answer = connections.send(placement.channel, request, timeout=SECONDS)
    milliseconds = int((time.monotonic() - started) * 1000)
    calls.note(placement.channel, "upload", answer, placement=placement, milliseconds=milliseconds)
    outcome = able.interpret_upload(operation, answer)
    return (response if outcome is None else answer), outcome
