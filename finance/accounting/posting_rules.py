"""The only place that chooses debit and credit: one balanced entry for each kind of trade.

Rules of 财会[2019]22号: what is bought stands at cost (price and fees) in 1489, a free allocation has no money entry,
a sale books the difference to 营业外收入 or 营业外支出, surrender and cancellation book the cost to 营业外支出. Tonnes
move in every case. Knows no balance: which lots a disposal draws on, and so its cost, is the ledger's answer.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from finance.accounting.chart import BANK, BOOK_CURRENCY, FEES, OPENING_MONEY, Chart, InstrumentAccounts
from finance.accounting.trades import ACQUISITIONS, Trade, TradeKind
from finance.accounting.vat import INPUT_VAT, OUTPUT_VAT, PLAIN_TREATMENT, TradeTreatment
from ledger.core.holds import HoldCapture
from ledger.core.journal import CostLegs, EntryKind, JournalDraft, Posting
from ledger.core.parties import Actor

_ENTRY_KINDS = {
    TradeKind.OPENING: EntryKind.OPENING,
    TradeKind.FREE_ALLOCATION: EntryKind.ISSUE,
    TradeKind.PURCHASE: EntryKind.TRADE,
    TradeKind.SALE: EntryKind.TRADE,
    TradeKind.SURRENDER: EntryKind.SURRENDER,
    TradeKind.CANCEL: EntryKind.CANCEL,
    TradeKind.FEE: EntryKind.FEE,
}


def draft_for(
    trade: Trade,
    *,
    chart: Chart,
    entry_id: UUID,
    actor: Actor,
    treatment: TradeTreatment = PLAIN_TREATMENT,
    captures: UUID | None = None,
) -> JournalDraft:
    """Return the entry that ``trade`` asks for, in tonnes and fen, debit positive, dated ``trade.effective_on``.

    ``captures`` names the hold that set its tonnes (of a sale) or its money (of a purchase) aside: the entry then is a
    capture of exactly that amount.

    Buying 10,000 t at 80 with 2,400.00 of fees debits 10,000 t and 802,400.00 CNY to 1489. Selling 1,000 t of it at
    97.81 less 293.43 debits the bank 97,516.57; the ledger credits 1489 with the 80,240.00 relieved and 6301 with the
    17,276.57 left. ``treatment`` says which tax is in prices and fees and where money stands until it is settled; a trade
    that is booked on the day its money moved (``settled_on``) goes to the bank at once.
    Source: 财会[2019]22号 as in china-carbon-rules 3.1 and R14.
    """
    paths = chart.accounts_of(trade.instrument) if trade.instrument else None
    booked_as = treatment if trade.settled_on is None else replace(treatment, is_settled_later=False)
    postings, cost_legs = _legs(trade, paths, booked_as)
    return JournalDraft(
        entry_id=entry_id,
        kind=_ENTRY_KINDS[trade.kind] if captures is None else EntryKind.CAPTURE,
        effective_on=trade.effective_on,
        actor=actor,
        postings=postings,
        cost_legs=cost_legs,
        doc_ref=trade.doc_ref or None,
        attrs=_attrs(trade),
        hold=None if captures is None else HoldCapture(hold_id=captures, amount=_captured(trade)),
    )


def _captured(trade: Trade) -> int:
    """Return what a dealt trade takes from what was set aside for it: a sale its tonnes, a purchase its whole cost in fen."""
    assert trade.kind in {TradeKind.SALE, TradeKind.PURCHASE}, "only a purchase or a sale was ordered"
    return _tonnes(trade) if trade.kind is TradeKind.SALE else trade.cost_fen()


def _legs(
    trade: Trade, paths: InstrumentAccounts | None, treatment: TradeTreatment
) -> tuple[tuple[Posting, ...], CostLegs | None]:
    if trade.kind is TradeKind.FEE:
        tax = treatment.input_tax_fen(price_fen=0, fee_fen=trade.fee_fen)
        return (*_money(FEES, BANK, trade.fee_fen - tax), *_money(INPUT_VAT, BANK, tax)), None
    assert paths is not None, "only a fee belongs to no instrument"
    if trade.kind in ACQUISITIONS:
        return _acquisition(trade, paths, treatment), None
    return _disposal(trade, paths, treatment)


def _acquisition(trade: Trade, paths: InstrumentAccounts, treatment: TradeTreatment) -> tuple[Posting, ...]:
    """Return the tonnes with their whole cost as a lot, and the same cost in 1489; what is free has no money leg."""
    tax = 0
    if trade.kind is TradeKind.PURCHASE:
        tax = treatment.input_tax_fen(price_fen=trade.amount_fen(), fee_fen=trade.fee_fen)
    cost = trade.cost_fen() - tax
    source, payer = {
        TradeKind.OPENING: (paths.opening, OPENING_MONEY),
        TradeKind.FREE_ALLOCATION: (paths.allocation, BANK),
        TradeKind.PURCHASE: (paths.registry, treatment.payer),
    }[trade.kind]
    tonnes = _tonnes(trade)
    return (
        Posting(paths.holding, trade.instrument, tonnes, lot_cost=cost),
        Posting(source, trade.instrument, -tonnes),
        *_money(paths.cost, payer, cost),
        *_money(INPUT_VAT, payer, tax),
    )


def _disposal(
    trade: Trade, paths: InstrumentAccounts, treatment: TradeTreatment
) -> tuple[tuple[Posting, ...], CostLegs]:
    """Return the tonnes going out, a sale's money, and where the relieved cost goes."""
    target, expense = {
        TradeKind.SALE: (paths.registry, paths.loss),
        TradeKind.SURRENDER: (paths.surrendered, paths.surrender_expense),
        TradeKind.CANCEL: (paths.cancelled, paths.cancellation_expense),
    }[trade.kind]
    tonnes = _tonnes(trade)
    money: tuple[tuple[str, int], ...] = ()
    if trade.kind is TradeKind.SALE:
        money = (
            (treatment.receiver, trade.net_proceeds_fen()),
            (OUTPUT_VAT, -treatment.output_tax_fen(trade.amount_fen())),
            (INPUT_VAT, treatment.input_tax_fen(price_fen=0, fee_fen=trade.fee_fen)),
        )
    return (
        Posting(paths.holding, trade.instrument, -tonnes),
        Posting(target, trade.instrument, tonnes),
        *(Posting(path, BOOK_CURRENCY, fen) for path, fen in money if fen),
    ), CostLegs(paths.cost, paths.gain, expense)


def _money(debit: str, credit: str, fen: int) -> tuple[Posting, ...]:
    """Return both money legs, none for a zero amount."""
    return (Posting(debit, BOOK_CURRENCY, fen), Posting(credit, BOOK_CURRENCY, -fen)) if fen else ()


def _tonnes(trade: Trade) -> int:
    assert trade.quantity_t is not None, "every trade but a fee moves tonnes"
    return trade.quantity_t


def _attrs(trade: Trade) -> dict[str, str]:
    facts = {
        "trade_ref": trade.trade_ref,
        "trade_kind": trade.kind.value,
        "instrument": trade.instrument,
        "price_cny_per_t": "" if trade.price_cny_per_t is None else _plain(trade.price_cny_per_t),
        "compliance_year": "" if trade.compliance_year is None else str(trade.compliance_year),
        "counterparty": trade.counterparty,
        "venue": trade.venue,
        "note": trade.note,
        "price_eur_per_t": "" if trade.price_eur_per_t is None else _plain(trade.price_eur_per_t),
        "fixing_cny_per_eur": "" if trade.fixing_cny_per_eur is None else _plain(trade.fixing_cny_per_eur),
        "fixing_ref": trade.fixing_ref,
        "vat_code": trade.vat_code,
        "traded_on": "" if trade.settled_on is None else trade.traded_on.isoformat(),
        "order_id": "" if trade.order_id is None else str(trade.order_id),
        "order_sha256": trade.order_sha256,
    }
    return {name: text for name, text in facts.items() if text}


def _plain(price: Decimal) -> str:
    """Return a price without trailing zeros, so that 80 and 80.00 are one entry: ``97.40`` gives ``97.4``."""
    text = f"{price:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
