"""Recipes of reconciliation: save a source, read a statement in, propose and confirm matches, list breaks, assert balances.

Each joins the caller's transaction; the writing ones take the book's lock, nothing here commits, and nothing here posts: an entry
that is missing is for a person to book.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from ledger.core.accounts import is_path, no_such_account
from ledger.core.amounts import MAX_UNITS, Commodity, format_units
from ledger.core.errors import Conflict, Expected, ImportRefused, Invalid, NotFound, RowError
from ledger.core.parties import Actor
from ledger.core.reconciliation import (
    Matching,
    MatchLimits,
    MatchRule,
    OpenLine,
    OpenPosting,
    PostingKey,
    match_account,
)
from ledger.core.reconciliation_breaks import (
    BalanceBreak,
    Break,
    StatementBalance,
    assertion_verdict,
    balance_break,
    item_breaks,
    open_items,
    without_later,
)
from ledger.core.statement_mapping import StatementSource
from ledger.core.statement_reading import StatementLine, StatementSheet, read_statement
from ledger.store import books, journal, reports
from ledger.store import reconciliation as store
from ledger.store import statement_lines as statements
from ledger.store.reconciliation import BalanceCheck, RecordedAssertion, RecordedMatch
from ledger.store.statement_lines import AccountPlace, RecordedSource

MAX_MATCHES = 500
MAX_MEMBERS = 200
_LONGEST_NOTE = 400
_SHA256_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationPoint:
    """What a reconciliation is of: the close of a day, the first ``known`` entries and the first ``facts`` facts of the book."""

    as_of: date
    known: int
    facts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOutcome:
    """What reading a file changed: lines it had, lines that were new, and its fact."""

    source: RecordedSource
    fact_no: int
    recorded_at: datetime
    lines_read: int
    lines_added: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReconciliation:
    """How one account stands against its statements at a point.

    ``matching`` proposes among the open ``lines`` and ``postings``, by their numbers and places; ``matched_lines`` counts the
    lines whose match is confirmed. ``failed`` are the standing assertions for days up to the point's that do not hold there,
    each with what the book holds.
    """

    source: str
    account: str
    commodity: str
    covered_from: date | None
    matched_lines: int
    lines: tuple[OpenLine, ...]
    postings: tuple[OpenPosting, ...]
    matching: Matching
    breaks: tuple[Break, ...]
    balance: StatementBalance | None
    balance_break: BalanceBreak | None
    failed: tuple[tuple[RecordedAssertion, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """Every reconciled account at a point, by source and path."""

    point: ReconciliationPoint
    accounts: tuple[AccountReconciliation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchDraft:
    """A match as a person confirms it: lines and postings of one account; without postings the lines cancel each other."""

    lines: tuple[int, ...]
    postings: tuple[PostingKey, ...]
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse a match without a line (``reconciliation.match_empty``), with a member twice, or too large (``reconciliation.match``)."""
        for name, members in (("lines", self.lines), ("postings", self.postings)):
            if len(set(members)) != len(members) or len(members) > MAX_MEMBERS:
                raise Invalid("reconciliation.match", f"{name}: expected at most {MAX_MEMBERS}, each once", field=name)
        if not self.lines:
            raise Invalid("reconciliation.match_empty", "lines: expected at least one statement line", field="lines")
        if any(
            not 0 <= number <= MAX_UNITS for number in (*self.lines, *(part for key in self.postings for part in key))
        ):
            raise Invalid("reconciliation.match_number", "lines: expected numbers from 0 to 10^15", field="lines")
        _check_text(self.note, "note", is_needed=False)


def save_source(
    session: Session, book_id: int, source: StatementSource, *, actor: Actor, now: datetime
) -> RecordedSource:
    """Save how a source's statements are read, as its next version; the newest version again changes nothing.

    Every account must exist and hold its commodity (``reconciliation.account``), belong to no other source
    (``reconciliation.account_taken``), and an account that has lines must stay (``reconciliation.account_in_use``).
    """
    head = journal.lock_book(session, book_id)
    newest = statements.newest_sources(session, book_id)
    before = newest.get(source.code)
    if before is not None and before.source == source:
        return before
    mapping = source.mapping
    places = statements.accounts_at(session, book_id, mapping.accounts.values())
    for commodity, path in sorted(mapping.accounts.items()):
        if path not in places or places[path].commodity != commodity:
            raise Invalid(
                "reconciliation.account",
                f"accounts: expected an account of this book that holds {commodity}",
                path=path,
            )
    for other in newest.values():
        shared = set(other.source.mapping.accounts.values()) & set(places)
        if other.source.code != source.code and shared:
            raise Conflict(
                "reconciliation.account_taken",
                f"accounts: {min(shared)} is reconciled with {other.source.code}; an account has one source",
                source=other.source.code,
            )
    lost = statements.accounts_with_lines(session, book_id, source.code) - set(places)
    if lost:
        raise Conflict(
            "reconciliation.account_in_use", "accounts: an account that has statement lines stays", path=min(lost)
        )
    fact = statements.add_fact(session, head, "source", actor, now)
    version = 1 if before is None else before.version + 1
    statements.add_source(session, head, source, version, fact)
    return RecordedSource(source=source, version=version, fact=fact)


def load_source(session: Session, book_id: int, code: str, *, facts: int | None = None) -> RecordedSource:
    """Return the newest version of a source, or raise ``reconciliation.source_not_found``."""
    found = statements.newest_sources(session, book_id, facts=facts).get(code)
    if found is None:
        raise NotFound("reconciliation.source_not_found", "no such statement source in this book", code=code[:40])
    return found


def import_statement(
    session: Session,
    book_id: int,
    code: str,
    sheets: Sequence[StatementSheet],
    *,
    file_sha256: bytes,
    actor: Actor,
    now: datetime,
) -> ImportOutcome:
    """Read a statement by its source's newest mapping and keep the lines that are new, all or nothing.

    A line that is recorded adds nothing, so the same file again adds none. Under a unique reference that stands with another day or
    amount the file is refused, row by row, as for every unreadable cell (``import.rows_unreadable``).
    """
    assert len(file_sha256) == _SHA256_BYTES, "a file is named by the SHA-256 of its bytes"
    head = journal.lock_book(session, book_id)
    recorded = load_source(session, book_id, code)
    mapping = recorded.source.mapping
    commodities: dict[str, Commodity] = {
        name: commodity for name, (commodity, _) in books.commodities(session, book_id).items()
    }
    lines = read_statement(sheets, mapping, commodities)
    known = statements.known_keys(session, book_id, code, [line.key for line in lines])
    _check_unchanged(sheets[0].file, lines, known)
    fresh = [line for line in lines if line.key not in known]
    fact = statements.add_fact(session, head, "import", actor, now)
    statements.add_import(
        session,
        head,
        recorded,
        fact,
        file_name=sheets[0].file,
        file_sha256=file_sha256,
        lines_read=len(lines),
        lines=fresh,
        places=statements.accounts_at(session, book_id, mapping.accounts.values()),
    )
    return ImportOutcome(
        source=recorded,
        fact_no=fact.fact_no,
        recorded_at=fact.recorded_at,
        lines_read=len(lines),
        lines_added=len(fresh),
    )


def resolve_point(
    session: Session, book_id: int, *, as_of: date, known: int | None = None, facts: int | None = None
) -> ReconciliationPoint:
    """Return the point asked for, its newest entry and fact where none is named; beyond them is refused."""
    last_seq, last_fact = journal.load_head(session, book_id).tree_size, statements.last_fact_no(session, book_id)
    seq = last_seq if known is None else known
    if not 0 <= seq <= last_seq:
        raise Invalid("ledger.record_point", f"known: the book has {last_seq} entries", field="known")
    if facts is not None and not 0 <= facts <= last_fact:
        raise Invalid("reconciliation.fact_point", f"facts: the book has {last_fact} facts", field="facts")
    return ReconciliationPoint(as_of=as_of, known=seq, facts=last_fact if facts is None else facts)


def reconcile(session: Session, book_id: int, point: ReconciliationPoint, *, code: str | None = None) -> Reconciliation:
    """Return every reconciled account (of one source, or all) at a point: what is matched, proposed and broken. Writes nothing.

    A confirmed match counts at a day only when all of its lines and postings are of days up to it: what the bank booked on the 31st
    and the book on the 1st is open at the month's end.
    """
    if code is not None:
        load_source(session, book_id, code, facts=point.facts)
    found = statements.newest_sources(session, book_id, facts=point.facts)
    assertions = _standing_assertions(session, book_id, point)
    accounts = [
        _account(session, book_id, recorded, place, point, assertions)
        for name, recorded in sorted(found.items())
        if code in {None, name}
        for _, place in sorted(
            statements.accounts_at(session, book_id, recorded.source.mapping.accounts.values()).items()
        )
    ]
    return Reconciliation(point=point, accounts=tuple(accounts))


def confirm_matches(
    session: Session, book_id: int, drafts: Sequence[MatchDraft], *, as_of: date, actor: Actor, now: datetime
) -> tuple[RecordedMatch, ...]:
    """Record a person's matches, all or none, and return them; one that stands already with the same members is returned as it is.

    A match that equals a proposal as of ``as_of`` carries its rule, any other is ``by_hand``. Refused: unknown lines or postings,
    members of several accounts, a member of another match (``reconciliation.matched``), sides that do not sum to the same
    (``reconciliation.amounts_differ``: book the difference as an entry of its own and match both).
    """
    if not 1 <= len(drafts) <= MAX_MATCHES:
        raise Invalid("reconciliation.match", f"matches: expected 1 to {MAX_MATCHES}", field="matches")
    head = journal.lock_book(session, book_id)
    point = resolve_point(session, book_id, as_of=as_of)
    rules = _proposed_rules(reconcile(session, book_id, point))
    lines = statements.lines_numbered(session, book_id, {number for draft in drafts for number in draft.lines})
    places = statements.accounts_at(session, book_id, {path for _, path in lines.values()})
    commodities = books.commodities(session, book_id)
    taken: dict[str, dict[int | PostingKey, RecordedMatch]] = {
        path: _members(store.live_matches(session, book_id, place.account_id, facts=point.facts))
        for path, place in places.items()
    }
    found = []
    for draft in drafts:
        place = places[_one_account(draft, lines)]
        again = _standing_match(draft, taken[place.path])
        if again is not None:
            found.append(again)
            continue
        _check_sums(session, book_id, draft, lines, place, commodities[place.commodity][0].scale)
        rule = rules.get((frozenset(draft.lines), frozenset(draft.postings)), MatchRule.BY_HAND)
        fact = statements.add_fact(session, head, "match", actor, now)
        store.add_match(session, head, fact, rule=rule, note=draft.note, lines=draft.lines, postings=draft.postings)
        match = RecordedMatch(
            fact=fact,
            rule=rule,
            note=draft.note,
            lines=tuple(sorted(draft.lines)),
            postings=tuple(sorted(draft.postings)),
        )
        taken[place.path].update(_members((match,)))
        found.append(match)
    return tuple(found)


def undo_match(
    session: Session, book_id: int, match_no: int, *, reason: str, actor: Actor, now: datetime
) -> RecordedMatch:
    """Take a match back by a fact of its own and return the match with it; its lines and postings are open again."""
    head = journal.lock_book(session, book_id)
    match = store.find_match(session, book_id, match_no) if 0 < match_no <= MAX_UNITS else None
    if match is None:
        raise NotFound("reconciliation.match_not_found", "no such match in this book", match=str(match_no)[:20])
    if match.undone is not None:
        raise Conflict(
            "reconciliation.undone", f"the match was undone on {match.undone.recorded_at:%Y-%m-%d}", match=str(match_no)
        )
    _check_text(reason, "reason", is_needed=True)
    fact = statements.add_fact(session, head, "undo", actor, now)
    store.add_undo(session, head, fact, match_no=match_no, reason=reason)
    return RecordedMatch(
        fact=match.fact,
        rule=match.rule,
        note=match.note,
        lines=match.lines,
        postings=match.postings,
        undone=fact,
        undo_reason=reason,
    )


def assert_balance(
    session: Session,
    book_id: int,
    path: str,
    *,
    as_of: date,
    expected: int,
    source: str,
    actor: Actor,
    now: datetime,
) -> RecordedAssertion:
    """Record what an account must hold at the close of ``as_of`` (its normal side, smallest units), check it, and return both.

    The same again adds only a check. Of one account, day and source the newest assertion stands; the older ones stay on record.
    """
    head = journal.lock_book(session, book_id)
    place = statements.accounts_at(session, book_id, (path,)).get(path) if is_path(path) else None
    if place is None:
        raise no_such_account(path)
    if abs(expected) > MAX_UNITS:
        raise Invalid("amount.range", "expected: beyond 10^15 smallest units", field="expected")
    _check_text(source, "source", is_needed=True)
    facts = statements.last_fact_no(session, book_id)
    standing = [
        one
        for one in _newest_each(store.list_assertions(session, book_id, facts=facts, path=path))
        if (one.as_of, one.source, one.expected) == (as_of, source, expected)
    ]
    if not standing:
        fact = statements.add_fact(session, head, "assertion", actor, now)
        store.add_assertion(session, head, fact, place, as_of=as_of, expected=expected, source=source)
        standing = [
            RecordedAssertion(
                fact=fact,
                account=path,
                commodity=place.commodity,
                as_of=as_of,
                expected=expected,
                source=source,
                checks=(),
            )
        ]
    return _checked(session, head, standing[0], actor, now)


def check_assertions(
    session: Session, book_id: int, *, until: date, path: str | None = None, actor: Actor, now: datetime
) -> tuple[RecordedAssertion, ...]:
    """Check every standing assertion for days up to ``until`` (of one account, or all) anew and return each with all its checks.

    A back-dated entry recorded since makes the new check fail; the earlier check stays as it was.
    """
    head = journal.lock_book(session, book_id)
    if path is not None and (not is_path(path) or not statements.accounts_at(session, book_id, (path,))):
        raise no_such_account(path)
    facts = statements.last_fact_no(session, book_id)
    standing = _newest_each(store.list_assertions(session, book_id, facts=facts, until=until, path=path))
    return tuple(_checked(session, head, one, actor, now) for one in standing)


def _account(
    session: Session,
    book_id: int,
    recorded: RecordedSource,
    place: AccountPlace,
    point: ReconciliationPoint,
    assertions: Sequence[tuple[RecordedAssertion, int]],
) -> AccountReconciliation:
    window = recorded.source.mapping.window_days
    with_balance = statements.lines_until(session, book_id, place.account_id, until=point.as_of, facts=point.facts)
    lines = tuple(line for line, _ in with_balance)
    covered_from = lines[0].booked_on if lines else None
    since = None if covered_from is None else min(min(line.days) for line in lines) - timedelta(days=window)
    postings = (
        ()
        if since is None
        else statements.postings_between(session, book_id, place, since=since, until=point.as_of, known=point.known)
    )
    matches = store.live_matches(session, book_id, place.account_id, facts=point.facts)
    closed = tuple((one.lines, one.postings) for one in matches)
    items = open_items(lines, postings, closed, covered_from)
    matching = match_account(items.lines, items.postings, limits=MatchLimits(window_days=window))
    balance = _statement_balance(session, book_id, with_balance, place, point)
    difference = None
    if balance is not None:
        by_then = open_items(*without_later(lines, postings, day=balance.day), closed, covered_from)
        difference = balance_break(by_then, balance, as_of=point.as_of)
    return AccountReconciliation(
        source=recorded.source.code,
        account=place.path,
        commodity=place.commodity,
        covered_from=covered_from,
        matched_lines=len(lines) - len(items.lines),
        lines=items.lines,
        postings=items.postings,
        matching=matching,
        breaks=item_breaks(items, matching, as_of=point.as_of, window_days=window),
        balance=balance,
        balance_break=difference,
        failed=tuple(
            (one, actual) for one, actual in assertions if one.account == place.path and one.expected != actual
        ),
    )


def _statement_balance(
    session: Session,
    book_id: int,
    lines: Sequence[tuple[OpenLine, int | None]],
    place: AccountPlace,
    point: ReconciliationPoint,
) -> StatementBalance | None:
    """Return the balance after the last line of the last day that gives one, beside the book's; None where no line does."""
    given = [(line.booked_on, balance) for line, balance in lines if balance is not None]
    if not given:
        return None
    day, balance = given[-1]
    held = reports.balance_as_of(session, book_id, place.path, as_of=day, known=point.known)
    return StatementBalance(day=day, statement=balance, book=held.balance)


def _standing_assertions(
    session: Session, book_id: int, point: ReconciliationPoint
) -> tuple[tuple[RecordedAssertion, int], ...]:
    """Return the standing assertions for days up to the point's, each with what the book holds then by the point's entries."""
    standing = _newest_each(store.list_assertions(session, book_id, facts=point.facts, until=point.as_of))
    return tuple(
        (
            one,
            reports.balance_as_of(session, book_id, one.account, as_of=one.as_of, known=point.known).balance,
        )
        for one in standing
    )


def _newest_each(assertions: Sequence[RecordedAssertion]) -> tuple[RecordedAssertion, ...]:
    """Return the newest assertion of each account, day and source, by account and day."""
    newest = {(one.account, one.as_of, one.source): one for one in assertions}
    return tuple(newest[key] for key in sorted(newest))


def _checked(
    session: Session, head: journal.BookHead, assertion: RecordedAssertion, actor: Actor, now: datetime
) -> RecordedAssertion:
    actual = reports.balance_as_of(session, head.book_id, assertion.account, as_of=assertion.as_of).balance
    verdict, difference = assertion_verdict(expected=assertion.expected, actual=actual)
    fact = statements.add_fact(session, head, "check", actor, now)
    check = BalanceCheck(fact=fact, actual=actual, difference=difference, verdict=verdict)
    store.add_check(session, head, assertion.fact.fact_no, check)
    return RecordedAssertion(
        fact=assertion.fact,
        account=assertion.account,
        commodity=assertion.commodity,
        as_of=assertion.as_of,
        expected=assertion.expected,
        source=assertion.source,
        checks=(*assertion.checks, check),
    )


def _check_unchanged(file: str, lines: Sequence[StatementLine], known: dict[str, tuple[date, int]]) -> None:
    """Refuse lines whose unique reference is recorded with another day or amount."""
    errors = tuple(
        RowError(
            file=file,
            sheet=line.sheet,
            row=line.row,
            column="reference",
            value=line.reference[:80],
            expected=Expected(
                "row.reference_recorded",
                f"the day recorded under this reference, {known[line.key][0]}, and its amount; ask the source which holds",
                day=known[line.key][0].isoformat(),
            ),
        )
        for line in lines
        if line.key in known and known[line.key] != (line.booked_on, line.amount)
    )
    if errors:
        raise ImportRefused(file, errors)


def _proposed_rules(
    reconciliation: Reconciliation,
) -> dict[tuple[frozenset[int], frozenset[PostingKey]], MatchRule]:
    return {
        (frozenset(one.lines), frozenset(one.postings)): one.rule
        for account in reconciliation.accounts
        for one in account.matching.proposals
    }


def _members(matches: Sequence[RecordedMatch]) -> dict[int | PostingKey, RecordedMatch]:
    found: dict[int | PostingKey, RecordedMatch] = {}
    for one in matches:
        found.update(dict.fromkeys(one.lines, one))
        found.update(dict.fromkeys(one.postings, one))
    return found


def _standing_match(draft: MatchDraft, taken: dict[int | PostingKey, RecordedMatch]) -> RecordedMatch | None:
    """Return the match that stands with exactly these members, None when all are open; anything else is refused."""
    members = (*draft.lines, *draft.postings)
    standing = next((taken[member] for member in members if member in taken), None)
    if standing is None:
        return None
    if (set(standing.lines), set(standing.postings)) == (set(draft.lines), set(draft.postings)):
        return standing
    raise Conflict(
        "reconciliation.matched",
        f"a line or posting stands in match {standing.fact.fact_no}; undo that one first",
        match=str(standing.fact.fact_no),
    )


def _one_account(draft: MatchDraft, lines: dict[int, tuple[OpenLine, str]]) -> str:
    missing = [number for number in draft.lines if number not in lines]
    if missing:
        raise NotFound("reconciliation.line_not_found", "no such statement line in this book", line=str(missing[0]))
    paths = {lines[number][1] for number in draft.lines}
    if len(paths) > 1:
        raise Invalid("reconciliation.match_accounts", "lines: expected lines of one account", field="lines")
    return paths.pop()


def _check_sums(
    session: Session,
    book_id: int,
    draft: MatchDraft,
    lines: dict[int, tuple[OpenLine, str]],
    place: AccountPlace,
    scale: int,
) -> None:
    postings = statements.postings_at(session, book_id, place, draft.postings)
    missing = [key for key in draft.postings if key not in postings]
    if missing:
        seq, line = missing[0]
        raise NotFound(
            "reconciliation.posting_not_found",
            f"no posting on {place.path} at this seq and line",
            seq=str(seq),
            line=str(line),
        )
    on_lines = sum(lines[number][0].amount for number in draft.lines)
    in_book = sum(one.amount for one in postings.values())
    if on_lines != in_book:
        raise Conflict(
            "reconciliation.amounts_differ",
            f"the lines sum to {format_units(on_lines, scale)}, the postings to {format_units(in_book, scale)}; "
            "book the difference as an entry of its own and match both",
            lines=format_units(on_lines, scale),
            postings=format_units(in_book, scale),
            commodity=place.commodity,
        )


def _check_text(text: str, name: str, *, is_needed: bool) -> None:
    if (is_needed and not text.strip()) or len(text) > _LONGEST_NOTE or not text.isprintable():
        raise Invalid(
            "reconciliation.text",
            f"{name}: expected one printable line of at most {_LONGEST_NOTE} characters",
            field=name,
        )
