"""A book's accounting policy: what holds on a day and why, what waits with its exact difference, the codes of accounts, and every version.

Shows what the routes answer; what a choice means and where it comes from stands in the reference set ``accounting_choices``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.formats import day
from api.pages.base.page import Page, ThisPage
from api.routes.accounting_policies import (
    approve_policy,
    list_account_codes,
    list_policies,
    propose_policy,
    reject_policy,
    withdraw_policy,
)
from api.routes.books import read_book
from api.routes.reference import read_reference_set
from api.schemas.books import BookOut
from api.schemas.fields import DateString, UuidString
from api.schemas.vouchers import PolicyOut, PolicyTermsOut
from api.store.access import OrganisationKind
from api.translations import Language
from finance.accounting.policies import Settlement, Standard, VoucherWords
from ledger.core.accounts import LotMethod

routes = Pages(area="books")

_NONE = "—"
_ENUMERATED = {
    "cea_cost_method": ("lot", LotMethod),
    "ccer_cost_method": ("lot", LotMethod),
    "settlement": ("settlement", Settlement),
    "standard": ("standard", Standard),
    "voucher_words": ("voucher_words", VoucherWords),
}
_OF_VAT = ("sale_vat", "purchase_vat", "fee_vat")
_FIELDS = tuple(name for name in PolicyTermsOut.model_fields if name != "own_codes")

Difference = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the fields of a policy and their values are called, in the reader's language, by the rows of the reference sets."""

    page: Page
    rows: Mapping[str, Mapping[str, str]]
    vat: Mapping[str, Mapping[str, str]]

    def label(self, row_id: str) -> str:
        """Return what a field or a value is called; a value that no row names is itself."""
        row = self.rows.get(row_id)
        return row_id.rpartition(".")[2] if row is None else self._said(row, "label")

    def text(self, row_id: str) -> str:
        """Return what it means."""
        return self._said(self.rows[row_id], "text")

    def origin(self, name: str, value: object) -> Mapping[str, str]:
        """Return the row with the source of what a field is set to: a VAT row's own, else the field's."""
        return self.vat.get(str(value), self.rows[name]) if name in _OF_VAT else self.rows[name]

    def told(self, name: str, value: object) -> str:
        """Return a field's value as a person reads it."""
        if name in _ENUMERATED:
            return self.label(f"{_ENUMERATED[name][0]}.{value}")
        if name in _OF_VAT:
            row = self.vat.get(str(value))
            return str(value) if row is None else self._said(row, "label")
        if isinstance(value, bool):
            return self.page.say("yes") if value else self.page.say("no")
        return day(value, self.page.language) if isinstance(value, date) else str(value) or _NONE

    def options(self, name: str) -> list[tuple[str, str]]:
        """Return what a field may be set to, each with its words."""
        if name in _OF_VAT:
            return [(row_id, self._said(row, "label")) for row_id, row in self.vat.items()]
        area, values = _ENUMERATED[name]
        return [(each.value, self.label(f"{area}.{each.value}")) for each in values]

    def differences(self, before: PolicyTermsOut, after: PolicyTermsOut) -> list[Difference]:
        """Return every field and own code that differs: its name, as it was and as it will be."""
        fields = [
            (self.label(name), self.told(name, getattr(before, name)), self.told(name, getattr(after, name)))
            for name in _FIELDS
            if getattr(before, name) != getattr(after, name)
        ]
        return [*fields, *self._codes(before, after)]

    def _codes(self, before: PolicyTermsOut, after: PolicyTermsOut) -> Iterator[Difference]:
        old, new = ({each.path: f"{each.code} {each.name}" for each in terms.own_codes} for terms in (before, after))
        for path in sorted({*old, *new}):
            if old.get(path) != new.get(path):
                yield (f"{self.label('own_codes')}: {path}", old.get(path, _NONE), new.get(path, _NONE))

    def _said(self, row: Mapping[str, str], what: str) -> str:
        return row[f"{what}_zh" if self.page.language is Language.ZH else f"{what}_en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A policy that waits for a second person, with what it changes in what would hold on its first day."""

    policy: PolicyOut
    differences: list[Difference]


@routes.get(
    "/books/{book_id}/accounting-policy",
    policy=asks(Scope.LEDGER_READ, kinds=(OrganisationKind.BORROWER,)),
    nav=Nav(label=mark("Accounting policy"), group=Group.ACCOUNTING, order=40, icon="gear"),
)
def show_policy(
    book_id: UuidString,
    page: ThisPage,
    on: Annotated[DateString | None, Query(description="What holds on this day; today when absent.")] = None,
) -> Response:
    """Show the policy in force on a day, what waits, the codes of the book's accounts, and the form that proposes the next one."""
    asked = on or page.today
    found = page.use(list_policies, book_id=book_id, on=asked)
    choices = Choices(page=page, rows=_rows(page, "accounting_choices"), vat=_rows(page, "vat_codes"))
    waiting = [
        Waiting(policy=each, differences=choices.differences(_held(page, book_id, each), each))
        for each in found.policies
        if each.approved_by is None and each.ended is None
    ]
    return page.show(
        "books/accounting_policy.html",
        found=found,
        choices=choices,
        fields=_FIELDS,
        waiting=waiting,
        current=next((each for each in found.policies if each.policy_id == found.in_force), None),
        codes=page.use(list_account_codes, book_id=book_id, on=asked),
        proposed_from=_next_day(page.use(read_book, book_id=book_id), found.terms, asked),
        names=page.names(),
        may_propose=page.may(propose_policy),
        may_approve=page.may(approve_policy),
        may_reject=page.may(reject_policy),
        may_withdraw=page.may(withdraw_policy),
    )


def _held(page: Page, book_id: UuidString, policy: PolicyOut) -> PolicyTermsOut:
    return page.use(list_policies, book_id=book_id, on=policy.effective_from).terms


def _next_day(book: BookOut, terms: PolicyTermsOut, asked: date) -> date:
    """Return the day that a proposal is offered for: the month asked for, as far as it is open and the policy in force has begun."""
    open_from = book.locked_through + timedelta(days=1) if book.locked_through else date.min
    return max(asked.replace(day=1), open_from, terms.effective_from)


def _rows(page: Page, set_id: str) -> dict[str, dict[str, str]]:
    found = page.use(read_reference_set, set_id=set_id)
    return {row[0]: dict(zip(found.columns, row, strict=True)) for row in found.rows}
