"""``tonne reconcile``: reads statements, shows proposals and breaks, confirms and undoes matches, asserts and checks balances."""

from __future__ import annotations

import argparse
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TextIO

from pydantic import ValidationError
from sqlalchemy.orm import Session

from api.deps import ready_database, unit_of_work, utc_now
from api.schemas.amounts import Units
from api.schemas.base import Schema
from api.schemas.reconciliation import (
    BalanceAssertionOut,
    BalanceAssertionsOut,
    BreaksOut,
    MatchesOut,
    MatchOut,
    ProposalsOut,
)
from api.schemas.statement_sources import StatementImportOut, StatementSourceIn, StatementSourceOut
from api.schemas.strict_json import parse
from api.settings import add_database_option, from_environment
from api.store import access
from finance.feeds.limits import MAX_FILE_BYTES
from finance.feeds.tabular import read_table
from finance.store import market
from ledger import reconciliation
from ledger.core.errors import Invalid, NotFound
from ledger.core.parties import Actor
from ledger.core.reconciliation import MatchRule
from ledger.store import books
from ledger.store.books import Book
from ledger.store.reconciliation import RecordedMatch, match_sides

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,14}", re.ASCII)
_PLACE = re.compile(r"([1-9][0-9]{0,14})\.([1-9][0-9]{0,3})", re.ASCII)

Subparsers = argparse._SubParsersAction  # noqa: SLF001 - argparse gives its action no public name


def register(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add the command."""
    actions = subparsers.add_parser(
        "reconcile", help="reconcile a book with statements of banks and registries"
    ).add_subparsers(required=True)
    _add(actions, "source", "save how a source's statements are read", _source, "file")
    _add(actions, "import", "read a statement, CSV or XLSX", _import, "source", "file")
    _add(actions, "proposals", "show what belongs together by the rules", _proposals, as_of=True)
    _add(actions, "breaks", "show what does not agree", _breaks, as_of=True)
    confirm = _add(actions, "confirm", "confirm proposals of one rule, or one match by hand", _confirm, as_of=True)
    confirm.add_argument("--rule", action="append", default=[], choices=[rule.value for rule in MatchRule][:-1])
    confirm.add_argument("--line", action="append", default=[], help="a statement line's number; once for each")
    confirm.add_argument("--posting", action="append", default=[], help="a posting as SEQ.LINE; once for each")
    confirm.add_argument("--note", default="", help="why, on record with the match")
    undo = _add(actions, "undo", "take a match back", _undo, "match")
    undo.add_argument("--reason", required=True, help="why, on record with the undoing")
    asserting = _add(actions, "assert", "record what an account must hold at the close of a day", _assert, as_of=True)
    asserting.add_argument("--account", required=True, help="the account's path")
    asserting.add_argument("--expected", required=True, help="a decimal amount, such as 1250000.00")
    asserting.add_argument("--from", dest="says", required=True, help="who says so, such as the statement's name")
    _add(actions, "check", "check the standing assertions anew; exit code 1 when one fails", _check, as_of=True)


def _add(
    actions: Subparsers[argparse.ArgumentParser],
    name: str,
    help_text: str,
    run: Callable[[argparse.Namespace, TextIO], int],
    *arguments: str,
    as_of: bool = False,
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=help_text)
    add_database_option(parser)
    parser.add_argument("--book", required=True, help="the book's id or code")
    if name not in {"proposals", "breaks"}:
        parser.add_argument("--user", required=True, help="the acting person's id or e-mail address")
    if as_of:
        parser.add_argument("--as-of", required=True, help="close of this day, YYYY-MM-DD")
    for argument in arguments:
        parser.add_argument(argument)
    parser.set_defaults(run=run)
    return parser


def _source(arguments: argparse.Namespace, out: TextIO) -> int:
    document = parse(_read(arguments.file))
    try:
        asked = StatementSourceIn.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Invalid("reconciliation.mapping", f"{where or 'the file'}: {first['msg']}", field=where) from error
    with _writing(arguments) as (session, book, actor):
        saved = reconciliation.save_source(session, book.book_id, asked.to_core(), actor=actor, now=utc_now())
    return _tell(out, StatementSourceOut.from_core(saved))


def _import(arguments: argparse.Namespace, out: TextIO) -> int:
    raw = _read(arguments.file)
    name = Path(arguments.file).name
    sheets = read_table(name, raw)
    now = utc_now()
    with _writing(arguments) as (session, book, actor):
        outcome = reconciliation.import_statement(
            session,
            book.book_id,
            arguments.source,
            sheets,
            file_sha256=hashlib.sha256(raw).digest(),
            actor=actor,
            now=now,
        )
        statement = market.RawFile(file_name=sheets[0].file, content=raw)
        market.save_raw_file(session, actor.organisation_id, statement, by=actor.user_id, at=now)
    return _tell(out, StatementImportOut.from_core(outcome, statement.sha256))


def _proposals(arguments: argparse.Namespace, out: TextIO) -> int:
    with _reading(arguments) as (session, book):
        return _tell(out, ProposalsOut.from_core(_found(session, book, arguments), _units(session, book)))


def _breaks(arguments: argparse.Namespace, out: TextIO) -> int:
    with _reading(arguments) as (session, book):
        return _tell(out, BreaksOut.from_core(_found(session, book, arguments), _units(session, book)))


def _confirm(arguments: argparse.Namespace, out: TextIO) -> int:
    as_of = _day(arguments.as_of)
    by_hand = bool(arguments.line or arguments.posting)
    if by_hand == bool(arguments.rule):
        raise Invalid("command.usage", "expected either --rule, or --line with --posting")
    with _writing(arguments) as (session, book, actor):
        if by_hand:
            drafts = [
                reconciliation.MatchDraft(
                    lines=tuple(_number(text, "--line") for text in arguments.line),
                    postings=tuple(_place(text) for text in arguments.posting),
                    note=arguments.note,
                )
            ]
        else:
            drafts = [
                reconciliation.MatchDraft(lines=one.lines, postings=one.postings, note=arguments.note)
                for account in _found(session, book, arguments).accounts
                for one in account.matching.proposals
                if one.rule.value in arguments.rule
            ]
        found = [
            match
            for start in range(0, len(drafts), reconciliation.MAX_MATCHES)
            for match in reconciliation.confirm_matches(
                session,
                book.book_id,
                drafts[start : start + reconciliation.MAX_MATCHES],
                as_of=as_of,
                actor=actor,
                now=utc_now(),
            )
        ]
        told = _matches(session, book, found)
    return _tell(out, MatchesOut(matches=told, next_after=None))


def _undo(arguments: argparse.Namespace, out: TextIO) -> int:
    number = _number(arguments.match, "match")
    with _writing(arguments) as (session, book, actor):
        undone = reconciliation.undo_match(
            session, book.book_id, number, reason=arguments.reason, actor=actor, now=utc_now()
        )
        (told,) = _matches(session, book, [undone])
    return _tell(out, told)


def _matches(session: Session, book: Book, found: Sequence[RecordedMatch]) -> tuple[MatchOut, ...]:
    sides, units = match_sides(session, book.book_id, found), _units(session, book)
    return tuple(MatchOut.from_core(one, sides[one.fact.fact_no], units) for one in found)


def _assert(arguments: argparse.Namespace, out: TextIO) -> int:
    as_of = _day(arguments.as_of)
    with _writing(arguments) as (session, book, actor):
        units = _units(session, book)
        held = books.accounts(session, book.book_id).get(arguments.account)
        if held is None:
            raise NotFound("account.not_found", "--account: no such account in this book", path=arguments.account[:200])
        found = reconciliation.assert_balance(
            session,
            book.book_id,
            arguments.account,
            as_of=as_of,
            expected=units.read(arguments.expected, held.commodity, field="expected"),
            source=arguments.says,
            actor=actor,
            now=utc_now(),
        )
    return _verdict(out, BalanceAssertionsOut(assertions=(BalanceAssertionOut.from_core(found, units),)))


def _check(arguments: argparse.Namespace, out: TextIO) -> int:
    until = _day(arguments.as_of)
    with _writing(arguments) as (session, book, actor):
        found = reconciliation.check_assertions(session, book.book_id, until=until, actor=actor, now=utc_now())
        units = _units(session, book)
    return _verdict(
        out, BalanceAssertionsOut(assertions=tuple(BalanceAssertionOut.from_core(one, units) for one in found))
    )


def _verdict(out: TextIO, answer: BalanceAssertionsOut) -> int:
    _tell(out, answer)
    return 0 if all(one.verdict == "ok" for one in answer.assertions) else 1


def _found(session: Session, book: Book, arguments: argparse.Namespace) -> reconciliation.Reconciliation:
    point = reconciliation.resolve_point(session, book.book_id, as_of=_day(arguments.as_of))
    return reconciliation.reconcile(session, book.book_id, point)


@contextmanager
def _reading(arguments: argparse.Namespace) -> Iterator[tuple[Session, Book]]:
    url = from_environment(os.environ, database_url=arguments.database).database_url
    with ready_database(url) as database, database.reader() as session:
        yield session, books.named(session, arguments.book)


@contextmanager
def _writing(arguments: argparse.Namespace) -> Iterator[tuple[Session, Book, Actor]]:
    """Give one transaction, the book and the acting person, who belongs to the organisation that keeps the book."""
    url = from_environment(os.environ, database_url=arguments.database).database_url
    with ready_database(url) as database, unit_of_work(database) as session:
        book = books.named(session, arguments.book)
        user = access.find_user(session, book.tenant_id, arguments.user)
        yield session, book, Actor(user_id=user.user_id, organisation_id=book.tenant_id)


def _units(session: Session, book: Book) -> Units:
    return Units.of(books.commodities(session, book.book_id), book.functional_currency)


def _read(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:  # a path with a NUL is a ValueError
        raise Invalid("command.file", "the file cannot be read; check its path", field="file") from error
    return raw


def _day(text: str) -> date:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Invalid("date.format", "--as-of: expected a day as YYYY-MM-DD", field="as-of")


def _number(text: str, name: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise Invalid("command.usage", f"{name}: expected a whole number above zero", field=name)
    return int(text)


def _place(text: str) -> tuple[int, int]:
    found = _PLACE.fullmatch(text)
    if found is None:
        raise Invalid("command.usage", "--posting: expected SEQ.LINE, such as 12.1", field="posting")
    return int(found[1]), int(found[2])


def _tell(out: TextIO, answer: Schema) -> int:
    out.write(answer.model_dump_json(indent=2) + "\n")
    return 0
