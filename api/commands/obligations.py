"""``tonne obligations --organisation ID [--ics]``: prints what is due under an organisation's loans, as lines or as a calendar."""

from __future__ import annotations

import argparse
import os
from datetime import timedelta
from typing import TextIO

from api.deps import ready_database, utc_now
from api.routes.determinations import business_day
from api.settings import add_database_option, from_environment
from api.store.access import uuid_or_none
from finance.loans.obligation_words import title_of
from finance.operations.duty_calendar import duty_calendar, page_duties
from ledger.core.errors import Invalid

_DAYS_BACK, _DAYS_AHEAD, _MOST_FACILITIES = 31, 400, 500


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("obligations", help="print what is due under an organisation's loans, and when")
    add_database_option(parser)
    parser.add_argument("--organisation", metavar="ID", required=True, help="the organisation's id")
    parser.add_argument("--ics", action="store_true", help="as a calendar file (RFC 5545) instead of lines")
    parser.set_defaults(run=_obligations)


def _obligations(arguments: argparse.Namespace, out: TextIO) -> int:
    organisation_id = uuid_or_none(arguments.organisation)
    if organisation_id is None:
        raise Invalid("obligations.organisation", "--organisation: expected an organisation's id, a UUID")
    now = utc_now()
    today = business_day(now)
    since, until = today - timedelta(days=_DAYS_BACK), today + timedelta(days=_DAYS_AHEAD)
    with (
        ready_database(from_environment(os.environ, database_url=arguments.database).database_url) as database,
        database.reader() as session,
    ):
        found = page_duties(session, organisation_id, after=None, limit=_MOST_FACILITIES, now=now)
    if arguments.ics:
        out.write(duty_calendar(found, since=since, until=until, now=now))
        return 0
    for each in found:
        for duty in each.duties:
            if since <= duty.due_on < until:
                title, _ = title_of(duty)
                out.write(f"{duty.due_on} {duty.state.value:6} {each.facility.facility_number} {title}\n")
    return 0
