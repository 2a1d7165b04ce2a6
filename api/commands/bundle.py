"""``tonne bundle DETERMINATION``: writes the evidence of a decided determination, to be checked with ``tonne_verify.py``."""

from __future__ import annotations

import argparse
import os
from typing import TextIO

from api.commands.export import new_file
from api.deps import ready_database
from api.settings import add_database_option, from_environment
from api.store.access import uuid_or_none
from finance.operations import evidence_bundle
from ledger.core.errors import Invalid


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "bundle", help="write the evidence of an approved determination, to be checked offline"
    )
    add_database_option(parser)
    parser.add_argument("determination", metavar="DETERMINATION", help="the determination's id")
    parser.add_argument("--out", metavar="FILE", help="a new file; DETERMINATION.zip if left out")
    parser.set_defaults(run=_bundle)


def _bundle(arguments: argparse.Namespace, out: TextIO) -> int:
    determination_id = uuid_or_none(arguments.determination)
    if determination_id is None:
        raise Invalid(
            "bundle.determination", "DETERMINATION: expected the determination's id, a UUID", field="determination"
        )
    name = arguments.out or f"{determination_id}.zip"
    with (
        ready_database(from_environment(os.environ, database_url=arguments.database).database_url) as database,
        database.reader() as session,
        new_file(name) as file,
    ):
        content = evidence_bundle.bundle_of(session, determination_id)
        file.write(content)
    out.write(f"{name}: {len(content)} bytes; check them with tonne_verify.py\n")
    return 0
