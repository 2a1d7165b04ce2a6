"""``tonne feeds``: prints the sources and how each does, or asks one for a business day."""

from __future__ import annotations

import argparse
import os
from typing import TextIO
from uuid import UUID

from sqlalchemy.orm import Session

from api.deps import ready_database, utc_now
from api.job_runs import feed_health_of, is_on, run_feed, source_day
from api.scheduler import job_world
from api.settings import add_database_option, from_environment
from api.store import access
from finance.conventions.tables import parse_day
from finance.feeds.catalogue import feeds
from ledger.core.errors import Conflict

_NOT_DONE = 1


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("feeds", help="list the market data sources, see how they do, or ask one now")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="print every source, whether it is on by default, and why")
    listed.set_defaults(run=_list)
    status = actions.add_parser("status", help="print how an organisation's sources do")
    run = actions.add_parser("run", help="ask one source for a business day and record what comes")
    for each in (status, run):
        add_database_option(each)
        each.add_argument("--organisation", metavar="ID_OR_NAME", required=True, help="whose prices they are")
    status.set_defaults(run=_status)
    run.add_argument("feed", metavar="FEED", help="the source, as tonne feeds list names it")
    run.add_argument("--day", metavar="YYYY-MM-DD", help="the business day; default today at the source")
    run.add_argument("--again", action="store_true", help="ask once more although the day is done, for corrections")
    run.set_defaults(run=_run)


def _list(_arguments: argparse.Namespace, out: TextIO) -> int:
    for feed in feeds():
        default = "on " if feed.is_on_by_default else "off"
        out.write(f"{feed.id:18} {default} {feed.title_en}: {feed.why_en}\n")
    return 0


def _status(arguments: argparse.Namespace, out: TextIO) -> int:
    now = utc_now()
    with (
        ready_database(from_environment(os.environ, database_url=arguments.database).database_url) as database,
        database.reader() as session,
    ):
        organisation_id = _organisation(session, arguments.organisation)
        for feed in feeds():
            health = feed_health_of(session, organisation_id, feed, now=now)
            lag = "-" if health.lag.sessions is None else str(health.lag.sessions)
            newest = "-" if health.lag.newest_day is None else health.lag.newest_day.isoformat()
            switched = "on " if is_on(session, organisation_id, feed) else "off"
            blocked = " (left alone today: it refused us)" if health.is_circuit_open else ""
            out.write(
                f"{feed.id:18} {switched} {health.lag.state.value:8} lag {lag:>3} newest {newest:10} "
                f"conflicts {health.held.conflicts} rejects {health.held.quarantined}{blocked}\n"
            )
    return 0


def _run(arguments: argparse.Namespace, out: TextIO) -> int:
    settings = from_environment(os.environ, database_url=arguments.database)
    with ready_database(settings.database_url) as database:
        world = job_world(database, feed_base_url=settings.feed_base_url)
        try:
            feed = world.feed(arguments.feed)
            with database.reader() as session:
                organisation_id = _organisation(session, arguments.organisation)
                if not feed.is_on_by_default and not is_on(session, organisation_id, feed):
                    raise Conflict(
                        "feed.off",
                        f"{feed.id} is off: {feed.why_en}; switch it on with the permission's hash",
                        feed=feed.id,
                    )
            day = parse_day(arguments.day, field="--day") if arguments.day else source_day(feed, utc_now())
            result = run_feed(world, organisation_id, feed, day, is_again=arguments.again)
        finally:
            world.client.close()
    if result is None:
        out.write(f"{feed.id} {day}: nothing was asked; it has no calls for that day or refused us today\n")
        return _NOT_DONE
    run = result.run
    counts = ", ".join(f"{name} {number}" for name, number in run.counts.items())
    known = "" if result.is_ours else " (done before)"
    out.write(f"{feed.id} {day}: {run.outcome.value}{known}; {counts} {run.failure}".rstrip() + "\n")
    return 0 if not run.failure else _NOT_DONE


def _organisation(session: Session, name_or_id: str) -> UUID:
    return access.find_organisation(session, name_or_id).organisation_id
