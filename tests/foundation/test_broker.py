"""The queue of files that the embedded default rings with: whoever looks at any moment sees whole messages only."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection
from kombu.utils.json import dumps

from pimhub import broker

MESSAGES, WRITERS = 400, 4


def connection(home: Path) -> Connection:
    broker.plug_in()
    options = {"data_folder_in": str(home), "data_folder_out": str(home), "control_folder": str(home / "control")}
    return Connection("filesystem://", transport_options=options)


def slowly(message: Any) -> str:
    time.sleep(0.002)  # what a busy machine does between two lines
    return str(dumps(message))


def test_a_reader_takes_every_message_whole_while_others_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("kombu.transport.filesystem", "pimhub.broker"):
        monkeypatch.setattr(f"{module}.dumps", slowly)
    with connection(tmp_path) as opened:
        opened.SimpleQueue("celery").close()  # known before anybody writes

    def write(writer: int) -> None:
        with connection(tmp_path) as opened, opened.SimpleQueue("celery") as queue:
            for n in range(MESSAGES // WRITERS):
                queue.put({"from": writer, "number": n})

    writers = [threading.Thread(target=write, args=(n,)) for n in range(WRITERS)]
    for thread in writers:
        thread.start()
    found, writing = set(), True
    with connection(tmp_path) as opened, opened.SimpleQueue("celery") as queue:
        while writing or len(found) < MESSAGES:
            writing = any(thread.is_alive() for thread in writers)
            try:
                message = queue.get_nowait()
            except Empty:
                if not writing:
                    break
                continue
            found.add((message.payload["from"], message.payload["number"]))
            message.ack()
    assert len(found) == MESSAGES
    assert not list(tmp_path.glob("*.part"))
