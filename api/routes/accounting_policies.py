"""Accounting policies of a book, and the Chinese chart of accounts they refine."""

from __future__ import annotations

from api.auth.accounting_kinds import ACCOUNTING_POLICY
from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.fields import DateString, UuidString
from api.schemas.vouchers import (
    BookAccountCodeOut,
    BookAccountCodesOut,
    ChartOut,
    ChartRowOut,
    PoliciesOut,
    PolicyApprovalIn,
    PolicyIn,
    PolicyOut,
    PolicyRejectionIn,
    PolicyWithdrawalIn,
    policies_out,
)
from finance.operations import accounting_policies as policies
from finance.operations.account_codes import coded_accounts
from finance.store import accounting_policies as policy_store
from finance.store import reference

routes = Routes(tag="accounting-policies")


@routes.post("/books/{book_id}/accounting-policies", policy=asks(Scope.ACCOUNTING_WRITE))
def propose_policy(book_id: UuidString, body: PolicyIn, call: ThisCall) -> PolicyOut:
    """Propose the book's accounting policy from a day on; it counts once a colleague approves exactly it."""
    book = call.load(BOOK, book_id)
    record = policies.propose_policy(
        call.session, book.book_id, body.policy_id, body.to_core(), actor=call.principal.actor, now=call.now
    )
    return PolicyOut.from_core(record)


@routes.post("/accounting-policies/{policy_id}/approve", policy=asks(Scope.ACCOUNTING_APPROVE), status=200)
def approve_policy(policy_id: UuidString, body: PolicyApprovalIn, call: ThisCall) -> PolicyOut:
    """Approve exactly the policy that the digest names, as another person than its maker; trades are booked by it from its day on."""
    record = call.load(ACCOUNTING_POLICY, policy_id)
    done = policies.approve_policy(call.session, record, body.digest, actor=call.principal.actor, now=call.now)
    return PolicyOut.from_core(done)


@routes.post("/accounting-policies/{policy_id}/reject", policy=asks(Scope.ACCOUNTING_APPROVE), status=200)
def reject_policy(policy_id: UuidString, body: PolicyRejectionIn, call: ThisCall) -> PolicyOut:
    """Reject exactly the policy that the digest names, as another person than its maker; it can no longer be approved."""
    record = call.load(ACCOUNTING_POLICY, policy_id)
    done = policies.reject_policy(
        call.session, record, body.digest, reason=body.reason, actor=call.principal.actor, now=call.now
    )
    return PolicyOut.from_core(done)


@routes.post("/accounting-policies/{policy_id}/withdraw", policy=asks(Scope.ACCOUNTING_WRITE), status=200)
def withdraw_policy(policy_id: UuidString, body: PolicyWithdrawalIn, call: ThisCall) -> PolicyOut:
    """Withdraw a policy that one proposed and nobody decided; to change what it says, propose the next version."""
    record = call.load(ACCOUNTING_POLICY, policy_id)
    done = policies.withdraw_policy(call.session, record, reason=body.reason, actor=call.principal.actor, now=call.now)
    return PolicyOut.from_core(done)


@routes.get("/accounting-policies/{policy_id}", policy=asks(Scope.LEDGER_READ))
def read_policy(policy_id: UuidString, call: ThisCall) -> PolicyOut:
    """Return a policy with who proposed it, and who approved it or how it ended."""
    return PolicyOut.from_core(call.load(ACCOUNTING_POLICY, policy_id))


@routes.get("/books/{book_id}/accounting-policies", policy=asks(Scope.LEDGER_READ))
def list_policies(book_id: UuidString, call: ThisCall, on: DateString) -> PoliciesOut:
    """Return the book's policies by version, and which is in force on the day."""
    book = call.load(BOOK, book_id)
    return policies_out(
        policy_store.list_policies(call.session, book.book_id),
        policy_store.policy_on(call.session, book.book_id, on),
        on=on,
    )


@routes.get("/books/{book_id}/account-codes", policy=asks(Scope.LEDGER_READ))
def list_account_codes(book_id: UuidString, call: ThisCall, on: DateString) -> BookAccountCodesOut:
    """Return the book's accounts of money with their codes in vouchers on the day, by the chart and the policy in force."""
    book = call.load(BOOK, book_id)
    found = coded_accounts(call.session, book.book_id, on)
    return BookAccountCodesOut(
        on=on,
        chart_version=reference.shipped_version("accounts_cn"),
        missing=sum(each.code is None and each.closed_on is None for each in found),
        accounts=tuple(BookAccountCodeOut.from_core(each) for each in found),
    )


@routes.get("/chart-of-accounts", policy=asks())
def read_chart(call: ThisCall) -> ChartOut:
    """Return the Chinese chart of accounts as shipped: code, names, the accounts it stands for, line of presentation, source."""
    del call
    return ChartOut(
        version=reference.shipped_version("accounts_cn"),
        accounts=tuple(ChartRowOut.from_core(row) for row in reference.shipped_accounts()),
    )
