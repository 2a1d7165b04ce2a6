"""``tonne jobs``: runs what is due once or for as long as the process lives, or prints when each job comes next."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from typing import TextIO

from apscheduler.schedulers.background import BackgroundScheduler

from api.deps import ready_database, utc_now
from api.job_runs import run_due
from api.scheduler import build_scheduler, job_world, next_times, timetable
from api.settings import add_database_option, from_environment
from finance.feeds.catalogue import feeds
from finance.store import reference


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "jobs", help="fetch feeds and freeze closes when they are due, or list when they come"
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    run = actions.add_parser("run", help="do what is due: until told to stop, or once")
    add_database_option(run)
    run.add_argument("--once", action="store_true", help="look once, do what is due, and end")
    run.set_defaults(run=_run)
    listed = actions.add_parser("list", help="print the jobs and when each comes next")
    listed.set_defaults(run=_list)


def _run(arguments: argparse.Namespace, out: TextIO) -> int:
    settings = from_environment(os.environ, database_url=arguments.database)
    with ready_database(settings.database_url) as database:
        world = job_world(database, feed_base_url=settings.feed_base_url)
        try:
            if arguments.once:
                out.write(f"{run_due(world)} runs and closes recorded\n")
                return 0
            _until_told(build_scheduler(world), out)
        finally:
            world.client.close()
    return 0


def _until_told(scheduler: BackgroundScheduler, out: TextIO) -> None:
    stop = threading.Event()
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, lambda *_: stop.set())
    scheduler.start()
    out.write("Tonne's jobs run; stop with Ctrl-C\n")
    out.flush()
    stop.wait()
    scheduler.shutdown(wait=True)


def _list(_arguments: argparse.Namespace, out: TextIO) -> int:
    now = utc_now()
    coming = next_times(timetable(feeds(), reference.shipped_closes()), now=now)
    out.writelines(f"{at.isoformat(timespec='minutes')} {one.id} ({one.zone})\n" for one, at in coming)
    return 0
