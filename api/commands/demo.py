"""``tonne demo``: loads the example smelter and shows the whole chain, from activity data to the interest it changes."""

from __future__ import annotations

import argparse
import json
import os
import secrets
from typing import TextIO

from api.auth.totp_keeping import make_ready
from api.auth.totp_key_file import key_file_of
from api.auth.totp_seal import TotpSeal
from api.deps import unit_of_work, utc_now, uuid7
from api.example.document import Part, example_document
from api.example.loading import Edge, load_example
from api.example.people import ShownPerson, give_credentials
from api.example.scenario import load_scenario
from api.example.tables import as_text
from api.settings import add_database_option, from_environment
from api.store import example
from api.store.example_life import life_of
from ledger.store.database import open_database
from migrations import runner


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "demo", help="load the example smelter and show positions, marks, KPI, rate, interest and compliance"
    )
    add_database_option(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    parser.add_argument(
        "--sign-in",
        action="store_true",
        help="give the example's people passwords and second factors, printed this once",
    )
    parser.set_defaults(run=_demo)


def _demo(arguments: argparse.Namespace, out: TextIO) -> int:
    scenario = load_scenario()
    url = from_environment(os.environ, database_url=arguments.database).database_url
    database = open_database(url)
    try:
        runner.upgrade(database)
        with database.reader() as session:
            number = life_of(example.list_events(session)).number
        if number > 1:
            scenario = load_scenario(number=number)
        edge = Edge(
            database=database,
            new_id=lambda: uuid7(utc_now(), secrets.token_bytes),
            random_bytes=secrets.token_bytes,
        )
        load_example(edge, scenario)
        with database.reader() as session:
            document = example_document(session, scenario)
        shown: tuple[ShownPerson, ...] = ()
        if arguments.sign_in:
            file = key_file_of(os.environ, url)
            with unit_of_work(database) as session:
                make_ready(session, file, random_bytes=secrets.token_bytes)
                shown = give_credentials(
                    session, scenario, seal=TotpSeal(file.read), now=utc_now(), random_bytes=secrets.token_bytes
                )
    finally:
        database.engine.dispose()
    out.write(_sayable(document, is_json=arguments.json, encoding=out.encoding or "utf-8"))
    for person in shown:
        roles = ", ".join(person.roles)
        out.write(f"{person.email} ({roles}): password {person.password}, TOTP {person.totp_secret}\n")
    return 0


def _sayable(document: Part, *, is_json: bool, encoding: str) -> str:
    """Return what to print; a terminal without Chinese letters gets their code points instead of a failure."""
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n" if is_json else as_text(document)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        if is_json:
            return json.dumps(document, indent=2) + "\n"
        return text.encode(encoding, "backslashreplace").decode(encoding)
    return text
