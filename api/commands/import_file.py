"""``tonne import FILE --template trades --book BOOK``: shows what a file would do, asks, then does exactly that or nothing.

The same reading, preview and confirmation as over HTTP. Exit codes: 0 done, or nothing was to be confirmed; 2 rows are wrong.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Scope
from api.auth.standing import may_now
from api.deps import ready_database, unit_of_work, utc_now, uuid7
from api.imports.child import MOST_FILE_BYTES
from api.imports.contents import prepare
from api.imports.templates import Template
from api.imports.work import asked_of
from api.settings import add_database_option, from_environment
from api.store import access
from finance.operations import imports
from finance.operations.imports import ImportDesk, ImportState, Prepared
from finance.store.imports import FileImport
from finance.store.market import RawFile
from ledger.core.errors import Invalid
from ledger.core.parties import Actor
from ledger.store import books
from ledger.store.database import Database

_ROWS_WRONG = 2
_MOST_TOLD = 50


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("import", help="preview a filled template, ask, then import it whole or not at all")
    add_database_option(parser)
    parser.add_argument("file", metavar="FILE", help="an .xlsx or CSV file by one of the templates")
    parser.add_argument("--template", required=True, choices=[one.value for one in Template], help="what the file is")
    parser.add_argument("--book", required=True, help="the book's id or code; its organisation for activity and prices")
    parser.add_argument(
        "--actor", required=True, help="who imports: the e-mail address or id of a user of the organisation"
    )
    parser.add_argument("--source", help="the statement source, for a bank or registry statement")
    parser.add_argument("--plant", help="the form of plant, for activity")
    parser.add_argument("--verification", help="the report that verified the figures, for activity")
    parser.add_argument("--yes", action="store_true", help="confirm what the preview shows without asking")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, out: TextIO) -> int:
    raw = _read(arguments.file)
    template = Template(arguments.template)
    with ready_database(from_environment(os.environ, database_url=arguments.database).database_url) as database:
        found, actor = _brought(database, arguments, raw, template)
        with database.reader() as session:
            asked = asked_of(session, found)
        prepared = prepare(found.file_name, raw.content, asked, now=utc_now())
        with unit_of_work(database) as session:
            desk = _desk(session, found, actor)
            imports.bring(desk, found, raw)
            shown = imports.preview(desk, found.import_id, prepared)
        assert shown.preview is not None, "it was previewed"
        _tell(shown.preview.content, out)
        if imports.state_of(shown) is ImportState.REFUSED:
            return _ROWS_WRONG
        if not (arguments.yes or _is_agreed(out)):
            with unit_of_work(database) as session:
                imports.discard(_desk(session, found, actor), found.import_id)
            out.write("nothing was imported\n")
            return 0
        _confirm(database, found, actor, prepared, shown.preview.sha256, out)
    return 0


def _confirm(database: Database, found: FileImport, actor: Actor, prepared: Prepared, sha256: str, out: TextIO) -> None:
    with unit_of_work(database) as session:
        done = imports.confirm(_desk(session, found, actor), found.import_id, prepared, sha256=sha256)
    assert done.last is not None, "it was confirmed"
    made = ", ".join(f"{name} {value}" for name, value in sorted(done.last.content["made"].items()))
    out.write(f"imported: {made or 'done'}\n")


def _read(name: str) -> RawFile:
    path = Path(name)
    try:
        with path.open("rb") as file:
            content = file.read(MOST_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a path"
        raise Invalid("import.file", f"FILE: cannot be read: {reason}", field="file") from error
    return RawFile(file_name=path.name[:200], content=content)


def _brought(
    database: Database, arguments: argparse.Namespace, raw: RawFile, template: Template
) -> tuple[FileImport, Actor]:
    is_statement = template in {Template.BANK_STATEMENT, Template.REGISTRY_STATEMENT}
    if is_statement != (arguments.source is not None):
        raise Invalid("import.source", "--source: expected with a statement, and with nothing else", field="source")
    is_activity = template is Template.ACTIVITY
    if not is_activity and (arguments.plant or arguments.verification):
        raise Invalid("import.options", "--plant, --verification: expected with activity only", field="plant")
    given = {"source": arguments.source, "plant": arguments.plant, "verification": arguments.verification}
    with database.reader() as session:
        book = books.named(session, arguments.book)
        user = access.find_user(session, book.tenant_id, arguments.actor)
    now = utc_now()
    found = FileImport(
        organisation_id=book.tenant_id,
        import_id=_new_id(),
        template=template.value,
        book_id=None if is_activity or template is Template.PRICES else book.book_id,
        options={name: value for name, value in given.items() if value is not None},
        file_name=raw.file_name,
        raw_sha256=raw.sha256,
        created_by=user.user_id,
        created_at=now,
    )
    return found, Actor(user_id=user.user_id, organisation_id=book.tenant_id)


def _desk(session: Session, found: FileImport, actor: Actor) -> ImportDesk:
    now = utc_now()
    return ImportDesk(
        session=session,
        book_id=found.book_id,
        actor=actor,
        is_closer=may_now(session, actor, Scope.LEDGER_CLOSE, now=now),
        now=now,
        new_id=_new_id,
        random_bytes=secrets.token_bytes,
    )


def _new_id() -> UUID:
    return uuid7(utc_now(), secrets.token_bytes)


def _is_agreed(out: TextIO) -> bool:
    out.write("import this? [y/N] ")
    out.flush()
    return sys.stdin.readline().strip().casefold() in {"y", "yes", "是"}


def _tell(content: Mapping[str, Any], out: TextIO) -> None:
    out.write(f"{content['rows']} rows read, {content['problem_count']} problems\n")
    for one in content["problems"][:_MOST_TOLD]:
        place = f"row {one['row']}" + (f", column {one['column']}" if one["column"] else "")
        out.write(f"  {place if one['row'] else 'file'}: expected {one['expected']}\n")
    if content["problem_count"] > _MOST_TOLD:
        out.write(f"  ... and {content['problem_count'] - _MOST_TOLD} more\n")
    effect = content["effect"] or {}
    for name, value in effect.items():
        if not isinstance(value, list | dict) and not name.endswith("sha256"):
            out.write(f"  {name.replace('_', ' ')}: {value}\n")
    for name, number in effect.get("counts", {}).items():
        out.write(f"  {name}: {number}\n")
    for one in effect.get("positions", ()):
        out.write(f"  {one['account']}: {one['before']} -> {one['after']} {one['commodity']} ({one['change']})\n")
    for one in effect.get("changes", ())[:_MOST_TOLD]:
        out.write(f"  {one['site']} {one['month']} {one['field']}: {one['old'] or '-'} -> {one['new'] or '-'}\n")
