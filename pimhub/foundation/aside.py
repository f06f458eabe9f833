"""Work in a process of its own, so that a long-lived one does not keep its memory."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable

from django.core.management.base import CommandError
from django.db import connections


def aside(work: Callable[[], object]) -> None:
    """Do it in a fork of this process and wait for it. Migrating an empty database takes 150 MB, say, which Python
    would not give back. Call it before threads are started and outside of transactions.

    Raises SystemExit with the fork's exit code when it fails; it has told why on standard error by then.
    """
    connections.close_all()  # two processes must not share one
    sys.stdout.flush()
    child = os.fork()
    if not child:
        os._exit(_exit_code(work))
    _, status = os.waitpid(child, 0)
    if code := os.waitstatus_to_exitcode(status):
        raise SystemExit(code if code > 0 else 1)


def _exit_code(work: Callable[[], object]) -> int:
    try:
        work()
        connections.close_all()
        return 0
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except CommandError as error:
        sys.stderr.write(f"{error}\n")
        return error.returncode
    except BaseException:  # the fork must not go on as if it were the process it comes from
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
