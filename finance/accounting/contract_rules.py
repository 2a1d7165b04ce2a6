"""Debit and credit of carbon-finance contracts: forward, repo, pledge loan, lending, swap, custody.

Repo and pledge loan are secured borrowing: cash against a liability, the tonnes keep their lots and cost in 1489. An open
forward is a memo: only its margin is booked. 财会[2019]22号 is silent on contracts, so codes and rules here are by analogy
and unconfirmed: the entity's auditor decides. Amounts are given; which lots a disposal draws on is the ledger's answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from finance.accounting.chart import BANK, BOOK_CURRENCY, Chart, ChartAccount, InstrumentAccounts, segment
from finance.accounting.instruments import Instrument
from ledger.core.journal import CostLegs, EntryKind, Posting

FINANCING = "Liabilities:CarbonFinancing"
FINANCING_GIVEN = "Assets:CarbonFinancingGiven"
MARGIN_GIVEN = "Assets:ContractMargin"
MARGIN_TAKEN = "Liabilities:ContractMargin"
INTEREST_COST = "Expenses:ContractInterest"
INTEREST_EARNED = "Income:ContractInterest"
INTEREST_PAYABLE = "Liabilities:ContractInterest"
INTEREST_RECEIVABLE = "Assets:ContractInterest"
FEES_PAID = "Expenses:ContractFees"
FEES_RECEIVED = "Income:ContractFees"
YIELD_RECEIVED = "Income:ContractYield"
YIELD_PAID = "Expenses:ContractYield"
RESULT_GAIN = "Income:ContractResult"
RESULT_LOSS = "Expenses:ContractResult"
CLAIMS = "Assets:ContractClaims"
DEBTS = "Liabilities:ContractDebts"
OWED_VALUE = "Liabilities:CarbonOwedValue"

_MONEY_ACCOUNTS = (
    (FINANCING, "secured carbon financing", "碳资产担保融资", "2001", 0),
    (FINANCING_GIVEN, "reverse repo of carbon", "碳资产买入返售", "1221", 0),
    (MARGIN_GIVEN, "margin given", "存出保证金", "1221", 0),
    (MARGIN_TAKEN, "margin taken", "存入保证金", "2241", 0),
    (INTEREST_COST, "interest and lending fees", "财务费用 - 碳合同", "6603", None),
    (INTEREST_EARNED, "interest and lending fees earned", "财务费用 - 碳合同利息收入", "6603", None),
    (INTEREST_PAYABLE, "interest payable", "应付利息 - 碳合同", "2231", 0),
    (INTEREST_RECEIVABLE, "interest receivable", "应收利息 - 碳合同", "1132", 0),
    (FEES_PAID, "custody fees", "管理费用 - 碳资产托管费", "6602", None),
    (FEES_RECEIVED, "contract fees received", "其他业务收入 - 碳合同", "6051", None),
    (YIELD_RECEIVED, "yield received", "投资收益 - 碳合同", "6111", None),
    (YIELD_PAID, "yield paid", "投资收益 - 碳合同支出", "6111", None),
    (RESULT_GAIN, "gain on contracts", "投资收益 - 碳合同差价", "6111", None),
    (RESULT_LOSS, "loss on contracts", "投资收益 - 碳合同差价损失", "6111", None),
    (CLAIMS, "claims from contracts", "其他应收款 - 碳合同", "1221", 0),
    (DEBTS, "debts from contracts", "其他应付款 - 碳合同", "2241", 0),
    (OWED_VALUE, "borrowed tonnes to return", "其他应付款 - 借入碳资产", "2241", 0),
)

MONEY_RULES: Mapping[str, tuple[str, str, EntryKind]] = {
    "borrowed": (BANK, FINANCING, EntryKind.DRAWDOWN),
    "borrowed_repaid": (FINANCING, BANK, EntryKind.REPAYMENT),
    "lent_out": (FINANCING_GIVEN, BANK, EntryKind.GENERAL),
    "lent_out_back": (BANK, FINANCING_GIVEN, EntryKind.GENERAL),
    "margin_given": (MARGIN_GIVEN, BANK, EntryKind.GENERAL),
    "margin_given_back": (BANK, MARGIN_GIVEN, EntryKind.GENERAL),
    "margin_taken": (BANK, MARGIN_TAKEN, EntryKind.GENERAL),
    "margin_taken_back": (MARGIN_TAKEN, BANK, EntryKind.GENERAL),
    "interest_cost_accrued": (INTEREST_COST, INTEREST_PAYABLE, EntryKind.INTEREST),
    "interest_cost_reduced": (INTEREST_PAYABLE, INTEREST_COST, EntryKind.INTEREST),
    "interest_cost_paid": (INTEREST_PAYABLE, BANK, EntryKind.INTEREST),
    "interest_earned_accrued": (INTEREST_RECEIVABLE, INTEREST_EARNED, EntryKind.INTEREST),
    "interest_earned_reduced": (INTEREST_EARNED, INTEREST_RECEIVABLE, EntryKind.INTEREST),
    "interest_earned_received": (BANK, INTEREST_RECEIVABLE, EntryKind.INTEREST),
    "fee_paid": (FEES_PAID, BANK, EntryKind.FEE),
    "fee_received": (BANK, FEES_RECEIVED, EntryKind.FEE),
    "yield_received": (BANK, YIELD_RECEIVED, EntryKind.GENERAL),
    "yield_paid": (YIELD_PAID, BANK, EntryKind.GENERAL),
    "difference_received": (BANK, RESULT_GAIN, EntryKind.GENERAL),
    "difference_paid": (RESULT_LOSS, BANK, EntryKind.GENERAL),
    "difference_claimed": (CLAIMS, RESULT_GAIN, EntryKind.GENERAL),
    "difference_owed": (RESULT_LOSS, DEBTS, EntryKind.GENERAL),
    "gain_from_margin_taken": (MARGIN_TAKEN, RESULT_GAIN, EntryKind.GENERAL),
    "loss_from_margin_given": (RESULT_LOSS, MARGIN_GIVEN, EntryKind.GENERAL),
    "interest_from_margin_taken": (MARGIN_TAKEN, INTEREST_RECEIVABLE, EntryKind.INTEREST),
    "interest_from_margin_given": (INTEREST_PAYABLE, MARGIN_GIVEN, EntryKind.INTEREST),
}
"""For each reason why money moves: debit, credit and the kind of entry."""

_FORGONE: Mapping[str, tuple[str, int]] = {
    "financing": (FINANCING, 1),
    "interest": (INTEREST_PAYABLE, 1),
    "margin_taken": (MARGIN_TAKEN, 1),
    "receivable": (CLAIMS, 1),
    "payable": (DEBTS, -1),
}
"""What lost tonnes are set against, with its side."""
_KEPT: Mapping[str, tuple[str, int]] = {
    "financing": (FINANCING_GIVEN, -1),
    "interest": (INTEREST_RECEIVABLE, -1),
    "receivable": (CLAIMS, 1),
    "payable": (DEBTS, -1),
}
"""What kept security ends, with its side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractLegs:
    """The legs of one entry in tonnes and fen, debit positive, and where relieved cost goes."""

    kind: EntryKind
    postings: tuple[Posting, ...]
    cost_legs: CostLegs | None = None


HANDED_OVER = "Assets:CarbonOut"
"""The accounts of tonnes that a contract handed over and that come back: lent out, in custody, or sold with a buy-back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractTonnes:
    """The accounts of one instrument that only contracts use, in tonnes."""

    out: str
    received: str
    owed: str


def tonnes_of(code: str) -> ContractTonnes:
    """Return the paths: what was handed over and comes back, what is security of another, what is owed in kind."""
    part = segment(code)
    return ContractTonnes(
        out=f"{HANDED_OVER}:{part}", received=f"Assets:CarbonReceived:{part}", owed=f"Liabilities:CarbonOwed:{part}"
    )


def contract_lines(instrument: Instrument, chart: Chart) -> tuple[ChartAccount, ...]:
    """Return the accounts that contracts on an instrument need; what is handed over keeps its lots by the instrument's method."""
    paths, code = tonnes_of(instrument.code), instrument.code
    tonnes = (
        (paths.out, "handed over, to come back", "已交出待返还", chart.methods[instrument.kind]),
        (paths.received, "received as security", "收到的担保品", None),
        (paths.owed, "owed in kind", "应返还数量", None),
    )
    return (
        *(
            ChartAccount(
                path=path,
                commodity=code,
                name_en=f"{code} {name_en}",
                name_zh=f"{code} {name_zh}",
                floor=0,
                lot_method=lots,
            )
            for path, name_en, name_zh, lots in tonnes
        ),
        *(
            ChartAccount(
                path=path,
                commodity=BOOK_CURRENCY,
                name_en=f"{name_en} (by analogy, unconfirmed)",
                name_zh=f"{name_zh}（类推，待确认）",
                gaap_code=gaap_code,
                floor=floor,
            )
            for path, name_en, name_zh, gaap_code, floor in _MONEY_ACCOUNTS
        ),
    )


def contract_attrs(*, contract_id: UUID, sha256: str, kind: str, version: int, step: str) -> dict[str, str]:
    """Return what every entry of a contract names: which contract, which wording, which step."""
    return {
        "contract_id": str(contract_id),
        "contract_sha256": sha256,
        "contract_kind": kind,
        "contract_version": str(version),
        "contract_step": step,
    }


def money_legs(what: str, amount_fen: int) -> ContractLegs:
    """Return the two legs of money that moves for a reason: a sale under repo debits the bank and credits the liability."""
    debit, credit, kind = MONEY_RULES[what]
    return ContractLegs(kind=kind, postings=_money(debit, credit, amount_fen))


def buy_legs(paths: InstrumentAccounts, code: str, quantity_t: int, amount_fen: int, *, is_yield: bool) -> ContractLegs:
    """Return delivery against payment of a purchase; tonnes that come as a yield are income at the agreed value."""
    return ContractLegs(
        kind=EntryKind.TRADE,
        postings=(
            Posting(paths.holding, code, quantity_t, lot_cost=amount_fen),
            Posting(paths.registry, code, -quantity_t),
            *_money(paths.cost, YIELD_RECEIVED if is_yield else BANK, amount_fen),
        ),
    )


def sell_legs(
    paths: InstrumentAccounts, code: str, quantity_t: int, amount_fen: int, *, is_yield: bool
) -> ContractLegs:
    """Return delivery against payment of a sale, its result as of any sale; tonnes given as a yield are an expense at cost."""
    return ContractLegs(
        kind=EntryKind.TRADE,
        postings=(
            Posting(paths.holding, code, -quantity_t),
            Posting(paths.registry, code, quantity_t),
            *((Posting(BANK, BOOK_CURRENCY, amount_fen),) if amount_fen else ()),
        ),
        cost_legs=CostLegs(paths.cost, paths.gain, YIELD_PAID if is_yield else paths.loss),
    )


def hand_over_legs(
    paths: InstrumentAccounts, code: str, quantity_t: int, lots: tuple[tuple[int, int], ...]
) -> ContractLegs:
    """Return tonnes leaving the holding with their lots and cost; 1489 does not change. They come back by reversal."""
    return ContractLegs(
        kind=EntryKind.TRANSFER,
        postings=(
            Posting(paths.holding, code, -quantity_t, lots=lots),
            Posting(tonnes_of(code).out, code, quantity_t, is_carried=True),
        ),
    )


def forgo_legs(
    paths: InstrumentAccounts,
    code: str,
    quantity_t: int,
    claims: Mapping[str, int],
    *,
    is_out: bool,
    lots: tuple[tuple[int, int], ...],
) -> ContractLegs:
    """Return tonnes lost for good against what they pay: the debt ends, the difference to cost is a result as of a sale."""
    return ContractLegs(
        kind=EntryKind.TRADE,
        postings=(
            Posting(tonnes_of(code).out if is_out else paths.holding, code, -quantity_t, lots=lots),
            Posting(paths.registry, code, quantity_t),
            *_sided(claims, _FORGONE),
        ),
        cost_legs=CostLegs(paths.cost, paths.gain, paths.loss),
    )


def borrow_legs(paths: InstrumentAccounts, code: str, quantity_t: int, value_fen: int) -> ContractLegs:
    """Return borrowed tonnes coming in at their agreed value, against the duty to return them in tonnes and in money."""
    return ContractLegs(
        kind=EntryKind.TRANSFER,
        postings=(
            Posting(paths.holding, code, quantity_t, lot_cost=value_fen),
            Posting(tonnes_of(code).owed, code, -quantity_t),
            *_money(paths.cost, OWED_VALUE, value_fen),
        ),
    )


def return_legs(paths: InstrumentAccounts, code: str, quantity_t: int, value_fen: int) -> ContractLegs:
    """Return borrowed tonnes going back: the duty ends at its value, the cost of what goes is relieved, the rest is a result."""
    return ContractLegs(
        kind=EntryKind.TRANSFER,
        postings=(
            Posting(paths.holding, code, -quantity_t),
            Posting(tonnes_of(code).owed, code, quantity_t),
            Posting(OWED_VALUE, BOOK_CURRENCY, value_fen),
        ),
        cost_legs=CostLegs(paths.cost, paths.gain, paths.loss),
    )


def keep_borrowed_legs(
    paths: InstrumentAccounts, code: str, quantity_t: int, *, value_fen: int, claim_fen: int, from_margin_fen: int
) -> ContractLegs:
    """Return the duty in kind turning into money: margin given pays first, the rest is a debt, the difference a result."""
    legs = {
        OWED_VALUE: value_fen,
        MARGIN_GIVEN: -from_margin_fen,
        DEBTS: -(claim_fen - from_margin_fen),
        (RESULT_GAIN if value_fen > claim_fen else RESULT_LOSS): claim_fen - value_fen,
    }
    return ContractLegs(
        kind=EntryKind.GENERAL,
        postings=(
            Posting(tonnes_of(code).owed, code, quantity_t),
            Posting(paths.registry, code, -quantity_t),
            *(Posting(path, BOOK_CURRENCY, fen) for path, fen in legs.items() if fen),
        ),
    )


def receive_legs(code: str, quantity_t: int, *, is_back: bool) -> ContractLegs:
    """Return another's tonnes coming in as security, a memo in tonnes without cost, or going back."""
    tonnes = -quantity_t if is_back else quantity_t
    accounts = tonnes_of(code)
    return ContractLegs(
        kind=EntryKind.TRANSFER,
        postings=(Posting(accounts.received, code, tonnes), Posting(accounts.owed, code, -tonnes)),
    )


def keep_legs(
    paths: InstrumentAccounts, code: str, quantity_t: int, claims: Mapping[str, int], *, is_received: bool
) -> ContractLegs:
    """Return security becoming the book's own at what it ends: money lent, its interest, less what is still claimed."""
    cost = -sum(leg.amount for leg in _sided(claims, _KEPT))
    accounts = tonnes_of(code)
    memo = (
        Posting(accounts.received, code, -quantity_t),
        Posting(accounts.owed, code, quantity_t),
        Posting(paths.registry, code, -quantity_t),
    )
    return ContractLegs(
        kind=EntryKind.TRADE,
        postings=(
            Posting(paths.holding, code, quantity_t, lot_cost=cost),
            *(memo if is_received else (Posting(paths.registry, code, -quantity_t),)),
            *((Posting(paths.cost, BOOK_CURRENCY, cost),) if cost else ()),
            *_sided(claims, _KEPT),
        ),
    )


def exchange_legs(
    gives: tuple[InstrumentAccounts, str, int],
    takes: tuple[InstrumentAccounts, str, int],
    *,
    lots: tuple[tuple[int, int], ...],
    relieved_fen: int,
    cash_fen: int,
) -> ContractLegs:
    """Return both legs of a swap: what comes costs what goes (``relieved_fen``) less cash received or plus cash paid.

    10,000 t at cost 802,400.00 with 50,000.00 received come in at 752,400.00 and no gain; only cash beyond the whole
    cost is a gain. By analogy to an exchange at carrying amount (企业会计准则第7号), unconfirmed.
    """
    cost = max(relieved_fen - cash_fen, 0)
    out, out_code, out_t = gives
    into, in_code, in_t = takes
    return ContractLegs(
        kind=EntryKind.TRADE,
        postings=(
            Posting(out.holding, out_code, -out_t, lots=lots),
            Posting(out.registry, out_code, out_t),
            Posting(into.holding, in_code, in_t, lot_cost=cost),
            Posting(into.registry, in_code, -in_t),
            *((Posting(into.cost, BOOK_CURRENCY, cost),) if cost else ()),
            *((Posting(BANK, BOOK_CURRENCY, cash_fen),) if cash_fen else ()),
        ),
        cost_legs=CostLegs(out.cost, out.gain, out.loss),
    )


def _money(debit: str, credit: str, fen: int) -> tuple[Posting, ...]:
    return (Posting(debit, BOOK_CURRENCY, fen), Posting(credit, BOOK_CURRENCY, -fen)) if fen else ()


def _sided(claims: Mapping[str, int], rules: Mapping[str, tuple[str, int]]) -> tuple[Posting, ...]:
    found = ((rules[name], fen) for name, fen in claims.items() if fen)
    return tuple(Posting(path, BOOK_CURRENCY, side * fen) for (path, side), fen in found)
