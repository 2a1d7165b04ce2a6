"""``tonne audit verify``: replays audit logs against their leaves and heads, and says what does not hold.

Exit codes: 0 every log is sound, 1 something was found, 2 refused.
"""

from __future__ import annotations

import argparse
import os
import re
from typing import TextIO

from api.deps import ready_database
from api.settings import add_database_option, from_environment
from api.store import access, audit, audit_check
from api.store.audit_check import AuditCheck, KnownHead
from ledger.core.errors import Invalid

_SOUND, _FOUND = 0, 1
_KNOWN = re.compile(r"([0-9]{1,15}):([0-9a-f]{64})", re.ASCII)


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    actions = subparsers.add_parser("audit", help="the audit log of an organisation").add_subparsers(required=True)
    parser = actions.add_parser("verify", help="prove that an audit log is what was written")
    parser.add_argument(
        "organisation", metavar="ORGANISATION", nargs="?", help="its id or legal name; without it, every log"
    )
    add_database_option(parser)
    parser.add_argument(
        "--since",
        metavar="SIZE:ROOT",
        action="append",
        default=[],
        help="a head of this log kept outside: its number of rows and its root in hexadecimal; the tree must pass through it",
    )
    parser.set_defaults(run=_verify)


def _verify(arguments: argparse.Namespace, out: TextIO) -> int:
    known = tuple(_read_known(text) for text in arguments.since)
    if known and arguments.organisation is None:
        raise Invalid("audit.organisation", "--since: expected with one organisation, whose head it is")
    url = from_environment(os.environ, database_url=arguments.database).database_url
    with ready_database(url) as database, database.reader() as session:
        if arguments.organisation is None:
            ids = audit.organisations_with_rows(session)
        else:
            ids = (access.find_organisation(session, arguments.organisation).organisation_id,)
        checks = [audit_check.check(session, each, known=known) for each in ids]
    out.writelines(as_text(each) + "\n" for each in checks)
    return _SOUND if all(each.is_sound for each in checks) else _FOUND


def as_text(checked: AuditCheck) -> str:
    """Return what a check found, a line for each finding."""
    verdict = "sound" if checked.is_sound else f"NOT SOUND, {len(checked.findings)} findings"
    lines = [
        f"audit log of {checked.organisation_id}: {verdict}",
        f"{checked.head.size} rows, root {checked.head.root.hex()}",
        *checked.findings,
    ]
    return "\n".join("".join(letter if letter.isprintable() else " " for letter in line) for line in lines)


def _read_known(text: str) -> KnownHead:
    found = _KNOWN.fullmatch(text)
    if found is None or int(found[1]) == 0:
        raise Invalid("audit.head", "--since: expected SIZE:ROOT, a number above zero and 64 hexadecimal digits")
    return KnownHead(size=int(found[1]), root=bytes.fromhex(found[2]))
