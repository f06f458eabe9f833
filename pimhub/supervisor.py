"""Keep the parts of one instance running, as children of one process, and stop them all together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import IO

CALM_SECONDS = 10.0  # one that ran this long does not die at its start, so it is started again at once
STOP_SECONDS = 7.0  # then what still runs is killed; the whole stop stays below ten seconds


@dataclass
class Part:
    """One child. It is started again when it dies, with growing distance."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    start_at: float = 0.0
    started: float = 0.0


class Supervisor:
    def __init__(self, parts: list[Part], *, env: Mapping[str, str], log: Callable[[str], IO[bytes]]) -> None:
        self.parts = parts
        self.env = dict(env)
        self.log = log
        self.stopping = False

    def run(self, *, ready: Callable[[], bool]) -> None:
        """Start all, call `ready` until it is true, watch, and return when told to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        told = False
        while not self.stopping:
            for part in self.parts:
                self._watch(part)
            told = told or ready()
            time.sleep(0.1)
        self.stop()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _watch(self, part: Part) -> None:
        if part.process is not None and part.process.poll() is None:
            if part.failures and time.monotonic() - part.started > CALM_SECONDS:
                part.failures = 0
            return
        if part.process is not None:
            code = part.process.returncode
            part.process = None
            part.failures += 1
            wait = min(0.2 * 2**part.failures, 30.0)
            part.start_at = time.monotonic() + wait
            sys.stderr.write(f"{part.name} ended (exit code {code}); it starts again in {wait:.1f} s.\n")
        if time.monotonic() >= part.start_at:
            part.started = time.monotonic()
            # A group of its own: the terminal's Ctrl-C reaches us alone, and we stop the children in order.
            part.process = subprocess.Popen(
                part.command,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=self.log(part.name),
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self) -> None:
        """Ask all parts to end, wait, and kill what is left, grandchildren included."""
        running = [p.process for p in self.parts if p.process is not None]
        for process in running:
            _signal(process, signal.SIGTERM, group=False)
        until = time.monotonic() + STOP_SECONDS
        while time.monotonic() < until and any(p.poll() is None for p in running):
            time.sleep(0.05)
        for process in running:
            _signal(process, signal.SIGKILL, group=True)
            process.wait()


def _signal(process: subprocess.Popen[bytes], number: int, *, group: bool) -> None:
    try:
        if group:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
    except ProcessLookupError:
        return
