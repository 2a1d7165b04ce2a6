"""What an auditor reads first: a book's log and tree heads, a whole check, the audit log, who must agree to what, and exports."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import PagePoint, ThisPage
from api.pages.people import SCOPE_WORDS
from api.routes.audit import list_audit, prove_audit_row
from api.routes.book_log import MOST_CHECKED, check_whole_book, list_checkpoints, list_checks, list_log
from api.routes.books import read_book
from api.routes.four_eyes_rules import list_four_eyes_rules, set_four_eyes_rule
from api.schemas.amounts import WholeNumber
from api.schemas.fields import UuidString
from api.store.four_eyes import Requirement

routes = Pages(area="evidence")

_READS = asks(Scope.LEDGER_READ)
_AUDITS = asks(Scope.ACCESS_READ)
_PAGE = 100
Before = Annotated[WholeNumber | None, Query(description="Where the next page begins.")]

REQUIREMENT_WORDS = {
    Requirement.ALWAYS: mark("always"),
    Requirement.ABOVE: mark("above a limit of the day"),
    Requirement.NEVER: mark("never"),
}
"""When a second person is asked, in words."""


@routes.get(
    "/books/{book_id}/log",
    policy=_READS,
    nav=Nav(label=mark("Log and proofs"), group=Group.EVIDENCE, order=10, icon="ledger"),
)
def show_log(book_id: UuidString, page: ThisPage, before: Before = None) -> Response:
    """Show the book's entries as recorded, each with the hash of its leaf."""
    return page.show(
        "evidence/log.html",
        log=page.use(list_log, book_id=book_id, before=before),
        names=page.names(),
        before=before,
    )


@routes.get("/books/{book_id}/checkpoints", policy=_READS)
def show_checkpoints(book_id: UuidString, page: ThisPage, before: Before = None) -> Response:
    """Show the published tree heads of the book."""
    return page.show(
        "evidence/checkpoints.html",
        found=page.use(list_checkpoints, book_id=book_id, before=before),
        book_out=page.use(read_book, book_id=book_id),
        before=before,
    )


@routes.get("/books/{book_id}/check", policy=_READS)
def show_check(book_id: UuidString, page: ThisPage) -> Response:
    """Show what the last whole check of the book and its audit log found, those before it, and the button that runs one."""
    return page.show(
        "evidence/check.html",
        checks=page.use(list_checks, book_id=book_id).checks,
        may_check=page.may(check_whole_book),
        book_out=page.use(read_book, book_id=book_id),
        most=MOST_CHECKED,
        names=page.names(),
    )


@routes.get("/books/{book_id}/exports", policy=_READS)
def show_exports(book_id: UuidString, page: ThisPage, asked: PagePoint) -> Response:
    """Show the files in which the book leaves, as of any day."""
    return page.show("evidence/exports.html", book_out=page.use(read_book, book_id=book_id), as_of=asked.as_of)


@routes.get("/audit", policy=_AUDITS, nav=Nav(label=mark("Audit log"), group=Group.EVIDENCE, order=20, icon="shield"))
def show_audit(page: ThisPage, before: Before = None, user_id: UuidString | None = None) -> Response:
    """Show every write request of the organisation, the newest first."""
    names = page.names()
    return page.show(
        "evidence/audit.html",
        found=page.use(list_audit, before=before, user_id=user_id, limit=_PAGE),
        names=names,
        proposers={str(each): name for each, name in names.items()},
        user_id=user_id,
        before=before,
    )


@routes.get("/audit/{seq}", policy=_AUDITS)
def show_audit_row(seq: WholeNumber, page: ThisPage) -> Response:
    """Show one row of the audit log with the proof that it stands there."""
    return page.show("evidence/audit_row.html", proof=page.use(prove_audit_row, seq=seq), names=page.names())


@routes.get(
    "/four-eyes", policy=asks(), nav=Nav(label=mark("Second person"), group=Group.EVIDENCE, order=30, icon="people")
)
def show_four_eyes(page: ThisPage) -> Response:
    """Show for each action when a second person is asked, every version of the rules, and the form to change one."""
    return page.show(
        "evidence/four_eyes.html",
        rules=page.use(list_four_eyes_rules),
        may_set=page.may(set_four_eyes_rule),
        requirements=[(key.value, page.say(words)) for key, words in REQUIREMENT_WORDS.items()],
        words={key.value: words for key, words in REQUIREMENT_WORDS.items()},
        scope_words=SCOPE_WORDS,
        names=page.names(),
    )
