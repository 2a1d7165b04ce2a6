"""The server of a story: the application as ``tonne serve`` runs it, on a clock that stands so many seconds off the real one.

Run as ``python -m tests.e2e.clocked DATABASE_URL OFFSET_FILE PORT``; the story writes the offset anew when a day has to pass. Port 0
is any that is free.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn

from api.app import create_app
from api.auth.totp_key_file import key_file_of
from api.auth.totp_seal import TotpSeal
from api.commands.serve import listener_at
from api.notices.settings import notice_settings
from api.openid.settings import openid_settings
from ledger.store.database import open_database


def instant_of(offset_file: Path) -> datetime:
    """Return now as the story has it."""
    return datetime.now(UTC) + timedelta(seconds=int(offset_file.read_text(encoding="ascii")))


def main() -> None:
    """Serve until told to stop."""
    database, offset_file = open_database(sys.argv[1]), Path(sys.argv[2])
    listener = listener_at("127.0.0.1", int(sys.argv[3]))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)  # noqa: T201 - the story reads it
    seal = TotpSeal(key_file_of(os.environ, sys.argv[1]).read)
    app = create_app(
        database,
        clock=lambda: instant_of(offset_file),
        notices=notice_settings(os.environ),
        openid=openid_settings(os.environ),
        totp_seal=seal,
    )
    uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=5)).run(
        sockets=[listener]
    )


if __name__ == "__main__":
    main()
