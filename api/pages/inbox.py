"""What waits for the reader and what the reader asked for, each with the exact difference and the route that decides it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response

from api.auth.policy import asks
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import Page, ThisPage
from api.pages.carbon_contracts import KIND_WORDS, waiting_terms
from api.pages.people import ROLE_WORDS
from api.routes.carbon_contracts import read_contract
from api.routes.inbox import read_asked, read_inbox
from api.schemas.inbox import InboxOut
from finance.conventions.approvals import WaitingKind

routes = Pages(area="inbox")


@routes.get("/inbox", policy=asks(), nav=Nav(label=mark("Inbox"), group=Group.DESK, order=5, icon="inbox"))
def show_inbox(page: ThisPage) -> Response:
    """Show everything that the reader may decide now, the oldest first."""
    return _shown(page, page.use(read_inbox), is_mine=False)


@routes.get("/inbox/mine", policy=asks())
def show_asked(page: ThisPage) -> Response:
    """Show what the reader asked for and nobody has decided."""
    return _shown(page, page.use(read_asked), is_mine=True)


def _shown(page: Page, found: InboxOut, *, is_mine: bool) -> Response:
    names = page.names()
    pages = {each.page for each in found.waiting if page.leads(each.page)}
    contracts = (each.approve for each in found.waiting if each.kind == WaitingKind.CARBON_CONTRACT)
    return page.show(
        "inbox/inbox.html",
        waiting=found.waiting,
        is_mine=is_mine,
        names=names,
        pages=frozenset(pages),
        people={str(each): name for each, name in names.items()},
        roles=ROLE_WORDS,
        worded={approve: told for approve in contracts if (told := _worded(page, approve)) is not None},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WordedContract:
    """A contract's wording that waits, as its own page words it: what it is, and each term that a decision would change."""

    subject: str
    differences: list[tuple[str, str, str]]


def _worded(page: Page, approve: str) -> WordedContract | None:
    """Return what waits under a contract's route of approval in words; None where the reader does not see the contract."""
    contract = page.attempt(read_contract, contract_id=UUID(approve.split("/")[-2])).answer
    waiting = None if contract is None else waiting_terms(page, contract)
    if contract is None or waiting is None:
        return None
    return WordedContract(
        subject=f"{page.say(KIND_WORDS[contract.kind])} v{waiting['version'].version}",
        differences=[each for each in waiting["differences"] if each[1] != each[2]],
    )
