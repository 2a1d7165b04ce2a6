"""What waits for me, and what I asked for: from every mechanism of two persons, in one list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from uuid import UUID

from api.auth.policy import Routes, asks
from api.auth.principal import Principal, Scope
from api.auth.second_person import ACTIONS, HOLD_CAPTURE, HOLD_RELEASE, TRADE_IMPORT
from api.auth.waiting_kinds import DECIDABLE
from api.deps import Call, ThisCall
from api.schemas.inbox import InboxOut, WaitingOut, changes_between
from api.store import memberships, proposals, role_grants
from api.store.access import OrganisationKind
from api.store.proposals import Proposal
from api.store.role_grants import GrantState, RoleGrant
from finance.store import waiting, waiting_shared
from finance.store.waiting import Waiting
from ledger.store import books
from ledger.store.database import instant_text

routes = Routes(tag="inbox")

_MOST = 500


@routes.get("/inbox", policy=asks())
def read_inbox(call: ThisCall) -> InboxOut:
    """Return everything that the caller may decide now, the oldest first; nothing that the caller asked for."""
    me = call.principal
    found = [
        shown(each, me.organisation_kind)
        for each in _waiting(call)
        if DECIDABLE[each.kind].scope in me.scopes and me.user_id not in each.not_by
    ]
    if {Scope.ADMIN, Scope.ACCESS_APPROVE} <= me.scopes:
        mine = {me.user_id}
        found += [shown_grant(each) for each in _grants(call) if not mine & {each.granted_by, each.user_id}]
    same: dict[UUID, bool] = {}
    for each in _proposals(call):
        scope = ACTIONS[each.request.action].scope
        if each.proposed_by not in same:
            same[each.proposed_by] = memberships.is_same_person(call.session, each.proposed_by, me.user_id)
        if scope in me.scopes and not same[each.proposed_by]:
            found.append(shown_request(each))
    return _sorted(found)


@routes.get("/inbox/mine", policy=asks())
def read_asked(call: ThisCall) -> InboxOut:
    """Return what the caller asked for and nobody has decided, the oldest first."""
    me = call.principal.user_id
    kind = call.principal.organisation_kind
    found = [shown(each, kind) for each in _waiting(call) if each.maker_id == me]
    found += [shown_grant(each) for each in _grants(call) if each.granted_by == me]
    return _sorted([*found, *(shown_request(each) for each in _proposals(call) if each.proposed_by == me)])


def shown(each: Waiting, kind: OrganisationKind) -> WaitingOut:
    """Return the shape of what waits in a store of its own, as an organisation of ``kind`` sees it."""
    known = DECIDABLE[each.kind]
    return WaitingOut(
        kind=each.kind.value,
        title_en=known.asked.title_en,
        title_zh=known.asked.title_zh,
        subject=each.subject,
        asked_by=each.maker_id,
        since=each.since,
        sha256=each.sha256,
        changes=changes_between(each.before, each.after),
        effect_en=known.effect_en,
        effect_zh=known.effect_zh,
        approve=known.approve.format_map(each.place),
        approve_body=None if known.digest_as is None else _named(known.digest_as, each.sha256),
        asks_reason=known.asks_reason,
        reject_body=_named(known.reject_digest_as, each.sha256),
        reject=None if known.reject is None else known.reject.format_map(each.place),
        withdraw=None if known.withdraw is None else known.withdraw.format_map(each.place),
        page=known.asked.page_of(each.place, by_lender=kind is OrganisationKind.LENDER),
    )


def shown_request(each: Proposal) -> WaitingOut:
    """Return the shape of a request that waits."""
    action = ACTIONS[each.request.action]
    path = f"/v1/proposals/{each.proposal_id}"
    return WaitingOut(
        kind=action.code,
        title_en=action.title_en,
        title_zh=action.title_zh,
        subject=each.request.path,
        asked_by=each.proposed_by,
        since=each.proposed_at,
        sha256=each.sha256,
        changes=changes_between(None, each.effect),
        effect_en="The request is run exactly as it was sent; what changes is what its trial answered.",
        effect_zh="请求将按原样执行；变更内容即试运行的结果。",
        approve=f"{path}/approve",
        approve_body={"sha256": each.sha256},
        asks_reason=False,
        reject_body={},
        reject=f"{path}/reject",
        withdraw=f"{path}/withdraw",
        page=_page_of(each),
    )


def _page_of(each: Proposal) -> str | None:
    """Return the page of what a request acts on: the hold that is to be let go of or used, the file that is to be booked."""
    if each.request.action not in (HOLD_CAPTURE.code, HOLD_RELEASE.code, TRADE_IMPORT.code):
        return None
    return each.request.path.removeprefix("/v1").rpartition("/")[0]


def shown_grant(each: RoleGrant) -> WaitingOut:
    """Return the shape of a role that waits for a second administrator."""
    terms = {
        "user_id": str(each.user_id),
        "role": each.role,
        "from_at": instant_text(each.from_at),
        "until_at": None if each.until_at is None else instant_text(each.until_at),
        "reason": each.reason,
    }
    return WaitingOut(
        kind="role",
        title_en="Role",
        title_zh="角色",
        subject=each.role,
        asked_by=each.granted_by,
        since=each.granted_at,
        sha256=each.sha256,
        changes=changes_between(None, json.dumps(terms)),
        effect_en="The person has the role, and with it may approve what others propose.",
        effect_zh="该人员获得此角色，可审批他人提交的事项。",
        approve=f"/v1/role-grants/{each.grant_id}/confirm",
        approve_body={"sha256": each.sha256},
        asks_reason=False,
        reject=f"/v1/role-grants/{each.grant_id}/end",
        reject_body={},
        withdraw=None,
        page="/people",
    )


def _grants(call: Call) -> tuple[RoleGrant, ...]:
    found = role_grants.grants_of_organisation(call.session, call.principal.organisation_id)
    return tuple(each for each in found if each.state(call.now) is GrantState.WAITING)


def _named(field: str | None, sha256: str | None) -> dict[str, str]:
    return {field: sha256} if field and sha256 else {}


def _waiting(call: Call) -> Iterator[Waiting]:
    me: Principal = call.principal
    own = waiting.of_books(call.session, tuple(books.list_books(call.session, me.organisation_id)))
    shared = waiting_shared.of_market(call.session, me.organisation_id)
    loans = waiting_shared.of_loans(call.session, me.organisation_id)
    is_assessor = me.organisation_kind is OrganisationKind.ASSESSOR
    assessed = waiting_shared.of_assessor(call.session, me.organisation_id) if is_assessor else ()
    return chain(own, shared, loans, assessed)


def _proposals(call: Call) -> tuple[Proposal, ...]:
    found = proposals.list_proposals(call.session, call.principal.organisation_id, limit=_MOST, waiting_at=call.now)
    return tuple(each for each in found if each.request.action in ACTIONS)


def _sorted(found: list[WaitingOut]) -> InboxOut:
    return InboxOut(waiting=tuple(sorted(found, key=lambda each: (each.since, each.kind, each.approve))))
