"""The shapes that enter and leave the API.

Written from the API's description; renew it with: make client.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeAlias
from uuid import UUID

AccountingCase: TypeAlias = Literal['law_in_force', 'draft_with_power']

AlertLevel: TypeAlias = Literal['covered', 'watch', 'warning', 'short']

AmendmentKind: TypeAlias = Literal['disposal', 'acquisition', 'merger', 'restructuring', 'method_change', 'capacity_moved', 'base_restated', 'regulation']

AmendmentState: TypeAlias = Literal['notified', 'in_talks', 'agreed', 'expired']

AssuranceLevel: TypeAlias = Literal['limited', 'reasonable', 'not_an_opinion']

AssuranceStandard: TypeAlias = Literal['isae_3000', 'isae_3410', 'issa_5000', 'iso_14064_3', 'aa1000as_v3', 'cets_verification']

Bound: TypeAlias = Literal['at_most', 'at_least']

BreachState: TypeAlias = Literal['open', 'cured', 'continuing']

CertificateKind: TypeAlias = Literal['market', 'own_use', 'old_hydro']

Channel: TypeAlias = Literal['app', 'email', 'webhook']

ChannelKind: TypeAlias = Literal['ets', 'loan_rate', 'cbam', 'renewable_duty', 'product_premium']

ChannelState: TypeAlias = Literal['counted', 'nothing_under_law', 'not_given']

CommodityKind: TypeAlias = Literal['money', 'allowance', 'credit', 'certificate']

Compounding: TypeAlias = Literal['none', 'at_contract_rate', 'at_penalty_rate', 'at_contract_then_penalty_rate']

CostBasis: TypeAlias = Literal['economic', 'book']

DayCount: TypeAlias = Literal['ACT/360', 'ACT/365F', 'ACT/ACT ISDA', '30/360 US', '30E/360']

Debtor: TypeAlias = Literal['borrower', 'lenders', 'assessor', 'borrower_and_lenders']

DeliveryState: TypeAlias = Literal['pending', 'claimed', 'sent', 'dead']

DeterminationCause: TypeAlias = Literal['first', 'delivered_late', 'restated', 'attestation_fell', 'dispute_settled']

Dimension: TypeAlias = Literal['lot', 'account', 'instrument', 'price_currency', 'book']

Duty: TypeAlias = Literal['report', 'attestation', 'yearly_report', 'yearly_attestation', 'decision', 'redetermination', 'interest', 'drawdown', 'repayment', 'maturity', 'sleeping_end', 'talks_end', 'breach_cure', 'mandate_end']

DutyState: TypeAlias = Literal['due', 'done', 'late', 'waived', 'passed']

EntryKind: TypeAlias = Literal['opening', 'issue', 'trade', 'transfer', 'surrender', 'cancel', 'fee', 'drawdown', 'interest', 'repayment', 'adjustment', 'reversal', 'general', 'carry_over', 'hold', 'capture', 'release', 'expire', 'close', 'record']

Evidence: TypeAlias = Literal['captive_plant', 'grid_residual', 'direct_line', 'market_contract', 'certificate']

ExampleState: TypeAlias = Literal['absent', 'loading', 'failed', 'loaded']

ExportFormat: TypeAlias = Literal['beancount', 'hledger', 'jsonl', 'xlsx', 'csv']

FindingResult: TypeAlias = Literal['passed', 'failed', 'not_applicable', 'unknown']

ForwardSettlement: TypeAlias = Literal['physical', 'cash']

ForwardSide: TypeAlias = Literal['buy', 'sell']

GoodsClass: TypeAlias = Literal['unwrought', 'intermediate', 'finished']

GrantState: TypeAlias = Literal['waiting', 'coming', 'live', 'expired', 'ended']

HoldKind: TypeAlias = Literal['hold', 'pledge', 'repo', 'lent', 'custody', 'freeze']

HoldState: TypeAlias = Literal['open', 'captured', 'released', 'expired']

HoldingGroup: TypeAlias = Literal['instrument', 'vintage', 'book', 'entity']

HorizonRule: TypeAlias = Literal['sqrt_time', 'overlapping']

ImportState: TypeAlias = Literal['reading', 'refused', 'ready', 'importing', 'confirmed', 'discarded', 'failed']

InstrumentKind: TypeAlias = Literal['CEA', 'CCER', 'EUA', 'CBAM', 'GEC']

Item: TypeAlias = Literal['feeds', 'trades', 'reconciliation', 'interest', 'allocation', 'valuation', 'vouchers', 'reviews', 'soft_close', 'hard_close']

JsonValue: TypeAlias = object

KeyAlgorithm: TypeAlias = Literal['EdDSA', 'SM2']

LabelState: TypeAlias = Literal['conventional', 'sleeping', 'active_sll', 'suspended', 'declassified']

LabelStep: TypeAlias = Literal['terms_with_clauses', 'terms_sleeping', 'terms_conventional', 'sleep_expired', 'activated', 'suspended', 'resumed', 'declassified']

LendingSide: TypeAlias = Literal['lender', 'borrower']

LimitDayRule: TypeAlias = Literal['keep', 'merge']

LimitScope: TypeAlias = Literal['trade', 'day', 'counterparty', 'vintage', 'instrument']

LineKind: TypeAlias = Literal['green_power', 'certificate', 'abatement', 'allowance', 'credit', 'surrender', 'surplus', 'loan_saving', 'premium']

LineOrder: TypeAlias = Literal['oldest_first', 'newest_first']

LoanRole: TypeAlias = Literal['borrower', 'lender', 'agent', 'guarantor', 'group_member', 'coordinator']

LookLanguage: TypeAlias = Literal['en', 'zh']

LotMethod: TypeAlias = Literal['fifo', 'lifo', 'average', 'specific']

Measure: TypeAlias = Literal['ets_direct', 'operational_incl_power', 'product_footprint', 'cbam_embedded']

Method: TypeAlias = Literal['historical', 'filtered', 'monte_carlo']

NoTradeRule: TypeAlias = Literal['drop', 'spread']

NoticeKind: TypeAlias = Literal['compliance_gap', 'target_at_risk', 'price_stale', 'report_due', 'limit_used', 'limit_refused', 'job_failed', 'witness_refused', 'approval_waits', 'import_finished', 'rate_decided', 'test']

NoticesLanguage: TypeAlias = Literal['en', 'zh']

OrganisationKind: TypeAlias = Literal['borrower', 'lender', 'assessor', 'auditor', 'operator']

Origin: TypeAlias = Literal['direct', 'power']

Outlook: TypeAlias = Literal['met', 'missed', 'on_track', 'at_risk', 'off_track', 'out_of_reach']

OverdueKind: TypeAlias = Literal['principal', 'interest']

Party: TypeAlias = Literal['book', 'counterparty']

PlanState: TypeAlias = Literal['optimal', 'infeasible']

PolicyEnding: TypeAlias = Literal['rejected', 'withdrawn']

PriceBasis: TypeAlias = Literal['listed_close', 'composite_close', 'month_end_close', 'day_average', 'vwap_block', 'auction', 'official_price', 'fixing', 'parity', 'approved_override']

PriceFormat: TypeAlias = Literal['prices', 'ecb_history', 'eex_auction', 'cneeex_market', 'cneeex_statistics']

PrincipalKindIn: TypeAlias = Literal['drawdown', 'prepayment']

ProcessState: TypeAlias = Literal['closed_before_determination', 'new_in_year', 'operating']

ProposalState: TypeAlias = Literal['waiting', 'done', 'refused', 'rejected', 'withdrawn', 'expired']

ProviderState: TypeAlias = Literal['waiting', 'live', 'ended']

Purpose: TypeAlias = Literal['baseline', 'test']

QueueKind: TypeAlias = Literal['report_due', 'report_late', 'attestation_due', 'attestation_late', 'review_awaited', 'proposal_awaited', 'approval_awaited', 'answer_awaited', 'disputed', 'attestations_conflict', 'attestation_fell', 'adjustment_awaited']

ReferenceStatus: TypeAlias = Literal['official', 'draft', 'secondary', 'assumed']

RepoSide: TypeAlias = Literal['seller', 'buyer']

Report: TypeAlias = Literal['trial-balance', 'positions', 'lots', 'statement']

Requirement: TypeAlias = Literal['always', 'above', 'never']

ReviewKind: TypeAlias = Literal['accepted', 'refused', 'queried', 'answered']

ReviewPlace: TypeAlias = Literal['here', 'elsewhere']

ReviewWord: TypeAlias = Literal['accepted', 'refused', 'queried']

RoundingMode: TypeAlias = Literal['half_up', 'half_even', 'floor']

Route: TypeAlias = Literal['primary', 'secondary']

SearchKind: TypeAlias = Literal['instrument', 'account', 'order', 'trade', 'counterparty', 'entry', 'lot', 'voucher', 'facility', 'kpi_period', 'engagement', 'determination', 'person']

Sector: TypeAlias = Literal['aluminium', 'power']

SeeBasis: TypeAlias = Literal['actual_verified', 'actual_unverified', 'default']

Settlement: TypeAlias = Literal['at_once', 'other_payables']

Severity: TypeAlias = Literal['block', 'warn']

SheetFormat: TypeAlias = Literal['csv', 'xlsx']

Side: TypeAlias = Literal['buy', 'sell']

Signal: TypeAlias = Literal['above', 'below', 'run_above', 'run_below']

SourceKind: TypeAlias = Literal['registry', 'bank']

Standard: TypeAlias = Literal['marks_only', 'ifrs_net_at_mark', 'ifrs_net_at_cost', 'ifrs_ias20']

Strategy: TypeAlias = Literal['buy_now', 'spread_evenly', 'last_quarter', 'last_month']

Template: TypeAlias = Literal['activity', 'trades', 'opening-positions', 'registry-statement', 'bank-statement', 'prices']

Theme: TypeAlias = Literal['light', 'dark', 'print']

Tradability: TypeAlias = Literal['tradable', 'traded', 'non_tradable']

TradeMethod: TypeAlias = Literal['listed', 'block', 'auction', 'bilateral', 'official']

TranslationsLanguage: TypeAlias = Literal['en', 'zh']

UnitClass: TypeAlias = Literal['coal_1', 'coal_2', 'coal_3', 'gas_4']

Verdict: TypeAlias = Literal['approved', 'rejected', 'withdrawn']

VoucherFormat: TypeAlias = Literal['xlsx', 'csv']

VoucherWords: TypeAlias = Literal['single', 'three']


@dataclass(frozen=True, kw_only=True)
class AccessEventOut:
    """One event of the access log."""

    id: UUID

    user_id: UUID | None

    happened_at: datetime

    what: str

    detail: str

    by: UUID | None

    address: str


@dataclass(frozen=True, kw_only=True)
class AccessEventsOut:
    """Up to 200 events, the newest first; ask again with ``before`` the last id."""

    events: tuple[AccessEventOut, ...]


@dataclass(frozen=True, kw_only=True)
class AccountBreaksOut:
    """What does not agree on one account."""

    source: str

    account: str

    commodity: str

    covered_from: date | None
    """The statements' first day; null without any line."""

    matched_lines: int

    breaks: tuple[BreakOut, ...]

    balance_differs: BalanceComparedOut | None

    failed_assertions: tuple[FailedAssertionOut, ...]


@dataclass(frozen=True, kw_only=True)
class AccountCloseIn:
    """The first day on which the account takes nothing."""

    closed_on: date


@dataclass(frozen=True, kw_only=True)
class AccountIn:
    """An account to be opened: one path, one commodity, its limits on the normal side, and how it keeps lots."""

    path: str
    """An account's path."""

    commodity: str
    """A commodity's code."""

    opened_on: date

    floor: Decimal | None = None

    ceiling: Decimal | None = None

    lot_method: LotMethod | None = None

    attrs: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class AccountOut:
    """An account's facts and limits, and what it holds at the close of the day, on its normal side."""

    account: str

    type: str

    commodity: str

    opened_on: date

    closed_on: date | None
    """The first day on which it takes nothing."""

    lot_method: str | None

    floor: AmountOut | None

    ceiling: AmountOut | None

    balance: AmountOut
    """Posted."""

    held: AmountOut

    available: AmountOut


@dataclass(frozen=True, kw_only=True)
class AccountProposalsOut:
    """What belongs together on one account, what could in several ways, and all that is open."""

    source: str

    account: str

    commodity: str

    matched_lines: int

    proposals: tuple[CandidateOut, ...]

    ambiguous: tuple[CandidateOut, ...]

    is_search_complete: bool
    """Whether every sum within the limits was tried."""

    open_lines: tuple[OpenLineOut, ...]

    open_postings: tuple[OpenPostingOut, ...]


@dataclass(frozen=True, kw_only=True)
class AccountsOut:
    """Accounts with their facts and balances, by path, empty ones too. The list ends where ``next_cursor`` is null."""

    as_of: date

    known: int
    """The first this many entries of the book are in the report."""

    tree_root: str
    """Root of the book's tree at known, 64 hexadecimal digits."""

    recorded_at: datetime | None
    """When entry number known was recorded; null before the first."""

    accounts: tuple[AccountOut, ...]

    next_cursor: str | None
    """Send it as after to read on."""


@dataclass(frozen=True, kw_only=True)
class AccrualOut:
    """One stretch of an interest period with one balance and one rate; ``end`` is exclusive."""

    start: date

    end: date

    days: int

    principal: AmountOut

    rate: str
    """A yearly rate as a fraction of one."""

    rate_exact: str
    """The same, exactly, as numerator/denominator."""

    adjustment_bp: str
    """Basis points; minus lowers."""

    is_projected: bool
    """Whether the rate rests on an assumed fixing."""


@dataclass(frozen=True, kw_only=True)
class AccrualsOut:
    """What the book lacks at the month's end, or what was posted; ``stands`` when nothing is lacking."""

    month: str
    """An accounting month."""

    tranches: int

    stands: bool

    entries: tuple[PlannedEntryOut, ...]

    untold: tuple[UntoldOut, ...]

    posted: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class ActionOut:
    """An action with the rule that holds now; ``approving_scope`` is what the second person needs."""

    action: str

    title_en: str

    title_zh: str

    approving_scope: str

    can_have_limit: bool

    is_fixed: bool

    rule: RuleOut


@dataclass(frozen=True, kw_only=True)
class ActivityMonthOut:
    """One site's month: its newest revision known at the asked instant."""

    month: str

    site: str

    production_t: str
    """An exact decimal string."""

    captive_coal_kwh: str
    """An exact decimal string."""

    grid_kwh: str
    """An exact decimal string."""

    own_nonfossil_direct_kwh: str
    """An exact decimal string."""

    market_nonfossil_contract_kwh: str
    """An exact decimal string."""

    grid_certificate_kwh: str
    """Grid power with certificates."""

    template: str

    measured: Mapping[str, str | None]
    """The template's other figures; null is not measured."""

    data_status: str
    """claimed, or verified by the named report."""

    verification: str | None

    revision: int
    """From 1; a changed figure is the next one."""

    origin: str

    raw_sha256: str
    """SHA-256, 64 hexadecimal digits."""

    recorded_at: datetime


@dataclass(frozen=True, kw_only=True)
class ActivityOut:
    """The organisation's activity, by month and site."""

    months: tuple[ActivityMonthOut, ...]


@dataclass(frozen=True, kw_only=True)
class ActivityUploadOut:
    """What became of an uploaded file: how many months it holds and how many of them said something new."""

    file_name: str

    raw_sha256: str
    """SHA-256, 64 hexadecimal digits."""

    months: int

    recorded: int
    """0 when everything stood already."""


@dataclass(frozen=True, kw_only=True)
class ActusOut:
    """A facility's drawn tranches as known at ``known_at``."""

    facility_id: UUID

    known_at: datetime

    tranches: tuple[ActusTrancheOut, ...]


@dataclass(frozen=True, kw_only=True)
class ActusTrancheOut:
    """One tranche; ``terms`` is null where ACTUS has no words for its contract, and ``not_expressible`` says for what."""

    tranche_id: str

    terms: Mapping[str, object] | None

    not_expressible: str | None

    events: tuple[Mapping[str, str | None], ...]


@dataclass(frozen=True, kw_only=True)
class AdjustmentAgreementIn:
    """Agreement to exactly the adjustment that ``digest`` names."""

    digest: str
    """The hash of exactly what was read."""


@dataclass(frozen=True, kw_only=True)
class AdjustmentIn:
    """What is to be adjusted: a tranche's interest paid on or before ``through``."""

    tranche_id: str
    """A code."""

    through: date


@dataclass(frozen=True, kw_only=True)
class AdjustmentOut:
    """A claw-back (positive) or refund (negative), who agreed, and why it is what it is."""

    id: UUID

    facility_id: UUID

    tranche_id: str

    change: AmountOut

    rows: tuple[AdjustmentRowOut, ...]

    known_then_sha256: str
    """SHA-256, 64 hexadecimal digits."""

    known_now_sha256: str
    """SHA-256, 64 hexadecimal digits."""

    digest: str
    """SHA-256, 64 hexadecimal digits."""

    agreed: tuple[str, ...]
    """The sides that agreed: borrower, lender."""

    proposed_at: datetime

    explain: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class AdjustmentRowOut:
    """One interest period already paid: what was booked, what is due, and the difference (positive: the borrower owes)."""

    period_start: date

    period_end: date

    payment_date: date

    booked: AmountOut

    due: AmountOut

    change: AmountOut


@dataclass(frozen=True, kw_only=True)
class AdjustmentsOut:
    """A facility's adjustments in order of proposal."""

    adjustments: tuple[AdjustmentOut, ...]


@dataclass(frozen=True, kw_only=True)
class AgreedOut:
    """An organisation that agreed to the version, and when."""

    organisation_id: UUID

    agreed_at: datetime


@dataclass(frozen=True, kw_only=True)
class AgreementIn:
    """Agreement to exactly the version that ``sha256`` names."""

    sha256: str
    """The hash of exactly what was read."""


@dataclass(frozen=True, kw_only=True)
class AlertOut:
    """Something in the file that a person should look at; it stopped no other row."""

    code: str

    message: str


@dataclass(frozen=True, kw_only=True)
class AllocationDeterminationIn:
    """The determination on a verification; ``stated_t`` is the authority's number where it differs, with its reason."""

    proposal_id: UUID

    dated_on: date

    verification_id: UUID

    balance_value: Decimal | None = None

    balance_source: str | None = None
    """One line of printable text."""

    stated_t: int | None = None

    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class AllocationStateOut:
    """A year's allocation as known at a point: which facts stand, what was issued, what is still to be settled."""

    as_of: date

    known: int
    """The first this many entries of the book are in the report."""

    tree_root: str
    """Root of the book's tree at known, 64 hexadecimal digits."""

    recorded_at: datetime | None
    """When entry number known was recorded; null before the first."""

    year: int

    phase: str

    preallocation_id: str | None

    verification_id: str | None

    determination_id: str | None

    due: AmountOut | None

    target: AmountOut | None

    issued: AmountOut

    difference: AmountOut | None
    """Above zero to be issued, below to be given back."""

    superseded: tuple[str, ...]

    objections: tuple[ObjectionOut, ...]

    next_actions: tuple[str, ...]
    """Facts that the procedure can take now, by route, in its order."""


@dataclass(frozen=True, kw_only=True)
class AllocationsProcessIn:
    """One electrolysis process in a year."""

    process_id: str
    """A code."""

    emissions_t: Decimal
    """An exact decimal string."""

    intensity: Decimal | None = None
    """ets_direct tCO2e/t."""

    state: ProcessState | None = None


@dataclass(frozen=True, kw_only=True)
class AllocationsSettlementIn:
    """The difference to be issued or given back, in the instrument of the year's vintage."""

    proposal_id: UUID

    dated_on: date

    instrument: str
    """A commodity's code."""


@dataclass(frozen=True, kw_only=True)
class AllocationsWithdrawalIn:
    """The withdrawal of a verification."""

    proposal_id: UUID

    dated_on: date

    verification_id: UUID

    reason: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class AmendmentIn:
    """What happened, when, in one line."""

    what: AmendmentKind

    happened_on: date

    description: str
    """A name."""


@dataclass(frozen=True, kw_only=True)
class AmendmentOut:
    """An amendment event on the day asked for: its notice, its talks, who agreed."""

    id: UUID

    what: AmendmentKind

    state: AmendmentState

    happened_on: date

    notified_on: date

    notice_due_on: date

    is_notice_late: bool

    talks_end_on: date

    agreed: tuple[str, ...]

    description: str


@dataclass(frozen=True, kw_only=True)
class AmountOut:
    """An exact amount: a decimal string at the commodity's full scale, and its unit."""

    amount: Decimal

    unit: str


@dataclass(frozen=True, kw_only=True)
class AnswerOut:
    """A calculator's answer; every number is a decimal string and ``units`` names the unit of each result."""

    calculator: str

    inputs: Mapping[str, str | tuple[str, ...] | tuple[Mapping[str, str], ...]]

    result: Mapping[str, str | tuple[Mapping[str, str | None], ...] | None]

    units: Mapping[str, str]

    formula: str

    rounding: str

    places: str

    sources: tuple[SourceOut, ...]


@dataclass(frozen=True, kw_only=True)
class ApiKeyIn:
    """An API key to be issued: for whom, what it may do, and for how many days."""

    user_id: UUID

    scopes: tuple[str, ...]

    days: int

    name: str | None = None

    addresses: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class ApiKeyOut:
    """An API key without its secret."""

    id: UUID

    prefix: str

    name: str

    user_id: UUID

    scopes: tuple[str, ...]

    created_at: datetime

    expires_at: datetime

    revoked_at: datetime | None

    last_used_at: datetime | None

    addresses: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ApiKeyRotateIn:
    """For how many days the key that takes over works."""

    days: int


@dataclass(frozen=True, kw_only=True)
class ApiKeysOut:
    """An organisation's API keys, oldest first, and the scopes that a key can have there."""

    api_keys: tuple[ApiKeyOut, ...]

    scopes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ApprovalOut:
    """One person of a lender who agreed."""

    user_id: UUID

    organisation_id: UUID

    approved_on: date

    approved_at: datetime


@dataclass(frozen=True, kw_only=True)
class ApproveIn:
    """Consent to exactly the content that ``sha256`` names."""

    sha256: str
    """The proposal's sha256, as it was read."""


@dataclass(frozen=True, kw_only=True)
class ArrearOut:
    """An older year of which tonnes are still due."""

    year: int

    due: AmountOut

    surrendered: AmountOut

    missing: AmountOut

    due_on: date


@dataclass(frozen=True, kw_only=True)
class AskedOut:
    """The request as it was sent; ``body`` is its JSON, or null for a file, whose digest then says what it is."""

    route: str

    path: str

    query: str

    content_type_: str = field(metadata={"name": 'content_type'})

    body_: JsonValue = field(metadata={"name": 'body'})

    content_: str = field(metadata={"name": 'content'})
    """The RFC 8785 JSON whose SHA-256 is the digest."""


@dataclass(frozen=True, kw_only=True)
class AssessedFacilityOut:
    """A facility as an engaged assessor sees it: what is measured, and nothing that is priced."""

    id: UUID

    facility_number: str

    terms_sha256: str
    """SHA-256, 64 hexadecimal digits."""

    kpis: tuple[KpiOut, ...]


@dataclass(frozen=True, kw_only=True)
class AttestationDraftsReviewIn:
    """Which version was reviewed, by the digest of its bytes."""

    sha256: str
    """64 hexadecimal digits."""


@dataclass(frozen=True, kw_only=True)
class AttestationLineOut:
    """One received envelope in a list: how it stands, and the code of the first check it failed."""

    id: UUID

    state: str

    code: str | None

    reason: str | None

    field: str | None

    key_id: str | None

    envelope_sha256: str
    """SHA-256, 64 hexadecimal digits."""

    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class AttestationOut:
    """An attestation as received and as it stands; a refused one says why.

    ``envelope`` is the received bytes, to be checked again by anyone; ``statement_json`` is the verified statement's RFC 8785 text,
    null when the signature did not hold.
    """

    id: UUID

    engagement_id: UUID

    kpi_period_id: UUID

    state: str

    code: str | None

    reason: str | None

    field: str | None

    key_id: str | None

    envelope_sha256: str
    """SHA-256, 64 hexadecimal digits."""

    envelope: str
    """The received bytes, unpadded base64url."""

    statement_json: str | None

    received_at: datetime

    remarks: tuple[RemarkOut, ...]

    receipts: tuple[EvidenceReceiptOut, ...]


@dataclass(frozen=True, kw_only=True)
class AttestationsOut:
    """Everything received under an engagement, refused envelopes included, in order of receipt."""

    attestations: tuple[AttestationLineOut, ...]


@dataclass(frozen=True, kw_only=True)
class AttestationsWithdrawalIn:
    """Why an attestation is withdrawn."""

    reason: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class AuditConsistencyOut:
    """That the log begins with its first ``old_size`` rows as they were: RFC 6962 consistency."""

    old_size: int

    old_root: str
    """64 hexadecimal digits."""

    head: AuditHeadOut

    path: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AuditHeadOut:
    """The tree over the organisation's audit log: keep it outside, and a later check shows that nothing was rewritten."""

    size: int

    root: str
    """64 hexadecimal digits."""


@dataclass(frozen=True, kw_only=True)
class AuditOut:
    """A page of the audit log, the newest first; ``next_before`` begins the next."""

    head: AuditHeadOut

    rows: tuple[AuditRowOut, ...]

    next_before: int | None


@dataclass(frozen=True, kw_only=True)
class AuditProofOut:
    """That a row is in the tree of ``head``: RFC 6962 inclusion, hashes from leaf to root."""

    row: AuditRowOut

    head: AuditHeadOut

    path: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AuditRowOut:
    """One write request: who, through which key or session, what, with which outcome; ``proposed_by`` where it ran another's."""

    seq: int

    recorded_at: datetime

    user_id: UUID

    route: str

    status: int

    key_id: str | None

    session_id: str | None

    resources: tuple[str, ...]

    request_sha256: str | None

    answer_sha256: str | None

    proposal_id: str | None

    proposal_sha256: str | None

    proposed_by: str | None

    content_: str = field(metadata={"name": 'content'})
    """RFC 8785 JSON: what the leaf commits to, after the salt."""

    salt: str
    """Hexadecimal."""

    leaf_hash: str
    """64 hexadecimal digits."""


@dataclass(frozen=True, kw_only=True)
class AveragePriceOut:
    """The exact mean price of what was dealt: the fraction, and a decimal for reading."""

    exact: str

    amount: str

    unit: str


@dataclass(frozen=True, kw_only=True)
class BackTestCutOut:
    """What the forecast would have said after one month."""

    after: str

    forecast_tco2e_per_t: str
    """tCO2e per tonne of product."""

    low_tco2e_per_t: str | None

    high_tco2e_per_t: str | None

    error_tco2e_per_t: str
    """Forecast minus actual."""

    is_covered: bool | None
    """Null without an interval."""

    outlook: Outlook


@dataclass(frozen=True, kw_only=True)
class BackTestOut:
    """The forecast replayed on a year that is over, with the production really made standing for the plan."""

    method: str

    actual_tco2e_per_t: str
    """tCO2e per tonne of product."""

    confidence: str

    coverage: str | None
    """Share of intervals that held the actual."""

    largest_error_tco2e_per_t: str
    """tCO2e per tonne of product."""

    cuts: tuple[BackTestCutOut, ...]


@dataclass(frozen=True, kw_only=True)
class BalanceAssertionIn:
    """What an account must hold at the close of a day, on its normal side, and who says so."""

    account: str
    """An account's path."""

    as_of: date

    expected: Decimal
    """An exact decimal string."""

    source: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class BalanceAssertionOut:
    """An assertion with its checks, the newest last."""

    assertion: int

    account: str

    commodity: str

    as_of: date

    expected: AmountOut

    source: str

    recorded: FactOut

    verdict: str
    """Of the newest check: ok or failed."""

    checks: tuple[BalanceCheckOut, ...]


@dataclass(frozen=True, kw_only=True)
class BalanceAssertionsOut:
    """Balance assertions, oldest first."""

    assertions: tuple[BalanceAssertionOut, ...]


@dataclass(frozen=True, kw_only=True)
class BalanceCheckIn:
    """Which standing assertions to check anew: those for days up to ``until``, of one account or of all."""

    until: date

    account: str | None = None


@dataclass(frozen=True, kw_only=True)
class BalanceCheckOut:
    """One check: what the book held, by how many entries, and the verdict."""

    verdict: str

    actual: AmountOut

    difference: AmountOut
    """Expected less actual."""

    checked_at: datetime

    checked_by: UUID

    known: int
    """Entries the book had."""


@dataclass(frozen=True, kw_only=True)
class BalanceComparedOut:
    """The statement's last balance beside the book's, and what explains their difference."""

    day: date

    statement: AmountOut

    book: AmountOut

    difference: AmountOut

    lines_without_entry: AmountOut

    entries_without_line: AmountOut

    unexplained: AmountOut

    age_days: int


@dataclass(frozen=True, kw_only=True)
class BalanceNowOut:
    """An account as it stands, whatever the business days of what was recorded; amounts on its normal side."""

    account: str

    type: str

    commodity: str

    lot_method: str | None

    opened_on: date

    closed_on: date | None
    """The first day on which it takes nothing."""

    floor: AmountOut | None

    ceiling: AmountOut | None

    posted: AmountOut

    held: AmountOut
    """Set aside under holds that have not run out."""

    available: AmountOut
    """Posted less held."""


@dataclass(frozen=True, kw_only=True)
class BalancesOut:
    """A page of accounts as they stand, in the order they were opened, and the tree head they stand at."""

    known: int
    """Number of the book's entries."""

    tree_root: str
    """Root of the book's tree, 64 hexadecimal digits."""

    balances: tuple[BalanceNowOut, ...]

    next_cursor: str | None
    """Send it as after to read on."""


@dataclass(frozen=True, kw_only=True)
class BankDeskAnswerIn:
    """The borrower's answer to a query."""

    reason: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class BankDeskPositionOut:
    """One loan of the portfolio."""

    facility_id: UUID

    facility_number: str

    share: str
    """Your part of the whole."""

    label: LabelState

    may_be_called_sll: bool

    kpi_path: tuple[KpiPointOut, ...]

    tranches: tuple[TrancheExposureOut, ...]

    exposures: tuple[ExposureOut, ...]

    next_decision: ObligationOut | None

    alerts: tuple[QueueItemOut, ...]


@dataclass(frozen=True, kw_only=True)
class BankDeskReviewIn:
    """A verdict or a query on exactly the reported data that ``sha256`` names, and why."""

    what: ReviewWord

    sha256: str
    """The hash of exactly what was read."""

    reason: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class BarOut:
    """One driver at its two ends; ``effect`` is the larger distance from the base value."""

    driver: str

    unit: str

    base: str

    low: str

    high: str

    at_low: str

    at_high: str

    effect: str

    source: str


@dataclass(frozen=True, kw_only=True)
class BatchEntryIn:
    """An entry of a batch; its id is in the body. Neighbours of one ``link`` are recorded all or none."""

    kind: EntryKind
    """One of opening, issue, trade, transfer, surrender, cancel, fee, drawdown, interest, repayment, adjustment, general, carry_over."""

    effective_on: date
    """The business day."""

    document_on: date | None = None
    """The paper's own date."""

    doc_ref: str | None = None

    attrs: Mapping[str, str] | None = None

    legs: tuple[EntriesLegIn, ...]

    cost_legs: CostLegsIn | None = None

    pii_commitment: str | None = None
    """The commitment to personal data that was kept apart; 64 hexadecimal digits."""

    entry_id: UUID

    link: UUID | None = None
    """Shared by neighbouring entries that are recorded all or none."""


@dataclass(frozen=True, kw_only=True)
class BatchIn:
    """Entries to be judged one by one in order, each seeing those accepted before it."""

    entries: tuple[BatchEntryIn, ...]


@dataclass(frozen=True, kw_only=True)
class BatchItemOut:
    """What became of one entry: exactly one of receipt and refusal."""

    place: int
    """Of the entry in the batch, from zero, as fields count."""

    entry_id: UUID

    receipt: EntriesReceiptOut | None

    refusal: RefusalOut | None


@dataclass(frozen=True, kw_only=True)
class BatchOut:
    """One result for each entry sent, in order."""

    accepted: int

    refused: int

    results: tuple[BatchItemOut, ...]


@dataclass(frozen=True, kw_only=True)
class BenchmarkIn:
    """An industry, uploaded or generated; what is not given is the article's."""

    methodology: str
    """A code."""

    plants: tuple[PowerUserIn, ...] | None = None

    plant_count: int | None = None

    output_t: Decimal | None = None

    ac_low: Decimal | None = None

    ac_high: Decimal | None = None

    ac_mean: Decimal | None = None

    ac_threshold: Decimal | None = None

    ac_share_below: Decimal | None = None

    green_share: Decimal | None = None

    green_plants: int | None = None

    seed: int | None = None

    grid_factor_kg_per_kwh: Decimal | None = None

    benchmark: Decimal | None = None
    """To judge at; null: the balance one."""

    step: Decimal | None = None
    """Of the sensitivities."""


@dataclass(frozen=True, kw_only=True)
class BenchmarkOut:
    """The first article's question answered; generated plants are estimates, and the rule never became law."""

    note_en: str

    note_zh: str

    balance_benchmark_tco2e_per_t: str

    breakeven_kwh_per_t: str

    balance: IndustryTotalsOut

    sensitivities: tuple[IndustrySensitivityOut, ...]

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class BookAccountCodeOut:
    """An account of money with its code in vouchers on a day; without one the month's vouchers are refused once it moves."""

    account: str

    currency: str

    closed_on: date | None
    """The first day on which it takes nothing."""

    code: str | None

    name_zh: str

    name_en: str

    presentation_zh: str

    presentation_en: str

    source: str
    """The chart's row, or the entity's accounting policy."""

    is_own: bool
    """Whether the code is the entity's own, of its accounting policy."""

    is_clearing: bool
    """Whether what is under way between two books stands on it."""


@dataclass(frozen=True, kw_only=True)
class BookAccountCodesOut:
    """A book's accounts of money by path with their codes on the day, and how many still have none."""

    on: date

    chart_version: str

    missing: int

    accounts: tuple[BookAccountCodeOut, ...]


@dataclass(frozen=True, kw_only=True)
class BookChangeOut:
    """Why a book's value changed between two points, each part to the minor unit."""

    book_id: UUID

    book_code: str

    currency: str

    opening_snapshot: SnapshotNameOut

    opening_known: int

    restated_snapshot: SnapshotNameOut
    """The opening day's marks as known at the closing."""

    closing_snapshot: SnapshotNameOut

    closing_known: int

    total: ProfitAndLossChangeOut

    by: str

    lines: tuple[ProfitAndLossChangeOut, ...]

    standing_fees: AmountOut
    """Account fees of the period that belong to no trade."""

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class BookIn:
    """A book to be opened under an id that the client makes."""

    book_id: UUID

    code: str
    """1 to 40 of a-z 0-9 -."""

    functional_currency: str
    """ISO 4217."""


@dataclass(frozen=True, kw_only=True)
class BookLogCheckOut:
    """What a whole replay of the book and of its organisation's audit log found: nothing, when both are sound.

    ``audit_log`` is null where that log was too long to be replayed in the time of a request; ``started_by`` on the server's terminal.
    """

    is_sound: bool

    entries: int

    tree_size: int

    tree_root: str
    """64 hexadecimal digits."""

    checked_at: datetime

    started_by: UUID | None

    first_bad: str | None
    """The first place that does not hold."""

    findings: tuple[BookLogFindingOut, ...]

    audit_log: CheckedAuditOut | None


@dataclass(frozen=True, kw_only=True)
class BookLogFindingOut:
    """One kind of thing that does not hold: the first place, what was expected and found there, and how often."""

    code: str

    table: str

    at: str

    expected: str

    found: str

    count: int


@dataclass(frozen=True, kw_only=True)
class BookOut:
    """A book, its tree head and the day it is closed through."""

    book_id: UUID

    code: str

    functional_currency: str

    tree_size: int
    """Number of entries."""

    tree_root: str
    """64 hexadecimal digits."""

    last_recorded_at: datetime

    locked_through: date | None
    """The last closed day, inclusive."""

    soft_locked_through: date | None
    """The last day on which only a closer still posts, inclusive."""


@dataclass(frozen=True, kw_only=True)
class BookRiskIn:
    """The risk of one book at a snapshot, of what its first ``known`` entries say (all when absent)."""

    no_trade: NoTradeRule | None = None

    limit_days: LimitDayRule | None = None

    series: tuple[SeriesIn, ...] | None = None

    snapshot_id: UUID

    method: Method | None = None

    confidence: Decimal | None = None
    """An exact decimal string."""

    window: int | None = None
    """Returns."""

    horizon: int | None = None
    """Sessions."""

    horizon_rule: HorizonRule | None = None

    seed: int | None = None
    """With monte_carlo."""

    paths: int | None = None
    """With monte_carlo."""

    participation_share: Decimal | None = None

    half_spread_cny_per_t: Decimal | None = None

    liquidity_month: str | None = None

    known: int | None = None
    """Record point; newest when absent."""


@dataclass(frozen=True, kw_only=True)
class BookedInterestOut:
    """Interest of a period that was booked: its payment, or with ``adjustment_id`` an adjustment of it; positive is paid."""

    tranche_id: str

    period_start: date

    amount: AmountOut

    adjustment_id: UUID | None

    entry_id: UUID

    recorded_at: datetime


@dataclass(frozen=True, kw_only=True)
class BookedOut:
    """What interest of a loan stands in the borrower's ledger, by tranche and period."""

    booked: tuple[BookedInterestOut, ...]


@dataclass(frozen=True, kw_only=True)
class BookingIn:
    """Into which book, and on which day."""

    book_id: UUID

    on: date


@dataclass(frozen=True, kw_only=True)
class BookingOut:
    """What a file of trades changed: those booked now, and references that stood already with the same content."""

    booked: tuple[TradeOut, ...]

    standing: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class BooksOut:
    """An organisation's books by code."""

    books: tuple[BookOut, ...]


@dataclass(frozen=True, kw_only=True)
class BpOut:
    """Basis points as a decimal, and exactly as numerator/denominator."""

    bp: str

    exact: str


@dataclass(frozen=True, kw_only=True)
class BreachIn:
    """Which duty was not kept, and until when it may be cured."""

    cure_by: date

    description: str
    """A name."""


@dataclass(frozen=True, kw_only=True)
class BreachOut:
    """A breach on the day asked for."""

    id: UUID

    state: BreachState

    noticed_on: date

    cure_by: date

    cured_on: date | None

    description: str


@dataclass(frozen=True, kw_only=True)
class BreakOut:
    """One disagreement with both sides, as far as they exist, and its age."""

    kind: str

    line: OpenLineOut | None

    posting: OpenPostingOut | None

    difference: AmountOut
    """The statement's figure less the book's."""

    age_days: int

    proposed: str | None
    """The rule by which a match waits for a person."""

    is_ambiguous: bool


@dataclass(frozen=True, kw_only=True)
class BreaksOut:
    """Every break at the point, the oldest first on each account."""

    as_of: date

    known: int
    """The first this many entries of the book."""

    facts: int
    """The first this many reconciliation facts of the book."""

    accounts: tuple[AccountBreaksOut, ...]


@dataclass(frozen=True, kw_only=True)
class CalculatorOut:
    """A calculator and the fields it takes."""

    name: str

    question: str

    fields: tuple[FieldOut, ...]


@dataclass(frozen=True, kw_only=True)
class CalculatorsOut:
    """Every calculator."""

    calculators: tuple[CalculatorOut, ...]


@dataclass(frozen=True, kw_only=True)
class CalendarDaysOut:
    """The open days of one market and year, by what was known at ``known_at``."""

    market: str

    year: int

    known_at: datetime

    edition: str

    open_days: tuple[date, ...]


@dataclass(frozen=True, kw_only=True)
class CalendarEditionOut:
    """Which edition of a market's calendar a snapshot used."""

    market: str

    edition: str


@dataclass(frozen=True, kw_only=True)
class CalendarOut:
    """A market's calendar by what was known: the days it knows, its edition, and the years that are not as shipped.

    A day outside ``first_known`` to ``last_known`` is unknown and blocks marks; import that year.
    """

    market: str

    first_known: date

    last_known: date

    edition: str

    source: str

    versions: tuple[YearVersionOut, ...]


@dataclass(frozen=True, kw_only=True)
class CalendarStepOut:
    """One step of the calendar with its state on the day asked for."""

    step: str

    sector: str | None
    """Null where it holds for every sector."""

    due_on: date
    """The last day on which it is in time."""

    state: str

    done_on: date | None

    is_late: bool

    is_by_fact: bool
    """A fact or an entry says that it is done, not a milestone."""

    label_en: str

    label_zh: str

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class CalendarYearOut:
    """A proposed year of a market's calendar, with what it would change in what is known now.

    ``is_new``: nothing is known of that year yet. ``newly_closed`` and ``newly_open`` are empty then.
    """

    proposal_id: UUID

    market: str

    year: int

    status: str

    source: str

    sha256: str

    file_sha256: str

    closed_weekdays: tuple[date, ...]

    open_weekend_days: tuple[date, ...]

    is_new: bool

    newly_closed: tuple[date, ...]

    newly_open: tuple[date, ...]

    maker_id: UUID

    proposed_at: datetime

    decision: ProposalsDecisionOut | None


@dataclass(frozen=True, kw_only=True)
class CalendarYearsOut:
    """The organisation's proposals of calendar years, the newest first, at most 200."""

    calendar_years: tuple[CalendarYearOut, ...]


@dataclass(frozen=True, kw_only=True)
class CalendarsOut:
    """Every market's calendar by what was known at ``known_at``."""

    known_at: datetime

    calendars: tuple[CalendarOut, ...]


@dataclass(frozen=True, kw_only=True)
class CameBackIn:
    """What the provider sent back through the browser: its ``code`` and ``state``, ``iss`` where it says who it is.

    ``error`` is true where the provider sent an error instead.
    """

    provider_id: UUID

    state: str

    code: str | None = None

    iss: str | None = None

    error: bool | None = None


@dataclass(frozen=True, kw_only=True)
class CandidateOut:
    """Lines and postings that belong together by a rule, or that fit in several ways."""

    rule: str

    why: str
    """The rule in English."""

    why_zh: str
    """The rule in Chinese."""

    lines: tuple[int, ...]

    postings: tuple[PostingPlace, ...]

    gap_days: int | None
    """The widest gap between a line and a posting; null when ambiguous."""


@dataclass(frozen=True, kw_only=True)
class CapEffectOut:
    """What a swap does to a year's position: before and after, with the reasons."""

    before: CapPositionOut

    after: CapPositionOut

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class CapPositionOut:
    """Usable tonnes against a duty: allowances, eligible credits, the cap, and what counts."""

    allowances: AmountOut

    eligible_credits: AmountOut

    cap: AmountOut

    usable: AmountOut


@dataclass(frozen=True, kw_only=True)
class CaptureIn:
    """An amount of a hold to be used: one leg credits the held account by it, the others say where it goes.

    A beneficiary's legs credit the held account and debit equity accounts in the same commodity, and nothing else.
    """

    entry_id: UUID | None = None
    """May be left out under an Idempotency-Key header that is a UUID."""

    effective_on: date
    """The business day."""

    document_on: date | None = None
    """The paper's own date."""

    doc_ref: str | None = None

    attrs: Mapping[str, str] | None = None

    amount: Decimal
    """An exact decimal string."""

    legs: tuple[EntriesLegIn, ...]

    cost_legs: CostLegsIn | None = None


@dataclass(frozen=True, kw_only=True)
class CarbonContractOut:
    """A contract as it stands today."""

    contract_id: UUID

    book_id: UUID

    organisation_name: str
    """Of the organisation in whose book it stands."""

    lender_name: str | None
    """Of a pledge loan's lender; null for other kinds."""

    number: int

    kind: str

    state: str

    as_of: date
    """Today in the zone of contract days."""

    counterparty_id: UUID

    agreement_ref: str

    instrument: str
    """The first that it moves, encumbers or settles on."""

    quantity: AmountOut
    """Of that instrument, by the terms in force."""

    contract_amount: AmountOut
    """The money of the terms in force that counts towards limits."""

    first_day: date
    """From which day on it may be opened."""

    last_day: date
    """From which day on it is settled."""

    days: int
    """Calendar days from the first to the last day."""

    next_due: NextDueOut | None

    version: int
    """The version in force."""

    sha256: str
    """Of the version that waits, else of the one in force."""

    versions: tuple[ContractVersionOut, ...]

    events: tuple[ContractEventOut, ...]

    encumbrances: tuple[EncumbranceOut, ...]

    encumbered: AmountOut

    principal: AmountOut | None

    interest_to_date: AmountOut | None
    """Of the days before today, booked or not."""

    interest_booked: AmountOut | None

    interest_paid: AmountOut | None

    accrued_to: date | None
    """Interest of the days before it is booked."""

    margin_given: AmountOut | None

    margin_taken: AmountOut | None

    margin_call: ContractMarginCallOut | None

    cash_flows: tuple[CashFlowOut, ...]

    expected_tonnes: tuple[TonneFlowOut, ...]

    next_actions: tuple[str, ...]

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class CarbonContractsOut:
    """A page of a book's contracts by number."""

    contracts: tuple[CarbonContractOut, ...]

    next_after: int | None
    """Where the next page begins."""


@dataclass(frozen=True, kw_only=True)
class CarbonPricePaidIn:
    """What was effectively paid at home for the emissions of these goods; free allowances are not paid."""

    paid_cny: Decimal
    """An exact decimal string."""

    rebate_cny: Decimal | None = None
    """An exact decimal string."""

    evidence: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class CarryOverIn:
    """A request to carry old vintages over; without ``tonnes`` all that may be.

    ``declared_settled`` names duty years of which nothing is on file here: surrendered in time, or without a duty.
    """

    proposal_id: UUID

    into_year: int

    requested_on: date

    into: str
    """A commodity's code."""

    tonnes: int | None = None

    declared_settled: tuple[int, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class CarryOverOut:
    """What may be carried over, from the book's own trades and holding."""

    into_vintage: int

    sold: AmountOut

    bought: AmountOut

    net_sold: AmountOut

    holding: AmountOut

    carryover: AmountOut

    is_limited_by_holding: bool

    unsettled_years: tuple[int, ...]
    """Years not surrendered in time: they bar it."""

    window_from: date

    window_to: date

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class CashFlowOut:
    """Money still to come (positive) or to go; without an amount a later price or result decides."""

    on: date

    what: str

    amount: AmountOut | None


@dataclass(frozen=True, kw_only=True)
class CbamExposureIn:
    """The year's goods to the EU, and the output that they are a part of."""

    flow: CbamFlowIn

    output_t: Decimal
    """An exact decimal string."""


@dataclass(frozen=True, kw_only=True)
class CbamFlowIn:
    """One importer's aluminium goods of a year."""

    year: int

    lines: tuple[GoodsLineIn, ...]

    importer_mass_t: Decimal | None = None
    """All CBAM goods of the importer's year; null: the lines."""

    prices: tuple[CertificatePriceIn, ...] | None = None

    price_source: str | None = None
    """One line of printable text."""

    cny_per_eur: Decimal | None = None

    fixing_source: str | None = None
    """One line of printable text."""

    carbon_price_paid: CarbonPricePaidIn | None = None


@dataclass(frozen=True, kw_only=True)
class CbamFlowOut:
    """Certificates and cost of a year's flow; null costs are unpriced, never zero."""

    year: int

    is_exempt: bool

    mass_t: str

    importer_mass_t: str

    embedded_tco2: str

    free_tco2: str

    payable_tco2: str

    deducted_tco2: str | None

    certificates: str | None
    """Whole, rounded up."""

    price_eur: str | None

    cost_eur: AmountOut | None

    cost_cny: AmountOut | None

    unpriced_periods: tuple[str, ...]

    sales_from: date

    declaration_due: date

    holdings: tuple[CbamHoldingOut, ...]

    lines: tuple[CbamLineOut, ...]

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class CbamHoldingOut:
    """Certificates to hold at a quarter's end."""

    quarter_end: date

    certificates: str


@dataclass(frozen=True, kw_only=True)
class CbamLineOut:
    """One line's emissions in tCO2."""

    line: str

    goods_class: GoodsClass

    basis: SeeBasis

    see_tco2_per_t: str

    free_allocation_tco2_per_t: str

    embedded_tco2: str

    free_tco2: str

    payable_tco2: str

    period: str

    price_eur: str | None


@dataclass(frozen=True, kw_only=True)
class CbamPriceOut:
    """A period ``[start, end)`` with both prices, their difference (published over own, less one) and the verdict."""

    period: str

    instrument: str

    start: date

    end: date

    own: OwnPriceOut | None

    published: PublishedPriceOut | None

    verdict: str

    difference: str | None

    max_difference: str

    explain: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class CellOut:
    """One cell of the note table: tonnes and money."""

    quantity: AmountOut

    amount: AmountOut


@dataclass(frozen=True, kw_only=True)
class CertificatePriceIn:
    """The certificate price of a quarter of 2026, or of a week from 2027 on."""

    period: str

    price_eur: Decimal
    """An exact decimal string."""


@dataclass(frozen=True, kw_only=True)
class ChallengeIn:
    """A public key to be registered under an id."""

    key_id: str
    """A code."""

    public_key: str
    """32 bytes of Ed25519, or 65 of an SM2 point (04, X, Y); unpadded base64url."""

    alg: KeyAlgorithm | None = None

    replaces: str | None = None


@dataclass(frozen=True, kw_only=True)
class ChallengeOut:
    """What the key's holder signs: exactly the bytes of ``challenge``."""

    challenge_id: UUID

    challenge: str
    """Unpadded base64url."""


@dataclass(frozen=True, kw_only=True)
class ChannelOut:
    """What the step is worth through one channel; null when its inputs were not given: unknown, never zero."""

    kind: ChannelKind

    state: ChannelState

    worth: AmountOut | None

    worth_exact_cny: str | None

    words_en: str

    words_zh: str

    changes_en: str
    """What would make a worthless channel count; else empty."""

    changes_zh: str

    is_estimate: bool

    figures: tuple[MeasuredOut, ...]


@dataclass(frozen=True, kw_only=True)
class ChannelWorthOut:
    """What one channel pays, rounded half-up once to the fen."""

    cny_per_t: str

    worth: AmountOut

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class ChargedOut:
    """Interest charged on a day: what had run until then, rounded once."""

    on: date

    amount: AmountOut


@dataclass(frozen=True, kw_only=True)
class ChartColumnOut:
    """One column of the table behind a chart."""

    name: str

    heading: str

    kind: str
    """text, number, day or month."""


@dataclass(frozen=True, kw_only=True)
class ChartPointOut:
    """One point of the parity chart."""

    price_cny_per_t: str

    premium_cny_per_mwh: str


@dataclass(frozen=True, kw_only=True)
class ChartRowOut:
    """One account of the Chinese chart with its source."""

    code: str

    name_zh: str

    name_en: str

    kind: str

    parent: str

    path: str

    presentation_zh: str

    presentation_en: str

    effective_from: date

    effective_to: date | None

    source: str

    status: str

    version: str


@dataclass(frozen=True, kw_only=True)
class ChartsChartOut:
    """A chart: ``rows`` are exact texts in the order of ``columns``; ``spec`` is Vega-Lite, which alone reads them as numbers."""

    name: str

    title: str

    description: str
    """What it shows, for who cannot see it."""

    columns: tuple[ChartColumnOut, ...]

    rows: tuple[tuple[str | None, ...], ...]

    spec: Mapping[str, JsonValue]
    """Vega-Lite JSON."""


@dataclass(frozen=True, kw_only=True)
class CheapestPlanIn:
    """What a plan chooses from and must reach. Prices have at most two decimals, so that every cost is whole fen."""

    on: date
    """Day of the position and of the offset rules."""

    known: int | None = None
    """Record point of the book: a seq."""

    process: DecisionsProcessIn | None = None
    """Whose obligation must be covered."""

    duty: OpenDutyIn | None = None

    goals: tuple[GoalIn, ...] | None = None

    loans: tuple[LoanGoalIn, ...] | None = None

    product: ProductIn | None = None

    contracts: tuple[GreenContractIn, ...] | None = None

    certificates: tuple[OfferIn, ...] | None = None

    measures: tuple[MeasureIn, ...] | None = None

    allowances: tuple[OfferIn, ...] | None = None

    credits: tuple[OfferIn, ...] | None = None

    lots: tuple[LotIn, ...] | None = None

    lot_worth_cny_per_t: Decimal | None = None
    """What a tonne that the book holds would fetch."""

    surplus_cny_per_t: Decimal | None = None
    """What a tonne of surplus fetches."""

    cash_limit_cny: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class CheapestPlanOut:
    """The plan, exact to the fen, or the smallest set of constraints that leaves none."""

    point: PointOut | None

    state: PlanState

    net_cost: AmountOut | None

    cash: AmountOut | None

    lines: tuple[DecisionPlansPlanLineOut, ...]

    constraints: tuple[ConstraintOut, ...]

    reliefs: tuple[ReliefOut, ...]

    unchecked: tuple[str, ...]

    conflict: tuple[MissingOut, ...]

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class CheckedAuditOut:
    """What a replay of the organisation's audit log found: its rows, the root of their tree, and a sentence for each finding."""

    is_sound: bool

    rows: int

    root: str
    """64 hexadecimal digits."""

    findings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ChecklistOut:
    """The graded checklist of the terms in force; the label may become active while ``blocking`` is empty."""

    facility_id: UUID

    terms_version: int

    principles_version: str

    blocking: tuple[str, ...]

    sha256: str
    """Hash of the findings; an activation records it."""

    findings: tuple[LabelsFindingOut, ...]


@dataclass(frozen=True, kw_only=True)
class CheckpointLineOut:
    """A published tree head; ``period_through`` where it closes a period."""

    number: int

    tree_size: int

    tree_root: str
    """64 hexadecimal digits."""

    key_name: str

    period_through: date | None

    published_at: datetime

    note: str
    """A checkpoint as C2SP signed note; its text is signed as it stands."""


@dataclass(frozen=True, kw_only=True)
class CheckpointOut:
    """The newest signed tree head of a book. Keep ``note``: whoever kept one can prove a rolled-back book."""

    tree_size: str
    """A whole number."""

    tree_root: str
    """64 hexadecimal digits."""

    published_at: datetime

    note: str
    """A checkpoint as C2SP signed note; its text is signed as it stands."""


@dataclass(frozen=True, kw_only=True)
class CheckpointsOut:
    """A page of a book's checkpoints, the newest first."""

    checkpoints: tuple[CheckpointLineOut, ...]

    next_before: int | None


@dataclass(frozen=True, kw_only=True)
class ChecksOut:
    """The newest checks of a book, the last one first."""

    checks: tuple[BookLogCheckOut, ...]


@dataclass(frozen=True, kw_only=True)
class ColleagueOut:
    """A person of the caller's organisation."""

    id: UUID

    name: str


@dataclass(frozen=True, kw_only=True)
class ColleaguesOut:
    """The people of the caller's organisation by name."""

    colleagues: tuple[ColleagueOut, ...]


@dataclass(frozen=True, kw_only=True)
class ColumnsIn:
    """The header names that each column may have, compared without blanks, width and case; a mapped column must stand."""

    booked_on: tuple[str, ...]

    value_on: tuple[str, ...] | None = None

    reference: tuple[str, ...] | None = None

    counterparty: tuple[str, ...] | None = None

    amount: tuple[str, ...] | None = None

    amount_in: tuple[str, ...] | None = None

    amount_out: tuple[str, ...] | None = None

    direction: tuple[str, ...] | None = None

    balance: tuple[str, ...] | None = None

    commodity: tuple[str, ...] | None = None

    vintage: tuple[str, ...] | None = None

    project: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class ColumnsOut:
    """The header names that each column may have, compared without blanks, width and case; a mapped column must stand."""

    booked_on: tuple[str, ...]

    value_on: tuple[str, ...] | None

    reference: tuple[str, ...] | None

    counterparty: tuple[str, ...] | None

    amount: tuple[str, ...] | None

    amount_in: tuple[str, ...] | None

    amount_out: tuple[str, ...] | None

    direction: tuple[str, ...] | None

    balance: tuple[str, ...] | None

    commodity: tuple[str, ...] | None

    vintage: tuple[str, ...] | None

    project: tuple[str, ...] | None


@dataclass(frozen=True, kw_only=True)
class CommoditiesOut:
    """A book's commodities by code."""

    commodities: tuple[CommodityOut, ...]


@dataclass(frozen=True, kw_only=True)
class CommodityIn:
    """A commodity for the book to keep: its decimals are fixed for ever."""

    code: str
    """A commodity's code."""

    kind: CommodityKind

    scale: int
    """Number of decimals."""

    step: Decimal | None = None
    """The smallest tradable amount, in the commodity's units."""

    attrs: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class CommodityOut:
    """A commodity with its unit and facts."""

    code: str

    kind: str

    unit: str

    scale: int

    step: AmountOut

    attrs: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class ComparedOut:
    """One side of a comparison."""

    methodology_id: str

    methodology_version: str

    measure: Measure

    factor_set_sha256: str
    """SHA-256, 64 hexadecimal digits."""

    emissions_tco2e: str
    """An exact decimal string."""

    intensity_tco2e_per_t: str | None


@dataclass(frozen=True, kw_only=True)
class ComparisonOut:
    """One year of activity by two methodologies; the components' differences sum to the results' difference exactly."""

    year: int

    first: ComparedOut

    second: ComparedOut

    components: tuple[EmissionsDifferenceOut, ...]

    difference_tco2e: str
    """Second minus first."""

    difference_tco2e_per_t: str | None
    """Null without production."""

    explain: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class ComplianceCalendarOut:
    """The calendar of a year, by day."""

    year: int

    sector: str

    as_of: date

    steps: tuple[CalendarStepOut, ...]


@dataclass(frozen=True, kw_only=True)
class ComplianceOut:
    """A year's obligation: what is due, what covers it, what is missing (below zero: left over) and what that costs."""

    as_of: date

    known: int
    """The first this many entries of the book are in the report."""

    tree_root: str
    """Root of the book's tree at known, 64 hexadecimal digits."""

    recorded_at: datetime | None
    """When entry number known was recorded; null before the first."""

    year: int

    emissions: AmountOut

    intensity: AmountOut | None
    """ets_direct."""

    due: AmountOut

    allocation: AmountOut

    allocation_case: str

    alpha: str
    """The allocation's coefficient, a decimal string."""

    surrendered: AmountOut

    unissued: AmountOut

    eligible_held: AmountOut

    ineligible_held: AmountOut

    allowances: tuple[HoldingVerdictOut, ...]

    credits: tuple[HoldingVerdictOut, ...]

    ccer_cap: AmountOut

    ccer_eligible: AmountOut

    ccer_usable: AmountOut

    gap: AmountOut

    price: PriceOut | None

    price_source: str

    gap_cost: AmountOut | None
    """Null without a usable mark: unvalued, never zero."""

    fine: PenaltyOut | None
    """For the gap; null without a gap, a deadline or a price."""

    arrears: tuple[ArrearOut, ...]
    """Older years past their deadline with tonnes missing."""

    explanation: ExplanationOut


@dataclass(frozen=True, kw_only=True)
class ComplianceProposalOut:
    """A fact or plan as its maker put it, and what became of it."""

    proposal_id: UUID

    number: int

    year: int

    kind: str

    state: str
    """proposed, approved, refused or executed."""

    dated_on: date

    refers_to: UUID | None

    document: Mapping[str, JsonValue]
    """What the digest is over, in RFC 8785 form."""

    sha256: str
    """The proposal's sha256, as it was read."""

    maker_id: UUID

    proposed_at: datetime

    decider_id: UUID | None

    decided_at: datetime | None

    reason: str

    entry_seqs: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class ComplianceProposalsOut:
    """A page of a book's proposals in the order in which they became known."""

    proposals: tuple[ComplianceProposalOut, ...]

    next_after: int | None
    """Send it as after to read on; null on the last page."""


@dataclass(frozen=True, kw_only=True)
class ComponentOut:
    """One component of a year's emissions; the components sum to the emissions exactly."""

    component: str

    label_en: str

    label_zh: str

    scope: str
    """direct, indirect or upstream."""

    is_counted: bool
    """False when it lies outside the boundary."""

    emissions_tco2e: str
    """An exact decimal string."""


@dataclass(frozen=True, kw_only=True)
class ConfirmIn:
    """Which preview is confirmed."""

    sha256: str
    """preview.sha256 as it was read."""


@dataclass(frozen=True, kw_only=True)
class ConfirmedOut:
    """What a confirmation did and made: the last entry, the statement's fact, or the proposal that waits for a second person."""

    confirmed_at: datetime

    confirmed_by: UUID

    last_seq: str | None

    fact: str | None

    proposal_id: str | None

    proposal_sha256: str | None


@dataclass(frozen=True, kw_only=True)
class ConnectionIn:
    """An organisation connected to the loan beside borrower and lenders: it cannot assess the loan, nor can who shares a person with it."""

    organisation_id: UUID

    role: LoanRole


@dataclass(frozen=True, kw_only=True)
class ConnectionOut:
    """One organisation that an assessor of the loan must be independent of."""

    organisation_id: str

    role: str

    legal_name: str | None
    """Null for one that is not on file here."""


@dataclass(frozen=True, kw_only=True)
class ConnectionsOut:
    """Everyone whom an assessor of the loan must be independent of, borrower and lenders included."""

    connections: tuple[ConnectionOut, ...]


@dataclass(frozen=True, kw_only=True)
class ConsistencyOut:
    """That the tree of ``tree_size`` entries begins with the tree of ``old_size``."""

    origin: str
    """The log's name."""

    old_size: str
    """A whole number."""

    old_root: str
    """64 hexadecimal digits."""

    tree_size: str
    """A whole number."""

    tree_root: str
    """64 hexadecimal digits."""

    path: tuple[str, ...]
    """RFC 9162 section 2.1.4."""

    note: str | None
    """Signs the newer tree; null where no checkpoint does."""


@dataclass(frozen=True, kw_only=True)
class ConstraintOut:
    """How far a constraint is met, checked exactly."""

    name: str

    is_at_least: bool

    bound: str

    reached: str

    slack: str

    unit: str

    is_met: bool

    is_tight: bool
    """Nothing is left; relief may still save nothing where steps are large."""


@dataclass(frozen=True, kw_only=True)
class ContractAmendmentIn:
    """A further wording of the whole terms."""

    terms: ForwardIn | RepoIn | PledgeLoanIn | LendingIn | SwapIn | CustodyIn
    """The terms of one kind of contract."""


@dataclass(frozen=True, kw_only=True)
class ContractEventOut:
    """One dated fact; ``link`` names the linked group of the book's entries."""

    number: int

    what: str

    version: int

    happened_on: date

    actor_id: UUID | None
    """Null for a person of another organisation."""

    doc_ref: str

    link: UUID | None

    recorded_at: datetime

    figures: tuple[ContractFigureOut, ...]

    refs: tuple[ContractFigureOut, ...]


@dataclass(frozen=True, kw_only=True)
class ContractFigureOut:
    """A signed change of a running figure, or a reference, by name."""

    name: str

    value: str


@dataclass(frozen=True, kw_only=True)
class ContractIn:
    """A contract to be worded."""

    contract_id: UUID

    terms: ForwardIn | RepoIn | PledgeLoanIn | LendingIn | SwapIn | CustodyIn
    """The terms of one kind of contract."""


@dataclass(frozen=True, kw_only=True)
class ContractLotIn:
    """One given lot and its tonnes."""

    lot_id: int

    quantity_t: Decimal
    """Whole tonnes."""


@dataclass(frozen=True, kw_only=True)
class ContractMarginCallOut:
    """The latest margin call: add the tonnes or repay the money."""

    called_on: date

    add: AmountOut

    repay: AmountOut

    snapshot_id: str

    is_met: bool


@dataclass(frozen=True, kw_only=True)
class ContractMovementOut:
    """One line of an entry: a leg (debit positive), or what was set aside (positive) or let go of in the ledger.

    Without an account it is the record that proves the step.
    """

    number: int
    """The contract's fact."""

    what: str

    effective_on: date

    seq: int
    """The entry's place in the book."""

    entry_id: UUID

    kind: str
    """Of the entry."""

    account: str | None

    commodity: str | None

    amount: AmountOut | None

    hold_id: UUID | None

    recorded_at: datetime


@dataclass(frozen=True, kw_only=True)
class ContractMovementsOut:
    """A page of what a contract's facts moved, in the order of the book."""

    contract_id: UUID

    movements: tuple[ContractMovementOut, ...]

    next_after: int | None
    """The fact after which the next page begins."""


@dataclass(frozen=True, kw_only=True)
class ContractRateIn:
    """The contract rate of [start, end), as decided; ``rate_without_kpi`` where a KPI step moved it."""

    start: date

    end: date

    rate: Decimal
    """A rate as a fraction of one, a decimal string."""

    rate_without_kpi: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class ContractValueOut:
    """What a contract is worth, or secured by, at one frozen snapshot; unvalued where it has no usable mark."""

    snapshot_id: str

    snapshot_sha256: str

    market_value: AmountOut | None

    discounted: AmountOut | None

    loan_to_value: LoanToValueOut | None

    unvalued_reason: str

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class ContractVersionOut:
    """One wording with its digest and another person's word on it."""

    version: int

    sha256: str
    """What an approval binds."""

    maker_id: UUID | None
    """Null for a person of another organisation."""

    made_at: datetime

    decision: str
    """approved, rejected, or empty while it waits."""

    decided_by: UUID | None
    """Null for a person of another organisation."""

    decided_at: datetime | None

    reason: str

    terms: ForwardOut | RepoOut | PledgeLoanOut | LendingOut | SwapOut | CustodyOut
    """The terms of one kind of contract."""


@dataclass(frozen=True, kw_only=True)
class ConversionOut:
    """The fixing by which a book's amounts are shown; null where the currency is the same."""

    currency: str

    fixing: MarkOut | None

    missing_reason: str


@dataclass(frozen=True, kw_only=True)
class CorrectIn:
    """Exactly one of both: a replacement before the order went out, or a fill's correction after."""

    replacement: ReplacementIn | None = None

    fill: FillCorrectionIn | None = None


@dataclass(frozen=True, kw_only=True)
class CorrectedOut:
    """What a correction made: the replacing order, or the proposed correction of a fill."""

    order: OrderOut | None

    correction: CorrectionOut | None


@dataclass(frozen=True, kw_only=True)
class CorrectionOut:
    """A proposed correction of a fill with exactly what differs; ``is_applied`` once another person approved it."""

    correction_id: UUID

    order_id: UUID

    sha256: str
    """What an approval binds."""

    maker_id: UUID

    is_applied: bool

    differences: tuple[TradingStepsDifferenceOut, ...]

    steps: tuple[TradingStepsStepOut, ...]


@dataclass(frozen=True, kw_only=True)
class CostLegsIn:
    """Where the cost of what the entry disposes of goes; the ledger adds these legs itself."""

    cost_account: str
    """An account's path."""

    gain_account: str
    """An account's path."""

    loss_account: str
    """An account's path."""


@dataclass(frozen=True, kw_only=True)
class CounterpartiesOut:
    """A book's counterparties in the order in which they were proposed."""

    counterparties: tuple[CounterpartyOut, ...]


@dataclass(frozen=True, kw_only=True)
class CounterpartyIn:
    """A counterparty to be trusted, up to a cumulative amount of open and done orders."""

    counterparty_id: UUID

    legal_name: str
    """A name."""

    registration_no: str
    """A name."""

    max_amount_cny: Decimal
    """An exact decimal string."""

    reason: str
    """A name."""


@dataclass(frozen=True, kw_only=True)
class CounterpartyOut:
    """A counterparty as it stands: proposed, waiting, trusted, revoked or rejected."""

    counterparty_id: UUID

    book_id: UUID

    legal_name: str

    registration_no: str

    max_amount: AmountOut

    reason: str

    state: str

    usable_from: datetime | None
    """The end of the waiting time after approval."""

    sha256: str
    """What an approval binds."""

    maker_id: UUID

    made_at: datetime

    steps: tuple[TradingStepsStepOut, ...]


@dataclass(frozen=True, kw_only=True)
class CustodyIn:
    """Tonnes handed to a manager for a fee and a share of the yield."""

    counterparty_id: UUID

    agreement_ref: str
    """The paper's number."""

    agreed_on: date
    """The paper's own day."""

    note: str | None = None

    kind: Literal['custody']

    instrument: str
    """A commodity's code."""

    quantity_t: Decimal
    """Whole tonnes."""

    starts_on: date

    ends_on: date

    is_title_transferred: bool

    fee_cny: Decimal
    """CNY with at most two decimals."""

    yield_share: Decimal
    """The book's share."""

    minimum_yield_cny: Decimal | None = None
    """CNY with at most two decimals."""

    lots: tuple[ContractLotIn, ...] | None = None
    """Given lots; empty: by the book's method."""


@dataclass(frozen=True, kw_only=True)
class CustodyOut:
    """Tonnes handed to a manager for a fee and a share of the yield."""

    counterparty_id: UUID

    agreement_ref: str
    """The paper's number."""

    agreed_on: date
    """The paper's own day."""

    note: str

    kind: Literal['custody']

    instrument: str
    """A commodity's code."""

    quantity_t: Decimal
    """Whole tonnes."""

    starts_on: date

    ends_on: date

    is_title_transferred: bool

    fee_cny: Decimal
    """CNY with at most two decimals."""

    yield_share: Decimal
    """The book's share."""

    minimum_yield_cny: Decimal
    """CNY with at most two decimals."""

    lots: tuple[ContractLotIn, ...]
    """Given lots; empty: by the book's method."""


@dataclass(frozen=True, kw_only=True)
class DayCloseDoneOut:
    """A day's close, and whether it stood already."""

    close: DayCloseOut

    is_replay: bool


@dataclass(frozen=True, kw_only=True)
class DayCloseIn:
    """The day to close."""

    day: date


@dataclass(frozen=True, kw_only=True)
class DayCloseOut:
    """One day's close: worth and cost of what was valued, by a frozen snapshot."""

    day: date

    run: int

    known: int
    """Entries of the book that were known."""

    snapshot_id: UUID | None

    snapshot_sha256: str

    quantity: AmountOut

    cost: AmountOut

    market_value: AmountOut

    unrealised: AmountOut

    unvalued: tuple[UnvaluedOut, ...]


@dataclass(frozen=True, kw_only=True)
class DayClosesOut:
    """Every close of a month's days, by day and run."""

    month: str
    """An accounting month."""

    closes: tuple[DayCloseOut, ...]


@dataclass(frozen=True, kw_only=True)
class DayIn:
    """The day of a step."""

    on: date
    """The business day of the step."""


@dataclass(frozen=True, kw_only=True)
class DecisionAnswersSensitivityOut:
    """The value per unit in the base case and its drivers, the largest effect first."""

    point: PointOut | None

    value: str

    unit: str

    bars: tuple[BarOut, ...]

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class DecisionPlansPlanLineOut:
    """One line of the plan; a cost below zero is earned."""

    kind: LineKind

    name: str

    quantity: AmountOut

    unit_cost: AmountOut

    cost: AmountOut

    is_cash: bool

    source: str


@dataclass(frozen=True, kw_only=True)
class DecisionSheetOut:
    """One decision whole, as known when it was proposed; ``decision`` is null while nobody decided."""

    determination_id: UUID

    facility_id: UUID

    facility_number: str

    digest: str
    """SHA-256, 64 hexadecimal digits."""

    proposed_at: datetime

    known_sha256: str
    """SHA-256, 64 hexadecimal digits."""

    terms_version: int

    terms_sha256: str
    """SHA-256, 64 hexadecimal digits."""

    terms: Mapping[str, JsonValue]

    kpis: tuple[SheetKpiOut, ...]

    tranches: tuple[SheetTrancheOut, ...]

    decision: DeterminationsDecisionOut | None

    explain: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class DecisionsProcessIn:
    """A process's year: emissions with output, or its recorded months and a forecast by a methodology."""

    year: int

    emissions_t: Decimal | None = None
    """ets_direct tCO2e."""

    output_t: Decimal | None = None
    """Tonnes of liquid metal."""

    methodology: str | None = None
    """In place of both."""

    through: str | None = None
    """Last recorded month that counts as over."""

    balance_value: Decimal | None = None
    """Published BP, tCO2e/t."""

    state: ProcessState | None = None

    case: AccountingCase | None = None
    """draft_with_power is a what-if, never the law."""


@dataclass(frozen=True, kw_only=True)
class DeclassificationApprovalIn:
    """Consent to exactly the proposal that ``digest`` names."""

    digest: str
    """The hash of exactly what was read."""


@dataclass(frozen=True, kw_only=True)
class DeclassificationIn:
    """From which day the loan is no longer sustainability-linked, today at the earliest, and why."""

    effective_on: date

    reason: str
    """A name."""


@dataclass(frozen=True, kw_only=True)
class DeclassificationOut:
    """A proposal to end the label with its digest, the consent so far, and the day the label ends once decided."""

    id: UUID

    effective_on: date

    reason: str

    digest: str
    """SHA-256, 64 hexadecimal digits."""

    proposed_by: str

    approved_by: tuple[str, ...]

    consent_share: str
    """Lenders' share that consented, exact."""

    needed_share: str
    """Share that decides, exact."""

    decided_on: date | None


@dataclass(frozen=True, kw_only=True)
class DefaultIn:
    """Who failed, and the price at which the parties' claims are set off."""

    on: date
    """The business day of the step."""

    doc_ref: str
    """The paper that the step rests on."""

    price_cny_per_t: Decimal
    """Close-out price, CNY per tonne."""

    defaulted_by: Party


@dataclass(frozen=True, kw_only=True)
class DeliveriesOut:
    """A page of the organisation's deliveries, of the newest alert first."""

    deliveries: tuple[DeliveryOut, ...]

    dead: int
    """How many are dead, on every page."""

    next_cursor: str | None


@dataclass(frozen=True, kw_only=True)
class DeliveryEventOut:
    """A try that went well or not, a delivery's death, or a person's wish to try again."""

    what: str

    status: int | None

    detail: str

    actor_id: UUID | None

    at: datetime


@dataclass(frozen=True, kw_only=True)
class DeliveryOut:
    """One alert on its way to one mailbox or endpoint."""

    delivery_id: UUID
    """The message's id, the same at every try."""

    notice_id: UUID

    channel: str

    target_id: UUID
    """The person, or the webhook."""

    state: str

    tries: int

    due_at: datetime

    made_at: datetime

    events: tuple[DeliveryEventOut, ...]


@dataclass(frozen=True, kw_only=True)
class DeterminationOut:
    """A proposed decision on one test period, what it rests on, the approvals so far and how it ended (null while undecided).

    ``proposal`` is every input and result that ``digest`` covers: SHA-256 over its RFC 8785 bytes.
    """

    id: UUID

    facility_id: UUID

    terms_version: int

    period_start: date

    period_end: date

    cause: str

    replaces: UUID | None

    found: tuple[FoundOut, ...]

    prices: tuple[TranchePriceOut, ...]

    evidence: tuple[DeterminationsEvidenceOut, ...]

    proposal: Mapping[str, JsonValue]

    digest: str
    """SHA-256, 64 hexadecimal digits."""

    proposed_on: date

    proposed_at: datetime

    proposer_user_id: UUID

    proposer_organisation_id: UUID

    approvals: tuple[ApprovalOut, ...]

    decision: DeterminationsDecisionOut | None


@dataclass(frozen=True, kw_only=True)
class DeterminationsApprovalIn:
    """Consent to exactly the proposal that ``digest`` names."""

    digest: str
    """The hash of exactly what was read."""


@dataclass(frozen=True, kw_only=True)
class DeterminationsDecisionOut:
    """How the proposal ended; ``prices`` carry the final effect days when approved, ``reason`` is set when refused."""

    verdict: str

    reason: str | None

    prices: tuple[TranchePriceOut, ...]

    decided_on: date

    decided_at: datetime

    user_id: UUID

    organisation_id: UUID


@dataclass(frozen=True, kw_only=True)
class DeterminationsEvidenceOut:
    """What one KPI's part in the decision rests on."""

    kpi_period_id: UUID

    attestation_id: UUID | None

    baseline_attestation_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class DeterminationsOut:
    """A facility's determinations in order of proposal."""

    determinations: tuple[DeterminationOut, ...]


@dataclass(frozen=True, kw_only=True)
class DifferencesOut:
    """What differs between two snapshots, by instrument, and the overrides that are in the first and not in the second."""

    before_sha256: str

    after_sha256: str

    differences: tuple[MarkDifferenceOut, ...]

    jumps: tuple[JumpOut, ...]


@dataclass(frozen=True, kw_only=True)
class DisclosureOut:
    """The year's note table, by what the book's first ``known`` entries say."""

    book_id: UUID

    year: int

    known: int

    tree_root: str

    allowances: MovementTableOut

    instruments: tuple[MovementTableOut, ...]

    presentation: tuple[PresentationOut, ...]


@dataclass(frozen=True, kw_only=True)
class DisposalOut:
    """What one entry took from one lot; every amount of a reversal is negative. Gain is proceeds less cost, a loss negative."""

    seq: int

    entry_id: UUID

    kind: str

    disposed_on: date

    doc_ref: str | None

    reverses_seq: int | None
    """The disposal that this line undoes."""

    account: str

    commodity: str

    lot_id: int

    acquired_on: date

    quantity: AmountOut

    cost: AmountOut

    proceeds: AmountOut | None
    """Null where the entry books no cost."""

    gain: AmountOut | None


@dataclass(frozen=True, kw_only=True)
class DisposalsOut:
    """The tax-lot report: disposals in recording order. It ends where ``next_cursor`` is null; a page may be short, or empty."""

    as_of: date

    known: int
    """The first this many entries of the book are in the report."""

    tree_root: str
    """Root of the book's tree at known, 64 hexadecimal digits."""

    recorded_at: datetime | None
    """When entry number known was recorded; null before the first."""

    disposals: tuple[DisposalOut, ...]

    next_cursor: str | None
    """Send it as after to read on."""


@dataclass(frozen=True, kw_only=True)
class DoneOut:
    """What was asked for stands."""

    done: bool


@dataclass(frozen=True, kw_only=True)
class DraftEventOut:
    """A state that the draft came to: about which version, through whom, and why."""

    state: str

    version: str
    """A whole number."""

    reason: str

    recorded_at: datetime

    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class DraftOut:
    """A statement in preparation: its newest text with the digest that a reviewer confirms, and what befell it."""

    id: UUID

    engagement_id: UUID

    state: str

    version: str
    """A whole number."""

    sha256: str
    """64 hexadecimal digits."""

    statement_json: str

    prepared_by: UUID

    events: tuple[DraftEventOut, ...]


@dataclass(frozen=True, kw_only=True)
class DraftsOut:
    """The engagement's drafts, oldest first."""

    drafts: tuple[DraftOut, ...]


@dataclass(frozen=True, kw_only=True)
class EconomicBookIn:
    """The id of the economic book to be opened."""

    economic_book_id: UUID


@dataclass(frozen=True, kw_only=True)
class EconomicBookOut:
    """A statutory book and its economic memo."""

    book_id: UUID

    economic_book_id: UUID


@dataclass(frozen=True, kw_only=True)
class EconomicOut:
    """Everything that is held at its mark; what is not issued yet stands apart as a forecast."""

    is_complete: bool

    market_value: AmountOut

    unrealised: AmountOut

    realised: AmountOut

    settled_at_cost: AmountOut

    unvalued_lots: int

    unvalued_quantity: AmountOut

    forecasts: tuple[ProfitAndLossForecastOut, ...]


@dataclass(frozen=True, kw_only=True)
class EffectOut:
    """One reason for a change of value, in the order in which they are taken."""

    effect: str

    label_en: str

    label_zh: str

    amount: AmountOut


@dataclass(frozen=True, kw_only=True)
class EmissionsDifferenceOut:
    """One component under both; null where a methodology does not count it."""

    component: str

    label_en: str

    label_zh: str

    first_tco2e: str | None

    second_tco2e: str | None

    difference_tco2e: str
    """Second minus first."""


@dataclass(frozen=True, kw_only=True)
class EmissionsOut:
    """A year's emissions by one methodology and factor set, with its months and why the intensity is what it is."""

    year: int

    measure: Measure

    methodology_id: str

    methodology_version: str

    factor_set_version: str

    factor_set_sha256: str
    """SHA-256, 64 hexadecimal digits."""

    data_status: str
    """verified only when every month is."""

    is_complete: bool
    """Whether every site has all twelve months."""

    missing_months: tuple[str, ...]
    """The gaps."""

    sites: tuple[str, ...]

    components: tuple[ComponentOut, ...]

    power: tuple[PowerUseOut, ...]

    months: tuple[MonthEmissionsOut, ...]

    production_t: str
    """An exact decimal string."""

    ac_kwh: str
    """An exact decimal string."""

    zero_emission_kwh: str
    """An exact decimal string."""

    emissions_tco2e: str
    """An exact decimal string."""

    intensity_tco2e_per_t: str | None
    """Null without production."""

    explain: ExplanationOut | None
    """Null where the intensity is."""


@dataclass(frozen=True, kw_only=True)
class EncumbranceOut:
    """What the ledger sets aside under the contract."""

    hold_id: UUID

    kind: str

    account: str

    state: str

    remaining: AmountOut

    beneficiary_id: UUID | None

    rank: int | None


@dataclass(frozen=True, kw_only=True)
class EndIn:
    """How a contract is settled or closed: a price where money settles it, a manager's yield under custody."""

    on: date
    """The business day of the step."""

    doc_ref: str
    """The paper that the step rests on."""

    price_cny_per_t: Decimal | None = None
    """CNY per tonne, where a price decides the money."""

    yield_cny: Decimal | None = None
    """The whole yield under custody."""


@dataclass(frozen=True, kw_only=True)
class EnergyAnomalyOut:
    """A month whose AC power per tonne leaves the line's own limits, or ends a run on one side of its mean."""

    period: str

    ac_kwh_per_t: str

    signal: Signal


@dataclass(frozen=True, kw_only=True)
class EnergyChartOut:
    """A line's individuals chart."""

    line: str

    mean_kwh_per_t: str

    lower_kwh_per_t: str

    upper_kwh_per_t: str

    base_periods: tuple[str, ...]
    """What the limits are computed from."""

    anomalies: tuple[EnergyAnomalyOut, ...]

    not_judged: tuple[str, ...]
    """Months without production."""


@dataclass(frozen=True, kw_only=True)
class EnergyChartsOut:
    """One chart per site."""

    charts: tuple[EnergyChartOut, ...]


@dataclass(frozen=True, kw_only=True)
class EngagementEndIn:
    """Why a mandate ends before its time, and since when if not now."""

    reason: str
    """One line of printable text."""

    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class EngagementIn:
    """An assessor's mandate for one KPI period, from ``valid_from`` (now when absent) to before ``valid_to`` (open when absent)."""

    kpi_period_id: UUID

    assessor_id: UUID

    level: AssuranceLevel

    standard: AssuranceStandard

    valid_from: datetime | None = None

    valid_to: datetime | None = None

    review: ReviewPlace | None = None


@dataclass(frozen=True, kw_only=True)
class EngagementOut:
    """A mandate, and whether the assessor has declared its independence."""

    id: UUID

    kpi_period_id: UUID

    facility_id: UUID

    assessor_id: UUID

    assessor_legal_name: str

    responsible_party: str

    level: str

    standard: str

    valid_from: datetime

    valid_to: datetime | None

    is_independence_declared: bool

    review: str


@dataclass(frozen=True, kw_only=True)
class EngagementsOut:
    """The engagements that the caller may see, oldest first."""

    engagements: tuple[EngagementOut, ...]


@dataclass(frozen=True, kw_only=True)
class EntityBookIn:
    """A book that is kept for the entity."""

    book_id: UUID


@dataclass(frozen=True, kw_only=True)
class EntityIn:
    """An entity's processes and captive units in a year, and the published balance value where the rule needs one."""

    year: int

    balance_value: Decimal | None = None

    processes: tuple[AllocationsProcessIn, ...] | None = None

    units: tuple[PowerUnitIn, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class EntityOut:
    """What the entity is allocated and owes; ``gap`` above zero is a shortage."""

    year: int

    due: AmountOut

    allocation: AmountOut

    gap: AmountOut

    is_topped_up: bool
    """Whether the power units were raised to the least share."""

    parts: tuple[PartOut, ...]

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class EntriesEffectOut:
    """Trades: entries that would be posted, references that stand already with the same content, accounts that move."""

    entries: int

    standing: int

    standing_refs: tuple[str, ...]

    positions: tuple[PositionChangeOut, ...]

    facts_sha256: str


@dataclass(frozen=True, kw_only=True)
class EntriesEntryOut:
    """An entry as recorded."""

    entry_id: UUID

    seq: int

    kind: str

    effective_on: date

    document_on: date | None

    recorded_at: datetime

    doc_ref: str | None

    attrs: Mapping[str, str]

    reverses_seq: int | None

    leaf_hash: str

    recorded_by: UUID
    """The person."""

    acting_for: UUID
    """The organisation."""

    transfer_id: UUID | None

    pii_commitment: str | None

    legs: tuple[PostedLegOut, ...]

    lot_moves: tuple[LotMoveOut, ...]

    hold_moves: tuple[HoldMoveOut, ...]


@dataclass(frozen=True, kw_only=True)
class EntriesLegIn:
    """One leg: debit positive, credit negative. ``lot_cost`` is the total cost of the lot that a debit brings."""

    account: str
    """An account's path."""

    commodity: str
    """A commodity's code."""

    amount: Decimal
    """An exact decimal string."""

    lot_cost: Decimal | None = None
    """In the book's functional currency."""

    lots: tuple[LotPickIn, ...] | None = None
    """The lots that a credit draws on."""

    is_carried: bool | None = None
    """A debit that takes over the lots, with cost and day, that the credits give up."""

    serials: tuple[SerialBlockIn, ...] | None = None
    """The registry's numbers of the units."""


@dataclass(frozen=True, kw_only=True)
class EntriesOut:
    """The entries of a loan's payments, those booked now and those that stood under their ids."""

    entries: tuple[LoanFactsEntryOut, ...]


@dataclass(frozen=True, kw_only=True)
class EntriesReceiptOut:
    """Proof of acceptance: the entry's place, time and leaf, and a tree head that covers it."""

    entry_id: UUID

    seq: int

    recorded_at: datetime

    leaf_hash: str
    """64 hexadecimal digits."""

    tree_size: int

    tree_root: str
    """64 hexadecimal digits."""

    is_replay: bool
    """The id had been recorded before with the same content."""


@dataclass(frozen=True, kw_only=True)
class EntryIn:
    """An entry to be posted under ``entry_id``, or without one under an Idempotency-Key header that is a UUID."""

    kind: EntryKind
    """One of opening, issue, trade, transfer, surrender, cancel, fee, drawdown, interest, repayment, adjustment, general, carry_over."""

    effective_on: date
    """The business day."""

    document_on: date | None = None
    """The paper's own date."""

    doc_ref: str | None = None

    attrs: Mapping[str, str] | None = None

    legs: tuple[EntriesLegIn, ...]

    cost_legs: CostLegsIn | None = None

    pii_commitment: str | None = None
    """The commitment to personal data that was kept apart; 64 hexadecimal digits."""

    entry_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class EvidenceReceiptOut:
    """That an event is a leaf of an evidence book: its place there, the leaf's hash, and the digest of the event that it carries."""

    event: str

    number: str
    """A whole number."""

    entry_id: UUID

    seq: str
    """A whole number."""

    leaf_hash: str
    """64 hexadecimal digits."""

    digest: str
    """64 hexadecimal digits."""

    recorded_at: datetime


@dataclass(frozen=True, kw_only=True)
class ExampleOut:
    """The example on this installation."""

    state: ExampleState

    is_available: bool
    """Whether the example's files are there: in a checkout, not in a package."""

    failure: str
    """Why the loading failed, when it did."""

    work: ExampleWorkOut

    organisations: tuple[OrganisationOut, ...]

    ties: tuple[ExampleTieOut, ...]

    people_without_password: int
    """People of the example who cannot sign in yet."""


@dataclass(frozen=True, kw_only=True)
class ExamplePersonOut:
    """How one person of the example signs in; told once."""

    organisation: str

    email: str

    roles: tuple[str, ...]

    password: str

    totp_secret: str
    """For an authenticator."""


@dataclass(frozen=True, kw_only=True)
class ExampleSignInsOut:
    """The people who got a password now; nobody who had one."""

    people: tuple[ExamplePersonOut, ...]


@dataclass(frozen=True, kw_only=True)
class ExampleTieOut:
    """Something that is not the example's and keeps it from being removed."""

    kind: str
    """person, loan or mandate."""

    name: str
    """Its address, number or id."""


@dataclass(frozen=True, kw_only=True)
class ExampleWorkOut:
    """How far the loading is."""

    phase: str
    """Steps done, of how many."""

    done: tuple[str, ...]

    left: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ExecuteIn:
    """Carrying out an approved proposal; ``confirmed_on`` is the registry's day of a carry-over and of nothing else."""

    confirmed_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class ExhaustionOut:
    """The month at whose end cumulative emissions exceed a quantity; null when they do not in this year."""

    what: str

    quantity: AmountOut

    month: str | None


@dataclass(frozen=True, kw_only=True)
class ExpectationOut:
    """Members of the statement that must stand byte for byte as here; ``required_evidence`` digests must be listed in ``evidence``.

    The assessor adds the other members (its own id, outcome, signatory, independence and so on) and signs them all.
    """

    statement_version: str

    audience: str

    engagement_id: str

    issuer_organisation_id: str

    issuer_legal_name: str

    responsible_party: str

    facility_id: str

    terms_sha256: str | None

    kpi_id: str

    kpi_definition_sha256: str

    measure: str

    methodology_id: str

    methodology_version: str

    factor_set_version: str

    factor_set_sha256: str

    boundary: str

    sites: tuple[str, ...]

    period_start: date

    period_end: date

    value: str

    unit: str

    baseline_value: str | None

    standard: str

    level: str

    snapshot_sha256: str

    required_evidence: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ExplanationOut:
    """One figure and what it rests on; a leaf names its source, a branch its formula."""

    label_en: str

    label_zh: str

    value: str
    """A decimal string, or a word such as met."""

    unit: str

    formula: str
    """How children give value; empty on a leaf."""

    source: str
    """Where a leaf's fact comes from."""

    children: tuple[ExplanationOut, ...]


@dataclass(frozen=True, kw_only=True)
class ExposureOut:
    """The caller's share of what is outstanding, by currency; tranches whose payments are unknown are not in it."""

    exposure: AmountOut

    exposure_exact: str
    """The same in minor units, exactly, as numerator/denominator."""


@dataclass(frozen=True, kw_only=True)
class FacilitiesOut:
    """The facilities to which the caller's organisation is a party, by number."""

    facilities: tuple[FacilityLineOut, ...]


@dataclass(frozen=True, kw_only=True)
class FacilityDutiesOut:
    """A facility's duties in the window; ``unknown`` are the codes of what could not be said."""

    facility_id: UUID

    facility_number: str

    obligations: tuple[ObligationOut, ...]

    unknown: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FacilityLineOut:
    """One facility in a list, with the caller's part in it, and borrower and lenders by name."""

    id: UUID

    facility_number: str

    roles: tuple[str, ...]

    parties: tuple[NamedPartyOut, ...]


@dataclass(frozen=True, kw_only=True)
class FacilityOut:
    """A facility as its borrower and lenders see it, with the terms in force (or proposed, while nobody agreed)."""

    id: UUID

    facility_number: str

    parties: tuple[PartyOut, ...]

    terms_version: int

    terms_sha256: str
    """SHA-256, 64 hexadecimal digits."""

    is_agreed: bool
    """Whether borrower and lenders agreed to these terms."""

    terms: Mapping[str, JsonValue]

    kpis: tuple[KpiOut, ...]


@dataclass(frozen=True, kw_only=True)
class FacilityQueueOut:
    """What awaits somebody under one facility; ``left_off`` is how many items more there are."""

    facility_id: UUID

    facility_number: str

    items: tuple[QueueItemOut, ...]

    left_off: int

    unknown: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FactOut:
    """When something was recorded, by whom, and the fact's number in the book."""

    fact: int

    recorded_at: datetime

    recorded_by: UUID


@dataclass(frozen=True, kw_only=True)
class FailedAssertionOut:
    """A standing assertion that the book does not meet at this point."""

    assertion: int

    as_of: date

    source: str

    expected: AmountOut

    actual: AmountOut

    difference: AmountOut


@dataclass(frozen=True, kw_only=True)
class FailureOut:
    """Why the last attempt changed nothing."""

    failed_at: datetime

    code: str

    message: str


@dataclass(frozen=True, kw_only=True)
class FavouredHoldsOut:
    """A page of what is set aside in the caller's favour, in any book, as it stands now."""

    holds: tuple[HoldOut, ...]

    next_cursor: str | None
    """Send it as after to read on."""


@dataclass(frozen=True, kw_only=True)
class FeeOut:
    """One fee of a tranche from signing to maturity."""

    name: str

    basis: str
    """undrawn, commitment or issued."""

    day_count: str

    not_computable: str | None
    """Why there are no rows: what the terms do not say."""

    payments: tuple[FeePaymentOut, ...]

    total_before: AmountOut

    total_after: AmountOut

    total_saving: AmountOut


@dataclass(frozen=True, kw_only=True)
class FeePaymentOut:
    """One fee period, half-open, its payment, and what the decisions save in it (minus: cost)."""

    number: int

    start: date

    end: date

    payment_date: date | None

    payment_state: str
    """dated, or calendar_unknown while no calendar says the day."""

    amount_before: AmountOut

    amount_after: AmountOut

    saving: AmountOut

    segments: tuple[FeeSegmentOut, ...]

    determination_ids: tuple[UUID, ...]
    """The determinations in force on these days, in order."""

    explain: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class FeeSegmentOut:
    """One stretch of a fee period with one amount and one rate a year; ``end`` is exclusive."""

    start: date

    end: date

    days: int

    base: AmountOut
    """What the fee is taken on."""

    rate_before: BpOut

    rate_after: BpOut


@dataclass(frozen=True, kw_only=True)
class FeedHealthOut:
    """How a feed does: ``lag_sessions`` behind the last due day, what was held, what stands still although traded."""

    state: str

    lag_sessions: int | None

    due_day: date | None

    newest_day: date | None

    last_success: FeedRunOut | None

    last_run: FeedRunOut | None

    held_conflicts: int

    held_quarantined: int

    flat: tuple[str, ...]

    is_circuit_open: bool

    explain: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class FeedOut:
    """A source: what its figures are for, whether it is on, under which terms, and how it does."""

    feed: str

    title_en: str

    title_zh: str

    role: str

    calendar: str

    zone: str

    is_on: bool

    is_on_by_default: bool

    why_en: str

    why_zh: str

    terms_source: str

    switch: FeedSwitchOut | None

    health: FeedHealthOut


@dataclass(frozen=True, kw_only=True)
class FeedRunOut:
    """One try of one feed for one business day; ``failure`` is a stable code, empty when nothing went wrong."""

    feed: str

    business_day: date

    attempt: int

    started_at: datetime

    finished_at: datetime

    outcome: str

    failure: str

    http_status: int | None

    url: str

    parser_version: str

    raw_sha256s: tuple[str, ...]

    counts: RunCountsOut

    newest_day: date | None


@dataclass(frozen=True, kw_only=True)
class FeedRunsOut:
    """A feed's runs, the newest first, at most 200."""

    runs: tuple[FeedRunOut, ...]


@dataclass(frozen=True, kw_only=True)
class FeedSwitchIn:
    """Switching a feed on or off; a source that needs permission is switched on with the hash of the permission."""

    is_on: bool

    reason: str
    """One line of printable text."""

    evidence_sha256: str | None = None
    """SHA-256 of the permission; empty when none."""


@dataclass(frozen=True, kw_only=True)
class FeedSwitchOut:
    """Who switched a feed on or off, when and why."""

    is_on: bool

    reason: str

    evidence_sha256: str

    switched_by: UUID

    switched_at: datetime


@dataclass(frozen=True, kw_only=True)
class FeedsClosingOut:
    """A version of a close: the frozen snapshot, by whom and why."""

    close: str

    business_day: date

    version: int

    snapshot_id: UUID

    reason: str

    frozen_by: UUID

    frozen_at: datetime


@dataclass(frozen=True, kw_only=True)
class FeedsClosingsOut:
    """A close's versions by day and number."""

    closings: tuple[FeedsClosingOut, ...]


@dataclass(frozen=True, kw_only=True)
class FeedsOut:
    """Every source, in the order in which they matter."""

    feeds: tuple[FeedOut, ...]


@dataclass(frozen=True, kw_only=True)
class FieldOut:
    """One input field of a calculator."""

    name: str

    meaning: str

    unit: str

    kind: str

    is_required: bool


@dataclass(frozen=True, kw_only=True)
class FigureChangeOut:
    """How a month's figure would change; empty where there is none."""

    site: str

    month: str

    field: str

    old: str

    new: str


@dataclass(frozen=True, kw_only=True)
class FillCorrectionIn:
    """What a fill should have said; another person approves it before anything changes."""

    correction_id: UUID

    fill_ref: str

    new_fill_ref: str

    quantity: Decimal
    """Whole units of the instrument."""

    price: Decimal
    """Per unit, in the order's currency."""

    fee: Decimal
    """In the order's currency."""

    fee_doc_ref: str | None = None

    vat_code: str | None = None

    doc_ref: str | None = None

    reason: str
    """A name."""


@dataclass(frozen=True, kw_only=True)
class FillIn:
    """What the venue or counterparty confirms; without a fee it is by the rates on file."""

    fill_ref: str

    quantity: Decimal
    """Whole units of the instrument."""

    price: Decimal
    """Per unit, in the order's currency."""

    dealt_at: datetime

    fee: Decimal | None = None

    fee_doc_ref: str | None = None
    """The paper of a typed fee."""

    vat_code: str | None = None

    doc_ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class FillOut:
    """What was dealt, and where it stands: traded, settled or failed; ``is_live`` is false once corrected."""

    fill_ref: str

    quantity: AmountOut

    price: PriceOut

    fee: AmountOut

    fee_doc_ref: str

    vat_code: str

    dealt_at: datetime

    dealt_on: date

    doc_ref: str

    fixing_cny_per_eur: str | None

    fixing_ref: str

    corrects: str

    is_live: bool

    settlement: str


@dataclass(frozen=True, kw_only=True)
class FirstRunIn:
    """The first operator, with the token that the terminal shows."""

    token: str
    """A one-time token."""

    email: str
    """An e-mail address."""

    name: str
    """A name."""

    password: str
    """A password."""


@dataclass(frozen=True, kw_only=True)
class FirstRunOut:
    """The first operator stands; sign in next, and enrol a second factor."""

    user_id: UUID

    organisation_id: UUID

    roles: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FixingFromPublishedOut:
    """One fixing: the publication it was read from, the reset days it counts for, the revision under which it stands."""

    published_on: date

    rate: str
    """A fraction of one, a year."""

    feed: str

    raw_sha256: str
    """SHA-256, 64 hexadecimal digits."""

    revision: int

    resets: tuple[date, ...]


@dataclass(frozen=True, kw_only=True)
class FixingIn:
    """One published value of an index."""

    on: date

    rate: Decimal
    """A rate as a fraction of one, a decimal string."""

    source: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class FixingMissingOut:
    """A reset day for which nothing was recorded, and why."""

    reset: date

    code: str

    message: str


@dataclass(frozen=True, kw_only=True)
class FixingsIn:
    """Published values of one index that the terms read."""

    index: str
    """A code."""

    fixings: tuple[FixingIn, ...]


@dataclass(frozen=True, kw_only=True)
class FixingsOut:
    """The revisions under which the values stand, in the order sent; 2 and more put an earlier value right."""

    index: str

    revisions: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class FootprintPriceIn:
    """A price per tonne of CO2 of distance from a reference footprint."""

    reference_tco2e_per_t: Decimal
    """An exact decimal string."""

    price_cny_per_tco2e: Decimal
    """An exact decimal string."""

    is_two_sided: bool | None = None

    source: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class ForecastPeriodOut:
    """One month: over or planned."""

    period: str

    production_t: str

    norm_tco2e_per_t: str
    """1 without an earlier year."""

    emissions_tco2e: str | None
    """Null while to come."""


@dataclass(frozen=True, kw_only=True)
class ForecastsForecastOut:
    """Where the year ends, and until when its target can still be met."""

    method: str

    methodology_id: str

    methodology_version: str

    factor_set_sha256: str

    outlook: Outlook

    target_tco2e_per_t: str
    """tCO2e per tonne of product."""

    confidence: str

    months_over: int

    forecast_tco2e_per_t: str
    """tCO2e per tonne of product."""

    low_tco2e_per_t: str | None

    high_tco2e_per_t: str | None

    chance_to_meet: str | None
    """Null before two months."""

    chance_is_bound: bool
    """The true chance lies further out than the table reaches."""

    norm_ratio: str
    """This year over the norm."""

    required_rest_tco2e_per_t: str | None
    """Null once over."""

    best_case_tco2e_per_t: str | None
    """Null once over."""

    best_month_tco2e_per_t: str
    """tCO2e per tonne of product."""

    lost_after: str | None
    """From then on it cannot be met."""

    lost_is_past: bool

    periods: tuple[ForecastPeriodOut, ...]

    explain: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class ForwardIn:
    """A forward: tonnes at a later day at a price set now."""

    counterparty_id: UUID

    agreement_ref: str
    """The paper's number."""

    agreed_on: date
    """The paper's own day."""

    note: str | None = None

    kind: Literal['forward']

    side: ForwardSide

    instrument: str
    """A commodity's code."""

    quantity_t: Decimal
    """Whole tonnes."""

    price_cny_per_t: Decimal
    """CNY per tonne."""

    delivery_on: date

    settlement: ForwardSettlement

    margin_given_cny: Decimal | None = None
    """CNY with at most two decimals."""

    margin_taken_cny: Decimal | None = None
    """CNY with at most two decimals."""

    sets_aside: bool | None = None
    """A seller's tonnes are set aside until delivery."""


@dataclass(frozen=True, kw_only=True)
class ForwardOut:
    """A forward: tonnes at a later day at a price set now."""

    counterparty_id: UUID

    agreement_ref: str
    """The paper's number."""

    agreed_on: date
    """The paper's own day."""

    note: str

    kind: Literal['forward']

    side: ForwardSide

    instrument: str
    """A commodity's code."""

    quantity_t: Decimal
    """Whole tonnes."""

    price_cny_per_t: Decimal
    """CNY per tonne."""

    delivery_on: date

    settlement: ForwardSettlement

    margin_given_cny: Decimal
    """CNY with at most two decimals."""

    margin_taken_cny: Decimal
    """CNY with at most two decimals."""

    sets_aside: bool
    """A seller's tonnes are set aside until delivery."""


@dataclass(frozen=True, kw_only=True)
class FoundOut:
    """What was found about one KPI: its reported value (null where there is none) and how the clauses count it."""

    kpi_id: str

    status: str

    value: str | None


@dataclass(frozen=True, kw_only=True)
class FourEyesOut:
    """What holds for each action, and every version of every rule."""

    actions: tuple[ActionOut, ...]

    versions: tuple[RuleVersionOut, ...]


@dataclass(frozen=True, kw_only=True)
class FourEyesRuleIn:
    """When a second person is asked for an action; limits are sums of a day in China, inclusive, and stand with ``above`` only."""

    action: str
    """A code."""

    requirement: Requirement

    most_quantity: Decimal | None = None

    most_cny: Decimal | None = None

    reason: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class FromPublishedIn:
    """Which fixings to record from the published rates: those of ``days``, or every one that is due when there are none."""

    index: str
    """A code."""

    days: tuple[date, ...] | None = None
    """Reset days of the loan; every due one when left out."""


@dataclass(frozen=True, kw_only=True)
class FromPublishedOut:
    """The fixings that stand now, by publication, and the due days that could not be read."""

    index: str

    fixings: tuple[FixingFromPublishedOut, ...]

    missing: tuple[FixingMissingOut, ...]


@dataclass(frozen=True, kw_only=True)
class FrozenCloseOut:
    """A version of a close with its marks and the overrides that ended since the close before."""

    closing: FeedsClosingOut

    snapshot: SnapshotOut

    jumps: tuple[JumpOut, ...]


@dataclass(frozen=True, kw_only=True)
class GapCostOut:
    """What the gap costs in certificates of one production year."""

    production_year: int

    price_cny: str

    cost: AmountOut


@dataclass(frozen=True, kw_only=True)
class GapRiskIn:
    """How uncertain the year is, and how many years are drawn with which seed."""

    year: int

    output_t: Decimal
    """Product, t."""

    benchmark: Decimal
    """Published BP, tCO2e/t."""

    direct_intensity: Decimal
    """ets_direct tCO2e/t."""

    power_mwh_per_t: Decimal | None = None
    """An exact decimal string."""

    grid_factor: Decimal | None = None
    """tCO2/MWh."""

    green_share: Decimal | None = None
    """An exact decimal string."""

    counts_power: bool | None = None
    """What if the duty included power."""

    snapshot_id: UUID

    mark_instrument: str
    """A code."""

    known: int | None = None
    """Record point; newest when absent."""

    forward_t: int | None = None
    """Bought forward."""

    output_spread: Decimal
    """Standard deviation, share."""

    benchmark_spread: Decimal
    """Standard deviation, share."""

    price_volatility: Decimal
    """Of the log price up to the surrender."""

    output_benchmark: Decimal | None = None
    """Correlation."""

    output_price: Decimal | None = None
    """Correlation."""

    benchmark_price: Decimal | None = None
    """Correlation."""

    confidence: Decimal | None = None
    """An exact decimal string."""

    paths: int | None = None

    seed: int


@dataclass(frozen=True, kw_only=True)
class GapRiskOut:
    """The cost of the gap: its mean, its quantile with standard error, and the quantile beyond the mean. An estimate."""

    as_of: date

    snapshot_id: str

    snapshot_sha256: str

    year: int

    mark_instrument: str

    method_text_en: str

    method_text_zh: str

    confidence: str

    paths: int

    seed: int

    expected_gap: AmountOut
    """At the means; positive: missing."""

    lowest_gap: AmountOut

    highest_gap: AmountOut

    short_share: str
    """Of the years drawn, with allowances missing."""

    mean_cost: AmountOut

    quantile_cost: AmountOut

    quantile_standard_error: AmountOut

    cost_at_risk: AmountOut
    """Quantile less mean."""

    parameters_version: str

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class GapRungOut:
    """One line of the table: what was changed, the gap, and what it is worth at each price."""

    axis: str

    change: str
    """Share of the base; for grid_factor the factor itself."""

    output_t: str

    benchmark: str

    intensity: str
    """That the duty counts, tCO2e/t."""

    gap: AmountOut
    """Positive: missing; negative: left over."""

    has_effect: bool
    """False where the change leaves the gap as it is."""

    values: tuple[AmountOut, ...]
    """By price; negative: what the surplus is worth."""


@dataclass(frozen=True, kw_only=True)
class GecHoldingIn:
    """Certificates held; those moved with contract power are not listed again."""

    production_month: str

    kind: CertificateKind

    quantity: int


@dataclass(frozen=True, kw_only=True)
class GecIssueIn:
    """Months in time order with the remainder from before."""

    on: date

    carried_kwh: Decimal | None = None
    """An exact decimal string."""

    months: tuple[MonthEnergyIn, ...]


@dataclass(frozen=True, kw_only=True)
class GecIssueOut:
    """Certificates by month."""

    issues: tuple[IssueOut, ...]


@dataclass(frozen=True, kw_only=True)
class GecPriceIn:
    """A price of certificates in place of the one on file."""

    production_year: int

    price_cny: Decimal
    """An exact decimal string."""


@dataclass(frozen=True, kw_only=True)
class GoalIn:
    """A KPI with power: at most a target; required, or met where the interest saved pays for it."""

    name: str
    """A name."""

    operational_t: Decimal
    """Expected, tCO2e with power."""

    output_t: Decimal
    """An exact decimal string."""

    target: Decimal
    """tCO2e/t."""

    is_required: bool | None = None

    saving_cny: Decimal | None = None
    """Interest saved when met."""

    source: str | None = None
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class GoodsLineIn:
    """Goods of one kind on one day, made in China."""

    line: str
    """A code."""

    cn_code: str

    imported_on: date

    mass_t: Decimal
    """An exact decimal string."""

    route: Route

    see_tco2_per_t: Decimal | None = None
    """Actual direct emissions with precursors; null: the default."""

    is_verified: bool | None = None
    """By an accredited verifier; unverified is an estimate."""


@dataclass(frozen=True, kw_only=True)
class GradeIn:
    """A credit rating as notified, in force from a day on."""

    on: date

    grade: str
    """One line of printable text."""

    source: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class GreenContractIn:
    """Green power in whole steps; with a minimum take it is none or at least that."""

    name: str
    """A name."""

    step_mwh: int

    least_steps: int | None = None
    """Minimum take."""

    most_steps: int

    premium_cny_per_mwh: Decimal
    """0.06 CNY/kWh is 60."""

    operational_t_per_mwh: Decimal
    """0 where it does not count."""

    footprint_t_per_mwh: Decimal | None = None
    """An exact decimal string."""

    counts_for_duty: bool | None = None

    source: str | None = None
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class GroupBookChangeOut:
    """One book's change, in its own currency and converted."""

    book_id: UUID

    book_code: str

    total: ProfitAndLossChangeOut

    opening_conversion: ConversionOut

    closing_conversion: ConversionOut

    presented: PresentedChangeOut | None


@dataclass(frozen=True, kw_only=True)
class GroupBookIn:
    """A book of a group with its record point (newest when absent)."""

    book_id: UUID

    known: int | None = None


@dataclass(frozen=True, kw_only=True)
class GroupBookOut:
    """One book of a group: in its own currency, and converted unless its fixing is missing or stale."""

    book_id: UUID

    book_code: str

    known: int

    total: ResultLineOut

    conversion: ConversionOut

    presented: PresentedResultOut | None


@dataclass(frozen=True, kw_only=True)
class GroupChangeOut:
    """Why several books' value changed, in one currency."""

    presentation_currency: str

    opening_snapshot: SnapshotNameOut

    restated_snapshot: SnapshotNameOut

    closing_snapshot: SnapshotNameOut

    unconverted_books: tuple[str, ...]

    total: PresentedChangeOut

    by_instrument: tuple[PresentedChangeLineOut, ...]

    books: tuple[GroupBookChangeOut, ...]

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class GroupProfitOut:
    """Several books together in one currency; what cannot be converted or valued makes it incomplete and is named."""

    presentation_currency: str

    snapshot: SnapshotNameOut

    is_complete: bool

    unconverted_books: tuple[str, ...]

    total: PresentedResultOut

    by_instrument: tuple[PresentedLineOut, ...]

    by_currency: tuple[PresentedLineOut, ...]
    """By the books' own currency."""

    books: tuple[GroupBookOut, ...]

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class GroupRiskIn:
    """The risk of several books together at one snapshot."""

    no_trade: NoTradeRule | None = None

    limit_days: LimitDayRule | None = None

    series: tuple[SeriesIn, ...] | None = None

    snapshot_id: UUID

    method: Method | None = None

    confidence: Decimal | None = None
    """An exact decimal string."""

    window: int | None = None
    """Returns."""

    horizon: int | None = None
    """Sessions."""

    horizon_rule: HorizonRule | None = None

    seed: int | None = None
    """With monte_carlo."""

    paths: int | None = None
    """With monte_carlo."""

    participation_share: Decimal | None = None

    half_spread_cny_per_t: Decimal | None = None

    liquidity_month: str | None = None

    books: tuple[GroupBookIn, ...]


@dataclass(frozen=True, kw_only=True)
class HandedOverOut:
    """What contracts handed over of one instrument of a book, to come back: lent out, in custody or sold with a buy-back."""

    book_id: UUID

    code: str
    """Of the book."""

    account: str

    instrument: str

    amount: AmountOut


@dataclass(frozen=True, kw_only=True)
class HedgeRatioOut:
    """Tonnes of the hedge per tonne held that leave the least variance, on overlapping sessions of both."""

    as_of: date

    snapshot_id: str

    snapshot_sha256: str

    held: str

    hedge: str

    ratio: str

    effectiveness: str
    """Share of variance removed."""

    overlapping_changes: int

    left_out_changes: int

    first_day: date

    last_day: date

    series: tuple[SeriesOut, ...]

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class HeldListOut:
    """What waits for review, the newest day first, at most 200."""

    held: tuple[HeldOut, ...]

    is_complete: bool


@dataclass(frozen=True, kw_only=True)
class HeldLotOut:
    """What is left and what was used of one lot that the hold names."""

    lot_id: int

    remaining: AmountOut

    captured: AmountOut


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """An observation kept for review: it contradicts another source or breaches a bound, and marks nothing."""

    content_sha256: str

    acceptance: str

    reasons: tuple[str, ...]

    said: tuple[PriceReasonOut, ...]
    """The reasons with code and values."""

    observation: ObservationOut


@dataclass(frozen=True, kw_only=True)
class HeldReviewOut:
    """The decision about a held price."""

    content_sha256: str

    verdict: str

    reason: str

    reviewer_id: UUID

    reviewed_at: datetime

    held: HeldOut


@dataclass(frozen=True, kw_only=True)
class HeldReviewsOut:
    """The decisions about held prices, the newest first, at most 200."""

    reviews: tuple[HeldReviewOut, ...]


@dataclass(frozen=True, kw_only=True)
class HoldActionOut:
    """The receipt of what was recorded, and the hold as it stands after it."""

    receipt: EntriesReceiptOut

    hold: HoldOut


@dataclass(frozen=True, kw_only=True)
class HoldIn:
    """An amount to be set aside; the entry's id becomes the hold's. Without ``amount``, all that is available.

    A hold says when it expires; pledge, repo, lent, custody and freeze do not expire and name an agreement or order.
    """

    entry_id: UUID | None = None
    """May be left out under an Idempotency-Key header that is a UUID."""

    effective_on: date
    """The business day."""

    document_on: date | None = None
    """The paper's own date."""

    doc_ref: str | None = None

    attrs: Mapping[str, str] | None = None

    kind: HoldKind

    account: str
    """An account's path."""

    amount: Decimal | None = None

    lots: tuple[LotPickIn, ...] | None = None
    """Given lots, summing to the amount."""

    beneficiary_id: UUID | None = None
    """The organisation that alone releases or captures an encumbrance."""

    rank: int | None = None
    """1 is served first."""

    agreement_ref: str | None = None

    expires_at: datetime | None = None
    """The first instant at which the hold is gone."""


@dataclass(frozen=True, kw_only=True)
class HoldMoveOut:
    """What an entry set aside (positive) or let go of (negative) in smallest units; ``lot_id`` null where no lot is named."""

    hold_id: UUID

    lot_id: int | None

    smallest_units: int


@dataclass(frozen=True, kw_only=True)
class HoldOut:
    """A hold at a point in the book's two times."""

    hold_id: UUID

    book_id: UUID

    account: str

    commodity: str

    kind: str

    state: str
    """open while something remains, else captured, released or expired."""

    amount: AmountOut
    """Set aside when it was placed."""

    remaining: AmountOut

    captured: AmountOut

    lots: tuple[HeldLotOut, ...]
    """Empty where no lot is named."""

    beneficiary_id: UUID | None

    rank: int | None

    agreement_ref: str | None

    expires_at: datetime | None

    placed_seq: int

    placed_on: date

    placed_at: datetime


@dataclass(frozen=True, kw_only=True)
class HoldingVerdictOut:
    """A holding and whether it may be used for the year, with the reason."""

    instrument: str

    available: AmountOut

    is_usable: bool

    reason_en: str

    reason_zh: str


@dataclass(frozen=True, kw_only=True)
class HoldingsBookPointOut:
    """Up to which entry a book was read."""

    book_id: UUID

    code: str

    known: int
    """The first this many entries are in the answer."""

    tree_root: str
    """64 hexadecimal digits."""


@dataclass(frozen=True, kw_only=True)
class HoldingsHoldingOut:
    """One line: posted is what the ledger says, held what is set aside for others, free the rest."""

    key: str
    """The instrument, kind and vintage, book, or legal entity."""

    kind: str
    """Empty where a line holds several kinds."""

    vintage_year: int | None

    posted: AmountOut

    held: AmountOut

    free: AmountOut

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class HoldingsOut:
    """What the caller's books hold at the close of the day, by key; different units never share a line."""

    as_of: date

    by: str

    lines: tuple[HoldingsHoldingOut, ...]

    handed_over: tuple[HandedOverOut, ...]
    """By book and account; in none of the lines."""

    points: tuple[HoldingsBookPointOut, ...]


@dataclass(frozen=True, kw_only=True)
class HoldsOut:
    """A page of a book's holds by id, of a day and record point, or as they stand now when ``as_of`` is null."""

    as_of: date | None

    known: int
    """The first this many entries of the book are in the answer."""

    tree_root: str
    """Root of the book's tree at known, 64 hexadecimal digits."""

    holds: tuple[HoldOut, ...]

    next_cursor: str | None
    """Send it as after to read on; a page may hold fewer than asked for."""


@dataclass(frozen=True, kw_only=True)
class IdentitiesOut:
    """A person's links, oldest first."""

    identities: tuple[IdentityOut, ...]


@dataclass(frozen=True, kw_only=True)
class IdentityIn:
    """A link to be taken away."""

    issuer: str
    """Its issuer."""

    subject: str
    """Who it is there."""


@dataclass(frozen=True, kw_only=True)
class IdentityOut:
    """Who a person is to a provider; ``provider`` is empty where none with this issuer lives."""

    issuer: str
    """Its issuer."""

    subject: str
    """Who it is there."""

    provider: str

    linked_at: datetime


@dataclass(frozen=True, kw_only=True)
class ImportLineOut:
    """An import in a list."""

    import_id: UUID

    template: str

    book_id: UUID | None

    file_name: str

    created_by: UUID

    created_at: datetime

    state: ImportState

    rows: int | None

    problem_count: int | None


@dataclass(frozen=True, kw_only=True)
class ImportOut:
    """A file that was brought, and where it stands."""

    import_id: UUID

    template: str

    book_id: UUID | None

    options: Mapping[str, str]

    file_name: str

    file_sha256: str

    created_by: UUID

    created_at: datetime

    state: ImportState

    preview: PreviewOut | None

    confirmed: ConfirmedOut | None

    failure: FailureOut | None

    work: WorkOut | None


@dataclass(frozen=True, kw_only=True)
class ImportSheetOut:
    """A page of the sheet as it came, with its headings."""

    sheet: str

    header_row: int
    """The row of the headings; what is wrong in or above it is of the whole file."""

    headings: tuple[str, ...]

    rows: tuple[SheetRowOut, ...]

    next_after: int | None
    """Send it as after to read on; null on the last page."""


@dataclass(frozen=True, kw_only=True)
class ImportedOut:
    """What approving the file did."""

    new: int

    duplicate: int

    revised: int

    corroborated: int

    held: int


@dataclass(frozen=True, kw_only=True)
class ImportsOut:
    """A page of imports, the newest first."""

    imports: tuple[ImportLineOut, ...]

    next_after: UUID | None
    """Send it as after to read on; null on the last page."""


@dataclass(frozen=True, kw_only=True)
class InboxChangeOut:
    """One place in what is proposed: what stands there, and what would."""

    place: str

    old: JsonValue

    new: JsonValue


@dataclass(frozen=True, kw_only=True)
class InboxOut:
    """Everything that waits, the oldest first."""

    waiting: tuple[WaitingOut, ...]


@dataclass(frozen=True, kw_only=True)
class InclusionOut:
    """That an entry is leaf ``seq`` (from 1) of the tree: its salt and bytes, and the path from their hash to the root."""

    origin: str
    """The log's name."""

    seq: str
    """A whole number."""

    salt: str
    """32 hexadecimal digits."""

    canonical: str
    """The entry's canonical JSON; the leaf commits to its UTF-8."""

    leaf_hash: str
    """64 hexadecimal digits."""

    tree_size: str
    """A whole number."""

    tree_root: str
    """64 hexadecimal digits."""

    path: tuple[str, ...]
    """RFC 9162 section 2.1.3, from the leaf up."""

    note: str | None
    """Signs just this tree; null where no checkpoint does."""


@dataclass(frozen=True, kw_only=True)
class IndustrySensitivityOut:
    """The benchmark when one number changes."""

    change_en: str

    change_zh: str

    benchmark_tco2e_per_t: str

    delta_tco2e_per_t: str


@dataclass(frozen=True, kw_only=True)
class IndustryTotalsOut:
    """The sums over the plants at one value."""

    value_tco2e_per_t: str

    surplus: AmountOut

    shortage: AmountOut

    net: AmountOut

    plants_short: int

    plants: tuple[PlantBalanceOut, ...]


@dataclass(frozen=True, kw_only=True)
class InstrumentIn:
    """What a book may hold, with its facts and the day from which: CEA, CCER, EUA, CBAM or green certificates."""

    code: str
    """A commodity's code."""

    kind: InstrumentKind

    vintage_year: int | None = None

    project: str | None = None

    methodology: str | None = None

    registered_on: date | None = None

    is_inside_national_ets: bool | None = None

    price_instrument: str | None = None
    """The mark that values it; its own code, or CCER for credits."""

    price_period: str | None = None
    """Of a CBAM certificate: the quarter or week that priced it."""

    valid_until: date | None = None
    """Last valid day of a green certificate."""

    tradability: Tradability | None = None

    opened_on: date
    """From when its accounts take entries; one day for all instruments of a book."""


@dataclass(frozen=True, kw_only=True)
class InstrumentOut:
    """An instrument that the book keeps."""

    code: str

    kind: str

    vintage_year: int | None

    project: str

    methodology: str

    registered_on: date | None

    is_inside_national_ets: bool

    price_instrument: str

    price_period: str

    valid_until: date | None

    tradability: str | None

    unit: str
    """t, certificate or MWh."""


@dataclass(frozen=True, kw_only=True)
class InstrumentsOut:
    """A book's instruments by code."""

    instruments: tuple[InstrumentOut, ...]


@dataclass(frozen=True, kw_only=True)
class InterestOut:
    """The payment of the interest period that one day lies in, on one tranche, as known at ``known_at``, and why."""

    facility_id: UUID

    tranche_id: str

    known_at: datetime

    start: date

    end: date

    payment_date: date | None

    interest: AmountOut

    explain: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class InterestPeriodOut:
    """One interest period, half-open, its payment, and what the decisions save in it (minus: cost)."""

    number: int

    start: date

    end: date

    payment_date: date | None

    payment_state: str
    """dated, or calendar_unknown while no calendar says the day."""

    is_end_provisional: bool

    repays_principal: bool

    interest_before: AmountOut

    interest_after: AmountOut

    saving: AmountOut

    accruals: tuple[AccrualOut, ...]


@dataclass(frozen=True, kw_only=True)
class InvitedOut:
    """A person with the one-time token to hand over; it is shown this once."""

    person: PersonOut

    token: str


@dataclass(frozen=True, kw_only=True)
class IssueOut:
    """One month's certificates and the remainder that goes on."""

    month: str

    kwh: str

    certificates: str

    carried_kwh: str

    expires_on: date


@dataclass(frozen=True, kw_only=True)
class IssuedApiKeyOut:
    """An API key with its secret, which is shown this once and kept nowhere."""

    api_key: ApiKeyOut

    secret: str
    """The whole key, for Authorization: Bearer."""


@dataclass(frozen=True, kw_only=True)
class ItemOut:
    """One item: its state, the books' fact, the evidence, and a waiver that waits for a second person."""

    item: str

    name_en: str

    name_zh: str

    state: str
    """done, confirmed, waived or open."""

    is_blocking: bool

    reason_en: str

    reason_zh: str

    evidence: tuple[MonthCloseEvidenceOut, ...]

    decided_by: MonthCloseStepOut | None

    waiver_proposed: MonthCloseStepOut | None

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class ItemStepIn:
    """A person's word about one item: which, and why."""

    item: Item

    reason: str


@dataclass(frozen=True, kw_only=True)
class JobAlertOut:
    """Something a person should look at, once per job, cause and day."""

    job: str

    cause: str

    business_day: date

    message: str

    raised_at: datetime


@dataclass(frozen=True, kw_only=True)
class JobAlertsOut:
    """The alerts, the newest first, at most 200."""

    alerts: tuple[JobAlertOut, ...]


@dataclass(frozen=True, kw_only=True)
class JumpOut:
    """What the end of an override did: ``after`` is null when the feed has no usable price."""

    instrument: str

    override: str

    before: str

    after: str | None

    change: str | None

    unit: str

    sentence: str


@dataclass(frozen=True, kw_only=True)
class KindChannels:
    """How one kind of alert reaches a person; without a channel it does not."""

    kind: NoticeKind

    channels: tuple[Channel, ...]
    """app, email; a webhook is the organisation's and names its kinds itself."""


@dataclass(frozen=True, kw_only=True)
class KpiOut:
    """A KPI as the terms in force define it; ``sha256`` is what a statement must name."""

    definition: Mapping[str, JsonValue]

    sites: tuple[str, ...]

    targets: tuple[Mapping[str, JsonValue], ...]

    sha256: str
    """SHA-256, 64 hexadecimal digits."""


@dataclass(frozen=True, kw_only=True)
class KpiPathOut:
    """A KPI of a loan through its test periods, as known at ``known_at``."""

    facility_id: UUID

    kpi_id: str

    measure: str

    unit: str

    known_at: datetime

    steps: tuple[KpiStepOut, ...]


@dataclass(frozen=True, kw_only=True)
class KpiPeriodEventOut:
    """A state that a period came to: when, through which organisation, with what."""

    number: int

    state: str

    detail: Mapping[str, str]

    recorded_at: datetime

    organisation_id: UUID


@dataclass(frozen=True, kw_only=True)
class KpiPeriodIn:
    """A period of a KPI: its base year, or the test period of the target that ends in the year."""

    kpi_id: str
    """A code."""

    year: int

    purpose: Purpose


@dataclass(frozen=True, kw_only=True)
class KpiPeriodLineOut:
    """One period in a list; the period is half-open."""

    id: UUID

    facility_id: UUID

    kpi_id: str

    purpose: str

    period_start: date

    period_end: date

    state: str


@dataclass(frozen=True, kw_only=True)
class KpiPeriodOut:
    """A period with its history; value and snapshot hash are null until locked, and for an assessor while its data is closed."""

    id: UUID

    facility_id: UUID

    kpi_id: str

    purpose: str

    period_start: date

    period_end: date

    state: str

    value: str | None
    """As printed to the contract's digits."""

    snapshot_sha256: str | None

    events: tuple[KpiPeriodEventOut, ...]


@dataclass(frozen=True, kw_only=True)
class KpiPeriodsOut:
    """A facility's periods that the caller may see, by KPI and start."""

    kpi_periods: tuple[KpiPeriodLineOut, ...]


@dataclass(frozen=True, kw_only=True)
class KpiPointOut:
    """One test on a KPI's path; ``status`` is how the standing decision counts it, null while there is none."""

    kpi_id: str

    unit: str

    period_start: date

    period_end: date

    target: Mapping[str, JsonValue]

    kpi_period_id: UUID | None

    observed: str | None

    is_attested: bool

    status: str | None


@dataclass(frozen=True, kw_only=True)
class KpiReasonIn:
    """Why a step is taken."""

    reason: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class KpiStepOut:
    """One test with its target as a number and what the reported value comes to, both in ``compared_unit``.

    ``bound`` is the side on which the target is met. A reduction is a share of one of what it is measured from; a grade is its place on
    the target's scale, the worst being 0. ``compared`` is null before the report and where it cannot be compared (``code`` says why).
    """

    kpi_id: str

    unit: str

    period_start: date

    period_end: date

    target: Mapping[str, JsonValue]

    kpi_period_id: UUID | None

    observed: str | None

    is_attested: bool

    status: str | None

    bound: Bound

    threshold: str

    compared: str | None

    compared_unit: str

    code: str | None

    explain: ExplanationOut | None


@dataclass(frozen=True, kw_only=True)
class LabelIntervalOut:
    """One state of the label on [start, end)."""

    state: LabelState

    start: date

    end: date

    terms_version: int

    checked_version: int | None

    cause: LabelStep


@dataclass(frozen=True, kw_only=True)
class LabelOut:
    """The label on one day as known at one instant, its whole life, and what troubles it."""

    facility_id: UUID

    at: date

    known_at: datetime

    state: LabelState

    may_be_called_sll: bool
    """Whether the loan may be called sustainability-linked."""

    is_recheck_due: bool
    """Newer terms count than those the checklist passed."""

    is_declassification_due: bool
    """Talks ended in nothing, or a breach goes on."""

    intervals: tuple[LabelIntervalOut, ...]

    amendments: tuple[AmendmentOut, ...]

    breaches: tuple[BreachOut, ...]

    declassifications: tuple[DeclassificationOut, ...]


@dataclass(frozen=True, kw_only=True)
class LabelsFindingOut:
    """One rule over these terms."""

    rule: str

    rule_en: str

    rule_zh: str

    force: str
    """S shall, R should, MC model clause, MP market practice."""

    result: FindingResult

    severity: Severity

    blocks: bool

    field: str

    reason_en: str

    reason_zh: str

    source: str

    status: str
    """How far the rule's row may be trusted."""

    waiver: WaiverOut | None


@dataclass(frozen=True, kw_only=True)
class LabelsReasonIn:
    """Why."""

    reason: str
    """A name."""


@dataclass(frozen=True, kw_only=True)
class LadderOut:
    """Gap x price for every rung and price; a ladder says what if, not how likely."""

    as_of: date

    snapshot_id: str

    snapshot_sha256: str

    year: int

    mark_instrument: str

    mark_state: str

    price_changes: tuple[str, ...]

    prices_cny_per_t: tuple[str, ...]

    rungs: tuple[GapRungOut, ...]

    cover: str | None
    """Usable held and forward over due, at the base."""

    note_en: str

    note_zh: str

    parameters_version: str

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class LawBalanceIn:
    """Plants to be balanced under the law of a year."""

    year: int

    plants: tuple[PlantIn, ...]

    balance_value: Decimal | None = None
    """Published BP; null: the plants' own."""


@dataclass(frozen=True, kw_only=True)
class LawBalanceOut:
    """The balance value that plants give under the law, and their balance; the official BP is published, not computed."""

    year: int

    balance_value_low: str
    """Lowest BP that solves the equation, tCO2e/t."""

    balance_value_high: str
    """Highest; the same unless every plant is capped."""

    plants_counted: int

    plants_at_upper_cap: int

    plants_inside: int

    plants_at_lower_cap: int

    balance: IndustryTotalsOut

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class LegalEntitiesOut:
    """An organisation's legal entities, by name."""

    legal_entities: tuple[LegalEntityOut, ...]


@dataclass(frozen=True, kw_only=True)
class LegalEntityIn:
    """A company of the group."""

    name: str
    """A name."""

    credit_code: str
    """Unified social credit code, GB 32100-2015."""


@dataclass(frozen=True, kw_only=True)
class LegalEntityOut:
    """A company of the group with its books."""

    id: UUID

    name: str

    credit_code: str

    book_ids: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class LendingIn:
    """Tonnes lent against margin and a fee."""

    counterparty_id: UUID

    agreement_ref: str
    """The paper's number."""

    agreed_on: date
    """The paper's own day."""

    note: str | None = None

    kind: Literal['lending']

    side: LendingSide

    instrument: str
    """A commodity's code."""

    quantity_t: Decimal
    """Whole tonnes."""

    value_price_cny_per_t: Decimal
    """CNY per tonne."""

    fee_rate: Decimal
    """A rate as a fraction of one, a decimal string."""

    late_rate: Decimal | None = None
    """A rate as a fraction of one, a decimal string."""

    day_count: DayCount
    """Day count by its full name."""

    starts_on: date

    ends_on: date

    margin_cny: Decimal
    """CNY with at most two decimals."""

    yield_t: Decimal | None = None
    """Whole tonnes on top at the end."""

    lots: tuple[ContractLotIn, ...] | None = None
    """Given lots; empty: by the book's method."""


@dataclass(frozen=True, kw_only=True)
class LendingOut:
    """Tonnes lent against margin and a fee."""

    counterparty_id: UUID

    agreement_ref: str
    """The paper's number."""

    agreed_on: date
    """The paper's own day."""

    note: str

    kind: Literal['lending']

    side: LendingSide

    instrument: str
    """A commodity's code."""

    quantity_t: Decimal
    """Whole tonnes."""

    value_price_cny_per_t: Decimal
    """CNY per tonne."""

    fee_rate: Decimal
    """A rate as a fraction of one, a decimal string."""

    late_rate: Decimal
    """A rate as a fraction of one, a decimal string."""

    day_count: DayCount
    """Day count by its full name."""

    starts_on: date

    ends_on: date

    margin_cny: Decimal
    """CNY with at most two decimals."""

    yield_t: Decimal
    """Whole tonnes on top at the end."""

    lots: tuple[ContractLotIn, ...]
    """Given lots; empty: by the book's method."""


@dataclass(frozen=True, kw_only=True)
class LentContractOut:
    """A pledge loan as it stands today for its lender, by the wording in force."""

    contract_id: UUID

    borrower_id: UUID

    borrower_name: str

    agreement_ref: str

    state: str

    as_of: date
    """Today in the zone of contract days."""

    instrument: str

    pledged: AmountOut
    """By the terms."""

    encumbered: AmountOut
    """What is set aside for the lender today."""

    rank: int

    loan: AmountOut
    """The money lent by the terms."""

    principal: AmountOut | None
    """Still owed; null before the loan is opened."""

    interest_to_date: AmountOut | None
    """Of the days before today, paid or not."""

    rate: str
    """Yearly, a fraction of one."""

    ltv_call: str
    """Margin is called above it."""

    ltv_target: str
    """What a call restores."""

    first_day: date

    last_day: date

    next_due: LentDueOut | None

    margin_call: LentMarginCallOut | None

    may_release: bool
    """Whether the lender's people may release tonnes now."""


@dataclass(frozen=True, kw_only=True)
class LentContractsOut:
    """A page of the pledge loans on which an organisation lends, by id."""

    contracts: tuple[LentContractOut, ...]

    next_after: UUID | None
    """Where the next page begins."""


@dataclass(frozen=True, kw_only=True)
class LentDueOut:
    """Money that comes to the lender (positive) or goes from it next; without an amount a later day decides."""

    on: date

    what: str
    """A cash flow by its name."""

    amount: AmountOut | None


@dataclass(frozen=True, kw_only=True)
class LentMarginCallOut:
    """The latest margin call: the borrower adds the tonnes or repays the money."""

    called_on: date

    add: AmountOut

    repay: AmountOut

    is_met: bool


@dataclass(frozen=True, kw_only=True)
class LikelihoodTestOut:
    """A likelihood ratio, chi-squared under a right model; rejected below the significance."""

    statistic: str

    degrees_of_freedom: int

    probability: str

    is_rejected: bool


@dataclass(frozen=True, kw_only=True)
class LinkIn:
    """A provider to link to one's own account, with the present password where there is one."""

    provider_id: UUID

    password: str | None = None


@dataclass(frozen=True, kw_only=True)
class LinkOut:
    """An id to follow, by what it is of."""

    name: str

    id: str


@dataclass(frozen=True, kw_only=True)
class LiquidityOut:
    """How long an instrument takes to sell, and its risk over that time plus half the spread."""

    instrument: str

    month: str | None

    average_volume_t: str | None
    """A session of that month."""

    participation_share: str | None

    days_to_liquidate: str | None

    half_spread_cost: AmountOut | None

    liquidity_adjusted: AmountOut | None

    reason: str
    """Why there is none; empty otherwise."""

    last_quarter_share: str | None
    """Of last year's volume; null unless all months known."""


@dataclass(frozen=True, kw_only=True)
class LiveOut:
    """The process answers."""

    status: str


@dataclass(frozen=True, kw_only=True)
class LoanFactsEntryOut:
    """The entry that keeps it in the borrower's book."""

    entry_id: UUID

    seq: int

    recorded_at: datetime

    leaf_hash: str
    """SHA-256, 64 hexadecimal digits."""

    is_replay: bool
    """Whether it was booked before."""


@dataclass(frozen=True, kw_only=True)
class LoanFactsOut:
    """A loan on a day as known now: tranches, the last resets, and every recorded fact, the newest first."""

    facility_id: UUID

    on: date

    tranches: tuple[TrancheStandingOut, ...]

    readings: tuple[ReadingOut, ...]

    fixings: tuple[RecordedFixingOut, ...]

    principal: tuple[RecordedPrincipalOut, ...]

    grades: tuple[RecordedGradeOut, ...]


@dataclass(frozen=True, kw_only=True)
class LoanGoalIn:
    """A recorded KPI period of a loan as a goal."""

    loan: LoanIn

    is_required: bool | None = None


@dataclass(frozen=True, kw_only=True)
class LoanIn:
    """A recorded KPI period of a loan and the tranche whose margin follows it."""

    kpi_period_id: UUID

    tranche_id: str
    """A code."""

    approved_on: date
    """Assumed day on which the bank approves the result."""

    are_others_met: bool | None = None
    """Assumed of the other KPIs."""

    through: str | None = None
    """Last recorded month that counts as over."""


@dataclass(frozen=True, kw_only=True)
class LoanToValueOut:
    """What is owed against the pledge, and what cures a passed limit."""

    owed: AmountOut

    value: AmountOut

    ratio: str | None
    """Rounded half-up to six decimals."""

    is_passed: bool

    add: AmountOut

    repay: AmountOut


@dataclass(frozen=True, kw_only=True)
class LockIn:
    """What freezes a period: nothing for a computed intensity, the stated value for any other measure."""

    stated: StatedValueIn | None = None


@dataclass(frozen=True, kw_only=True)
class LockedFactorOut:
    """One factor the value was computed with, and where it comes from."""

    row_id: str

    value: str

    unit: str

    region: str

    source: str


@dataclass(frozen=True, kw_only=True)
class LockedMonthOut:
    """One month of one site in the locked data; ``raw_sha256`` is the hash of the file it was read from."""

    month: str

    site: str

    revision: int

    raw_sha256: str
    """SHA-256, 64 hexadecimal digits."""

    verification: str | None


@dataclass(frozen=True, kw_only=True)
class LogLineOut:
    """One entry of the log: who recorded it when, and the hash of its leaf."""

    seq: int

    entry_id: UUID

    kind: str

    effective_on: date

    recorded_at: datetime

    recorded_by: UUID

    doc_ref: str | None

    leaf_hash: str
    """64 hexadecimal digits."""


@dataclass(frozen=True, kw_only=True)
class LogOut:
    """A page of a book's log, the newest first, with the head of its tree; ``next_before`` begins the next page."""

    tree_size: int

    tree_root: str
    """64 hexadecimal digits."""

    entries: tuple[LogLineOut, ...]

    next_before: int | None


@dataclass(frozen=True, kw_only=True)
class LotIn:
    """Tonnes held that may settle the year, for plans without a book."""

    name: str
    """A name."""

    most: int

    worth_cny_per_t: Decimal
    """What using a tonne gives up."""

    is_credit: bool | None = None

    source: str | None = None
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class LotMoveOut:
    """What the leg at ``line`` brought to a lot (positive) or took from it (negative)."""

    line: int

    lot_id: int

    quantity: AmountOut

    cost: AmountOut


@dataclass(frozen=True, kw_only=True)
class LotOut:
    """What is left of a lot."""

    lot_id: int

    account: str

    commodity: str

    acquired_on: date

    acquired_quantity: AmountOut

    acquired_cost: AmountOut

    quantity: AmountOut

    cost: AmountOut

    held: AmountOut
    """Set aside under holds that name this lot."""

    is_pool: bool
    """At average cost: one lot of all acquisitions; acquired_... is then of the first alone."""

    origin_lot_id: int | None
    """The lot it was part of, where it was carried here."""


@dataclass(frozen=True, kw_only=True)
class LotPickIn:
    """How much a credit takes from one lot."""

    lot_id: int

    quantity: Decimal
    """An exact decimal string."""


@dataclass(frozen=True, kw_only=True)
class LotsOut:
    """The lots that are open at the close of the day, by account and age. The list ends where ``next_cursor`` is null."""

    as_of: date

    known: int
    """The first this many entries of the book are in the report."""

    tree_root: str
    """Root of the book's tree at known, 64 hexadecimal digits."""

    recorded_at: datetime | None
    """When entry number known was recorded; null before the first."""

    lots: tuple[LotOut, ...]

    next_cursor: str | None
    """Send it as after to read on."""


@dataclass(frozen=True, kw_only=True)
class MappedAccount:
    """The account that the statement's lines of a commodity belong to."""

    commodity: str
    """A commodity's code."""

    account: str
    """An account's path."""


@dataclass(frozen=True, kw_only=True)
class MappedWord:
    """How a statement spells a commodity: the cells of commodity, vintage and project joined by a blank."""

    word: str

    commodity: str
    """A commodity's code."""


@dataclass(frozen=True, kw_only=True)
class MappingShape:
    """How to read a source's statements."""

    columns: ColumnsIn

    accounts: tuple[MappedAccount, ...]

    date_format: str
    """YYYY, MM or M, DD or D."""

    window_days: int
    """Days a line and its entry may lie apart."""

    commodity: str | None = None

    commodity_words: tuple[MappedWord, ...] | None = None

    decimal_mark: str | None = None

    thousands_mark: str | None = None

    is_outflow_positive: bool | None = None
    """A signed amount column is positive when money leaves."""

    in_words: tuple[str, ...] | None = None

    out_words: tuple[str, ...] | None = None

    skipped_words: tuple[str, ...] | None = None
    """A row whose first cell begins with one of these is no line."""

    order: LineOrder | None = None

    is_reference_unique: bool | None = None
    """A reference stands once for ever, and is the line's id."""

    sheet: str | None = None


@dataclass(frozen=True, kw_only=True)
class MappingShapeOut:
    """How to read a source's statements."""

    columns: ColumnsOut

    accounts: tuple[MappedAccount, ...]

    date_format: str
    """YYYY, MM or M, DD or D."""

    window_days: int
    """Days a line and its entry may lie apart."""

    commodity: str | None

    commodity_words: tuple[MappedWord, ...]

    decimal_mark: str

    thousands_mark: str

    is_outflow_positive: bool
    """A signed amount column is positive when money leaves."""

    in_words: tuple[str, ...]

    out_words: tuple[str, ...]

    skipped_words: tuple[str, ...]
    """A row whose first cell begins with one of these is no line."""

    order: LineOrder

    is_reference_unique: bool
    """A reference stands once for ever, and is the line's id."""

    sheet: str | None


@dataclass(frozen=True, kw_only=True)
class MarginCallIn:
    """The frozen snapshot at which the loan-to-value is taken."""

    snapshot_id: UUID


@dataclass(frozen=True, kw_only=True)
class MarginIn:
    """Exactly one of: margin given or taken (negative: back), tonnes added, money repaid."""

    on: date
    """The business day of the step."""

    doc_ref: str
    """The paper that the step rests on."""

    given_cny: Decimal | None = None
    """An exact decimal string."""

    taken_cny: Decimal | None = None
    """An exact decimal string."""

    add_t: Decimal | None = None
    """An exact decimal string."""

    lots: tuple[ContractLotIn, ...] | None = None
    """Given lots; empty: by the book's method."""

    repay_cny: Decimal | None = None
    """An exact decimal string."""


@dataclass(frozen=True, kw_only=True)
class MarginIntervalOut:
    """The margin adjustment on [start, end), and the determination that caused it (null where none counts)."""

    start: date

    end: date

    adjustment_bp: str
    """Basis points; minus lowers."""

    adjustment_bp_exact: str

    determination_id: UUID | None

    is_labelled: bool
    """Whether the label is active, so that the clauses count."""


@dataclass(frozen=True, kw_only=True)
class MarkCheckOut:
    """How far the mark stands from the feed as its checker saw it; ``deviation`` is an exact share, null without a feed."""

    feed_price: PriceOut | None

    feed_source: str

    feed_trade_date: date | None

    feed_state: str

    deviation: str | None

    bound: str

    needs_second_checker: bool


@dataclass(frozen=True, kw_only=True)
class MarkDifferenceOut:
    """One instrument's marks in two snapshots and the fields that differ."""

    instrument: str

    before: MarkOut | None

    after: MarkOut | None

    fields: tuple[str, ...]

    price_change: str | None


@dataclass(frozen=True, kw_only=True)
class MarkIn:
    """A price that one person proposes for the days from valid_from to valid_to (exclusive), with its evidence.

    It stands where the feed has no usable price; with ``is_override`` also where it has one.
    """

    mark_id: UUID

    instrument: str
    """A commodity's code."""

    price: Decimal
    """An exact decimal string."""

    currency: str

    unit: str

    reason: str
    """One line of printable text."""

    evidence_sha256: str

    valid_from: date

    valid_to: date | None = None
    """Exclusive; absent: as many days as the rule says, normally one."""

    is_override: bool | None = None
    """Whether it also replaces a usable price of the feed."""


@dataclass(frozen=True, kw_only=True)
class MarkOut:
    """The price of one instrument on one day; ``price`` is null when it must not value anything."""

    instrument: str

    state: str

    price: PriceOut | None

    last_price: PriceOut | None
    """The last observed price: to be shown, never to value."""

    source: str

    basis: str | None

    trade_date: date | None

    last_trade_date: date | None

    age_trading_days: int | None

    revision: int | None

    raw_sha256: str

    approved_by: str | None

    is_fallback: bool


@dataclass(frozen=True, kw_only=True)
class MarkRecordOut:
    """A proposed mark, who made it, who approved it, and whether it still counts; ``sha256`` is what an approval names."""

    mark_id: UUID

    instrument: str

    price: PriceOut

    reason: str

    evidence_sha256: str

    valid_from: date

    valid_to: date

    maker_id: UUID

    proposed_at: datetime

    checker_id: UUID | None

    approved_at: datetime | None

    withdrawn_at: datetime | None

    is_override: bool

    sha256: str

    check: MarkCheckOut | None

    second_checker_id: UUID | None

    second_checked_at: datetime | None

    is_waiting_for_second: bool


@dataclass(frozen=True, kw_only=True)
class MarkRecordsOut:
    """An instrument's proposed marks by first day."""

    marks: tuple[MarkRecordOut, ...]


@dataclass(frozen=True, kw_only=True)
class MarkWithdrawalIn:
    """Why a mark no longer counts."""

    reason: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class MatchIn:
    """Lines and postings of one account that belong together; lines alone when they cancel each other."""

    lines: tuple[int, ...]

    postings: tuple[PostingPlace, ...] | None = None

    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class MatchOut:
    """A match on record, and its undoing if it was taken back."""

    match: int

    rule: str

    why: str

    why_zh: str

    note: str

    lines: tuple[int, ...]

    postings: tuple[PostingPlace, ...]

    account: str
    """The account that lines and postings are of."""

    statement: tuple[OpenLineOut, ...]
    """The lines as the statement has them."""

    book: tuple[OpenPostingOut, ...]
    """The postings as the book has them."""

    recorded: FactOut

    undone: FactOut | None

    undo_reason: str


@dataclass(frozen=True, kw_only=True)
class MatchesIn:
    """Matches to record, all or none, as proposed for the day."""

    as_of: date

    matches: tuple[MatchIn, ...]


@dataclass(frozen=True, kw_only=True)
class MatchesOut:
    """Matches in recording order."""

    matches: tuple[MatchOut, ...]

    next_after: int | None
    """Send it as after to read on; null on the last page."""


@dataclass(frozen=True, kw_only=True)
class MeOut:
    """Who is calling: the person, the organisation, by which proof, and what this proof may do.

    ``missing`` says what a session's person would have to do for the rest: ``second_factor`` (enrol one, then sign in again) or
    ``sign_in_again`` (the second factor, or an approving role, came after this session began).
    """

    user: UserOut

    organisation: OrganisationOut

    session_id: UUID | None

    key_id: UUID | None

    roles: tuple[str, ...]

    scopes: tuple[str, ...]

    is_approving_allowed: bool

    missing: tuple[str, ...]

    csrf_token: str | None
    """A session's only: for X-CSRF-Token with every change by a page."""


@dataclass(frozen=True, kw_only=True)
class MeasureIn:
    """A measure that saves tonnes; a direct one is all or nothing."""

    name: str
    """A name."""

    size_t: int

    cost_cny_per_t: Decimal
    """An exact decimal string."""

    origin: Origin

    is_all_or_nothing: bool | None = None

    source: str | None = None
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class MeasuredOut:
    """A figure beside a channel's worth; null where there is none."""

    name: str

    value: str | None

    unit: str


@dataclass(frozen=True, kw_only=True)
class MethodologiesOut:
    """Every methodology on file."""

    methodologies: tuple[MethodologyOut, ...]


@dataclass(frozen=True, kw_only=True)
class MethodologyOut:
    """One version of a methodology: what it measures of which form, and its boundary."""

    methodology_id: str

    version: str

    measure: Measure

    template: str

    boundary_en: str

    boundary_zh: str


@dataclass(frozen=True, kw_only=True)
class MilestoneIn:
    """A step of the year's calendar that was done, and by what evidence."""

    proposal_id: UUID

    step: str

    done_on: date

    evidence: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class MissingOut:
    """A constraint of the conflict and by how much it alone would have to give."""

    name: str

    missing: str

    unit: str


@dataclass(frozen=True, kw_only=True)
class MonthCloseAnswerIn:
    """A second person's step: what it answers, by its digest, and why."""

    step: int

    digest: str
    """SHA-256 of exactly what is approved."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class MonthCloseEvidenceOut:
    """Where the evidence stands."""

    name: str

    place: str


@dataclass(frozen=True, kw_only=True)
class MonthCloseOut:
    """A month's checklist and its steps so far."""

    book_id: UUID

    month: str
    """An accounting month."""

    may_close: bool
    """Whether nothing blocks closing the month for good."""

    blocking: tuple[str, ...]

    items: tuple[ItemOut, ...]

    steps: tuple[MonthCloseStepOut, ...]


@dataclass(frozen=True, kw_only=True)
class MonthCloseReasonIn:
    """Why a step is taken."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class MonthCloseStepOut:
    """One step of a month's close, kept for ever."""

    step: int

    what: str

    item: str | None

    reason: str

    basis: str
    """What it rests on; a confirmation counts while this is so."""

    evidence: tuple[MonthCloseEvidenceOut, ...]

    answers: int | None

    digest: str

    taken_by: UUID

    taken_at: datetime


@dataclass(frozen=True, kw_only=True)
class MonthEmissionsOut:
    """One site's month: emissions, production and their ratio (null without production)."""

    month: str

    site: str

    production_t: str
    """An exact decimal string."""

    ac_kwh: str
    """An exact decimal string."""

    zero_emission_kwh: str
    """An exact decimal string."""

    emissions_tco2e: str
    """An exact decimal string."""

    intensity_tco2e_per_t: str | None


@dataclass(frozen=True, kw_only=True)
class MonthEnergyIn:
    """A month's energy that certificates are issued for."""

    month: str

    kwh: Decimal
    """An exact decimal string."""


@dataclass(frozen=True, kw_only=True)
class MonthOutlookOut:
    """One month's direct emissions: recorded or expected."""

    month: str

    emissions_tco2e: str

    is_over: bool


@dataclass(frozen=True, kw_only=True)
class MonthPriceIn:
    """A month's price and the tonnes traded."""

    month: str

    price_cny_per_t: Decimal
    """An exact decimal string."""

    volume_t: int | None = None
    """Whole tonnes; null is unknown."""


@dataclass(frozen=True, kw_only=True)
class MonthsEffectOut:
    """Activity: months in the file, of which new, changed and unchanged, and every changed figure (the first 500)."""

    months: int

    new: int

    changed: int

    unchanged: int

    change_count: int

    changes: tuple[FigureChangeOut, ...]

    facts_sha256: str


@dataclass(frozen=True, kw_only=True)
class MovementLineOut:
    """One line of the table: this year and last year."""

    line: str

    name_en: str

    name_zh: str

    this_year: CellOut

    last_year: CellOut


@dataclass(frozen=True, kw_only=True)
class MovementTableOut:
    """Opening, increases, decreases, closing; of all allowances or of one instrument."""

    instrument: str | None

    lines: tuple[MovementLineOut, ...]

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class MwhStepIn:
    """MWh of green power in place of other power, and what it costs beyond that."""

    mwh: Decimal | None = None
    """An exact decimal string."""

    power: PowerIn

    premium_cny_per_mwh: Decimal | None = None
    """0.06 CNY/kWh is 60."""


@dataclass(frozen=True, kw_only=True)
class NamedPartyOut:
    """An organisation's part in a facility, with its name."""

    organisation_id: UUID

    role: str

    legal_name: str | None
    """Null for one that is not on file here."""


@dataclass(frozen=True, kw_only=True)
class NextDueOut:
    """What comes (positive) or goes next; without an amount a later price or result decides."""

    on: date

    what: str
    """A cash flow by its name, tonnes, or margin_call."""

    instrument: str | None
    """Of tonnes."""

    amount: AmountOut | None


@dataclass(frozen=True, kw_only=True)
class NextMwhIn:
    """The value of the next MWh of green power, and the points of its parity chart."""

    on: date
    """Day of the position, the mark and the offset rules."""

    known: int | None = None
    """Record point of the book: a seq."""

    process: DecisionsProcessIn | None = None

    price_cny_per_t: Decimal | None = None
    """In place of a mark."""

    price_source: str | None = None
    """One line of printable text."""

    snapshot_id: UUID | None = None
    """With mark_instrument: the mark is the price."""

    mark_instrument: str | None = None

    ccer_price_cny_per_t: Decimal | None = None
    """Where credits are used up to the cap."""

    loans: tuple[LoanIn, ...] | None = None

    stakes: tuple[StakeIn, ...] | None = None

    cbam: CbamExposureIn | None = None

    duty: OpenDutyIn | None = None

    product: ProductIn | None = None

    step: MwhStepIn

    chart_prices_cny_per_t: tuple[Decimal, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class NextMwhOut:
    """The value of green power, its parity and the chart asked for."""

    value: StepValueOut

    parity: ParityOut

    chart: tuple[ChartPointOut, ...]


@dataclass(frozen=True, kw_only=True)
class NextTonneIn:
    """The value of the next tonne emitted less."""

    on: date
    """Day of the position, the mark and the offset rules."""

    known: int | None = None
    """Record point of the book: a seq."""

    process: DecisionsProcessIn | None = None

    price_cny_per_t: Decimal | None = None
    """In place of a mark."""

    price_source: str | None = None
    """One line of printable text."""

    snapshot_id: UUID | None = None
    """With mark_instrument: the mark is the price."""

    mark_instrument: str | None = None

    ccer_price_cny_per_t: Decimal | None = None
    """Where credits are used up to the cap."""

    loans: tuple[LoanIn, ...] | None = None

    stakes: tuple[StakeIn, ...] | None = None

    cbam: CbamExposureIn | None = None

    duty: OpenDutyIn | None = None

    product: ProductIn | None = None

    step: TonneStepIn | None = None


@dataclass(frozen=True, kw_only=True)
class NotCoveredOut:
    """A lot that no figure covers, because it has no usable price."""

    lot_id: str

    instrument: str

    quantity: AmountOut

    reason: str


@dataclass(frozen=True, kw_only=True)
class NoticeFigureOut:
    """A figure that an alert rests on."""

    label_en: str

    label_zh: str

    value: str
    """A decimal string, or a day."""

    unit: str


@dataclass(frozen=True, kw_only=True)
class NoticeIn:
    """A one-way auction's own notice and its hours."""

    notice_ref: str
    """A name."""

    opens_at: datetime

    closes_at: datetime


@dataclass(frozen=True, kw_only=True)
class NoticeOut:
    """An alert that concerns the caller; ``ended_at`` once its condition is over."""

    notice_id: UUID

    number: int
    """Its place among the organisation's alerts, and its id on the live stream."""

    kind: str

    severity: str

    subject_kind: str

    subject_ref: str

    title_en: str

    title_zh: str

    text_en: str

    text_zh: str

    path: str
    """The page that answers it."""

    figures: tuple[NoticeFigureOut, ...]

    raised_at: datetime

    ended_at: datetime | None

    read_at: datetime | None

    acknowledged_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class NoticeSettingsIn:
    """What the caller wants to hear of, in which language, and until when mail waits."""

    language: NoticesLanguage

    quiet_until: datetime | None = None
    """Mail waits until then; nothing is lost."""

    kinds: tuple[KindChannels, ...] | None = None
    """A kind that is not named is as it comes."""


@dataclass(frozen=True, kw_only=True)
class NoticeSettingsOut:
    """What the caller hears of now, kind by kind."""

    language: str

    quiet_until: datetime | None

    kinds: tuple[KindChannels, ...]


@dataclass(frozen=True, kw_only=True)
class NoticesOut:
    """A page of the caller's alerts, unread ones first and of each the newest first."""

    notices: tuple[NoticeOut, ...]

    unread: int
    """How many the caller has not read, on every page."""

    newest: int
    """Number of the organisation's newest alert, where a live stream may begin."""

    next_cursor: str | None


@dataclass(frozen=True, kw_only=True)
class NumberingOut:
    """What a run numbered, and the month's last number."""

    month: str
    """An accounting month."""

    numbered: int

    last_number: int


@dataclass(frozen=True, kw_only=True)
class ObjectionAnswerIn:
    """The authority's answer to an objection."""

    proposal_id: UUID

    objection_id: UUID

    answered_on: date

    is_upheld: bool

    reason: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class ObjectionIn:
    """An objection to a verification or an allocation, within the working days after its notice."""

    proposal_id: UUID

    against: UUID

    notified_on: date

    raised_on: date

    reason: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class ObjectionOut:
    """An objection and how it stands."""

    proposal_id: str

    against: str

    raised_on: date

    answer_due_on: date

    answered_on: date | None

    state: str


@dataclass(frozen=True, kw_only=True)
class ObligationOut:
    """One duty; ``due_at`` is null where it has the whole day. ``amount`` is null where nothing is paid or you may not see it."""

    id: str

    duty: Duty

    debtor: Debtor

    state: DutyState

    title_en: str

    title_zh: str

    due_on: date

    due_at: datetime | None

    done_on: date | None

    was_late: bool

    is_provisional: bool

    amount: AmountOut | None

    links: tuple[LinkOut, ...]


@dataclass(frozen=True, kw_only=True)
class ObligationsOut:
    """The duties of the caller's facilities, facility by facility."""

    facilities: tuple[FacilityDutiesOut, ...]

    next_cursor: str | None


@dataclass(frozen=True, kw_only=True)
class ObservationOut:
    """One price as one source gave it for one business day."""

    source: str

    instrument: str

    price_basis: str

    trade_date: date

    last_trade_date: date | None
    """The last real trade; null is unknown."""

    price: PriceOut | None
    """Null when there is no price; never zero."""

    missing_reason: str

    volume_t: str | None
    """Whole tonnes, or the instrument's unit."""

    revision: int

    known_at: datetime

    raw_sha256: str
    """Of the bytes it was read from."""

    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ObservationsOut:
    """A page of an instrument's prices, every revision, oldest day first, by what was known at ``known_at``."""

    instrument: str

    as_of: date

    known_at: datetime

    observations: tuple[ObservationOut, ...]

    next_cursor: str | None


@dataclass(frozen=True, kw_only=True)
class OfferIn:
    """What can be bought by the unit at one price: certificates, allowances, credits."""

    name: str
    """A name."""

    most: int

    price_cny: Decimal
    """An exact decimal string."""

    source: str | None = None
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class OidcConfirmIn:
    """The digest of the provider as it was shown."""

    sha256: str
    """SHA-256 of the provider's row."""


@dataclass(frozen=True, kw_only=True)
class OidcEndIn:
    """Why a provider ends."""

    reason: str
    """Why."""


@dataclass(frozen=True, kw_only=True)
class OidcProviderIn:
    """A provider to be added; it waits for another operator."""

    name: str
    """A name."""

    issuer: str
    """Its issuer."""

    client_id: str
    """Our name at the provider."""

    secret_name: str
    """CORP stands for the server's variable TONNE_OIDC_SECRET_CORP, or the file of TONNE_OIDC_SECRET_CORP_FILE."""

    domains: tuple[str, ...]
    """Mail domains: only for addresses there does its word count."""

    accepts_mfa: bool | None = None
    """Whether its amr of mfa counts as the second factor."""

    reason: str
    """Why."""


@dataclass(frozen=True, kw_only=True)
class OidcProviderOut:
    """A provider with what became of it; ``redirect_uri`` is what is registered there, null without TONNE_PUBLIC_URL."""

    id: UUID

    state: ProviderState

    name: str

    issuer: str
    """Its issuer."""

    client_id: str
    """Our name at the provider."""

    secret_name: str
    """CORP stands for the server's variable TONNE_OIDC_SECRET_CORP, or the file of TONNE_OIDC_SECRET_CORP_FILE."""

    has_secret: bool
    """Whether the server finds the client secret."""

    domains: tuple[str, ...]
    """Mail domains: only for addresses there does its word count."""

    accepts_mfa: bool
    """Whether its amr of mfa counts as the second factor."""

    redirect_uri: str | None

    reason: str
    """Why."""

    proposed_by: UUID | None

    proposed_at: datetime

    confirmed_by: UUID | None

    ended_at: datetime | None

    sha256: str
    """SHA-256 of the provider's row."""


@dataclass(frozen=True, kw_only=True)
class OidcProvidersOut:
    """Every provider of the installation, oldest first."""

    providers: tuple[OidcProviderOut, ...]


@dataclass(frozen=True, kw_only=True)
class OpenDutyIn:
    """The renewable duty, and a price of certificates in place of the cheapest on file."""

    duty: RenewableDutyIn

    gec_price_cny: Decimal | None = None
    """CNY per certificate."""


@dataclass(frozen=True, kw_only=True)
class OpenLineOut:
    """The statement's side."""

    line: int

    booked_on: date

    value_on: date | None

    reference: str

    counterparty: str

    amount: AmountOut


@dataclass(frozen=True, kw_only=True)
class OpenPostingOut:
    """The book's side, the amount on the account's normal side."""

    seq: int

    line: int

    entry_id: UUID

    effective_on: date

    reference: str

    amount: AmountOut


@dataclass(frozen=True, kw_only=True)
class OpenedAccountOut:
    """An account as it was opened."""

    path: str

    type: str

    commodity: str

    opened_on: date

    floor: AmountOut | None

    ceiling: AmountOut | None

    lot_method: str | None

    attrs: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class OperatedAlertOut:
    """That a job asked a person of the organisation to look; what it said is theirs."""

    job: str

    cause: str

    business_day: date

    raised_at: datetime


@dataclass(frozen=True, kw_only=True)
class OperatedFeedOut:
    """How one source that is switched on does for an organisation; ``failure`` is a stable code, null when nothing went wrong."""

    feed: str

    title_en: str

    title_zh: str

    state: str

    due_day: date | None

    newest_day: date | None

    last_run_at: datetime | None

    failure: str | None

    is_circuit_open: bool


@dataclass(frozen=True, kw_only=True)
class OperatedJobsOut:
    """Up to 20 organisations in the order of their ids; ``next_after`` begins the next page."""

    organisations: tuple[OperatedOrganisationOut, ...]

    next_after: UUID | None


@dataclass(frozen=True, kw_only=True)
class OperatedOrganisationOut:
    """An organisation with its sources that are on and its newest alerts, at most 20."""

    organisation_id: UUID

    legal_name: str

    feeds: tuple[OperatedFeedOut, ...]

    alerts: tuple[OperatedAlertOut, ...]


@dataclass(frozen=True, kw_only=True)
class OrderChecksOut:
    """Every check of an order that is not proposed, and whether it would be taken."""

    is_accepted: bool

    approvals_needed: int

    checks: tuple[TradingStepsCheckOut, ...]


@dataclass(frozen=True, kw_only=True)
class OrderIn:
    """An order to be proposed, or kept as a draft."""

    side: Side

    instrument: str
    """A commodity's code."""

    method: TradeMethod

    quantity: Decimal
    """Whole units of the instrument."""

    limit_price: Decimal
    """Per unit, in the order's currency."""

    currency: str | None = None

    trading_day: date

    counterparty_id: UUID | None = None
    """For a block or bilateral order."""

    compliance_year: int | None = None

    max_fee: Decimal | None = None
    """The most that fees may come to; null: by the rates on file."""

    notice: NoticeIn | None = None
    """Exactly for an order in an auction."""

    note: str | None = None

    order_id: UUID

    is_draft: bool | None = None


@dataclass(frozen=True, kw_only=True)
class OrderOut:
    """An order with every fact about it, its state, and what the caller may do next."""

    order_id: UUID

    book_id: UUID

    number: int

    state: str

    side: str

    instrument: str

    method: str

    quantity: AmountOut

    limit_price: PriceOut

    trading_day: date

    counterparty_id: UUID | None

    compliance_year: int | None

    max_fee: AmountOut | None

    notice_ref: str

    corrects: UUID | None

    note: str

    sha256: str
    """What an approval binds."""

    maker_id: UUID

    made_at: datetime

    approvals_needed: int

    approvers: tuple[UUID, ...]

    filled: AmountOut

    remaining: AmountOut

    average_price: AveragePriceOut | None

    steps: tuple[TradingStepsStepOut, ...]

    fills: tuple[FillOut, ...]

    settlements: tuple[SettlementOut, ...]

    next_actions: tuple[str, ...]

    checks: tuple[TradingStepsCheckOut, ...] | None
    """As things stand now; null once it went out."""

    differences: tuple[TradingStepsDifferenceOut, ...] | None
    """What a replacement changes."""


@dataclass(frozen=True, kw_only=True)
class OrderTermsIn:
    """What is to be dealt, on one trading day."""

    side: Side

    instrument: str
    """A commodity's code."""

    method: TradeMethod

    quantity: Decimal
    """Whole units of the instrument."""

    limit_price: Decimal
    """Per unit, in the order's currency."""

    currency: str | None = None

    trading_day: date

    counterparty_id: UUID | None = None
    """For a block or bilateral order."""

    compliance_year: int | None = None

    max_fee: Decimal | None = None
    """The most that fees may come to; null: by the rates on file."""

    notice: NoticeIn | None = None
    """Exactly for an order in an auction."""

    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class OrdersOut:
    """A page of a book's orders by number."""

    orders: tuple[OrderOut, ...]

    next_after: int | None
    """Send it as after to read on; null on the last page."""


@dataclass(frozen=True, kw_only=True)
class OrdersSettlementIn:
    """What became of a fill: settled, or failed with the reason."""

    fill_ref: str

    settled_on: date

    state: str | None = None

    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class OrganisationIn:
    """An organisation and its first administrator."""

    kind: OrganisationKind

    legal_name: str
    """A name."""

    administrator: PersonIn


@dataclass(frozen=True, kw_only=True)
class OrganisationMadeOut:
    """A new organisation, and the token for its first administrator, shown this once."""

    organisation: OrganisationOut

    administrator: InvitedOut


@dataclass(frozen=True, kw_only=True)
class OrganisationOut:
    """An organisation."""

    id: UUID

    kind: str

    legal_name: str

    created_at: datetime

    is_demo: bool
    """An organisation of the example."""


@dataclass(frozen=True, kw_only=True)
class OrganisationsOut:
    """Every organisation of the installation: the operator's view."""

    organisations: tuple[OrganisationOut, ...]


@dataclass(frozen=True, kw_only=True)
class OutcomeOut:
    """What was decided; of an approval with the answer that the request gave when it ran."""

    verdict: Verdict

    decided_by: UUID

    decided_at: datetime

    reason: str

    status: int | None

    answer: JsonValue


@dataclass(frozen=True, kw_only=True)
class OutlookBackTestOut:
    """The forecast replayed on a year that is over, on the allocation alone."""

    method: str

    actual_gap: AmountOut

    coverage: str | None
    """Share of intervals that held the actual."""

    largest_error: AmountOut

    first_warning: str | None
    """From when on a gap was expected without a break."""

    cuts: tuple[OutlookCutOut, ...]


@dataclass(frozen=True, kw_only=True)
class OutlookCutOut:
    """What the forecast would have said at the end of one month."""

    after: str

    gap: AmountOut

    low_gap: AmountOut | None

    high_gap: AmountOut | None

    error: AmountOut
    """Forecast minus actual."""

    is_covered: bool | None
    """Null without an interval."""

    level: AlertLevel


@dataclass(frozen=True, kw_only=True)
class OutlookOut:
    """The gap that a compliance year is expected to end with (below zero: left over); an estimate, not a promise."""

    as_of: date

    known: int
    """The first this many entries of the book are in the report."""

    tree_root: str
    """Root of the book's tree at known, 64 hexadecimal digits."""

    recorded_at: datetime | None
    """When entry number known was recorded; null before the first."""

    year: int

    method: str

    methodology_id: str

    methodology_version: str

    factor_set_sha256: str

    level: AlertLevel

    confidence: str

    months_over: int

    expected_emissions: AmountOut

    low_emissions: AmountOut | None

    high_emissions: AmountOut | None

    production: AmountOut

    balance_value_low: str | None
    """tCO2e/t."""

    balance_value_high: str | None

    due: AmountOut

    allocation: AmountOut

    gap: AmountOut

    low_gap: AmountOut | None
    """Null before two months."""

    high_gap: AmountOut | None

    price: PriceOut | None

    price_source: str

    gap_cost: AmountOut | None
    """Null without a usable mark: unvalued, never zero."""

    high_gap_cost: AmountOut | None

    exhaustions: tuple[ExhaustionOut, ...]

    months: tuple[MonthOutlookOut, ...]

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class OverdueAmountIn:
    """What fell due and was not paid then."""

    kind: OverdueKind

    due_on: date

    amount: Decimal
    """An exact decimal string."""


@dataclass(frozen=True, kw_only=True)
class OverdueClauseIn:
    """The overdue clause, as in a tranche's terms."""

    surcharge: Decimal
    """Part of the contract rate: 0.5 is half as much again."""

    misuse_surcharge: Decimal
    """An exact decimal string."""

    compounds: Compounding

    has_step_down: bool
    """Whether a step-down lowers the rate that the surcharge is on."""

    grace_days: int


@dataclass(frozen=True, kw_only=True)
class OverdueIn:
    """A question about late payments; nothing of it is stored."""

    currency: str
    """ISO 4217."""

    clause: OverdueClauseIn

    is_misused: bool | None = None
    """Whether the loan was used for another purpose."""

    maturity: date

    day_count: DayCount

    rounding: RoundingMode | None = None

    rates: tuple[ContractRateIn, ...]

    overdue: tuple[OverdueAmountIn, ...]

    receipts: tuple[ReceiptIn, ...] | None = None

    settlement_days: tuple[date, ...] | None = None

    as_of: date


@dataclass(frozen=True, kw_only=True)
class OverdueLineOut:
    """One kind of interest on [start, end): base x rate x year fraction. ``amount`` is rounded for show, ``charged`` is claimed."""

    start: date

    end: date

    days: int

    kind: str
    """penalty (on principal) or compound (on unpaid interest)."""

    base: AmountOut

    rate: str
    """A yearly rate as a fraction of one."""

    rate_exact: str

    amount: AmountOut

    amount_exact: str
    """In the currency, as numerator/denominator."""


@dataclass(frozen=True, kw_only=True)
class OverdueOut:
    """What is owed at the start of ``as_of`` and how it came about."""

    as_of: date

    segments: tuple[OverdueLineOut, ...]

    charged: tuple[ChargedOut, ...]

    principal: AmountOut

    unpaid_interest: AmountOut
    """Late interest and interest charged, not yet paid."""

    running: AmountOut
    """What has run since the last charge, rounded once."""

    running_exact: str
    """The same exactly."""

    total: AmountOut
    """Principal, unpaid interest and what has run."""

    surplus: AmountOut
    """Received beyond every claim."""

    formula: str

    sources: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OwnCodeIn:
    """The entity's own code for some accounts."""

    path: str
    """An account, or its beginning and a *."""

    code: str
    """A code."""

    name: str
    """A name."""


@dataclass(frozen=True, kw_only=True)
class OwnCodeOut:
    """An entity's own code."""

    path: str

    code: str

    name: str


@dataclass(frozen=True, kw_only=True)
class OwnPriceOut:
    """The volume-weighted mean of the EUA auctions: EUR per t, ``exact`` before rounding half-up to 0.01."""

    price_eur_per_t: str

    exact: str

    auctions: int

    volume_t: int

    computed_from: str


@dataclass(frozen=True, kw_only=True)
class ParityOut:
    """The premium at which green power equals its worth, and the carbon price at which a given premium does.

    ``price_cny_per_t`` is null when no carbon price makes it pay; ``is_price_decisive`` false says that, under the law in
    force, the carbon price does not reach green power at all.
    """

    premium_cny_per_mwh: str

    premium_cny_per_kwh: str

    given_premium_cny_per_mwh: str | None

    net_cny_per_mwh: str | None

    price_cny_per_t: str | None

    is_price_decisive: bool

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class PartOut:
    """One process or unit with its allocation, floored."""

    part_id: str

    sector: str

    allocation: AmountOut

    case: str
    """Which rule decided."""


@dataclass(frozen=True, kw_only=True)
class PartyOut:
    """An organisation's part in a facility."""

    organisation_id: UUID

    role: str


@dataclass(frozen=True, kw_only=True)
class PasswordIn:
    """A new password, with the one that stands."""

    password: str
    """A password."""

    new_password: str
    """A password."""


@dataclass(frozen=True, kw_only=True)
class PaymentsIn:
    """Into which book, and through which day, drawdowns, interest and repayments are booked."""

    book_id: UUID

    through: date


@dataclass(frozen=True, kw_only=True)
class PenaltyOut:
    """The range of the fine for tonnes that stay missing, and whether every deciding row is official."""

    missing: AmountOut

    low: AmountOut

    high: AmountOut

    base_price: AmountOut

    base_kind: str

    cut: AmountOut
    """What a refusal takes from the next issue."""

    is_certain: bool

    statuses: tuple[str, ...]
    """Of the deciding rows, each once."""

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class PeopleOut:
    """The people of the organisation, by name."""

    people: tuple[PersonOut, ...]


@dataclass(frozen=True, kw_only=True)
class PeriodCloseIn:
    """The last day to be closed, inclusive."""

    through: date


@dataclass(frozen=True, kw_only=True)
class PeriodRecomputationOut:
    """The locked value beside the same computed again from the activity as known at ``known_at``, the instant of the lock.

    ``is_equal`` compares the whole data byte for byte by hash; null where the value was stated and nothing is computed.
    """

    kpi_period_id: UUID

    known_at: datetime

    unit: str

    value: str
    """As locked."""

    recomputed: str | None

    snapshot_sha256: str
    """SHA-256, 64 hexadecimal digits."""

    recomputed_sha256: str | None

    snapshot_bytes: int
    """Size of the locked data in bytes."""

    is_equal: bool | None

    refusal: str | None
    """Code of the rule that stops it, if one does."""

    months: tuple[LockedMonthOut, ...]

    factors: tuple[LockedFactorOut, ...]

    stated_evidence: tuple[str, ...]
    """SHA-256 of each file a stated value rests on."""

    explain: ExplanationOut | None


@dataclass(frozen=True, kw_only=True)
class PeriodStateOut:
    """The book's locks and the tree head that covers the closing."""

    book_id: UUID

    locked_through: date | None
    """The last closed day, inclusive."""

    soft_locked_through: date | None
    """The last day on which only a closer still posts, inclusive."""

    state_root: str | None
    """SHA-256 over the balances at the close of a hard close's last day."""

    tree_size: int

    tree_root: str
    """64 hexadecimal digits."""


@dataclass(frozen=True, kw_only=True)
class PeriodsClosingOut:
    """One closing as the ledger recorded it: a leaf of the book's tree, vouched for by every checkpoint of its size or more."""

    closing: str
    """hard, soft or reopened."""

    through: date

    state_root: str | None

    entry_id: UUID

    seq: int

    tree_size: int
    """Size of the smallest tree that covers the closing."""

    leaf_hash: str

    recorded_at: datetime

    recorded_by: UUID
    """The person."""

    acting_for: UUID
    """The organisation."""


@dataclass(frozen=True, kw_only=True)
class PeriodsClosingsOut:
    """A page of a book's closings, newest first, and its locks now."""

    locked_through: date | None

    soft_locked_through: date | None

    closings: tuple[PeriodsClosingOut, ...]

    next_cursor: str | None
    """Send it as after to read on."""


@dataclass(frozen=True, kw_only=True)
class PersonIn:
    """A person to invite; roles are given separately, so that one that approves takes two administrators."""

    email: str
    """An e-mail address."""

    name: str
    """A name."""


@dataclass(frozen=True, kw_only=True)
class PersonNoteIn:
    """Texts about persons by name, under an id the client makes."""

    ref: UUID

    content_: Mapping[str, str] = field(metadata={"name": 'content'})


@dataclass(frozen=True, kw_only=True)
class PersonNoteKeptOut:
    """Where a note stands and what an entry about it carries."""

    ref: UUID

    commitment: str
    """64 hexadecimal digits; an entry's pii_commitment."""


@dataclass(frozen=True, kw_only=True)
class PersonNoteOut:
    """A note; once erased, ``content`` is null and ``erased_at`` and ``erased_by`` say when and by whom."""

    ref: UUID

    commitment: str
    """64 hexadecimal digits; an entry's pii_commitment."""

    content_: Mapping[str, str] | None = field(metadata={"name": 'content'})

    recorded_at: datetime

    recorded_by: UUID

    erased_at: datetime | None

    erased_by: UUID | None


@dataclass(frozen=True, kw_only=True)
class PersonOut:
    """A person of the organisation, with the roles that live now."""

    user: UserOut

    state: str
    """invited, member or disabled"""

    roles: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PlanCostOut:
    """One strategy on one price path."""

    strategy: Strategy

    cost: AmountOut

    funding: AmountOut

    total: AmountOut

    average_cny_per_t: str | None

    unfilled: AmountOut

    purchases: tuple[PurchaseOut, ...]


@dataclass(frozen=True, kw_only=True)
class PlanInstrumentOut:
    """An instrument with its free tonnes and whether a rule lets them settle the year."""

    instrument: str

    free: AmountOut

    set_aside: AmountOut
    """Pledged, lent, in custody, frozen or reserved: never planned."""

    is_usable: bool

    reason_en: str

    reason_zh: str


@dataclass(frozen=True, kw_only=True)
class PlannedEntryOut:
    """One entry that the book lacks."""

    kind: str

    facility_id: UUID

    tranche_id: str

    effective_on: date

    document_on: date | None

    change: AmountOut

    standing: AmountOut

    target: AmountOut

    charge: str | None

    known_then_sha256: str | None

    known_now_sha256: str

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class PlantBalanceOut:
    """One plant's balance: above zero a surplus."""

    name: str

    alpha: str | None
    """Null under a plain benchmark."""

    due: AmountOut

    allocation: AmountOut

    surplus: AmountOut


@dataclass(frozen=True, kw_only=True)
class PlantIn:
    """One process by its direct emissions and intensity."""

    name: str
    """A name."""

    emissions_t: Decimal
    """ets_direct tCO2e."""

    intensity: Decimal
    """ets_direct tCO2e/t."""


@dataclass(frozen=True, kw_only=True)
class PledgeLoanIn:
    """A loan on pledged tonnes; the lender's people release, an enforcing role enforces."""

    counterparty_id: UUID

    agreement_ref: str
    """The paper's number."""

    agreed_on: date
    """The paper's own day."""

    note: str | None = None

    kind: Literal['pledge_loan']

    lender_organisation_id: UUID

    instrument: str
    """A commodity's code."""

    quantity_t: Decimal
    """Whole tonnes."""

    rank: int | None = None

    principal_cny: Decimal
    """CNY with at most two decimals."""

    rate: Decimal
    """A rate as a fraction of one, a decimal string."""

    late_rate: Decimal | None = None
    """A rate as a fraction of one, a decimal string."""

    day_count: DayCount
    """Day count by its full name."""

    starts_on: date

    ends_on: date

    ltv_call: Decimal
    """Margin is called above it."""

    ltv_target: Decimal
    """What a call restores."""

    lots: tuple[ContractLotIn, ...] | None = None
    """Given lots; empty: by the book's method."""


@dataclass(frozen=True, kw_only=True)
class PledgeLoanOut:
    """A loan on pledged tonnes; the lender's people release, an enforcing role enforces."""

    counterparty_id: UUID

    agreement_ref: str
    """The paper's number."""

    agreed_on: date
    """The paper's own day."""

    note: str

    kind: Literal['pledge_loan']

    lender_organisation_id: UUID

    instrument: str
    """A commodity's code."""

    quantity_t: Decimal
    """Whole tonnes."""

    rank: int

    principal_cny: Decimal
    """CNY with at most two decimals."""

    rate: Decimal
    """A rate as a fraction of one, a decimal string."""

    late_rate: Decimal
    """A rate as a fraction of one, a decimal string."""

    day_count: DayCount
    """Day count by its full name."""

    starts_on: date

    ends_on: date

    ltv_call: Decimal
    """Margin is called above it."""

    ltv_target: Decimal
    """What a call restores."""

    lots: tuple[ContractLotIn, ...]
    """Given lots; empty: by the book's method."""


@dataclass(frozen=True, kw_only=True)
class PledgeReleaseIn:
    """Pledged tonnes to be freed; without a quantity all that is left."""

    on: date
    """The business day of the step."""

    doc_ref: str
    """The paper that the step rests on."""

    quantity_t: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class PointOut:
    """The point that a report is of: sending ``as_of`` and ``known`` again gives the same report for ever."""

    as_of: date

    known: int
    """The first this many entries of the book are in the report."""

    tree_root: str
    """Root of the book's tree at known, 64 hexadecimal digits."""

    recorded_at: datetime | None
    """When entry number known was recorded; null before the first."""


@dataclass(frozen=True, kw_only=True)
class PoliciesOut:
    """A book's policies by version, and the id of the one in force on the day asked for; null is the product's default."""

    on: date

    in_force: UUID | None

    terms: PolicyTermsOut
    """What holds on the day: of the policy in force, or the product's default."""

    policies: tuple[PolicyOut, ...]


@dataclass(frozen=True, kw_only=True)
class PolicyApprovalIn:
    """The digest of exactly the policy that is approved."""

    digest: str
    """SHA-256 of exactly what is approved."""


@dataclass(frozen=True, kw_only=True)
class PolicyEndOut:
    """How a proposed policy ended without an approval: rejected by another person, or withdrawn by who proposed it."""

    how: PolicyEnding

    reason: str

    ended_by: UUID

    ended_at: datetime


@dataclass(frozen=True, kw_only=True)
class PolicyIn:
    """An accounting policy as proposed; what is left out is the product's default."""

    policy_id: UUID

    effective_from: date

    cea_cost_method: LotMethod | None = None

    ccer_cost_method: LotMethod | None = None

    sale_vat: str | None = None
    """A VAT row; prices include the tax."""

    purchase_vat: str | None = None
    """A VAT row; prices include the tax."""

    fee_vat: str | None = None
    """A VAT row; prices include the tax."""

    is_input_vat_deductible: bool | None = None

    settlement: Settlement | None = None

    standard: Standard | None = None

    voucher_words: VoucherWords | None = None

    company_code: str | None = None

    own_codes: tuple[OwnCodeIn, ...] | None = None

    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class PolicyOut:
    """A policy with who proposed it and who approved it or how it ended; nobody approved: it does not count; neither: it waits."""

    effective_from: date

    cea_cost_method: str

    ccer_cost_method: str

    sale_vat: str

    purchase_vat: str

    fee_vat: str

    is_input_vat_deductible: bool

    settlement: str

    standard: str

    voucher_words: str

    company_code: str

    own_codes: tuple[OwnCodeOut, ...]

    note: str

    policy_id: UUID

    version: int

    digest: str
    """What an approval binds to."""

    proposed_by: UUID

    proposed_at: datetime

    approved_by: UUID | None

    approved_at: datetime | None

    ended: PolicyEndOut | None


@dataclass(frozen=True, kw_only=True)
class PolicyRejectionIn:
    """The digest of exactly the policy that is rejected, and why."""

    digest: str
    """SHA-256 of exactly what is approved."""

    reason: str
    """A name."""


@dataclass(frozen=True, kw_only=True)
class PolicyTermsOut:
    """What a policy says, whoever stands for it."""

    effective_from: date

    cea_cost_method: str

    ccer_cost_method: str

    sale_vat: str

    purchase_vat: str

    fee_vat: str

    is_input_vat_deductible: bool

    settlement: str

    standard: str

    voucher_words: str

    company_code: str

    own_codes: tuple[OwnCodeOut, ...]

    note: str


@dataclass(frozen=True, kw_only=True)
class PolicyWithdrawalIn:
    """Why a policy is withdrawn."""

    reason: str
    """A name."""


@dataclass(frozen=True, kw_only=True)
class PortfolioOut:
    """A lender's loans on a day, as known now; ``unreadable`` are those of the page that cannot be shown, by code."""

    as_of: date

    known_at: datetime

    positions: tuple[BankDeskPositionOut, ...]

    unreadable: tuple[LinkOut, ...]

    next_cursor: str | None


@dataclass(frozen=True, kw_only=True)
class PositionChangeOut:
    """How an account would move."""

    account: str

    commodity: str

    before: str

    after: str

    change: str


@dataclass(frozen=True, kw_only=True)
class PositionsOut:
    """Accounts that hold something or of which something is set aside, by path.

    The list ends where ``next_cursor`` is null; a page may be short, or empty.
    """

    as_of: date

    known: int
    """The first this many entries of the book are in the report."""

    tree_root: str
    """Root of the book's tree at known, 64 hexadecimal digits."""

    recorded_at: datetime | None
    """When entry number known was recorded; null before the first."""

    positions: tuple[ReportsPositionOut, ...]

    next_cursor: str | None
    """Send it as after to read on."""


@dataclass(frozen=True, kw_only=True)
class PostedLegOut:
    """A leg as recorded, debit positive."""

    account: str

    commodity: str

    amount: AmountOut


@dataclass(frozen=True, kw_only=True)
class PostingPlace:
    """A posting's place in its book."""

    seq: int
    """The entry's place in the book."""

    line: int
    """The leg within the entry, from 1."""


@dataclass(frozen=True, kw_only=True)
class PowerIn:
    """What a MWh of green power replaces; 0 where the evidence does not count for a measure."""

    operational_kg_per_kwh: Decimal
    """An exact decimal string."""

    footprint_kg_per_kwh: Decimal | None = None
    """An exact decimal string."""

    evidence: Evidence

    source: str | None = None
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class PowerKwhIn:
    """Electricity of one evidence."""

    evidence: Evidence

    kwh: Decimal
    """An exact decimal string."""


@dataclass(frozen=True, kw_only=True)
class PowerUnitIn:
    """One captive generating unit in a year; emissions are direct ones, bought power does not count."""

    unit_id: str
    """A code."""

    unit_class: UnitClass

    electricity_mwh: Decimal
    """An exact decimal string."""

    heat_gj: Decimal
    """An exact decimal string."""

    load_factor: Decimal | None = None
    """A share of the rating, 0 to 1."""

    emissions_t: Decimal
    """An exact decimal string."""


@dataclass(frozen=True, kw_only=True)
class PowerUseOut:
    """One source of electricity: what stands behind it and what the methodology counts it for."""

    source: str

    evidence: str

    counted_as: str
    """energy_factor, zero or outside."""

    ac_kwh: str
    """An exact decimal string."""

    emissions_tco2e: str
    """An exact decimal string."""


@dataclass(frozen=True, kw_only=True)
class PowerUserIn:
    """One plant by its power use."""

    name: str
    """A name."""

    output_t: Decimal
    """An exact decimal string."""

    ac_kwh_per_t: Decimal
    """Liquid AC, not comprehensive."""

    green_share: Decimal
    """That the rule counts as zero."""


@dataclass(frozen=True, kw_only=True)
class PreallocationIn:
    """What was pre-allocated; at most the rule's share of the prior year's verified emissions."""

    proposal_id: UUID

    dated_on: date

    sector: Sector

    prior_verified_t: Decimal
    """An exact decimal string."""

    allocation_t: int
    """Whole tonnes."""


@dataclass(frozen=True, kw_only=True)
class PremiumStepIn:
    """A premium from a footprint threshold on."""

    threshold_tco2e_per_t: Decimal
    """An exact decimal string."""

    premium_cny_per_t: Decimal
    """An exact decimal string."""

    source: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class PresentationOut:
    """One line of the statements with what carbon has in it."""

    name_en: str

    name_zh: str

    this_year: AmountOut

    last_year: AmountOut

    source: str


@dataclass(frozen=True, kw_only=True)
class PresentedChangeLineOut:
    """One instrument's change over all books, in the presentation currency."""

    key: str

    change: PresentedChangeOut


@dataclass(frozen=True, kw_only=True)
class PresentedChangeOut:
    """A change in the presentation currency; translation is what the book's own fixing moved."""

    opening: AmountOut

    effects: tuple[EffectOut, ...]

    translation: AmountOut

    closing: AmountOut


@dataclass(frozen=True, kw_only=True)
class PresentedLineOut:
    """One instrument's or one currency's result over all books, in the presentation currency."""

    key: str

    result: PresentedResultOut


@dataclass(frozen=True, kw_only=True)
class PresentedResultOut:
    """A result in the presentation currency."""

    market_value: AmountOut

    cost: AmountOut

    unrealised: AmountOut

    realised: AmountOut

    settled_at_cost: AmountOut

    unvalued_cost: AmountOut


@dataclass(frozen=True, kw_only=True)
class PreviewOut:
    """What a file would do: every problem (the first 1,000), or exactly one effect; confirm it by ``sha256``."""

    sha256: str

    shown_at: datetime

    form: str

    encoding: str

    sheet: str

    skipped_sheets: tuple[str, ...]

    rows: int

    examples: int
    """Example rows, which are never imported."""

    problem_count: int

    problems: tuple[RowProblemOut, ...]

    entries: EntriesEffectOut | None

    months: MonthsEffectOut | None

    statement: StatementEffectOut | None

    prices: PricesEffectOut | None


@dataclass(frozen=True, kw_only=True)
class PriceChangeIn:
    """A scenario of one's own: the relative change by the last month, on a straight line."""

    name: str
    """A commodity's code."""

    change: Decimal
    """0.2 is +20 %, above -1."""


@dataclass(frozen=True, kw_only=True)
class PriceOut:
    """An exact price as it was given, and its unit."""

    amount: str

    unit: str


@dataclass(frozen=True, kw_only=True)
class PriceReasonOut:
    """Why a person should look at a price: the sentence in English, the reason's code, the values it names."""

    reason: str

    code: str
    """Empty for a reason kept before it had one."""

    facts: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class PricesEffectOut:
    """Prices: what a second person will be asked to approve, by what each observation would be today."""

    observations: int

    counts: Mapping[str, int]

    facts_sha256: str

    needs_second_person: bool


@dataclass(frozen=True, kw_only=True)
class PrincipalFlowOut:
    """One movement of principal: what the borrower pays (drawn is negative) and the balance after it."""

    kind: str

    on: date

    payment_date: date | None

    amount: AmountOut

    balance: AmountOut

    charge: AmountOut


@dataclass(frozen=True, kw_only=True)
class PrincipalIn:
    """Principal drawn or repaid early on a day, in the tranche's currency."""

    tranche_id: str
    """A code."""

    what: PrincipalKindIn

    on: date

    amount: Decimal
    """An exact decimal string."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A refusal or a failure (RFC 9457)."""

    type: str

    title: str

    status: int

    detail: str
    """One sentence for a person."""

    code: str
    """Stable: programs decide on this."""

    errors: tuple[ProblemError, ...]

    incident: str | None = None
    """Only with a failure of ours."""


@dataclass(frozen=True, kw_only=True)
class ProblemError:
    """One field, or one cell of a file, that was refused."""

    field: str
    """The field's place, such as legs.0.amount."""

    expected: str

    code: str

    file: str | None = None
    """Of an uploaded file, as are sheet, row and value."""

    sheet: str | None = None

    row: int | None = None

    value: str | None = None

    facts: Mapping[str, str] | None = None
    """The values that what was expected names, of a file's cell."""


@dataclass(frozen=True, kw_only=True)
class ProductIn:
    """The product's footprint and its terms of sale, and the output that the footprint is averaged over."""

    terms: ProductWorthIn

    output_t: Decimal
    """An exact decimal string."""

    are_both_paid: bool | None = None
    """Premium and footprint price are paid for the same tonnes."""


@dataclass(frozen=True, kw_only=True)
class ProductWorthIn:
    """A product's footprint, the tonnes sold, and what buyers pay for either."""

    footprint_tco2e_per_t: Decimal
    """Cradle to gate."""

    sold_t: Decimal
    """An exact decimal string."""

    premium_steps: tuple[PremiumStepIn, ...] | None = None

    footprint_price: FootprintPriceIn | None = None


@dataclass(frozen=True, kw_only=True)
class ProductWorthOut:
    """Both channels apart: they may be one buyer's or two, so nothing is summed here."""

    green_premium: ChannelWorthOut | None

    footprint_price: ChannelWorthOut | None


@dataclass(frozen=True, kw_only=True)
class ProfitAndLossChangeOut:
    """A change of value: opening plus effects is closing. The result is the change that is not money put in or taken out."""

    key: str

    opening: AmountOut

    effects: tuple[EffectOut, ...]

    closing: AmountOut

    money_put_in: AmountOut
    """Paid less received, at cost for what was carried over."""

    result: AmountOut
    """closing - opening - money put in."""

    unrealised_change: AmountOut

    realised: AmountOut

    settled_at_cost: AmountOut

    unvalued_cost_change: AmountOut


@dataclass(frozen=True, kw_only=True)
class ProfitAndLossForecastOut:
    """An allocation that is expected but not issued: no holding, in no total."""

    instrument: str

    label: str

    label_zh: str

    quantity: AmountOut

    source: str

    mark: MarkOut | None

    market_value: AmountOut | None

    unvalued_reason: str


@dataclass(frozen=True, kw_only=True)
class ProfitOut:
    """A book's results from its first day to a point, by two views side by side; the lines sum to the total."""

    as_of: date

    known: int
    """The first this many entries of the book are in the report."""

    tree_root: str
    """Root of the book's tree at known, 64 hexadecimal digits."""

    recorded_at: datetime | None
    """When entry number known was recorded; null before the first."""

    book_id: UUID

    book_code: str

    currency: str

    snapshot: SnapshotNameOut

    statutory: StatutoryOut

    economic: EconomicOut

    standing_fees: AmountOut
    """Account fees that belong to no trade."""

    by: str

    lines: tuple[ResultLineOut, ...]

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class ProofOut:
    """Shadow prices that prove the plan the cheapest: no tonne left over is cheaper than the marginal one."""

    tonne: AmountOut
    """Unit cost of the marginal lot."""

    cap: AmountOut
    """What one more tonne of CCER cap would save."""

    is_cap_binding: bool

    marginal_lot_id: str | None


@dataclass(frozen=True, kw_only=True)
class ProposalApprovalIn:
    """The digest of exactly the proposal that was read."""

    sha256: str
    """64 hexadecimal digits of a SHA-256."""


@dataclass(frozen=True, kw_only=True)
class ProposalIn:
    """Why the period is determined; a decision that puts another right names it in ``replaces``."""

    cause: DeterminationCause | None = None

    replaces: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class ProposalOut:
    """A request that waits for a second person: nothing is done until somebody else approves its ``sha256``.

    ``effect`` is what the request answered when it was tried and undone; ids in it that the server makes will be others.
    """

    proposal_id: UUID

    number: int

    action: str

    state: ProposalState

    sha256: str
    """64 hexadecimal digits of a SHA-256."""

    proposed_by: UUID

    proposed_at: datetime

    expires_at: datetime

    asked: AskedOut

    effect_status: int

    effect: JsonValue

    outcome: OutcomeOut | None


@dataclass(frozen=True, kw_only=True)
class ProposalReasonIn:
    """Why a proposal is rejected or withdrawn."""

    reason: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class ProposalsApprovalIn:
    """The digest of exactly what was shown: another person's approval stands for that and nothing else."""

    sha256: str


@dataclass(frozen=True, kw_only=True)
class ProposalsDecisionOut:
    """What another person decided."""

    verdict: str

    reason: str

    checker_id: UUID

    decided_at: datetime


@dataclass(frozen=True, kw_only=True)
class ProposalsFindingOut:
    """An observation of a file that a person should look at before approving, and what it would be."""

    acceptance: str

    reasons: tuple[str, ...]

    said: tuple[PriceReasonOut, ...]
    """The reasons with code and values."""

    observation: ObservationOut


@dataclass(frozen=True, kw_only=True)
class ProposalsRejectionIn:
    """Why the proposal does not count."""

    reason: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class ProposalsReviewIn:
    """Why a held price is accepted or rejected."""

    reason: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class ProvenReceiptOut:
    """A receipt, the event's canonical JSON of which ``receipt.digest`` is the SHA-256, and the proof of its leaf."""

    book_id: UUID

    receipt: EvidenceReceiptOut

    document: str

    proof: InclusionOut


@dataclass(frozen=True, kw_only=True)
class ProvenReceiptsOut:
    """Everything that befell one subject, in order, each provable offline with the book's checkpoint."""

    receipts: tuple[ProvenReceiptOut, ...]


@dataclass(frozen=True, kw_only=True)
class ProvisionFromBookIn:
    """The provision read from the book on the snapshot's day; given is only what no book says."""

    year: int

    snapshot_id: UUID

    mark_instrument: str
    """A code."""

    used_cny: Decimal | None = None
    """An exact decimal string."""

    grant_fair_value_cny: Decimal | None = None
    """An exact decimal string."""

    emitted_share: Decimal | None = None
    """A rate as a fraction of one, a decimal string."""


@dataclass(frozen=True, kw_only=True)
class ProvisionIn:
    """What the emissions obligation rests on at a day: tonnes, cost of the bought ones, mark, each with its source."""

    as_of: date

    obligation_t: str
    """Whole tonnes."""

    held_free_t: str
    """Whole tonnes."""

    held_bought_t: str
    """Whole tonnes."""

    bought_cost_cny: Decimal
    """An exact decimal string."""

    mark_cny_per_t: Decimal | None = None

    mark_source: str
    """One line of printable text."""

    emissions_source: str
    """One line of printable text."""

    used_cny: Decimal | None = None
    """An exact decimal string."""

    grant_fair_value_cny: Decimal | None = None
    """An exact decimal string."""

    emitted_share: Decimal | None = None
    """A rate as a fraction of one, a decimal string."""

    snapshot_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class ProvisionOut:
    """The provision at a day and how it moved since the last run."""

    run: int

    as_of: date

    standard: str

    provision: AmountOut

    deferred_income: AmountOut

    settled_by_free: AmountOut

    settled_by_bought: AmountOut

    missing: AmountOut

    opening: AmountOut

    recognised: AmountOut

    used: AmountOut

    released: AmountOut

    is_replay: bool

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class PublishedPriceOut:
    """The official price: EUR per t (one certificate), where it stands, and whether it marks certificates or waits for a person."""

    price_eur_per_t: str

    published_on: date | None

    source: str

    is_taken_in: bool

    waits_for_review: bool


@dataclass(frozen=True, kw_only=True)
class PublishedRateOut:
    """One publication, in force from ``published_on`` through ``valid_through`` (null: the next day of publication is not known)."""

    published_on: date

    valid_through: date | None

    rate: str
    """A fraction of one, a year."""

    revision: int

    feed: str

    known_at: datetime

    raw_sha256: str
    """SHA-256, 64 hexadecimal digits."""

    explain: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class PublishedRatesOut:
    """An index's publications by day; a rate is valid until the next publication."""

    index: str

    rates: tuple[PublishedRateOut, ...]


@dataclass(frozen=True, kw_only=True)
class PurchaseOut:
    """One month's purchase and the cash it needs."""

    month: str

    quantity: AmountOut

    price_cny_per_t: str

    cash: AmountOut

    share_of_volume: str | None
    """Null without a known volume."""


@dataclass(frozen=True, kw_only=True)
class PurchasePlanIn:
    """A gap to buy between two months, and the prices to judge by."""

    instrument: str
    """A commodity's code."""

    quantity_t: Decimal
    """Whole tonnes."""

    first_month: str

    deadline_month: str

    volume_share: Decimal | None = None
    """Most of a month's volume to be, 0 to 1; null is no limit."""

    funding_rate: Decimal | None = None
    """Yearly, as a fraction."""

    price_cny_per_t: Decimal | None = None
    """Today's; else the series' last."""

    prices: tuple[MonthPriceIn, ...] | None = None
    """Else the month-end closes recorded for the instrument."""

    changes: tuple[PriceChangeIn, ...] | None = None

    known_at: datetime | None = None
    """Recorded prices known by then; now when null."""


@dataclass(frozen=True, kw_only=True)
class PurchasePlanOut:
    """The comparison and the advice: past prices and assumed scenarios, never a promise."""

    note_en: str

    note_zh: str

    rule: str

    months: tuple[str, ...]

    advised: Strategy | None
    """Null when nothing fills within the volume limit."""

    reason_en: str

    reason_zh: str

    saved_regret: AmountOut
    """Against waiting for the last quarter."""

    saved_mean: AmountOut
    """Below zero: certainty costs that much on average."""

    ranks: tuple[StrategyRankOut, ...]

    scenarios: tuple[ScenarioOut, ...]

    replays: tuple[ReplayOut, ...]

    years_left_out: tuple[YearLeftOutOut, ...]

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class QueryIn:
    """A query on exactly the proposal that ``digest`` names."""

    digest: str
    """The hash of exactly what was read."""

    reason: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class QueueItemOut:
    """One thing that awaits somebody, and the next action in words."""

    kind: QueueKind

    next_en: str

    next_zh: str

    due_on: date | None

    due_at: datetime | None

    is_yours: bool

    persons_missing: int | None

    links: tuple[LinkOut, ...]


@dataclass(frozen=True, kw_only=True)
class QueueOut:
    """The queue of a lender, facility by facility."""

    facilities: tuple[FacilityQueueOut, ...]

    next_cursor: str | None


@dataclass(frozen=True, kw_only=True)
class RateOut:
    """The yearly rate that interest of one day runs at on one tranche, as known at ``known_at``, and why."""

    facility_id: UUID

    tranche_id: str

    on: date

    known_at: datetime

    rate: str
    """A yearly rate as a fraction of one."""

    rate_exact: str
    """The same, exactly, as numerator/denominator."""

    explain: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class ReadThroughIn:
    """Every alert up to a number was read."""

    through: int
    """The number of the newest one read."""


@dataclass(frozen=True, kw_only=True)
class ReadThroughOut:
    """How many alerts were marked as read now, and how many are left."""

    marked: int

    unread: int


@dataclass(frozen=True, kw_only=True)
class ReadingOut:
    """A reset: the day from which it counts, the day of which the index is read, and the recorded value that counts, or why none.

    ``held_published_on`` and ``held_rate`` are of the publication of that day that your own organisation holds: what recording from the
    published rates takes; ``held_code`` says why there is none.
    """

    tranche_id: str

    index: str

    reset: date

    read_on: date

    published_on: date | None

    rate: str | None

    code: str | None

    held_published_on: date | None

    held_rate: str | None

    held_code: str | None


@dataclass(frozen=True, kw_only=True)
class ReadyOut:
    """The database answers and has the schema this release expects."""

    status: str

    database: str


@dataclass(frozen=True, kw_only=True)
class RealisedOut:
    """What sales of one instrument earned and lost from the book's first day."""

    instrument: str

    gain: AmountOut

    loss: AmountOut

    net: AmountOut


@dataclass(frozen=True, kw_only=True)
class ReceiptIn:
    """What was received later; it settles interest before principal."""

    on: date

    amount: Decimal
    """An exact decimal string."""


@dataclass(frozen=True, kw_only=True)
class RecomputationOut:
    """The proposal computed again as known when it was made; ``digest`` is null where a rule refuses it, which ``refusal`` names."""

    determination_id: UUID

    known_at: datetime

    is_equal: bool

    figures: tuple[RecomputedFigureOut, ...]

    proposed_digest: str
    """SHA-256, 64 hexadecimal digits."""

    digest: str | None

    refusal: str | None

    changed_since: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RecomputedFigureOut:
    """One figure of the proposal beside the same computed again from stored facts."""

    name: str

    unit: str

    proposed: str

    recomputed: str

    is_equal: bool


@dataclass(frozen=True, kw_only=True)
class ReconciliationProposalsOut:
    """What a person may confirm; nothing is matched or posted by asking."""

    as_of: date

    known: int
    """The first this many entries of the book."""

    facts: int
    """The first this many reconciliation facts of the book."""

    accounts: tuple[AccountProposalsOut, ...]


@dataclass(frozen=True, kw_only=True)
class RecordedFixingOut:
    """A recorded value of an index with its source; a corrected one is a further revision."""

    index: str

    on: date

    rate: str
    """A fraction of one, a year."""

    revision: int

    source: str

    recorded_at: datetime


@dataclass(frozen=True, kw_only=True)
class RecordedGradeOut:
    """A rating as notified, in force from a day on."""

    on: date

    grade: str

    source: str

    recorded_at: datetime


@dataclass(frozen=True, kw_only=True)
class RecordedPrincipalOut:
    """Principal drawn or repaid early, as it was recorded."""

    tranche_id: str

    what: str

    on: date

    amount: AmountOut

    recorded_at: datetime


@dataclass(frozen=True, kw_only=True)
class RecoveryCodesOut:
    """Ten codes for one use each, shown this once; sign in again to approve."""

    recovery_codes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RedemptionOut:
    """The premium on one scheduled redemption: basis points of the principal, once; minus is below par."""

    on: date

    payment_date: date | None

    principal: AmountOut

    premium_before: BpOut

    premium_after: BpOut

    amount_before: AmountOut

    amount_after: AmountOut

    saving: AmountOut

    determination_ids: tuple[UUID, ...]
    """The determinations in force on these days, in order."""

    explain: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class ReferenceRowsOut:
    """A set with its rows as they stand in its file, each with its source and status where the set has them."""

    set: ReferenceSetOut

    notes: tuple[str, ...]
    """What the file says of its rows above them."""

    columns: tuple[str, ...]

    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class ReferenceSetOut:
    """One set of rules, factors or rates that ships; its version changes exactly when its content does."""

    set_id: str

    version: str

    rows: int

    counts: tuple[StatusCountOut, ...]


@dataclass(frozen=True, kw_only=True)
class ReferenceSetsOut:
    """Every set, by id."""

    sets: tuple[ReferenceSetOut, ...]


@dataclass(frozen=True, kw_only=True)
class RefreezeIn:
    """Why a close is frozen again by what is known now."""

    reason: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class RefusalIn:
    """Refusal of the proposal that ``digest`` names, and why."""

    digest: str
    """The hash of exactly what was read."""

    reason: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class RefusalOut:
    """Why an entry of a batch was not posted.

    A recorded refusal is told again whenever the id comes again; one that is not recorded may be corrected under its id.
    """

    code: str

    message: str

    field: str | None
    """What of the batch it is about."""

    is_recorded: bool

    is_replay: bool


@dataclass(frozen=True, kw_only=True)
class RefuseIn:
    """Refusal of the content that ``sha256`` names, and why."""

    sha256: str
    """The proposal's sha256, as it was read."""

    reason: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class ReleaseIn:
    """An amount of a hold to be let go; without ``amount``, all that is left."""

    entry_id: UUID | None = None
    """May be left out under an Idempotency-Key header that is a UUID."""

    effective_on: date
    """The business day."""

    document_on: date | None = None
    """The paper's own date."""

    doc_ref: str | None = None

    attrs: Mapping[str, str] | None = None

    amount: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class RelianceOut:
    """One rate decision that rests on the attestation: as the tested value (``value``) or as the base year (``baseline``)."""

    determination_id: UUID

    facility_number: str

    period_start: date

    period_end: date

    relied_on_as: str

    proposed_at: datetime

    verdict: str | None
    """Null while undecided."""

    decided_at: datetime | None

    organisations: tuple[str, ...]
    """Who proposed, approved and decided."""


@dataclass(frozen=True, kw_only=True)
class ReliancesOut:
    """Every rate decision that rests on the attestation, in order of proposal; no price is said."""

    attestation_id: UUID

    reliances: tuple[RelianceOut, ...]


@dataclass(frozen=True, kw_only=True)
class ReliefOut:
    """What one unit of relief saves; above zero the constraint binds."""

    name: str

    unit: str

    saves: AmountOut

    is_binding: bool


@dataclass(frozen=True, kw_only=True)
class RemarkOut:
    """Something to look at although nothing was refused for it."""

    code: str

    reason: str

    field: str


@dataclass(frozen=True, kw_only=True)
class RenewableDutyIn:
    """A year's duty in a province: energies given, or those recorded under a methodology's template."""

    year: int

    region: str
    """A code."""

    on: date
    """Day of use, and of the prices."""

    ratio: Decimal | None = None
    """Where none is on file; 0.252 is 25.2 %."""

    power: tuple[PowerKwhIn, ...] | None = None

    methodology: str | None = None
    """In place of power."""

    sites: tuple[str, ...] | None = None

    known_at: datetime | None = None

    holdings: tuple[GecHoldingIn, ...] | None = None

    book_id: UUID | None = None
    """In place of holdings: the book's free certificates."""

    day: date | None = None
    """With book_id: the close at which they are counted, up to the day of use."""

    gec_prices: tuple[GecPriceIn, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class RenewableDutyOut:
    """A year's duty, what counts, and the certificates that are missing."""

    year: int

    region: str

    on: date

    ratio: str

    ratio_status: str
    """Of the row on file, or given."""

    used_kwh: str

    duty_kwh: str

    counted_kwh: str

    needed: str
    """Certificates."""

    held: str

    expired: str

    own_use_left_out: str

    gap: str

    sellable: str

    costs: tuple[GapCostOut, ...]

    missing_months: tuple[str, ...]

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class ReplacementIn:
    """The order that takes the place of one that did not go out yet."""

    side: Side

    instrument: str
    """A commodity's code."""

    method: TradeMethod

    quantity: Decimal
    """Whole units of the instrument."""

    limit_price: Decimal
    """Per unit, in the order's currency."""

    currency: str | None = None

    trading_day: date

    counterparty_id: UUID | None = None
    """For a block or bilateral order."""

    compliance_year: int | None = None

    max_fee: Decimal | None = None
    """The most that fees may come to; null: by the rates on file."""

    notice: NoticeIn | None = None
    """Exactly for an order in an auction."""

    note: str | None = None

    order_id: UUID


@dataclass(frozen=True, kw_only=True)
class ReplayOut:
    """Every strategy as it would have cost in one past year."""

    year: int
    """Of the deadline."""

    cheapest: Strategy

    plans: tuple[PlanCostOut, ...]


@dataclass(frozen=True, kw_only=True)
class RepoIn:
    """A repo: sold with a promise to buy back at an agreed amount."""

    counterparty_id: UUID

    agreement_ref: str
    """The paper's number."""

    agreed_on: date
    """The paper's own day."""

    note: str | None = None

    kind: Literal['repo']

    side: RepoSide

    instrument: str
    """A commodity's code."""

    quantity_t: Decimal
    """Whole tonnes."""

    sale_amount_cny: Decimal
    """CNY with at most two decimals."""

    buyback_amount_cny: Decimal
    """CNY with at most two decimals."""

    starts_on: date

    ends_on: date

    day_count: DayCount
    """Day count by its full name."""

    late_rate: Decimal | None = None
    """A rate as a fraction of one, a decimal string."""

    is_title_transferred: bool

    lots: tuple[ContractLotIn, ...] | None = None
    """Given lots; empty: by the book's method."""


@dataclass(frozen=True, kw_only=True)
class RepoOut:
    """A repo: sold with a promise to buy back at an agreed amount."""

    counterparty_id: UUID

    agreement_ref: str
    """The paper's number."""

    agreed_on: date
    """The paper's own day."""

    note: str

    kind: Literal['repo']

    side: RepoSide

    instrument: str
    """A commodity's code."""

    quantity_t: Decimal
    """Whole tonnes."""

    sale_amount_cny: Decimal
    """CNY with at most two decimals."""

    buyback_amount_cny: Decimal
    """CNY with at most two decimals."""

    starts_on: date

    ends_on: date

    day_count: DayCount
    """Day count by its full name."""

    late_rate: Decimal
    """A rate as a fraction of one, a decimal string."""

    is_title_transferred: bool

    lots: tuple[ContractLotIn, ...]
    """Given lots; empty: by the book's method."""


@dataclass(frozen=True, kw_only=True)
class ReportLineOut:
    """One figure as the report form prints it; month and site are empty for the year."""

    month: str

    site: str

    figure: str

    printed: str

    decimals: str
    """By the form's rounding row."""

    source: str


@dataclass(frozen=True, kw_only=True)
class ReportOut:
    """A year's report form."""

    year: int

    methodology_id: str

    methodology_version: str

    lines: tuple[ReportLineOut, ...]


@dataclass(frozen=True, kw_only=True)
class ReportsPositionOut:
    """What an account holds at the close of the day, on its normal side."""

    account: str

    type: str

    commodity: str

    balance: AmountOut
    """Posted."""

    held: AmountOut
    """Set aside under holds that count at this point."""

    available: AmountOut
    """Posted less held."""


@dataclass(frozen=True, kw_only=True)
class RequestProposalsProposalsOut:
    """A page of proposals, the newest first; ``next_before`` begins the next."""

    proposals: tuple[ProposalOut, ...]

    next_before: int | None


@dataclass(frozen=True, kw_only=True)
class ResultLineOut:
    """One lot's, account's, instrument's or price currency's result; gain positive."""

    key: str

    is_complete: bool

    quantity: AmountOut

    cost: AmountOut

    market_value: AmountOut

    unrealised: AmountOut

    realised: AmountOut

    settled_at_cost: AmountOut
    """Cost of what was surrendered or cancelled."""

    unvalued_lots: int

    unvalued_quantity: AmountOut

    unvalued_cost: AmountOut


@dataclass(frozen=True, kw_only=True)
class RevaluationIn:
    """The frozen snapshot to bring the economic book to."""

    snapshot_id: UUID


@dataclass(frozen=True, kw_only=True)
class RevaluationOut:
    """What the economic book was brought to."""

    run: int

    as_of: date

    snapshot_id: UUID | None

    known: int

    is_replay: bool

    unrealised: AmountOut

    instruments: tuple[RevaluedOut, ...]


@dataclass(frozen=True, kw_only=True)
class RevaluedOut:
    """One instrument at marks over its cost."""

    instrument: str

    quantity: AmountOut

    cost: AmountOut

    market_value: AmountOut

    unrealised: AmountOut

    unvalued: AmountOut


@dataclass(frozen=True, kw_only=True)
class ReversalIn:
    """The reversal's own id (or an Idempotency-Key header that is a UUID) and business day."""

    entry_id: UUID | None = None

    effective_on: date


@dataclass(frozen=True, kw_only=True)
class ReviewOut:
    """One remark, who made it and when; ``answers`` names the query of an answer."""

    id: UUID

    number: int

    what: ReviewKind

    sha256: str
    """SHA-256, 64 hexadecimal digits."""

    reason: str

    answers: UUID | None

    recorded_at: datetime

    user_id: UUID

    organisation_id: UUID


@dataclass(frozen=True, kw_only=True)
class ReviewsOut:
    """How the subject stands with the lenders, and a page of what was said about it in order."""

    sha256: str | None

    persons_needed: int

    accepted_by: tuple[UUID, ...]

    is_accepted: bool

    is_refused: bool

    open_queries: tuple[UUID, ...]

    reviews: tuple[ReviewOut, ...]

    next_cursor: str | None


@dataclass(frozen=True, kw_only=True)
class RevocationIn:
    """Why trust ends: ``compromised_since`` when the key may have been in other hands since then."""

    compromised_since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class RiskBackTestIn:
    """Which historical figure is replayed: one session, the position held constant."""

    no_trade: NoTradeRule | None = None

    limit_days: LimitDayRule | None = None

    series: tuple[SeriesIn, ...] | None = None

    snapshot_id: UUID

    known: int | None = None
    """Record point; newest when absent."""

    confidence: Decimal | None = None
    """An exact decimal string."""

    window: int | None = None
    """Returns."""


@dataclass(frozen=True, kw_only=True)
class RiskBackTestOut:
    """How the figure did: exceptions, their number and clustering, and the zone."""

    as_of: date

    snapshot_id: str

    snapshot_sha256: str

    books: tuple[RiskBookPointOut, ...]

    confidence: str

    window: int

    days: int

    first_day: date

    last_day: date

    expected_exceptions: str

    exceptions: int

    exception_days: tuple[date, ...]

    kupiec: LikelihoodTestOut

    independence: LikelihoodTestOut

    joint: LikelihoodTestOut

    cumulative_probability: str
    """Of so many exceptions or fewer, exact."""

    zone: str

    series: tuple[SeriesOut, ...]

    parameters_version: str

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class RiskBookPointOut:
    """The record point of a book in the figure: asking again with it gives the same answer."""

    book_id: UUID

    known: int


@dataclass(frozen=True, kw_only=True)
class RiskLegIn:
    """One instrument and price basis on trade dates from valid_from to valid_to (exclusive)."""

    instrument: str
    """A code."""

    price_basis: PriceBasis

    valid_from: date

    valid_to: date


@dataclass(frozen=True, kw_only=True)
class RiskOut:
    """Value at risk and expected shortfall; losses are positive, a negative figure is a gain."""

    as_of: date

    known_at: datetime

    snapshot_id: str

    snapshot_sha256: str

    books: tuple[RiskBookPointOut, ...]

    method: str

    method_text_en: str

    method_text_zh: str

    confidence: str

    horizon: int

    scenarios: int

    order_statistic: int
    """Rank of the loss, ascending from 1."""

    first_scenario_on: date

    last_scenario_on: date

    seed: int | None

    value_at_risk: AmountOut

    expected_shortfall: AmountOut

    value_at_risk_standard_error: AmountOut | None

    expected_shortfall_standard_error: AmountOut | None

    is_estimate: bool

    is_complete: bool
    """False when some lots are not covered."""

    not_covered: tuple[NotCoveredOut, ...]

    instruments: tuple[RiskPartOut, ...]

    by_book: tuple[RiskPartOut, ...]

    worst: tuple[WorstOut, ...]

    liquidity: tuple[LiquidityOut, ...]

    liquidity_adjusted_sum: AmountOut | None
    """Over instruments, without diversification; null when one is unknown."""

    series: tuple[SeriesOut, ...]

    left_out_returns: int
    """Returns of one series on days that another lacks."""

    floored_returns: int
    """Filtered returns cut off at -1."""

    parameters_version: str

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class RiskPartOut:
    """One instrument's or book's part, as losses in CNY; components sum to the whole before rounding."""

    name: str

    quantity: AmountOut | None

    component: AmountOut

    component_shortfall: AmountOut

    incremental: AmountOut
    """The whole less the whole without it."""

    standalone: AmountOut

    marginal_cny_per_t: str | None


@dataclass(frozen=True, kw_only=True)
class RoleConfirmIn:
    """The digest of the grant as it was shown."""

    sha256: str
    """SHA-256 of the grant."""


@dataclass(frozen=True, kw_only=True)
class RoleEndIn:
    """Why a role ends."""

    reason: str
    """Why."""


@dataclass(frozen=True, kw_only=True)
class RoleGrantIn:
    """A role for a person: from now or ``from_at``, without end unless ``until_at``. An auditor's has to end."""

    role: str
    """The name of a role."""

    from_at: datetime | None = None

    until_at: datetime | None = None

    reason: str
    """Why."""


@dataclass(frozen=True, kw_only=True)
class RoleGrantOut:
    """A role as it was given, and what became of it."""

    id: UUID

    user_id: UUID

    role: str
    """The name of a role."""

    state: GrantState

    from_at: datetime

    until_at: datetime | None

    granted_at: datetime

    granted_by: UUID | None

    confirmed_by: UUID | None

    ended_at: datetime | None

    reason: str

    sha256: str
    """SHA-256 of the grant."""


@dataclass(frozen=True, kw_only=True)
class RoleGrantsOut:
    """An organisation's grants, oldest first, and the roles that exist in it."""

    grants: tuple[RoleGrantOut, ...]

    roles: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RowProblemOut:
    """What is wrong with a cell; ``row`` 0 and an empty ``column`` mean the whole file, the whole row."""

    row: int

    column: str

    field: str

    value: str

    expected: str

    code: str
    """The rule of cells, or the refusal."""

    facts: Mapping[str, str]
    """The values that the rule names."""


@dataclass(frozen=True, kw_only=True)
class RuleOut:
    """A rule: ``most_quantity`` in whole units (t or certificates) and ``most_cny`` of a day."""

    requirement: Requirement

    most_quantity: str | None

    most_cny: AmountOut | None


@dataclass(frozen=True, kw_only=True)
class RuleVersionOut:
    """A version of an action's rule; ``set_by`` is null where the operator set it."""

    action: str

    version: int

    rule: RuleOut

    reason: str

    set_by: UUID | None

    recorded_at: datetime


@dataclass(frozen=True, kw_only=True)
class RunCountsOut:
    """How many observations of a run were what."""

    new: int

    duplicate: int

    revised: int

    corroborated: int

    held: int


@dataclass(frozen=True, kw_only=True)
class SaidOut:
    """What was expected: the rule's code, the sentence in English, the values it names."""

    expected: str

    code: str

    facts: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class ScenarioOut:
    """Every strategy under one scenario of the months to come."""

    name: str

    source: str

    plans: tuple[PlanCostOut, ...]


@dataclass(frozen=True, kw_only=True)
class ScheduleOut:
    """The loan's payments by tranche as known at ``known_at``; ``known_sha256`` names every fact they were computed from."""

    facility_id: UUID

    known_at: datetime

    known_sha256: str
    """SHA-256, 64 hexadecimal digits."""

    tranches: tuple[TrancheScheduleOut, ...]


@dataclass(frozen=True, kw_only=True)
class SearchGroupOut:
    """The hits of one kind; with ``next_cursor`` there are more: ask again with ``kind`` and ``after``."""

    kind: str

    label_en: str

    label_zh: str

    hits: tuple[SearchHitOut, ...]

    next_cursor: str | None


@dataclass(frozen=True, kw_only=True)
class SearchHitOut:
    """One record that was found; ``key`` is its id, number, code or path, as its route takes it."""

    key: str

    title: str

    detail: str
    """A few words that tell it from others."""

    on: date | None
    """Its day, where it has one."""

    book_id: UUID | None

    api_path: str


@dataclass(frozen=True, kw_only=True)
class SearchOut:
    """What was found, kinds without a hit left out."""

    q: str

    groups: tuple[SearchGroupOut, ...]


@dataclass(frozen=True, kw_only=True)
class SecondStepIn:
    """What is still to be shown after the provider: the second factor, and for which organisation."""

    totp: str | None = None

    recovery_code: str | None = None

    organisation_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class SendBackIn:
    """Why a reviewed draft goes back."""

    reason: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class SensitivityIn:
    """Which assumption moves the value of a step most; exactly one of ``tonne`` and ``mwh``."""

    on: date
    """Day of the position, the mark and the offset rules."""

    known: int | None = None
    """Record point of the book: a seq."""

    process: DecisionsProcessIn | None = None

    price_cny_per_t: Decimal | None = None
    """In place of a mark."""

    price_source: str | None = None
    """One line of printable text."""

    snapshot_id: UUID | None = None
    """With mark_instrument: the mark is the price."""

    mark_instrument: str | None = None

    ccer_price_cny_per_t: Decimal | None = None
    """Where credits are used up to the cap."""

    loans: tuple[LoanIn, ...] | None = None

    stakes: tuple[StakeIn, ...] | None = None

    cbam: CbamExposureIn | None = None

    duty: OpenDutyIn | None = None

    product: ProductIn | None = None

    tonne: TonneStepIn | None = None

    mwh: MwhStepIn | None = None

    change: Decimal | None = None
    """Of each driver either way; 0.1 is 10 %."""


@dataclass(frozen=True, kw_only=True)
class SerialBlockIn:
    """Units by the registry's numbers: ``first`` to ``last``, inclusive, under ``prefix``."""

    prefix: str | None = None

    first: str
    """A whole number as text."""

    last: str
    """A whole number as text."""


@dataclass(frozen=True, kw_only=True)
class SeriesIn:
    """What stands for an instrument's returns: its own earlier basis, the vintage before it, another series."""

    instrument: str
    """A code."""

    legs: tuple[RiskLegIn, ...]


@dataclass(frozen=True, kw_only=True)
class SeriesOut:
    """What a series was made from and what was left out."""

    instrument: str

    legs: tuple[str, ...]
    """Instrument, price basis and interval (end exclusive)."""

    returns: int

    first: date | None

    last: date | None

    traded_sessions: int

    no_trade_sessions: int
    """Never zero returns."""

    missing_sessions: int

    off_calendar_days: int

    breaks: int

    censored_sessions: int
    """Closed at the price limit."""

    censored_share: str

    sources: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SessionOut:
    """A session without its token."""

    id: UUID

    user_id: UUID

    created_at: datetime

    last_seen_at: datetime

    expires_at: datetime

    idle_s: int
    """Seconds without a request after which it ends."""

    is_approving_allowed: bool

    address: str
    """The network address of the sign-in."""


@dataclass(frozen=True, kw_only=True)
class SessionsOut:
    """Sessions that work now, the newest first."""

    sessions: tuple[SessionOut, ...]


@dataclass(frozen=True, kw_only=True)
class SettledOut:
    """The settlement's entry."""

    entry_id: UUID

    seq: int

    leaf_hash: str

    recorded_at: datetime


@dataclass(frozen=True, kw_only=True)
class SettlementOut:
    """One word on a fill's settlement; a corrected booking names the reversal of the wrong one."""

    fill_ref: str

    state: str

    settled_on: date

    reason: str

    trade_ref: str

    entry_id: UUID | None

    reversed_entry_id: UUID | None

    actor_id: UUID

    recorded_at: datetime


@dataclass(frozen=True, kw_only=True)
class SheetCellOut:
    """One cell as it came, and what was expected in its place; empty when it is right."""

    column: str

    text: str

    expected: str

    said: tuple[SaidOut, ...]
    """What was expected, rule by rule."""


@dataclass(frozen=True, kw_only=True)
class SheetEvidenceOut:
    """What the value rests on: the statement as received, who signed it, at which level, and what it concludes."""

    kpi_period_id: UUID

    attestation_id: UUID

    envelope_sha256: str
    """SHA-256, 64 hexadecimal digits."""

    assessor: str

    level: str

    standard: str

    outcome: str

    opinion: str

    state_now: str

    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class SheetKpiOut:
    """One KPI: definition and target, value and how it was judged, evidence (null without an attestation)."""

    kpi_id: str

    unit: str

    target: Mapping[str, JsonValue]

    value: str | None

    status: str

    explain: ExplanationOut | None

    evidence: SheetEvidenceOut | None


@dataclass(frozen=True, kw_only=True)
class SheetPaymentOut:
    """One payment of interest without and with the decision; a positive saving is the borrower's."""

    period_start: date

    period_end: date

    payment_date: date | None

    before: AmountOut

    after: AmountOut

    saving: AmountOut


@dataclass(frozen=True, kw_only=True)
class SheetRowOut:
    """One row; ``problem`` is what is wrong with the row as a whole, ``said`` the same rule by rule."""

    row: int

    problem: str

    said: tuple[SaidOut, ...]

    cells: tuple[SheetCellOut, ...]


@dataclass(frozen=True, kw_only=True)
class SheetTrancheOut:
    """What the decision does to one tranche: its price, the payments it changes, and the sum over its life."""

    price: TranchePriceOut

    payments: tuple[SheetPaymentOut, ...]

    total_before: AmountOut | None

    total_after: AmountOut | None

    total_saving: AmountOut | None

    unknown: str | None


@dataclass(frozen=True, kw_only=True)
class SignInIn:
    """What a person shows at the door; ``totp`` or ``recovery_code`` once a second factor is enrolled.

    ``organisation_id`` where the person has joined several. ``bearer`` asks for the token in the answer, for a program of the
    person's own; without it the token is in the cookie only.
    """

    email: str
    """An e-mail address."""

    password: str
    """A password."""

    totp: str | None = None

    recovery_code: str | None = None

    organisation_id: UUID | None = None

    bearer: bool | None = None


@dataclass(frozen=True, kw_only=True)
class SignInOut:
    """A session, or, where the person has joined several organisations and named none, those to choose from.

    With a session the cookie is set; ``csrf_token`` goes with every change that a page sends. ``token`` only where asked for.
    """

    session: SessionOut | None

    organisation: OrganisationOut | None

    csrf_token: str | None

    token: str | None
    """For Authorization: Bearer."""

    organisations: tuple[OrganisationOut, ...]


@dataclass(frozen=True, kw_only=True)
class SignInProviderOut:
    """A provider with which people sign in."""

    id: UUID

    name: str


@dataclass(frozen=True, kw_only=True)
class SignInProvidersOut:
    """The providers with which people sign in now, by name."""

    providers: tuple[SignInProviderOut, ...]


@dataclass(frozen=True, kw_only=True)
class SignedOutOut:
    """The session has ended."""

    signed_out: bool


@dataclass(frozen=True, kw_only=True)
class SigningKeyIn:
    """The answer to a challenge: the key's signature over its bytes, and to rotate that of the replaced key over the same bytes."""

    challenge_id: UUID

    signature: str
    """Unpadded base64url."""

    old_signature: str | None = None


@dataclass(frozen=True, kw_only=True)
class SigningKeyOut:
    """A registered public key and its history; it counts from ``approved_at``, null while a second person's approval is awaited."""

    key_id: str

    organisation_id: UUID

    alg: str

    public_key: str
    """Unpadded base64url."""

    holder_id: UUID

    registered_at: datetime

    approved_at: datetime | None

    replaces: str | None

    not_after: datetime | None

    revoked_at: datetime | None

    compromised_since: datetime | None


@dataclass(frozen=True, kw_only=True)
class SigningKeysOut:
    """The organisation's signing keys by registration, revoked ones included."""

    signing_keys: tuple[SigningKeyOut, ...]


@dataclass(frozen=True, kw_only=True)
class SnapshotIn:
    """Which marks to freeze: of which instruments, on which day, by what was known at which instant (now when absent)."""

    snapshot_id: UUID

    as_of: date

    known_at: datetime | None = None

    instruments: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SnapshotLineOut:
    """One frozen snapshot in a list."""

    snapshot_id: UUID

    as_of: date

    known_at: datetime

    sha256: str

    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class SnapshotNameOut:
    """The frozen marks that an answer rests on."""

    snapshot_id: str

    as_of: date

    sha256: str


@dataclass(frozen=True, kw_only=True)
class SnapshotOut:
    """A frozen snapshot; ``sha256`` is over its canonical bytes.

    ``calendars`` names the edition of each calendar by which marks were aged; ``overrides`` are the instruments whose price two
    persons stand for.
    """

    snapshot_id: str

    as_of: date

    known_at: datetime

    sha256: str

    calendars: tuple[CalendarEditionOut, ...]

    overrides: tuple[str, ...]

    marks: tuple[MarkOut, ...]


@dataclass(frozen=True, kw_only=True)
class SnapshotsOut:
    """Frozen snapshots, the newest day first, and of one day the latest first."""

    snapshots: tuple[SnapshotLineOut, ...]


@dataclass(frozen=True, kw_only=True)
class SourceOut:
    """One factor or rule row that the answer rests on; a value given as input has no effective interval."""

    id: str

    value: str

    unit: str

    region: str

    label_en: str

    label_zh: str

    effective_from: str | None

    effective_to: str | None

    source: str

    status: str

    version: str


@dataclass(frozen=True, kw_only=True)
class StakeIn:
    """A loan given with the request: one KPI, one step of the margin, constant principal over the effect window."""

    name: str
    """A name."""

    measure: Measure | None = None

    target: Decimal
    """At most, tCO2e/t."""

    intensity: Decimal
    """Expected of the year, tCO2e/t."""

    output_t: Decimal
    """An exact decimal string."""

    principal_cny: Decimal
    """An exact decimal string."""

    effect_start: date

    effect_end: date
    """Day after the last."""

    day_count: DayCount | None = None

    down_bp: Decimal
    """An exact decimal string."""

    up_bp: Decimal | None = None
    """An exact decimal string."""

    discount: Decimal | None = None
    """Factor; 1 is undiscounted."""


@dataclass(frozen=True, kw_only=True)
class StandardOut:
    """One standard with the levels that it gives and its words."""

    standard: str

    levels: tuple[str, ...]

    level_words: tuple[StandardWordOut, ...]

    outcome_words: tuple[StandardWordOut, ...]


@dataclass(frozen=True, kw_only=True)
class StandardWordOut:
    """A standard's own word, and the one that a statement carries for it."""

    word: str

    means: str

    label_en: str

    label_zh: str

    source: str

    status: str


@dataclass(frozen=True, kw_only=True)
class StandardsOut:
    """The standards in force for a period that begins on the day asked for."""

    version: str

    standards: tuple[StandardOut, ...]


@dataclass(frozen=True, kw_only=True)
class StatedValueIn:
    """A value that no methodology here computes: the exact text, digests of the files it rests on, and what they are.

    A number as a decimal; a grade as it is written; the days on which a status was held as 2025-09-01/2026-03-01 (end
    exclusive), joined by commas, or none.
    """

    value: str
    """One line of printable text."""

    evidence_sha256: tuple[str, ...]

    note: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class StatementEffectOut:
    """A statement: lines read, lines that are new, lines that stand already."""

    source: str

    source_version: int

    lines_read: int

    lines_added: int

    standing: int


@dataclass(frozen=True, kw_only=True)
class StatementImportOut:
    """What reading a file changed."""

    source: str

    version: int

    fact: int

    file_sha256: str

    lines_read: int

    lines_added: int
    """Lines that were new; the same file again adds none."""


@dataclass(frozen=True, kw_only=True)
class StatementLineOut:
    """One posting, debit positive, and the balance after it on the normal side."""

    seq: int

    line: int

    entry_id: UUID

    kind: str

    account: str

    commodity: str

    effective_on: date

    document_on: date | None

    recorded_at: datetime

    doc_ref: str | None

    amount: AmountOut

    balance: AmountOut


@dataclass(frozen=True, kw_only=True)
class StatementLineRecordOut:
    """A line as read, where it stood, and the entries that reconcile it."""

    line: int

    source: str

    account: str

    booked_on: date

    value_on: date | None

    reference: str

    counterparty: str

    amount: AmountOut

    balance: AmountOut | None

    detail: str

    file_name: str

    sheet: str

    row: int

    match: int | None
    """The confirmed match's number; null while open."""

    postings: tuple[PostingPlace, ...]


@dataclass(frozen=True, kw_only=True)
class StatementLinesOut:
    """A page of statement lines in recording order."""

    lines: tuple[StatementLineRecordOut, ...]

    next_after: int | None
    """Send it as after to read on; null on the last page."""


@dataclass(frozen=True, kw_only=True)
class StatementOut:
    """An account's postings effective by the day, by business day and then in recording order, and its balance there.

    The statement ends where ``next_cursor`` is null.
    """

    as_of: date

    known: int
    """The first this many entries of the book are in the report."""

    tree_root: str
    """Root of the book's tree at known, 64 hexadecimal digits."""

    recorded_at: datetime | None
    """When entry number known was recorded; null before the first."""

    account: str

    commodity: str

    balance: AmountOut

    lines: tuple[StatementLineOut, ...]

    next_cursor: str | None
    """Send it as after to read on."""


@dataclass(frozen=True, kw_only=True)
class StatementSourceIn:
    """A registry or bank account whose statements are read; saving a changed one makes its next version."""

    code: str
    """1 to 40 of a-z, 0-9 and hyphen"""

    title: str
    """One line of printable text."""

    kind: SourceKind

    mapping: MappingShape


@dataclass(frozen=True, kw_only=True)
class StatementSourceOut:
    """One version of a source."""

    code: str

    title: str

    kind: str

    version: int

    mapping: MappingShapeOut

    recorded: FactOut


@dataclass(frozen=True, kw_only=True)
class StatementSourcesOut:
    """Every version of every source, by code, then version."""

    sources: tuple[StatementSourceOut, ...]


@dataclass(frozen=True, kw_only=True)
class StatusCountOut:
    """How many rows are official, draft, secondary or assumed."""

    status: str

    rows: int


@dataclass(frozen=True, kw_only=True)
class StatutoryOut:
    """By 财会[2019]22号: purchases at cost in 1489, free allocation without an entry."""

    carrying: AmountOut
    """1489: the cost of every lot that is held."""

    ledger_carrying: AmountOut
    """What the cost accounts say themselves."""

    is_tied_to_ledger: bool

    free_quantity: AmountOut
    """Held at no cost: no entry."""

    realised: AmountOut

    settled_at_cost: AmountOut


@dataclass(frozen=True, kw_only=True)
class StepValueOut:
    """What a step is worth through every channel, each once; ``point`` names the book's state that was read, if any."""

    point: PointOut | None

    quantity: str

    unit: str

    total: AmountOut

    total_exact_cny: str

    per_unit_cny: str

    is_complete: bool

    is_estimate: bool

    missing: tuple[ChannelKind, ...]

    channels: tuple[ChannelOut, ...]

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class StrategyRankOut:
    """A strategy over all scenarios."""

    strategy: Strategy

    mean_cost: AmountOut

    worst_cost: AmountOut

    largest_regret: AmountOut
    """Most above a scenario's cheapest."""

    is_filled: bool


@dataclass(frozen=True, kw_only=True)
class SubtreeBalanceOut:
    """What the accounts of a subtree hold together in one commodity, on their normal side."""

    commodity: str

    balance: AmountOut


@dataclass(frozen=True, kw_only=True)
class SubtreeStatementOut:
    """The postings of an account and those below it, by business day, and what they hold together.

    The balance of a line is of all of them in its commodity. The statement ends where ``next_cursor`` is null.
    """

    as_of: date

    known: int
    """The first this many entries of the book are in the report."""

    tree_root: str
    """Root of the book's tree at known, 64 hexadecimal digits."""

    recorded_at: datetime | None
    """When entry number known was recorded; null before the first."""

    under: str

    balances: tuple[SubtreeBalanceOut, ...]

    lines: tuple[StatementLineOut, ...]

    next_cursor: str | None
    """Send it as after to read on."""


@dataclass(frozen=True, kw_only=True)
class SurrenderPlanIn:
    """A plan to be proposed; without ``due_t`` the duty is that of the year's approved verification."""

    proposal_id: UUID

    year: int

    surrender_on: date

    basis: CostBasis

    snapshot_id: UUID | None = None
    """Prices the economic basis."""

    due_t: int | None = None


@dataclass(frozen=True, kw_only=True)
class SurrenderPlanOut:
    """The cheapest surrender, what it leaves missing, what to buy and what a shortfall would cost."""

    year: int

    surrender_on: date

    basis: str

    due: AmountOut

    surrendered: AmountOut

    open: AmountOut

    ccer_cap: AmountOut
    """What is left of the cap."""

    covered: AmountOut

    ccer: AmountOut

    shortfall: AmountOut

    buy: AmountOut
    """What is to be bought: as the shortfall."""

    buy_ccer_at_most: AmountOut
    """Of it, what may be CCER."""

    cost: AmountOut

    lines: tuple[SurrenderPlansPlanLineOut, ...]
    """The first thousand; all are in the proposal's document."""

    line_count: int

    instruments: tuple[PlanInstrumentOut, ...]

    proof: ProofOut

    penalty: PenaltyOut | None

    proposal: ComplianceProposalOut | None

    explanation: ExplanationOut


@dataclass(frozen=True, kw_only=True)
class SurrenderPlansPlanLineOut:
    """Tonnes that one lot gives."""

    instrument: str

    lot_id: str

    tonnes: AmountOut

    unit_cost: AmountOut
    """CNY per tonne, twelve decimals at most."""


@dataclass(frozen=True, kw_only=True)
class SuspensionIn:
    """From which day the label rests, not after today, and why."""

    on: date

    reason: str
    """A name."""


@dataclass(frozen=True, kw_only=True)
class SwapIn:
    """Tonnes of one instrument against tonnes of another, with a cash difference."""

    counterparty_id: UUID

    agreement_ref: str
    """The paper's number."""

    agreed_on: date
    """The paper's own day."""

    note: str | None = None

    kind: Literal['swap']

    gives: str
    """A commodity's code."""

    gives_t: Decimal
    """Whole tonnes."""

    takes: str
    """A commodity's code."""

    takes_t: Decimal
    """Whole tonnes."""

    cash_cny: Decimal
    """Received positive, paid negative."""

    settles_on: date

    lots: tuple[ContractLotIn, ...] | None = None
    """Given lots; empty: by the book's method."""


@dataclass(frozen=True, kw_only=True)
class SwapLegOut:
    """The leg of one swap that is paired with this tranche."""

    swap_tranche_id: str

    not_computable: str | None
    """Why there are no rows: what the terms do not say."""

    periods: tuple[SwapLegPeriodOut, ...]


@dataclass(frozen=True, kw_only=True)
class SwapLegPeriodOut:
    """One interest period of the loan and what the move of the swap's spread is worth in it; minus where the spread fell."""

    number: int

    start: date

    end: date

    payment_date: date | None

    amount: AmountOut

    segments: tuple[SwapLegSegmentOut, ...]

    determination_ids: tuple[UUID, ...]
    """The determinations in force on these days, in order."""

    explain: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class SwapLegSegmentOut:
    """One stretch of an interest period: the swap's spread moved beside the loan's margin, on one notional."""

    start: date

    end: date

    days: int

    notional: AmountOut

    spread_move: BpOut

    margin_move: BpOut


@dataclass(frozen=True, kw_only=True)
class SwapOut:
    """Tonnes of one instrument against tonnes of another, with a cash difference."""

    counterparty_id: UUID

    agreement_ref: str
    """The paper's number."""

    agreed_on: date
    """The paper's own day."""

    note: str

    kind: Literal['swap']

    gives: str
    """A commodity's code."""

    gives_t: Decimal
    """Whole tonnes."""

    takes: str
    """A commodity's code."""

    takes_t: Decimal
    """Whole tonnes."""

    cash_cny: Decimal
    """Received positive, paid negative."""

    settles_on: date

    lots: tuple[ContractLotIn, ...]
    """Given lots; empty: by the book's method."""


@dataclass(frozen=True, kw_only=True)
class TemplateColumnOut:
    """One column of a template."""

    key: str

    heading: str

    unit: str

    kind: str

    is_required: bool

    expected_en: str

    expected_zh: str

    choices: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TemplateOut:
    """A template: its name in the address of its workbook, its titles and columns."""

    name: str

    plant: str | None
    """The form of plant that an activity template is for."""

    title_en: str

    title_zh: str

    columns: tuple[TemplateColumnOut, ...]


@dataclass(frozen=True, kw_only=True)
class TemplatesOut:
    """Every template."""

    templates: tuple[TemplateOut, ...]


@dataclass(frozen=True, kw_only=True)
class TermsIn:
    """A version of the terms: the first opens a facility, a later one amends it."""

    terms: Mapping[str, JsonValue]
    """Every term of one version. Parties name organisations by id; the borrower is the facility's own."""


@dataclass(frozen=True, kw_only=True)
class TermsVersionOut:
    """One version of the terms with its hash; ``counts`` once the parties that must have agreed did."""

    version: int

    sha256: str
    """SHA-256, 64 hexadecimal digits."""

    recorded_at: datetime

    agreed: tuple[AgreedOut, ...]

    counts: bool

    terms: Mapping[str, JsonValue]


@dataclass(frozen=True, kw_only=True)
class TermsVersionsOut:
    """The versions of a facility's terms, oldest first."""

    versions: tuple[TermsVersionOut, ...]


@dataclass(frozen=True, kw_only=True)
class ThresholdIn:
    """An organisation's own threshold; null goes back to the rule on file."""

    threshold: str
    """The rule's name."""

    value: Decimal | None


@dataclass(frozen=True, kw_only=True)
class ThresholdOut:
    """From when a condition alerts: the value in force and the rule on file with its source."""

    threshold: str
    """The rule's name."""

    value: str

    unit: str

    is_own: bool

    on_file: str

    label_en: str

    label_zh: str

    source: str

    status: str


@dataclass(frozen=True, kw_only=True)
class ThresholdsOut:
    """Every threshold that an organisation may set."""

    thresholds: tuple[ThresholdOut, ...]


@dataclass(frozen=True, kw_only=True)
class TokenPasswordIn:
    """A password chosen with a one-time token: an invitation's or a reset's."""

    token: str
    """A one-time token."""

    password: str
    """A password."""


@dataclass(frozen=True, kw_only=True)
class TonneFlowOut:
    """Tonnes expected in (positive) or out; they are not available before they come."""

    on: date

    instrument: str

    quantity: AmountOut


@dataclass(frozen=True, kw_only=True)
class TonneStepIn:
    """Tonnes emitted less at unchanged output."""

    tonnes: Decimal | None = None
    """An exact decimal string."""

    origin: Origin | None = None


@dataclass(frozen=True, kw_only=True)
class TotpConfirmIn:
    """The first code of the authenticator."""

    totp: str
    """The authenticator's code."""


@dataclass(frozen=True, kw_only=True)
class TotpProposedOut:
    """A second factor that waits for its first code; shown this once. The picture is a QR code of the address."""

    secret: str

    uri: str

    svg: str


@dataclass(frozen=True, kw_only=True)
class TradeOut:
    """A trade as recorded, with its place in the book."""

    trade_ref: str

    kind: str

    traded_on: date

    instrument: str

    quantity: AmountOut | None

    price: PriceOut | None

    fee: AmountOut

    counterparty: str

    venue: str

    compliance_year: int | None

    doc_ref: str

    note: str

    origin: str
    """File and row it was read from."""

    entry_id: UUID

    entry_seq: int

    recorded_at: datetime

    fixing_cny_per_eur: str | None
    """The stated fixing of a euro trade."""

    fixing_ref: str

    vat_code: str

    settled_on: date | None

    order_id: UUID | None

    provenance: str
    """order, or imported, no order."""


@dataclass(frozen=True, kw_only=True)
class TradesOut:
    """A page of a book's trades in recording order."""

    trades: tuple[TradeOut, ...]

    next_after: int | None
    """Send it as after to read on; null on the last page."""


@dataclass(frozen=True, kw_only=True)
class TradingLimitIn:
    """The most that orders may come to; a further version of the same scope, key and unit replaces the one before."""

    limit_id: UUID

    scope: LimitScope

    key: str | None = None
    """Empty for trade and day; a counterparty's id, CEA:2025, or an instrument's code."""

    max_amount_cny: Decimal
    """An exact decimal string."""

    max_quantity: Decimal | None = None

    unit: str | None = None

    valid_from: date

    valid_to: date | None = None
    """Exclusive."""

    reason: str
    """A name."""


@dataclass(frozen=True, kw_only=True)
class TradingLimitOut:
    """One version of a limit: proposed, approved, rejected or revoked."""

    limit_id: UUID

    book_id: UUID

    version: int

    scope: str

    key: str

    max_amount: AmountOut

    max_quantity: AmountOut | None

    unit: str

    valid_from: date

    valid_to: date | None

    reason: str

    state: str

    sha256: str
    """What an approval binds."""

    maker_id: UUID

    made_at: datetime

    steps: tuple[TradingStepsStepOut, ...]


@dataclass(frozen=True, kw_only=True)
class TradingLimitsOut:
    """A book's limits, every version by number."""

    limits: tuple[TradingLimitOut, ...]


@dataclass(frozen=True, kw_only=True)
class TradingStepsApprovalIn:
    """An approval of exactly what was read."""

    sha256: str
    """SHA-256 of the proposal in RFC 8785 form, as it was read."""


@dataclass(frozen=True, kw_only=True)
class TradingStepsCheckOut:
    """One check's answer: ok, warning, second_checker or refused, with its figures and the rule rows behind it."""

    code: str

    outcome: str

    rule_rows: tuple[str, ...]

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class TradingStepsDifferenceOut:
    """One fact that a correction changes; ``change`` is the exact difference of numbers, empty for texts."""

    field: str

    before: str

    after: str

    change: str


@dataclass(frozen=True, kw_only=True)
class TradingStepsReasonIn:
    """Why something ends."""

    reason: str
    """A name."""


@dataclass(frozen=True, kw_only=True)
class TradingStepsRejectionIn:
    """A refusal of exactly what was read, and why."""

    sha256: str
    """SHA-256 of the proposal in RFC 8785 form, as it was read."""

    reason: str
    """A name."""


@dataclass(frozen=True, kw_only=True)
class TradingStepsStepOut:
    """One dated fact: who did what; ``entry_id`` is the book's leaf of it."""

    what: str

    actor_id: UUID

    recorded_at: datetime

    reason: str

    entry_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class TrancheExposureOut:
    """A tranche on the day asked for: what is outstanding, your share of it, and what the clauses can move in a year from it."""

    tranche_id: str

    adjustment_bp: str | None

    outstanding: AmountOut | None

    share_of_outstanding: AmountOut | None

    share_of_outstanding_exact: str | None

    at_stake_bp: str
    """Basis points from end to end of the clauses."""

    at_stake: AmountOut | None

    at_stake_exact: str | None

    unknown: str | None


@dataclass(frozen=True, kw_only=True)
class TranchePriceOut:
    """What the decision does to one tranche; ``effective_from`` is null where no day of its life is left."""

    tranche_id: str

    adjustment_before_bp: str
    """Basis points; minus lowers."""

    adjustment_before_bp_exact: str
    """The same, exactly, as numerator/denominator."""

    adjustment_after_bp: str
    """Basis points; minus lowers."""

    adjustment_after_bp_exact: str
    """The same, exactly, as numerator/denominator."""

    effective_from: date | None

    until: date | None


@dataclass(frozen=True, kw_only=True)
class TrancheScheduleOut:
    """One tranche's payments, period by period: without decisions, with those known at ``known_at``, and the saving."""

    tranche_id: str

    currency: str

    margins: tuple[MarginIntervalOut, ...]

    periods: tuple[InterestPeriodOut, ...]

    principal: tuple[PrincipalFlowOut, ...]

    total_before: AmountOut

    total_after: AmountOut

    total_saving: AmountOut

    fees: tuple[FeeOut, ...]

    redemption: tuple[RedemptionOut, ...]
    """Rows where a clause moves the redemption price."""

    swap_leg: tuple[SwapLegOut, ...]
    """Where a clause moves a swap paired with this tranche."""


@dataclass(frozen=True, kw_only=True)
class TrancheStandingOut:
    """A tranche on the day: what is drawn and outstanding, what may still be drawn (null for a revolving line), what is paid next."""

    tranche_id: str

    what: str

    currency: str

    signed_on: date

    maturity_date: date

    commitment: AmountOut

    accordion: AmountOut

    drawn: AmountOut

    drawable: AmountOut | None

    outstanding: AmountOut | None

    allows_prepayment: bool

    index: str | None
    """Null for a fixed rate."""

    grades: tuple[str, ...]
    """The rating grid, best first; empty where no rating prices it."""

    next_interest: AmountOut | None
    """Of the interest period that is paid next."""

    next_payment_on: date | None

    is_next_projected: bool
    """Whether it rests on an assumed fixing."""

    unknown: str | None
    """Why payments cannot be computed yet, by code."""

    unknown_message: str | None
    """The same as a sentence."""


@dataclass(frozen=True, kw_only=True)
class TransferEntryOut:
    """One side as recorded."""

    book_id: UUID

    entry_id: UUID

    seq: int

    effective_on: date

    recorded_at: datetime

    leaf_hash: str
    """64 hexadecimal digits."""


@dataclass(frozen=True, kw_only=True)
class TransferIn:
    """A transfer: what one side adds to its clearing accounts the other takes from its own, in the same commodities."""

    transfer_id: UUID

    out_of: TransferSideIn

    into: TransferSideIn


@dataclass(frozen=True, kw_only=True)
class TransferOut:
    """The sides of a transfer that are in the caller's books; a sound one has two."""

    transfer_id: UUID

    sides: tuple[TransferEntryOut, ...]


@dataclass(frozen=True, kw_only=True)
class TransferReceiptOut:
    """Proof of both sides, recorded together."""

    transfer_id: UUID

    out_of: EntriesReceiptOut

    into: EntriesReceiptOut


@dataclass(frozen=True, kw_only=True)
class TransferSideIn:
    """One side: an entry of one of the caller's books, with legs on its clearing accounts (``Equity:Clearing...``)."""

    kind: EntryKind | None = None

    effective_on: date
    """The business day."""

    document_on: date | None = None
    """The paper's own date."""

    doc_ref: str | None = None

    attrs: Mapping[str, str] | None = None

    legs: tuple[EntriesLegIn, ...]

    cost_legs: CostLegsIn | None = None

    pii_commitment: str | None = None
    """The commitment to personal data that was kept apart; 64 hexadecimal digits."""

    book_id: UUID

    entry_id: UUID


@dataclass(frozen=True, kw_only=True)
class TrialBalanceLineOut:
    """The sums of one commodity's debit and credit balances, which over a whole sound book are equal."""

    commodity: str

    debit: AmountOut

    credit: AmountOut


@dataclass(frozen=True, kw_only=True)
class TrialBalanceOut:
    """One line for each commodity that any account holds, by code."""

    as_of: date

    known: int
    """The first this many entries of the book are in the report."""

    tree_root: str
    """Root of the book's tree at known, 64 hexadecimal digits."""

    recorded_at: datetime | None
    """When entry number known was recorded; null before the first."""

    lines: tuple[TrialBalanceLineOut, ...]


@dataclass(frozen=True, kw_only=True)
class UndoIn:
    """Why a match is taken back."""

    reason: str
    """One line of printable text."""


@dataclass(frozen=True, kw_only=True)
class UnreadOut:
    """How many alerts the caller has not read."""

    unread: int


@dataclass(frozen=True, kw_only=True)
class UnsettledListOut:
    """Trades whose money is still to move, in the order of booking."""

    as_of: date

    trades: tuple[UnsettledOut, ...]


@dataclass(frozen=True, kw_only=True)
class UnsettledOut:
    """A trade whose money is still to move: above zero to be received, below zero to be paid."""

    trade_ref: str

    entry_id: UUID

    traded_on: date

    amount: AmountOut


@dataclass(frozen=True, kw_only=True)
class UntoldOut:
    """A tranche whose interest cannot be told, and why."""

    facility_id: UUID

    tranche_id: str

    code: str

    reason: str


@dataclass(frozen=True, kw_only=True)
class UnvaluedOut:
    """A lot without a value, with the reason."""

    lot_id: str

    reason: str


@dataclass(frozen=True, kw_only=True)
class UploadCountsOut:
    """How many observations of the file would be what; ``quarantined`` are out of bounds."""

    new: int

    duplicate: int

    revised: int

    corroborated: int

    conflict: int

    quarantined: int


@dataclass(frozen=True, kw_only=True)
class UploadOut:
    """A file of prices as proposed: ``sha256`` is what an approval names; it counts only once another person approved it.

    ``findings`` are at most 200 observations that revise, contradict, breach or stand out; ``imported`` is what the approval did, in
    the answer to it only.
    """

    upload_id: UUID

    file_name: str

    format: str

    file_sha256: str

    sha256: str

    counts: UploadCountsOut

    maker_id: UUID

    proposed_at: datetime

    decision: ProposalsDecisionOut | None

    findings: tuple[ProposalsFindingOut, ...]

    alerts: tuple[AlertOut, ...]

    imported: ImportedOut | None


@dataclass(frozen=True, kw_only=True)
class UploadsOut:
    """The organisation's uploads, the newest first, at most 200."""

    uploads: tuple[UploadOut, ...]


@dataclass(frozen=True, kw_only=True)
class UserOut:
    """A person of an organisation."""

    id: UUID

    email: str

    name: str


@dataclass(frozen=True, kw_only=True)
class ValuationOut:
    """A book's carbon at one frozen snapshot, as of its day and a record point."""

    as_of: date

    known: int
    """The first this many entries of the book are in the report."""

    tree_root: str
    """Root of the book's tree at known, 64 hexadecimal digits."""

    recorded_at: datetime | None
    """When entry number known was recorded; null before the first."""

    snapshot_id: str

    snapshot_sha256: str

    lots: tuple[ValuedLotOut, ...]

    total: ValuationTotalOut

    realised: tuple[RealisedOut, ...]

    realised_net: AmountOut


@dataclass(frozen=True, kw_only=True)
class ValuationTotalOut:
    """Sums over the valued lots, and what is left out of them; incomplete when any lot is unvalued."""

    is_complete: bool

    quantity: AmountOut

    cost: AmountOut

    market_value: AmountOut

    unrealised: AmountOut

    unvalued_lot_ids: tuple[str, ...]

    unvalued_quantity: AmountOut

    unvalued_cost: AmountOut


@dataclass(frozen=True, kw_only=True)
class ValuedLotOut:
    """One lot with its mark; value and result are null together, and then ``unvalued_reason`` says why."""

    lot_id: str

    account: str

    instrument: str

    acquired_on: date

    quantity: AmountOut

    cost: AmountOut

    mark: MarkOut | None

    exchange_rate: MarkOut | None

    market_value: AmountOut | None

    unrealised: AmountOut | None

    unvalued_reason: str

    exchange_rate_direction: str
    """How the fixing was used; empty without one."""

    is_override: bool
    """Two persons stand for the price."""

    bounds_breached: tuple[str, ...]
    """Bounds that the price or the fixing moved beyond."""

    breaches_said: tuple[PriceReasonOut, ...]
    """The same with code and values."""

    explanation: ExplanationOut
    """What it does to each clause, and why."""


@dataclass(frozen=True, kw_only=True)
class VerificationIn:
    """A year's verified emissions; a later one corrects it once approved."""

    proposal_id: UUID

    dated_on: date

    verifier: str
    """One line of printable text."""

    doc_ref: str
    """One line of printable text."""

    processes: tuple[AllocationsProcessIn, ...] | None = None

    units: tuple[PowerUnitIn, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class VoucherCheckOut:
    """How a month's vouchers stand against the ledger."""

    month: str
    """An accounting month."""

    last_number: int

    unnumbered: int

    unreviewed: int

    ties: bool

    differences: tuple[VouchersDifferenceOut, ...]


@dataclass(frozen=True, kw_only=True)
class VoucherDigestIn:
    """One voucher as its reviewer read it."""

    number: int

    digest: str
    """SHA-256 of exactly what is approved."""


@dataclass(frozen=True, kw_only=True)
class VoucherLineOut:
    """One line; one of ``debit`` and ``credit`` is null."""

    line: int

    account: str

    account_code: str

    account_name_zh: str

    account_name_en: str

    debit: AmountOut | None

    credit: AmountOut | None

    quantity: str | None
    """What the entry moved of the instrument, in its smallest units."""


@dataclass(frozen=True, kw_only=True)
class VoucherOut:
    """One voucher with its entry, papers, lines, and the persons who stand for it."""

    month: str
    """An accounting month."""

    number: int

    word: str

    voucher_on: date

    document_on: date | None

    kind: str

    summary_zh: str

    summary_en: str

    doc_ref: str

    attachments: tuple[str, ...]

    is_red: bool

    reverses_seq: int | None

    entry_id: UUID

    entry_seq: int

    leaf_hash: str

    lines: tuple[VoucherLineOut, ...]

    digest: str
    """What a review binds to."""

    prepared_by: UUID

    numbered_by: UUID

    numbered_at: datetime

    reviewed_by: UUID | None

    reviewed_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class VoucherReviewsIn:
    """The vouchers that are reviewed, each with its digest; all or none."""

    vouchers: tuple[VoucherDigestIn, ...]


@dataclass(frozen=True, kw_only=True)
class VouchersChartOut:
    """The chart of accounts and the version of its content."""

    version: str

    accounts: tuple[ChartRowOut, ...]


@dataclass(frozen=True, kw_only=True)
class VouchersDifferenceOut:
    """An account on which vouchers and ledger disagree over the month, debit positive; ``difference`` is the vouchers less the ledger."""

    account: str

    vouchers: AmountOut

    ledger: AmountOut

    difference: AmountOut


@dataclass(frozen=True, kw_only=True)
class VouchersOut:
    """A page of a month's vouchers by number."""

    month: str
    """An accounting month."""

    vouchers: tuple[VoucherOut, ...]

    next_cursor: str | None


@dataclass(frozen=True, kw_only=True)
class VouchersSettlementIn:
    """A trade whose money has moved."""

    trade_ref: str

    settled_on: date

    doc_ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class WaitingOut:
    """One thing that waits: what, by whom, since when, the digest that a decision names, and exactly what it changes.

    ``approve``, ``reject`` and ``withdraw`` are POST routes; ``sha256`` is null where the record itself is named.
    At most 200 changes are shown.
    """

    kind: str

    title_en: str

    title_zh: str

    subject: str

    asked_by: UUID | None

    since: datetime

    sha256: str | None

    changes: tuple[InboxChangeOut, ...]

    effect_en: str

    effect_zh: str

    approve: str

    approve_body: Mapping[str, str] | None
    """What to send to approve; null where it is decided on its own page."""

    asks_reason: bool
    """Whether approve_body still needs a reason."""

    reject: str | None

    reject_body: Mapping[str, str]
    """What to send to reject, with a reason."""

    withdraw: str | None
    """Where who asked takes it back, with a reason; null where that is no such route."""

    page: str | None
    """The page of the web application that shows it whole; null where there is none."""


@dataclass(frozen=True, kw_only=True)
class WaiverIn:
    """Why an open warning passes for these terms."""

    terms_version: int

    reason: str
    """A name."""


@dataclass(frozen=True, kw_only=True)
class WaiverOut:
    """Why a warning passed, who signed and for whom."""

    reason: str

    signatory_id: UUID

    organisation_id: UUID

    recorded_at: datetime


@dataclass(frozen=True, kw_only=True)
class WayOut:
    """Where the browser goes; what binds the way back to it is in a cookie for ten minutes."""

    address: str


@dataclass(frozen=True, kw_only=True)
class WebhookDecisionIn:
    """The decision of a second person about exactly what was read."""

    sha256: str
    """The webhook's digest."""


@dataclass(frozen=True, kw_only=True)
class WebhookIn:
    """An address that alerts shall be sent to, once a second person confirmed it."""

    url: str
    """Public, https."""

    description: str
    """A name."""

    kinds: tuple[NoticeKind, ...] | None = None
    """Which alerts; every kind when empty."""


@dataclass(frozen=True, kw_only=True)
class WebhookOut:
    """A webhook endpoint with everything done about it."""

    webhook_id: UUID

    url: str

    description: str

    kinds: tuple[str, ...]

    state: str

    sha256: str
    """What a confirmation binds."""

    maker_id: UUID

    made_at: datetime

    secret_number: int
    """How many secrets it has had; the newest signs."""

    steps: tuple[WebhookStepOut, ...]


@dataclass(frozen=True, kw_only=True)
class WebhookSecretOut:
    """A webhook with its new secret, which is shown this once."""

    webhook: WebhookOut

    secret: str
    """For any Standard Webhooks library."""


@dataclass(frozen=True, kw_only=True)
class WebhookStepOut:
    """What a person did about a webhook."""

    what: str

    actor_id: UUID

    at: datetime


@dataclass(frozen=True, kw_only=True)
class WebhooksOut:
    """The organisation's webhooks, the oldest first."""

    webhooks: tuple[WebhookOut, ...]


@dataclass(frozen=True, kw_only=True)
class WorkOut:
    """What is being done beside the request; ask again."""

    task: str

    phase: str

    rows_total: int | None

    attempts: int

    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class WorstOut:
    """One of the largest losses."""

    scenario: str
    """The session, or the simulated path."""

    loss: AmountOut


@dataclass(frozen=True, kw_only=True)
class YearLeftOutOut:
    """A past year that could not be replayed, and why."""

    year: int

    reason: str


@dataclass(frozen=True, kw_only=True)
class YearVersionOut:
    """A year that is not as shipped: its version, and which approved proposal it is."""

    year: int

    version: int

    proposal_id: UUID

    sha256: str

    source: str

    known_at: datetime
