"""``tonne notices``: brings alerts to people and programs, once or for as long as the process lives."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from typing import TextIO

from api.deps import ready_database, utc_now
from api.notices.dispatcher import dispatch_due, dispatch_quietly
from api.notices.settings import notice_settings
from api.scheduler import dispatch_world
from api.settings import add_database_option, from_environment
from finance.conventions.calendars import china_day
from finance.store import reference


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("notices", help="send alerts by mail and webhook")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    run = actions.add_parser("run", help="send what is due: until told to stop, or once")
    add_database_option(run)
    run.add_argument("--once", action="store_true", help="look once, send what is due, and end")
    run.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, out: TextIO) -> int:
    settings = from_environment(os.environ, database_url=arguments.database)
    with ready_database(settings.database_url) as database:
        world = dispatch_world(database, notice_settings(os.environ))
        if arguments.once:
            done = dispatch_due(world)
            out.write(f"{done.expanded} alerts, {done.sent} sent, {done.failed} to be tried again, {done.dead} dead\n")
            return 0
        stop = threading.Event()
        for told in (signal.SIGINT, signal.SIGTERM):
            signal.signal(told, lambda *_: stop.set())
        channels = ", ".join(sorted(world.senders)) or "no channel: set TONNE_SMTP_HOST or TONNE_WEBHOOK_KEY"
        out.write(f"Tonne's alerts are sent ({channels}); stop with Ctrl-C\n")
        out.flush()
        every = int(reference.shipped_notice_rules().lookup("delivery.every", on=china_day(utc_now())).number())
        while not stop.wait(every):
            dispatch_quietly(world)
    return 0
