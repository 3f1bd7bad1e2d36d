"""The web server: ``python -m webapp.wsgi --host 127.0.0.1 --port 8000`` (waitress, also on Windows)."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from types import FrameType
from typing import NoReturn

from waitress import create_server
from waitress.server import BaseWSGIServer

from webapp import create_app, receiving
from webapp.migrate import upgrade
from webapp.settings import SettingsError

THREADS = 8  # a slow upload holds one


def stop(_number: int, _frame: FrameType | None) -> NoReturn:
    """End the process on SIGTERM as on Ctrl-C: requests that run are finished."""
    raise KeyboardInterrupt


def main() -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="webapp.wsgi")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for chatty in ("alembic", "pikepdf", "fontTools", "fpdf"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, stop)
    try:
        app = create_app()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    office = app.extensions["office"]
    upgrade(office.settings)
    receiving.prepare(office.storage)
    # A body larger than the form limit is spooled to a file by waitress; its own limit must not be below ours.
    most_bytes = app.config["MAX_CONTENT_LENGTH"] + (1 << 20)
    BaseWSGIServer.channel_class = receiving.channel_class(office.storage, most_bytes)  # waitress's hook for it
    server = create_server(
        app,
        host=options.host,
        port=options.port,
        threads=THREADS,
        max_request_body_size=most_bytes,
        recv_bytes=receiving.RECV_BYTES,
        ident=None,
    )
    server.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
