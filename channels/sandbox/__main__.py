"""`python -m channels.sandbox --port 0 --home DIR`: the sandbox on its own."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from channels.sandbox.server import serve


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m channels.sandbox", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder that keeps the shop")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one, noted in HOME/sandbox/port")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")

    def ready(port: int) -> None:
        sys.stdout.write(f"sandbox on http://127.0.0.1:{port}\n")
        sys.stdout.flush()

    try:
        serve(given.home, port=given.port, ready=ready)
    except OSError as error:
        sys.stderr.write(f"the sandbox cannot run on port {given.port} with {given.home}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
