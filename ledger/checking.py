"""``check_book``: replays a book's facts against its leaves, its tree and every projection, and says what does not hold.

Reads only, in one session that sees one moment; fails closed: what cannot be read is a finding. Which side of a difference is
right it does not say: the leaf's text is what the tree proves, and a root kept outside proves the tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ledger import check_pieces, persons
from ledger.check_pieces import Apart
from ledger.core import log
from ledger.core.checkpoint import NoteKey, open_checkpoint, read_hand_over
from ledger.core.checks import AccountNames, PieceCheck
from ledger.core.errors import Conflict, Invalid, NotFound
from ledger.core.findings import Finding, Findings, differences, members, refusal_problem
from ledger.core.replay import BookReplay, KnownRoot
from ledger.store import check_cursors, check_rows, check_rules
from ledger.store import persons as person_rows
from ledger.store.check_cursors import Span

_KNOWN_ROOT = re.compile(r"[0-9]{1,15}:[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookCheck:
    """What a check saw: the book, how many entries, the root worked out from the leaves' bytes, and what is wrong."""

    book: str
    code: str
    entries: int
    tree_size: int
    tree_root: bytes
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def find_book(session: Session, named: str) -> int:
    """Return the number of the book of that uuid or code.

    Refused with ``book.not_found``, or ``book.ambiguous`` where books of several organisations have the code.
    """
    found = check_rows.find_books(session, named)
    if not found:
        raise NotFound("book.not_found", "no book of that id or code in this database")
    if len(found) > 1:
        ids = ", ".join(str(book_uuid) for _, book_uuid in found[:5])
        raise Conflict("book.ambiguous", f"{len(found)} books have this code; name one by its id: {ids}")
    return found[0][0]


def check_book(
    session: Session, book_id: int, *, known_roots: Iterable[KnownRoot] = (), apart: Apart | None = None
) -> BookCheck:
    """Return what a whole replay of the book finds; an empty ``findings`` is a sound book.

    ``known_roots`` are tree heads kept outside (a bank's copy, a signed checkpoint): the tree must pass through each. Without one,
    somebody who can rewrite the database may rewrite a whole tail consistently, and no check from inside can tell. A long book's
    entries are examined in the processes of ``apart``, where that is given: what is found, and where first, is the same.
    """
    findings = Findings()
    head = check_rows.BookHead("", "", 0, 0, b"", "")
    accounts: dict[int, AccountNames] = {}
    with _section(session, findings, "book"):
        head = check_rows.head(session, book_id)
    with _section(session, findings, "account"):
        accounts = check_pieces.accounts_of(session, book_id, findings)
    published: list[KnownRoot] = []
    with _section(session, findings, "checkpoint"):
        published = _checkpoint_roots(session, book_id, f"tonne/{head.book_uuid}", findings)
    replay = BookReplay(known_roots=(*known_roots, *published), findings=findings)
    with _section(session, findings, "entry"):
        check = PieceCheck(book=head.book_uuid, accounts=accounts)
        _replay_entries(session, book_id, check, replay, findings, apart)
        replay.finish(
            next_seq=head.next_seq,
            tree_size=head.tree_size,
            tree_peaks=head.tree_peaks,
            last_recorded_at=head.last_recorded_at,
        )
    _check_projections(session, book_id, accounts, findings)
    for rule in check_rules.RULES:
        with _section(session, findings, rule.table):
            _check_rule(session, book_id, rule, findings)
    with _section(session, findings, "request"):
        for entry_id, request_hash, error_code, error in check_rows.refusals(session, book_id):
            problem = refusal_problem(request_hash=request_hash, error_code=error_code, error=error)
            if problem:
                findings.add("request.shape", "request", f"id {entry_id}", expected="a frozen refusal", found=problem)
    with _section(session, findings, "person_note"):
        for note in person_rows.notes(session, book_id):
            problem = persons.problem_of(note)
            if problem:
                said = "a note that opens its commitment, or a tombstone"
                findings.add("person.note", "person_note", f"ref {note.ref}", expected=said, found=problem)
    return BookCheck(
        book=head.book_uuid,
        code=head.code,
        entries=replay.next_seq - 1,
        tree_size=replay.tree_size,
        tree_root=log.root(replay.tree_peaks),
        findings=tuple(findings),
    )


def _checkpoint_roots(session: Session, book_id: int, origin: str, findings: Findings) -> list[KnownRoot]:
    """Return the roots that the book's own signed checkpoints say, after checking their order, signatures and hand-overs of the key."""
    keys: list[tuple[int, NoteKey]] = []
    for valid_from, public_key, introduced, attrs in check_rows.log_keys(session, book_id):
        if keys:
            said = members(attrs or "") or {}
            texts = {name: value for name, value in said.items() if isinstance(value, str)}
            if read_hand_over(texts, origin=origin, old_key=keys[-1][1].public_key) != public_key:
                at, expected = f"seq {introduced}", "an entry by which the key before hands over to this one"
                findings.add("log_key.hand_over", "log_key", at, expected=expected, found="none that it signed")
        keys.append((valid_from, NoteKey(name=origin, public_key=public_key)))
    roots: list[KnownRoot] = []
    last_size = 0
    for expected_no, (number, size, peaks, note) in enumerate(check_rows.checkpoints(session, book_id), start=1):
        at = f"checkpoint {number}"
        if number != expected_no or size < last_size:
            said_order = f"number {expected_no} of at least {last_size} leaves"
            findings.add("checkpoint.order", "checkpoint", at, expected=said_order, found=f"{number} of {size}")
        last_size = size
        in_force = [key for valid_from, key in keys if valid_from <= size][-1:]
        try:
            opened = open_checkpoint(note, origin=origin, keys=in_force)
        except Invalid as refused:
            expected = "a note of this log signed by the key in force"
            findings.add("checkpoint.note", "checkpoint", at, expected=expected, found=refused.message)
            continue
        if (opened.size, opened.root) != (size, log.root(peaks)):
            found = f"{size} leaves, root {log.root(peaks).hex()}"
            said_note = f"{opened.size} leaves, root {opened.root.hex()}"
            findings.add("checkpoint.tree", "checkpoint", at, expected=said_note, found=found)
        roots.append(KnownRoot(opened.size, opened.root, at))
    return roots


def _replay_entries(
    session: Session, book_id: int, check: PieceCheck, replay: BookReplay, findings: Findings, apart: Apart | None
) -> None:
    done = None
    if apart is not None:
        entries = check_rows.entry_count(session, book_id)
        for span, pieces, strays in check_pieces.examine_apart(session, book_id, check, entries, apart):
            for piece in pieces:
                replay.join(piece)
            findings.join(strays)
            done = span.through
    for piece in check_pieces.examine(session, book_id, check, Span(done, None), findings):
        replay.join(piece)


def _check_projections(session: Session, book_id: int, accounts: dict[int, AccountNames], findings: Findings) -> None:
    posted: dict[int, int] = {}
    last_seq: dict[int, int] = {}
    with _section(session, findings, "balance_day"):

        def days() -> Iterator[tuple[tuple[int, str], int]]:
            for account_id, day, total, last in check_rows.day_sums(session, book_id):
                posted[account_id] = posted.get(account_id, 0) + total
                last_seq[account_id] = max(last_seq.get(account_id, 0), last)
                yield (account_id, day), total

        for place, rebuilt, stored in differences(days(), check_rows.stored_days(session, book_id)):
            at = f"account {place[0]} on {place[1]}"
            findings.add("balance_day.differs", "balance_day", at, expected=rebuilt, found=stored)
    with _section(session, findings, "balance"):
        held: dict[int, int] = {}
        for account_id, amount, last in check_rows.held_sums(session, book_id):
            held[account_id] = amount
            last_seq[account_id] = max(last_seq.get(account_id, 0), last)
        balances = [
            (number, (posted.get(number, 0) * names.normal_side, held.get(number, 0), last_seq.get(number, 0)))
            for number, names in sorted(accounts.items())
        ]
        for number, summed, kept in differences(balances, check_rows.stored_balances(session, book_id)):
            findings.add("balance.differs", "balance", f"account {number}", expected=summed, found=kept)
        _check_trial_balance(posted, accounts, findings)
    with _section(session, findings, "lot_position"):
        lots = differences(check_rows.lot_sums(session, book_id), check_rows.stored_lots(session, book_id))
        for lot_id, moved, left in lots:
            findings.add("lot_position.differs", "lot_position", f"lot {lot_id}", expected=moved, found=left)
    with _section(session, findings, "serial_block"):
        units = differences(check_rows.serial_sums(session, book_id), check_rows.stored_serials(session, book_id))
        for lot_id, came, lie in units:
            findings.add("serial_block.differs", "serial_block", f"lot {lot_id}", expected=came, found=lie)
    with _section(session, findings, "hold_position"):
        holds = differences(check_rows.hold_sums(session, book_id), check_rows.stored_holds(session, book_id))
        for (hold_id, lot_id), due, found in holds:
            at = f"hold {hold_id} lot {lot_id}"
            findings.add("hold_position.differs", "hold_position", at, expected=due, found=found)


def _check_trial_balance(posted: dict[int, int], accounts: dict[int, AccountNames], findings: Findings) -> None:
    sums: dict[int, int] = {}
    for account_id, amount in posted.items():
        if account_id in accounts:
            commodity_id = accounts[account_id].commodity_id
            sums[commodity_id] = sums.get(commodity_id, 0) + amount
    for commodity_id, total in sorted(sums.items()):
        if total:
            at = f"commodity {commodity_id}"
            findings.add("trial_balance.not_zero", "posting", at, expected=0, found=total)


def _check_rule(session: Session, book_id: int, rule: check_rules.Rule, findings: Findings) -> None:
    broken = check_rows.broken(session, book_id, rule.statement)
    if broken is not None:
        place, times = broken
        at = f"{rule.place} {place}"
        findings.add(rule.code, rule.table, at, expected=rule.expected, found=f"{times} otherwise", count=times)


@contextmanager
def _section(session: Session, findings: Findings, table: str) -> Iterator[None]:
    """Make a finding of what cannot be read, and let the other sections be read all the same."""
    try:
        with check_cursors.reading(session):
            yield
    except check_cursors.UNREADABLE as error:
        findings.add("check.unreadable", table, "all", expected="rows that can be read", found=type(error).__name__)


def read_known_root(text: str) -> KnownRoot:
    """Return the tree head that ``SIZE:ROOTHEX`` says, such as ``1024:9f2c...`` with 64 hexadecimal digits; ``check.since`` else."""
    size, _, digits = text.partition(":")
    if not _KNOWN_ROOT.fullmatch(text):
        raise Invalid(
            "check.since", "--since: expected SIZE:ROOT, a number of leaves and 64 hexadecimal digits", field="since"
        )
    return KnownRoot(int(size), bytes.fromhex(digits), f"the root given for {size} leaves")
