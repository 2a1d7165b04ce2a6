"""One method for each operation of the API.

Written from the API's description; renew it with: make client.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, cast
from uuid import UUID

from tonne_client.generated import shapes
from tonne_client.operation import File


class Calls(ABC):
    """Every operation as a method; how a request travels is the client's."""

    @abstractmethod
    def call(self, name: str, given: Mapping[str, object], *, body: object = None, content_type: str = '') -> object:
        """Send one request and return its answer."""

    def accept_held(self, *, body: shapes.ProposalsReviewIn, content_sha256: str) -> shapes.HeldReviewOut:
        """Accept a held price as another person than its uploader: from now on it is its day's price, with the reason on file."""
        return cast("shapes.HeldReviewOut", self.call('accept_held', {'content_sha256': content_sha256}, body=body))

    def accept_invitation(self, *, body: shapes.TokenPasswordIn) -> shapes.DoneOut:
        """Choose a password with the one-time token of an invitation or a reset; who has one accepts an invitation with it."""
        return cast("shapes.DoneOut", self.call('accept_invitation', {}, body=body))

    def accrue_interest(self, *, body: shapes.DayIn, contract_id: UUID) -> shapes.CarbonContractOut:
        """Book the interest or fee of the days before a day that is not booked yet."""
        return cast("shapes.CarbonContractOut", self.call('accrue_interest', {'contract_id': contract_id}, body=body))

    def acknowledge_notice(self, *, notice_id: UUID) -> shapes.NoticeOut:
        """Record that the caller takes note of an alert and acts on it; it counts as read too."""
        return cast("shapes.NoticeOut", self.call('acknowledge_notice', {'notice_id': notice_id}))

    def activate_label(self, *, body: shapes.LabelsReasonIn, facility_id: UUID) -> shapes.LabelOut:
        """Call the loan sustainability-linked from today on; an open block of the checklist stops it."""
        return cast("shapes.LabelOut", self.call('activate_label', {'facility_id': facility_id}, body=body))

    def add_adjustment(self, *, body: shapes.AdjustmentIn, facility_id: UUID) -> shapes.AdjustmentOut:
        """Put to both parties what late facts change in interest already booked; proposing it is agreeing to it."""
        return cast("shapes.AdjustmentOut", self.call('add_adjustment', {'facility_id': facility_id}, body=body))

    def add_amendment(self, *, body: shapes.AmendmentIn, facility_id: UUID) -> shapes.AmendmentOut:
        """Notify a sustainability amendment event; the days of the talks begin to run."""
        return cast("shapes.AmendmentOut", self.call('add_amendment', {'facility_id': facility_id}, body=body))

    def add_attestation(self, *, content: bytes, content_type: str = 'application/json', engagement_id: UUID) -> shapes.AttestationOut:
        """Judge a signed envelope and record its exact bytes; the same bytes again give the same answer.

        A JWS in flattened JSON, an SM2 envelope (kid, payload, signature, signer_id, typ), or an object of ``jws`` and ``sm2`` over
        the same payload.
        """
        return cast("shapes.AttestationOut", self.call('add_attestation', {'engagement_id': engagement_id}, body=content, content_type=content_type))

    def add_breach(self, *, body: shapes.BreachIn, facility_id: UUID) -> shapes.BreachOut:
        """Give notice of a sustainability duty not kept; it reaches price and label only."""
        return cast("shapes.BreachOut", self.call('add_breach', {'facility_id': facility_id}, body=body))

    def add_challenge(self, *, body: shapes.ChallengeIn) -> shapes.ChallengeOut:
        """Return the bytes that the holder of the key must sign within an hour; a weak or malformed public key is refused."""
        return cast("shapes.ChallengeOut", self.call('add_challenge', {}, body=body))

    def add_commodity(self, *, body: shapes.CommodityIn, book_id: UUID) -> shapes.CommodityOut:
        """Let the book keep a commodity; the same again changes nothing, other facts under its code are refused."""
        return cast("shapes.CommodityOut", self.call('add_commodity', {'book_id': book_id}, body=body))

    def add_connection(self, *, body: shapes.ConnectionIn, facility_id: UUID) -> shapes.ConnectionsOut:
        """Record an agent, guarantor, group member or coordinator of the loan: nobody bound to it may assess the loan."""
        return cast("shapes.ConnectionsOut", self.call('add_connection', {'facility_id': facility_id}, body=body))

    def add_draft(self, *, content: bytes, content_type: str = 'application/json', engagement_id: UUID) -> shapes.DraftOut:
        """Begin a draft with a whole statement, one JSON object with every member; the period's data must be open to the caller."""
        return cast("shapes.DraftOut", self.call('add_draft', {'engagement_id': engagement_id}, body=content, content_type=content_type))

    def add_engagement(self, *, body: shapes.EngagementIn) -> shapes.EngagementOut:
        """Engage an assessor for one KPI period: no party to the loan, nor anyone that shares a person with one."""
        return cast("shapes.EngagementOut", self.call('add_engagement', {}, body=body))

    def add_entity_book(self, *, body: shapes.EntityBookIn, entity_id: UUID) -> shapes.LegalEntityOut:
        """Say for which entity a book is kept, once."""
        return cast("shapes.LegalEntityOut", self.call('add_entity_book', {'entity_id': entity_id}, body=body))

    def add_facility(self, *, body: shapes.TermsIn) -> shapes.FacilityOut:
        """Open a facility of the caller's organisation with its first terms; they count once every lender agreed too."""
        return cast("shapes.FacilityOut", self.call('add_facility', {}, body=body))

    def add_fixings(self, *, body: shapes.FixingsIn, facility_id: UUID) -> shapes.FixingsOut:
        """Record published values of an index that the terms read; a corrected value is a further revision."""
        return cast("shapes.FixingsOut", self.call('add_fixings', {'facility_id': facility_id}, body=body))

    def add_fixings_from_published(self, *, body: shapes.FromPublishedIn, facility_id: UUID) -> shapes.FromPublishedOut:
        """Record what the loan reads of an index from the rates that the caller's organisation holds; the same again changes nothing."""
        return cast("shapes.FromPublishedOut", self.call('add_fixings_from_published', {'facility_id': facility_id}, body=body))

    def add_grade(self, *, body: shapes.GradeIn, facility_id: UUID) -> shapes.ScheduleOut:
        """Record a rating that the terms' grid prices, and return the payments that follow."""
        return cast("shapes.ScheduleOut", self.call('add_grade', {'facility_id': facility_id}, body=body))

    def add_kpi_period(self, *, body: shapes.KpiPeriodIn, facility_id: UUID) -> shapes.KpiPeriodOut:
        """Open the KPI's base year, or the test period that ends in the year."""
        return cast("shapes.KpiPeriodOut", self.call('add_kpi_period', {'facility_id': facility_id}, body=body))

    def add_legal_entity(self, *, body: shapes.LegalEntityIn) -> shapes.LegalEntityOut:
        """Add a company of the group by its unified social credit code, whose check character is checked."""
        return cast("shapes.LegalEntityOut", self.call('add_legal_entity', {}, body=body))

    def add_principal(self, *, body: shapes.PrincipalIn, facility_id: UUID) -> shapes.ScheduleOut:
        """Record principal drawn or repaid early, and return the payments that follow."""
        return cast("shapes.ScheduleOut", self.call('add_principal', {'facility_id': facility_id}, body=body))

    def add_signing_key(self, *, body: shapes.SigningKeyIn) -> shapes.SigningKeyOut:
        """Register the key of a challenge whose bytes it signed; the challenge counts once.

        The key counts once a second person approves it, or at once when the key that it replaces signed the same bytes.
        """
        return cast("shapes.SigningKeyOut", self.call('add_signing_key', {}, body=body))

    def add_terms(self, *, body: shapes.TermsIn, facility_id: UUID) -> shapes.TermsVersionsOut:
        """Propose the next version of the terms; it counts once the borrower and the consent share of the lenders agreed."""
        return cast("shapes.TermsVersionsOut", self.call('add_terms', {'facility_id': facility_id}, body=body))

    def add_waiver(self, *, body: shapes.WaiverIn, facility_id: UUID, rule: str) -> shapes.ChecklistOut:
        """Let an open warning pass for the terms in force; the caller signs it. A block cannot be waived."""
        return cast("shapes.ChecklistOut", self.call('add_waiver', {'facility_id': facility_id, 'rule': rule}, body=body))

    def agree_adjustment(self, *, body: shapes.AdjustmentAgreementIn, adjustment_id: UUID) -> shapes.AdjustmentOut:
        """Agree, for the caller's side, to exactly the adjustment that ``digest`` names."""
        return cast("shapes.AdjustmentOut", self.call('agree_adjustment', {'adjustment_id': adjustment_id}, body=body))

    def agree_amendment(self, *, body: shapes.LabelsReasonIn, facility_id: UUID, event_id: UUID) -> shapes.AmendmentOut:
        """Agree, for the caller's organisation, on how the loan goes on; refused once the talks are over."""
        return cast("shapes.AmendmentOut", self.call('agree_amendment', {'facility_id': facility_id, 'event_id': event_id}, body=body))

    def agree_terms(self, *, body: shapes.AgreementIn, facility_id: UUID, version: int) -> shapes.TermsVersionsOut:
        """Agree, for the caller's organisation, to exactly the version that the hash names."""
        return cast("shapes.TermsVersionsOut", self.call('agree_terms', {'facility_id': facility_id, 'version': version}, body=body))

    def amend_contract(self, *, body: shapes.ContractAmendmentIn, contract_id: UUID) -> shapes.CarbonContractOut:
        """Word a further version; the one in force holds until another person agrees."""
        return cast("shapes.CarbonContractOut", self.call('amend_contract', {'contract_id': contract_id}, body=body))

    def answer_query(self, *, body: shapes.BankDeskAnswerIn, review_id: UUID) -> shapes.ReviewOut:
        """Answer a lender's query, for the borrower; a query is answered once."""
        return cast("shapes.ReviewOut", self.call('answer_query', {'review_id': review_id}, body=body))

    def answer_question(self, *, body: Mapping[str, object], name: str) -> shapes.AnswerOut:
        """Return the calculator's answer to the fields in the body, each a string, ``change`` and ``lots`` arrays."""
        return cast("shapes.AnswerOut", self.call('answer_question', {'name': name}, body=body))

    def approve_calendar_year(self, *, body: shapes.ProposalsApprovalIn, proposal_id: UUID) -> shapes.CalendarYearOut:
        """Approve a proposed year as a second person: from now on it is the market's calendar of that year."""
        return cast("shapes.CalendarYearOut", self.call('approve_calendar_year', {'proposal_id': proposal_id}, body=body))

    def approve_compliance_proposal(self, *, body: shapes.ApproveIn, proposal_id: UUID) -> shapes.ComplianceProposalOut:
        """Approve exactly the content that ``sha256`` names, as another person than its maker."""
        return cast("shapes.ComplianceProposalOut", self.call('approve_compliance_proposal', {'proposal_id': proposal_id}, body=body))

    def approve_contract(self, *, body: shapes.TradingStepsApprovalIn, contract_id: UUID) -> shapes.CarbonContractOut:
        """Agree to the very wording that was read, as another person than its maker."""
        return cast("shapes.CarbonContractOut", self.call('approve_contract', {'contract_id': contract_id}, body=body))

    def approve_correction(self, *, body: shapes.TradingStepsApprovalIn, order_id: UUID, correction_id: UUID) -> shapes.CorrectedOut:
        """Correct a fill as another person: a booked one is reversed and booked anew, both linked."""
        return cast("shapes.CorrectedOut", self.call('approve_correction', {'order_id': order_id, 'correction_id': correction_id}, body=body))

    def approve_counterparty(self, *, body: shapes.TradingStepsApprovalIn, counterparty_id: UUID) -> shapes.CounterpartyOut:
        """Approve a counterparty as another person than its maker; its waiting time begins."""
        return cast("shapes.CounterpartyOut", self.call('approve_counterparty', {'counterparty_id': counterparty_id}, body=body))

    def approve_declassification(self, *, body: shapes.DeclassificationApprovalIn, facility_id: UUID, proposal_id: UUID) -> shapes.DeclassificationOut:
        """Approve exactly the proposal that ``digest`` names; with the lenders' consent share the label ends."""
        return cast("shapes.DeclassificationOut", self.call('approve_declassification', {'facility_id': facility_id, 'proposal_id': proposal_id}, body=body))

    def approve_determination(self, *, body: shapes.DeterminationsApprovalIn, determination_id: UUID) -> shapes.DeterminationOut:
        """Approve exactly the proposal that ``digest`` names; the rate changes from the day that the terms say."""
        return cast("shapes.DeterminationOut", self.call('approve_determination', {'determination_id': determination_id}, body=body))

    def approve_key(self, *, key_id: str) -> shapes.SigningKeyOut:
        """Vouch for a colleague's key, which counts from now on; its holder cannot."""
        return cast("shapes.SigningKeyOut", self.call('approve_key', {'key_id': key_id}))

    def approve_limit(self, *, body: shapes.TradingStepsApprovalIn, limit_id: UUID) -> shapes.TradingLimitOut:
        """Approve a limit as another person than its maker; it holds from now on."""
        return cast("shapes.TradingLimitOut", self.call('approve_limit', {'limit_id': limit_id}, body=body))

    def approve_mark(self, *, body: shapes.ProposalsApprovalIn, mark_id: UUID) -> shapes.MarkRecordOut:
        """Approve a proposed mark as a second person; far from the feed's price it then waits for a third."""
        return cast("shapes.MarkRecordOut", self.call('approve_mark', {'mark_id': mark_id}, body=body))

    def approve_order(self, *, body: shapes.TradingStepsApprovalIn, order_id: UUID) -> shapes.OrderOut:
        """Approve the very order that was read, as another person than its maker."""
        return cast("shapes.OrderOut", self.call('approve_order', {'order_id': order_id}, body=body))

    def approve_policy(self, *, body: shapes.PolicyApprovalIn, policy_id: UUID) -> shapes.PolicyOut:
        """Approve exactly the policy that the digest names, as another person than its maker; trades are booked by it from its day on."""
        return cast("shapes.PolicyOut", self.call('approve_policy', {'policy_id': policy_id}, body=body))

    def approve_request_proposal(self, *, body: shapes.ProposalApprovalIn, proposal_id: UUID) -> shapes.ProposalOut:
        """Approve exactly what ``sha256`` names, as another person than who asked, and run it now.

        A refusal of the request itself is answered as such and leaves the proposal waiting; one that is recorded decides it. Approving
        again as the same person returns what stands.
        """
        return cast("shapes.ProposalOut", self.call('approve_request_proposal', {'proposal_id': proposal_id}, body=body))

    def approve_upload(self, *, body: shapes.ProposalsApprovalIn, upload_id: UUID) -> shapes.UploadOut:
        """Approve an upload as a second person: its prices count from now on; what contradicts or breaches is held for review."""
        return cast("shapes.UploadOut", self.call('approve_upload', {'upload_id': upload_id}, body=body))

    def approve_waiver(self, *, body: shapes.MonthCloseAnswerIn, book_id: UUID, month: str) -> shapes.MonthCloseOut:
        """Agree to exactly the waiver that the digest names, as another person than who asked, with a reason."""
        return cast("shapes.MonthCloseOut", self.call('approve_waiver', {'book_id': book_id, 'month': month}, body=body))

    def approve_webhook(self, *, body: shapes.WebhookDecisionIn, webhook_id: UUID) -> shapes.WebhookOut:
        """Confirm, as another person than its maker, exactly the webhook that the digest names; alerts go there from now on."""
        return cast("shapes.WebhookOut", self.call('approve_webhook', {'webhook_id': webhook_id}, body=body))

    def assert_balance(self, *, body: shapes.BalanceAssertionIn, book_id: UUID) -> shapes.BalanceAssertionOut:
        """Record what an account must hold at the close of a day, and check it."""
        return cast("shapes.BalanceAssertionOut", self.call('assert_balance', {'book_id': book_id}, body=body))

    def back_test_book_risk(self, *, body: shapes.RiskBackTestIn, book_id: UUID) -> shapes.RiskBackTestOut:
        """Return how the book's historical value at risk would have done: exceptions, Kupiec, Christoffersen, traffic light."""
        return cast("shapes.RiskBackTestOut", self.call('back_test_book_risk', {'book_id': book_id}, body=body))

    def balance_industry(self, *, body: shapes.LawBalanceIn) -> shapes.LawBalanceOut:
        """Return the balance value (BP) that the plants give under the law of the year, and each plant's surplus or shortage."""
        return cast("shapes.LawBalanceOut", self.call('balance_industry', {}, body=body))

    def begin_link(self, *, body: shapes.LinkIn) -> shapes.WayOut:
        """Return the provider's page to which the browser goes to link it; asks for the present password where there is one."""
        return cast("shapes.WayOut", self.call('begin_link', {}, body=body))

    def begin_sign_in(self, *, provider_id: UUID) -> shapes.WayOut:
        """Return the provider's page to which the browser goes; a cookie binds the way back to this browser."""
        return cast("shapes.WayOut", self.call('begin_sign_in', {'provider_id': provider_id}))

    def benchmark_industry(self, *, body: shapes.BenchmarkIn) -> shapes.BenchmarkOut:
        """Return the benchmark at which the industry would balance if power counted: a what-if that never became law."""
        return cast("shapes.BenchmarkOut", self.call('benchmark_industry', {}, body=body))

    def book_adjustment(self, *, body: shapes.BookingIn, adjustment_id: UUID) -> shapes.LoanFactsEntryOut:
        """Post the one entry of an adjustment that both sides agreed to into a book of the borrower."""
        return cast("shapes.LoanFactsEntryOut", self.call('book_adjustment', {'adjustment_id': adjustment_id}, body=body))

    def book_payments(self, *, body: shapes.PaymentsIn, facility_id: UUID) -> shapes.EntriesOut:
        """Post what was drawn, paid and repaid through a day into a book of the borrower; what stands already is not posted again."""
        return cast("shapes.EntriesOut", self.call('book_payments', {'facility_id': facility_id}, body=body))

    def call_margin(self, *, body: shapes.MarginCallIn, contract_id: UUID) -> shapes.CarbonContractOut:
        """Record that the loan-to-value passed its limit at a frozen snapshot, with the tonnes to add or the money to repay."""
        return cast("shapes.CarbonContractOut", self.call('call_margin', {'contract_id': contract_id}, body=body))

    def cancel_order(self, *, body: shapes.TradingStepsReasonIn, order_id: UUID) -> shapes.OrderOut:
        """End what is not dealt of an order; what was set aside for it is free again."""
        return cast("shapes.OrderOut", self.call('cancel_order', {'order_id': order_id}, body=body))

    def capture_hold(self, *, body: shapes.CaptureIn, book_id: UUID, hold_id: UUID) -> shapes.HoldActionOut:
        """Use an amount of a hold, in parts or whole; of an encumbrance only by its beneficiary or under ledger:enforce."""
        return cast("shapes.HoldActionOut", self.call('capture_hold', {'book_id': book_id, 'hold_id': hold_id}, body=body))

    def change_password(self, *, body: shapes.PasswordIn) -> shapes.DoneOut:
        """Change the password; every other session of the person ends. A wrong present one counts against a limit."""
        return cast("shapes.DoneOut", self.call('change_password', {}, body=body))

    def check_assertions(self, *, body: shapes.BalanceCheckIn, book_id: UUID) -> shapes.BalanceAssertionsOut:
        """Check the standing assertions anew: an entry dated back since the last check makes this one fail."""
        return cast("shapes.BalanceAssertionsOut", self.call('check_assertions', {'book_id': book_id}, body=body))

    def check_order(self, *, body: shapes.OrderTermsIn, book_id: UUID) -> shapes.OrderChecksOut:
        """Return every check of an order as things stand now; stores nothing."""
        return cast("shapes.OrderChecksOut", self.call('check_order', {'book_id': book_id}, body=body))

    def check_vouchers(self, *, book_id: UUID, month: str) -> shapes.VoucherCheckOut:
        """Return how the month's vouchers stand against the ledger: entries without one, differences, those not reviewed."""
        return cast("shapes.VoucherCheckOut", self.call('check_vouchers', {'book_id': book_id, 'month': month}))

    def check_whole_book(self, *, book_id: UUID) -> shapes.BookLogCheckOut:
        """Replay the whole book against its leaves, tree and balances, its audit log too, and return and keep what does not hold.

        Where it contradicts a signed checkpoint, everybody of the organisation is told.
        ``check.too_large`` above 50,000 entries: ``tonne check`` does it on the server's terminal. An audit log above as many rows is left
        out (``audit_log`` is null), not said to be sound.
        """
        return cast("shapes.BookLogCheckOut", self.call('check_whole_book', {'book_id': book_id}))

    def close_account(self, *, body: shapes.AccountCloseIn, book_id: UUID, path: str) -> shapes.BalanceNowOut:
        """Close an empty account: from the day given on it takes nothing."""
        return cast("shapes.BalanceNowOut", self.call('close_account', {'book_id': book_id, 'path': path}, body=body))

    def close_contract(self, *, body: shapes.EndIn, contract_id: UUID) -> shapes.CarbonContractOut:
        """End a contract before its last day by its own terms, or cancel one that was never opened."""
        return cast("shapes.CarbonContractOut", self.call('close_contract', {'contract_id': contract_id}, body=body))

    def close_day(self, *, body: shapes.DayCloseIn, book_id: UUID) -> shapes.DayCloseDoneOut:
        """Freeze the day's marks, value the book's lots and keep the totals; with nothing new the same close is returned."""
        return cast("shapes.DayCloseDoneOut", self.call('close_day', {'book_id': book_id}, body=body))

    def close_month_hard(self, *, body: shapes.MonthCloseAnswerIn, book_id: UUID, month: str) -> shapes.MonthCloseOut:
        """Close the month for good, as another person than who closed it softly; refused while an item is open."""
        return cast("shapes.MonthCloseOut", self.call('close_month_hard', {'book_id': book_id, 'month': month}, body=body))

    def close_month_softly(self, *, body: shapes.MonthCloseReasonIn, book_id: UUID, month: str) -> shapes.MonthCloseOut:
        """Close the month softly: from then on only closers post into it."""
        return cast("shapes.MonthCloseOut", self.call('close_month_softly', {'book_id': book_id, 'month': month}, body=body))

    def close_period(self, *, body: shapes.PeriodCloseIn, book_id: UUID) -> shapes.PeriodStateOut:
        """Close every day through the one given, inclusive, for good; the state root of that day stays in the tree."""
        return cast("shapes.PeriodStateOut", self.call('close_period', {'book_id': book_id}, body=body))

    def close_period_softly(self, *, body: shapes.PeriodCloseIn, book_id: UUID) -> shapes.PeriodStateOut:
        """Let only keys with the scope ledger:close post through the day given, inclusive."""
        return cast("shapes.PeriodStateOut", self.call('close_period_softly', {'book_id': book_id}, body=body))

    def compare_purchase_plans(self, *, body: shapes.PurchasePlanIn) -> shapes.PurchasePlanOut:
        """Compare buying a gap now, evenly, in the last quarter and in the last month, on past years and under scenarios."""
        return cast("shapes.PurchasePlanOut", self.call('compare_purchase_plans', {}, body=body))

    def compute_book_risk(self, *, body: shapes.BookRiskIn, book_id: UUID) -> shapes.RiskOut:
        """Return a book's value at risk and expected shortfall with every instrument's part, liquidity and what is not covered."""
        return cast("shapes.RiskOut", self.call('compute_book_risk', {'book_id': book_id}, body=body))

    def compute_cbam_flow(self, *, body: shapes.CbamFlowIn) -> shapes.CbamFlowOut:
        """Return the certificates that one importer's goods of a year need, what they cost, what to hold and when it is due."""
        return cast("shapes.CbamFlowOut", self.call('compute_cbam_flow', {}, body=body))

    def compute_cheapest_plan(self, *, body: shapes.CheapestPlanIn) -> shapes.CheapestPlanOut:
        """Return the cheapest plan for given lots, without a book."""
        return cast("shapes.CheapestPlanOut", self.call('compute_cheapest_plan', {}, body=body))

    def compute_cheapest_plan_of_book(self, *, body: shapes.CheapestPlanIn, book_id: UUID) -> shapes.CheapestPlanOut:
        """Return the cheapest plan that meets KPI targets, a book's obligation and the renewable duty together."""
        return cast("shapes.CheapestPlanOut", self.call('compute_cheapest_plan_of_book', {'book_id': book_id}, body=body))

    def compute_entity(self, *, body: shapes.EntityIn) -> shapes.EntityOut:
        """Return what processes and captive units would be allocated and owe under the year's rules; stores nothing."""
        return cast("shapes.EntityOut", self.call('compute_entity', {}, body=body))

    def compute_gap_risk(self, *, body: shapes.GapRiskIn, book_id: UUID) -> shapes.GapRiskOut:
        """Return what the year's missing allowances may cost beyond their mean, by joint simulation with the seed given."""
        return cast("shapes.GapRiskOut", self.call('compute_gap_risk', {'book_id': book_id}, body=body))

    def compute_gec_issues(self, *, body: shapes.GecIssueIn) -> shapes.GecIssueOut:
        """Return the certificates that each month's energy gives, the remainder carried, and the day each expires."""
        return cast("shapes.GecIssueOut", self.call('compute_gec_issues', {}, body=body))

    def compute_group_risk(self, *, body: shapes.GroupRiskIn) -> shapes.RiskOut:
        """Return the risk of several books together, with every book's part."""
        return cast("shapes.RiskOut", self.call('compute_group_risk', {}, body=body))

    def compute_next_mwh(self, *, body: shapes.NextMwhIn) -> shapes.NextMwhOut:
        """Return what green power is worth, without a book's position."""
        return cast("shapes.NextMwhOut", self.call('compute_next_mwh', {}, body=body))

    def compute_next_mwh_of_book(self, *, body: shapes.NextMwhIn, book_id: UUID) -> shapes.NextMwhOut:
        """Return what green power is worth to a book through every channel, its parity premium and price, and a chart."""
        return cast("shapes.NextMwhOut", self.call('compute_next_mwh_of_book', {'book_id': book_id}, body=body))

    def compute_next_tonne(self, *, body: shapes.NextTonneIn) -> shapes.StepValueOut:
        """Return what tonnes emitted less are worth, without a book's position."""
        return cast("shapes.StepValueOut", self.call('compute_next_tonne', {}, body=body))

    def compute_next_tonne_of_book(self, *, body: shapes.NextTonneIn, book_id: UUID) -> shapes.StepValueOut:
        """Return what tonnes emitted less are worth to a book through every channel at once, each once."""
        return cast("shapes.StepValueOut", self.call('compute_next_tonne_of_book', {'book_id': book_id}, body=body))

    def compute_overdue(self, *, body: shapes.OverdueIn) -> shapes.OverdueOut:
        """Return what is owed on a day from the clause, what was not paid and what was received: penalty and compound interest."""
        return cast("shapes.OverdueOut", self.call('compute_overdue', {}, body=body))

    def compute_product_worth(self, *, body: shapes.ProductWorthIn) -> shapes.ProductWorthOut:
        """Return what a product's footprint earns as a premium and as a footprint price, each apart."""
        return cast("shapes.ProductWorthOut", self.call('compute_product_worth', {}, body=body))

    def compute_renewable_duty(self, *, body: shapes.RenewableDutyIn) -> shapes.RenewableDutyOut:
        """Return what share of a year's power must be green, what counts, and the certificates that are missing.

        Certificates are given, or those that a book has free at the close of a day.
        """
        return cast("shapes.RenewableDutyOut", self.call('compute_renewable_duty', {}, body=body))

    def compute_sensitivity(self, *, body: shapes.SensitivityIn) -> shapes.DecisionAnswersSensitivityOut:
        """Return which assumption moves the value of the next tonne or MWh most, without a book's position."""
        return cast("shapes.DecisionAnswersSensitivityOut", self.call('compute_sensitivity', {}, body=body))

    def compute_sensitivity_of_book(self, *, body: shapes.SensitivityIn, book_id: UUID) -> shapes.DecisionAnswersSensitivityOut:
        """Return which assumption moves the value of a book's next tonne or MWh most."""
        return cast("shapes.DecisionAnswersSensitivityOut", self.call('compute_sensitivity_of_book', {'book_id': book_id}, body=body))

    def confirm_import(self, *, body: shapes.ConfirmIn, import_id: UUID) -> shapes.ImportOut:
        """Do exactly what the preview showed, all of it or nothing; ``import.world_changed`` when it would do something else now.

        A long one is carried out beside the request: ask for the import until its state is no longer ``importing``. Trades and opening
        positions are booked under the organisation's rule for files of trades, so that another person may have to agree first.
        """
        return cast("shapes.ImportOut", self.call('confirm_import', {'import_id': import_id}, body=body))

    def confirm_item(self, *, body: shapes.ItemStepIn, book_id: UUID, month: str) -> shapes.MonthCloseOut:
        """Confirm, with a reason, an item that the books cannot tell; it counts while what it rests on stays."""
        return cast("shapes.MonthCloseOut", self.call('confirm_item', {'book_id': book_id, 'month': month}, body=body))

    def confirm_matches(self, *, body: shapes.MatchesIn, book_id: UUID) -> shapes.MatchesOut:
        """Record matches as confirmed by the caller, all or none; one that is no proposal of the day is by hand. Nothing is posted."""
        return cast("shapes.MatchesOut", self.call('confirm_matches', {'book_id': book_id}, body=body))

    def confirm_oidc_provider(self, *, body: shapes.OidcConfirmIn, provider_id: UUID) -> shapes.OidcProviderOut:
        """Confirm a waiting provider as the second operator, over the digest that was shown."""
        return cast("shapes.OidcProviderOut", self.call('confirm_oidc_provider', {'provider_id': provider_id}, body=body))

    def confirm_role(self, *, body: shapes.RoleConfirmIn, grant_id: UUID) -> shapes.RoleGrantOut:
        """Confirm a waiting role as the second administrator, over the digest that was shown."""
        return cast("shapes.RoleGrantOut", self.call('confirm_role', {'grant_id': grant_id}, body=body))

    def confirm_second_factor(self, *, body: shapes.TotpConfirmIn) -> shapes.RecoveryCodesOut:
        """Let the proposed second factor count, by its first code; answers ten recovery codes once. Sign in again to approve."""
        return cast("shapes.RecoveryCodesOut", self.call('confirm_second_factor', {}, body=body))

    def correct_order(self, *, body: shapes.CorrectIn, order_id: UUID) -> shapes.CorrectedOut:
        """Replace an order that did not go out, or propose what a fill should have said; the differences are exact."""
        return cast("shapes.CorrectedOut", self.call('correct_order', {'order_id': order_id}, body=body))

    def count_notices(self) -> shapes.UnreadOut:
        """Return how many alerts that concern the caller it has not read: what a badge shows."""
        return cast("shapes.UnreadOut", self.call('count_notices', {}))

    def cure_breach(self, *, body: shapes.LabelsReasonIn, facility_id: UUID, breach_id: UUID) -> shapes.BreachOut:
        """Find a breach cured, as a lender."""
        return cast("shapes.BreachOut", self.call('cure_breach', {'facility_id': facility_id, 'breach_id': breach_id}, body=body))

    def declare_independence(self, *, engagement_id: UUID) -> shapes.EngagementOut:
        """Declare that the assessor is independent of borrower and lenders; the period's data then opens to it."""
        return cast("shapes.EngagementOut", self.call('declare_independence', {'engagement_id': engagement_id}))

    def default_contract(self, *, body: shapes.DefaultIn, contract_id: UUID) -> shapes.CarbonContractOut:
        """Record a failure and set off claims at a stated price; a pledge is enforced under ledger:enforce only."""
        return cast("shapes.CarbonContractOut", self.call('default_contract', {'contract_id': contract_id}, body=body))

    def disable_person(self, *, user_id: UUID) -> shapes.PersonOut:
        """Disable a person here at once, sessions and keys included; nobody disables itself."""
        return cast("shapes.PersonOut", self.call('disable_person', {'user_id': user_id}))

    def discard_import(self, *, import_id: UUID) -> shapes.ImportOut:
        """End an import without carrying it out."""
        return cast("shapes.ImportOut", self.call('discard_import', {'import_id': import_id}))

    def dispute_kpi_period(self, *, body: shapes.KpiReasonIn, kpi_period_id: UUID) -> shapes.KpiPeriodOut:
        """Contest the reported value, with the reason."""
        return cast("shapes.KpiPeriodOut", self.call('dispute_kpi_period', {'kpi_period_id': kpi_period_id}, body=body))

    def draw_books_charts_cheapest_plan(self, *, body: shapes.CheapestPlanIn, book_id: UUID, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/books/{book_id}/decisions/cheapest-plan answers as a picture (SVG)."""
        return cast("File", self.call('draw_books_charts_cheapest_plan', {'book_id': book_id, 'lang': lang, 'theme': theme}, body=body))

    def draw_books_charts_cover(self, *, book_id: UUID, year: int, as_of: date, snapshot_id: UUID | None = None, mark_instrument: str | None = None, known: int | None = None, at: datetime | None = None, emissions_t: Decimal | None = None, intensity: Decimal | None = None, methodology: str | None = None, balance_value: Decimal | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/books/{book_id}/compliance answers as a picture (SVG)."""
        return cast("File", self.call('draw_books_charts_cover', {'book_id': book_id, 'year': year, 'as_of': as_of, 'snapshot_id': snapshot_id, 'mark_instrument': mark_instrument, 'known': known, 'at': at, 'emissions_t': emissions_t, 'intensity': intensity, 'methodology': methodology, 'balance_value': balance_value, 'lang': lang, 'theme': theme}))

    def draw_books_charts_gap(self, *, book_id: UUID, as_of: date, year: int, methodology: str, snapshot_id: UUID | None = None, mark_instrument: str | None = None, known: int | None = None, at: datetime | None = None, site: str | None = None, known_at: datetime | None = None, methodology_version: str | None = None, factor_set_version: str | None = None, grid_region: str | None = None, gwp_set: str | None = None, balance_value: Decimal | None = None, balance_value_to: Decimal | None = None, through: str | None = None, plan: str | None = None, confidence: Decimal | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/books/{book_id}/compliance/outlook answers as a picture (SVG)."""
        return cast("File", self.call('draw_books_charts_gap', {'book_id': book_id, 'as_of': as_of, 'year': year, 'methodology': methodology, 'snapshot_id': snapshot_id, 'mark_instrument': mark_instrument, 'known': known, 'at': at, 'site': site, 'known_at': known_at, 'methodology_version': methodology_version, 'factor_set_version': factor_set_version, 'grid_region': grid_region, 'gwp_set': gwp_set, 'balance_value': balance_value, 'balance_value_to': balance_value_to, 'through': through, 'plan': plan, 'confidence': confidence, 'lang': lang, 'theme': theme}))

    def draw_books_charts_holdings(self, *, book_id: UUID, as_of: date, under: str | None = None, known: int | None = None, at: datetime | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/books/{book_id}/positions answers as a picture (SVG)."""
        return cast("File", self.call('draw_books_charts_holdings', {'book_id': book_id, 'as_of': as_of, 'under': under, 'known': known, 'at': at, 'lang': lang, 'theme': theme}))

    def draw_books_charts_next_tonne(self, *, body: shapes.NextTonneIn, book_id: UUID, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/books/{book_id}/decisions/next-tonne answers as a picture (SVG)."""
        return cast("File", self.call('draw_books_charts_next_tonne', {'book_id': book_id, 'lang': lang, 'theme': theme}, body=body))

    def draw_books_charts_outlook(self, *, book_id: UUID, as_of: date, year: int, methodology: str, snapshot_id: UUID | None = None, mark_instrument: str | None = None, known: int | None = None, at: datetime | None = None, site: str | None = None, known_at: datetime | None = None, methodology_version: str | None = None, factor_set_version: str | None = None, grid_region: str | None = None, gwp_set: str | None = None, balance_value: Decimal | None = None, balance_value_to: Decimal | None = None, through: str | None = None, plan: str | None = None, confidence: Decimal | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/books/{book_id}/compliance/outlook answers as a picture (SVG)."""
        return cast("File", self.call('draw_books_charts_outlook', {'book_id': book_id, 'as_of': as_of, 'year': year, 'methodology': methodology, 'snapshot_id': snapshot_id, 'mark_instrument': mark_instrument, 'known': known, 'at': at, 'site': site, 'known_at': known_at, 'methodology_version': methodology_version, 'factor_set_version': factor_set_version, 'grid_region': grid_region, 'gwp_set': gwp_set, 'balance_value': balance_value, 'balance_value_to': balance_value_to, 'through': through, 'plan': plan, 'confidence': confidence, 'lang': lang, 'theme': theme}))

    def draw_books_charts_parity(self, *, body: shapes.NextMwhIn, book_id: UUID, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/books/{book_id}/decisions/next-mwh answers as a picture (SVG)."""
        return cast("File", self.call('draw_books_charts_parity', {'book_id': book_id, 'lang': lang, 'theme': theme}, body=body))

    def draw_books_charts_pnl_explain(self, *, book_id: UUID, opening_snapshot_id: UUID, closing_snapshot_id: UUID, opening_known: int | None = None, closing_known: int | None = None, by: shapes.Dimension | None = None, restated_snapshot_id: UUID | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/books/{book_id}/pnl-explain answers as a picture (SVG)."""
        return cast("File", self.call('draw_books_charts_pnl_explain', {'book_id': book_id, 'opening_snapshot_id': opening_snapshot_id, 'closing_snapshot_id': closing_snapshot_id, 'opening_known': opening_known, 'closing_known': closing_known, 'by': by, 'restated_snapshot_id': restated_snapshot_id, 'lang': lang, 'theme': theme}))

    def draw_books_charts_risk(self, *, body: shapes.BookRiskIn, book_id: UUID, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/books/{book_id}/risk answers as a picture (SVG)."""
        return cast("File", self.call('draw_books_charts_risk', {'book_id': book_id, 'lang': lang, 'theme': theme}, body=body))

    def draw_books_charts_risk_back_test(self, *, body: shapes.RiskBackTestIn, book_id: UUID, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/books/{book_id}/risk/back-test answers as a picture (SVG)."""
        return cast("File", self.call('draw_books_charts_risk_back_test', {'book_id': book_id, 'lang': lang, 'theme': theme}, body=body))

    def draw_books_charts_risk_ladder(self, *, book_id: UUID, snapshot_id: UUID, mark_instrument: str, year: int, output_t: Decimal, benchmark: Decimal, direct_intensity: Decimal, other_factors: str | None = None, known: int | None = None, forward_t: int | None = None, power_mwh_per_t: Decimal | None = None, grid_factor: Decimal | None = None, green_share: Decimal | None = None, counts_power: bool | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/books/{book_id}/risk/ladder answers as a picture (SVG)."""
        return cast("File", self.call('draw_books_charts_risk_ladder', {'book_id': book_id, 'snapshot_id': snapshot_id, 'mark_instrument': mark_instrument, 'year': year, 'output_t': output_t, 'benchmark': benchmark, 'direct_intensity': direct_intensity, 'other_factors': other_factors, 'known': known, 'forward_t': forward_t, 'power_mwh_per_t': power_mwh_per_t, 'grid_factor': grid_factor, 'green_share': green_share, 'counts_power': counts_power, 'lang': lang, 'theme': theme}))

    def draw_books_charts_sensitivity(self, *, body: shapes.SensitivityIn, book_id: UUID, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/books/{book_id}/decisions/sensitivity answers as a picture (SVG)."""
        return cast("File", self.call('draw_books_charts_sensitivity', {'book_id': book_id, 'lang': lang, 'theme': theme}, body=body))

    def draw_books_charts_surrender_plan(self, *, book_id: UUID, year: int, surrender_on: date, basis: str | None = None, snapshot_id: UUID | None = None, due_t: int | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/books/{book_id}/surrender-plan answers as a picture (SVG)."""
        return cast("File", self.call('draw_books_charts_surrender_plan', {'book_id': book_id, 'year': year, 'surrender_on': surrender_on, 'basis': basis, 'snapshot_id': snapshot_id, 'due_t': due_t, 'lang': lang, 'theme': theme}))

    def draw_books_charts_worth(self, *, book_id: UUID, snapshot_id: UUID, as_of: date, known: int | None = None, at: datetime | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/books/{book_id}/valuation answers as a picture (SVG)."""
        return cast("File", self.call('draw_books_charts_worth', {'book_id': book_id, 'snapshot_id': snapshot_id, 'as_of': as_of, 'known': known, 'at': at, 'lang': lang, 'theme': theme}))

    def draw_charts_cheapest_plan(self, *, body: shapes.CheapestPlanIn, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/decisions/cheapest-plan answers as a picture (SVG)."""
        return cast("File", self.call('draw_charts_cheapest_plan', {'lang': lang, 'theme': theme}, body=body))

    def draw_charts_kpi_path(self, *, target_tco2e_per_t: Decimal, year: int, methodology: str, site: str | None = None, known_at: datetime | None = None, methodology_version: str | None = None, factor_set_version: str | None = None, grid_region: str | None = None, gwp_set: str | None = None, through: str | None = None, plan: str | None = None, confidence: Decimal | None = None, technical_minimum: Decimal | None = None, last_months: str | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/forecasts answers as a picture (SVG)."""
        return cast("File", self.call('draw_charts_kpi_path', {'target_tco2e_per_t': target_tco2e_per_t, 'year': year, 'methodology': methodology, 'site': site, 'known_at': known_at, 'methodology_version': methodology_version, 'factor_set_version': factor_set_version, 'grid_region': grid_region, 'gwp_set': gwp_set, 'through': through, 'plan': plan, 'confidence': confidence, 'technical_minimum': technical_minimum, 'last_months': last_months, 'lang': lang, 'theme': theme}))

    def draw_charts_next_tonne(self, *, body: shapes.NextTonneIn, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/decisions/next-tonne answers as a picture (SVG)."""
        return cast("File", self.call('draw_charts_next_tonne', {'lang': lang, 'theme': theme}, body=body))

    def draw_charts_obligations(self, *, from_: date | None = None, to: date | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/obligations answers as a picture (SVG)."""
        return cast("File", self.call('draw_charts_obligations', {'from_': from_, 'to': to, 'lang': lang, 'theme': theme}))

    def draw_charts_parity(self, *, body: shapes.NextMwhIn, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/decisions/next-mwh answers as a picture (SVG)."""
        return cast("File", self.call('draw_charts_parity', {'lang': lang, 'theme': theme}, body=body))

    def draw_charts_prices(self, *, instrument: str, as_of: date, since: date | None = None, known_at: datetime | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/observations answers as a picture (SVG)."""
        return cast("File", self.call('draw_charts_prices', {'instrument': instrument, 'as_of': as_of, 'since': since, 'known_at': known_at, 'lang': lang, 'theme': theme}))

    def draw_charts_risk(self, *, body: shapes.GroupRiskIn, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/risk answers as a picture (SVG)."""
        return cast("File", self.call('draw_charts_risk', {'lang': lang, 'theme': theme}, body=body))

    def draw_charts_sensitivity(self, *, body: shapes.SensitivityIn, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/decisions/sensitivity answers as a picture (SVG)."""
        return cast("File", self.call('draw_charts_sensitivity', {'lang': lang, 'theme': theme}, body=body))

    def draw_facilities_charts_kpi_path(self, *, facility_id: UUID, kpi_id: str, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/facilities/{facility_id}/kpi-path answers as a picture (SVG)."""
        return cast("File", self.call('draw_facilities_charts_kpi_path', {'facility_id': facility_id, 'kpi_id': kpi_id, 'lang': lang, 'theme': theme}))

    def draw_facilities_charts_rate_timeline(self, *, facility_id: UUID, known_at: datetime | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/facilities/{facility_id}/schedule answers as a picture (SVG)."""
        return cast("File", self.call('draw_facilities_charts_rate_timeline', {'facility_id': facility_id, 'known_at': known_at, 'lang': lang, 'theme': theme}))

    def draw_facilities_charts_schedule(self, *, facility_id: UUID, known_at: datetime | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/facilities/{facility_id}/schedule answers as a picture (SVG)."""
        return cast("File", self.call('draw_facilities_charts_schedule', {'facility_id': facility_id, 'known_at': known_at, 'lang': lang, 'theme': theme}))

    def draw_kpi_periods_charts_kpi_path(self, *, kpi_period_id: UUID, target_tco2e_per_t: Decimal | None = None, known_at: datetime | None = None, through: str | None = None, plan: str | None = None, confidence: Decimal | None = None, technical_minimum: Decimal | None = None, last_months: str | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/kpi-periods/{kpi_period_id}/forecast answers as a picture (SVG)."""
        return cast("File", self.call('draw_kpi_periods_charts_kpi_path', {'kpi_period_id': kpi_period_id, 'target_tco2e_per_t': target_tco2e_per_t, 'known_at': known_at, 'through': through, 'plan': plan, 'confidence': confidence, 'technical_minimum': technical_minimum, 'last_months': last_months, 'lang': lang, 'theme': theme}))

    def end_engagement(self, *, body: shapes.EngagementEndIn, engagement_id: UUID) -> shapes.EngagementOut:
        """End a mandate before its time: for the assessor itself, or for a party to the loan that learns it lost its accreditation."""
        return cast("shapes.EngagementOut", self.call('end_engagement', {'engagement_id': engagement_id}, body=body))

    def end_link(self, *, body: shapes.IdentityIn) -> shapes.DoneOut:
        """Take a link away; the last one of a person without a password stays (``identity.last``)."""
        return cast("shapes.DoneOut", self.call('end_link', {}, body=body))

    def end_oidc_provider(self, *, body: shapes.OidcEndIn, provider_id: UUID) -> shapes.OidcProviderOut:
        """End a provider at once, or refuse one that waits; who is signed in stays so until the session ends."""
        return cast("shapes.OidcProviderOut", self.call('end_oidc_provider', {'provider_id': provider_id}, body=body))

    def end_role(self, *, body: shapes.RoleEndIn, grant_id: UUID) -> shapes.RoleGrantOut:
        """End a role at once, or refuse one that waits."""
        return cast("shapes.RoleGrantOut", self.call('end_role', {'grant_id': grant_id}, body=body))

    def end_webhook(self, *, webhook_id: UUID) -> shapes.WebhookOut:
        """Stop sending to a webhook for good; what is on its way to it is given up."""
        return cast("shapes.WebhookOut", self.call('end_webhook', {'webhook_id': webhook_id}))

    def erase_note(self, *, book_id: UUID, ref: UUID) -> shapes.PersonNoteOut:
        """Erase a note's content and salt for good; every proof stays valid. Again changes nothing."""
        return cast("shapes.PersonNoteOut", self.call('erase_note', {'book_id': book_id, 'ref': ref}))

    def execute_compliance_proposal(self, *, body: shapes.ExecuteIn, proposal_id: UUID) -> shapes.ComplianceProposalOut:
        """Book an approved settlement, carry-over or surrender plan; what changed since refuses it."""
        return cast("shapes.ComplianceProposalOut", self.call('execute_compliance_proposal', {'proposal_id': proposal_id}, body=body))

    def explain_group_profit(self, *, presentation_currency: str, opening_snapshot_id: UUID, closing_snapshot_id: UUID, book_ids: str | None = None, opening_at: datetime | None = None, closing_at: datetime | None = None, restated_snapshot_id: UUID | None = None) -> shapes.GroupChangeOut:
        """Return why several books' value changed, with what the presentation's own fixings moved as translation."""
        return cast("shapes.GroupChangeOut", self.call('explain_group_profit', {'presentation_currency': presentation_currency, 'opening_snapshot_id': opening_snapshot_id, 'closing_snapshot_id': closing_snapshot_id, 'book_ids': book_ids, 'opening_at': opening_at, 'closing_at': closing_at, 'restated_snapshot_id': restated_snapshot_id}))

    def explain_profit(self, *, book_id: UUID, opening_snapshot_id: UUID, closing_snapshot_id: UUID, opening_known: int | None = None, closing_known: int | None = None, by: shapes.Dimension | None = None, restated_snapshot_id: UUID | None = None) -> shapes.BookChangeOut:
        """Return why the book's value changed: new data, movements, price, exchange rate, unvalued; the parts sum exactly."""
        return cast("shapes.BookChangeOut", self.call('explain_profit', {'book_id': book_id, 'opening_snapshot_id': opening_snapshot_id, 'closing_snapshot_id': closing_snapshot_id, 'opening_known': opening_known, 'closing_known': closing_known, 'by': by, 'restated_snapshot_id': restated_snapshot_id}))

    def export_book(self, *, book_id: UUID, format: shapes.ExportFormat, as_of: date, report: shapes.Report | None = None, account: str | None = None, known: int | None = None, at: datetime | None = None) -> File:
        """Return the book as a file to be saved; every head says book, day, record point and tree root.

        A text in a spreadsheet is never a formula. ``export.too_large`` above 100,000 entries, for a workbook 10,000: use the command line.
        """
        return cast("File", self.call('export_book', {'book_id': book_id, 'format': format, 'as_of': as_of, 'report': report, 'account': account, 'known': known, 'at': at}))

    def export_valuation(self, *, book_id: UUID, snapshot_id: UUID, format: shapes.SheetFormat, as_of: date, known: int | None = None, at: datetime | None = None) -> File:
        """Return the valuation as a CSV or XLSX file; its head says book, day, record point, tree root and snapshot hash."""
        return cast("File", self.call('export_valuation', {'book_id': book_id, 'snapshot_id': snapshot_id, 'format': format, 'as_of': as_of, 'known': known, 'at': at}))

    def export_vouchers(self, *, book_id: UUID, month: str, erp: str, format: shapes.VoucherFormat) -> File:
        """Return the month's vouchers as the ERP's import file, one row a line, each with its entry's id and paper.

        ``erp``: kingdee, yonyou_u8, yonyou_nc or sap. No text is ever a formula. A month not numbered to its end is refused, as is one of more
        than 20,000 entries, as a workbook 5,000.
        """
        return cast("File", self.call('export_vouchers', {'book_id': book_id, 'month': month, 'erp': erp, 'format': format}))

    def finish_link(self, *, body: shapes.CameBackIn) -> shapes.DoneOut:
        """Take what the provider sent back and link it to the caller; its verified address has to be the caller's."""
        return cast("shapes.DoneOut", self.call('finish_link', {}, body=body))

    def finish_sign_in(self, *, body: shapes.CameBackIn) -> shapes.SignInOut:
        """Take what the provider sent back and begin a session, or say what is missing: a second factor (``sign_in.code_needed``) or a choice.

        What is missing goes to POST /v1/sign-in/code, with the same cookie, within ten minutes.
        """
        return cast("shapes.SignInOut", self.call('finish_sign_in', {}, body=body))

    def finish_with_code(self, *, body: shapes.SecondStepIn) -> shapes.SignInOut:
        """Show the second factor, or say for which organisation, after the provider has proven who is there."""
        return cast("shapes.SignInOut", self.call('finish_with_code', {}, body=body))

    def freeze_snapshot(self, *, body: shapes.SnapshotIn) -> shapes.SnapshotOut:
        """Freeze the marks of a day; the same request again returns what was frozen, whatever was learned since."""
        return cast("shapes.SnapshotOut", self.call('freeze_snapshot', {}, body=body))

    def give_example_sign_ins(self) -> shapes.ExampleSignInsOut:
        """Give everybody of the example without a password a new one and a second factor; told in this answer and never again."""
        return cast("shapes.ExampleSignInsOut", self.call('give_example_sign_ins', {}))

    def give_role(self, *, body: shapes.RoleGrantIn, user_id: UUID) -> shapes.RoleGrantOut:
        """Give a person a role; one that approves waits until another administrator confirms it."""
        return cast("shapes.RoleGrantOut", self.call('give_role', {'user_id': user_id}, body=body))

    def import_activity(self, *, content: bytes, content_type: str = 'text/csv', plant: str | None = None, verification: str | None = None, file_name: str | None = None) -> shapes.ImportOut:
        """Bring a file of monthly activity and see which figures it would add or change, old and new; nothing of it counts yet."""
        return cast("shapes.ImportOut", self.call('import_activity', {'plant': plant, 'verification': verification, 'file_name': file_name}, body=content, content_type=content_type))

    def import_into_book(self, *, content: bytes, content_type: str = 'text/csv', book_id: UUID, template: shapes.Template, source: str | None = None, file_name: str | None = None) -> shapes.ImportOut:
        """Bring a file of trades, opening positions or statement lines, and see what it would do; nothing of it counts yet.

        A longer file is previewed beside the request: ask for the import until its state is no longer ``reading``.
        """
        return cast("shapes.ImportOut", self.call('import_into_book', {'book_id': book_id, 'template': template, 'source': source, 'file_name': file_name}, body=content, content_type=content_type))

    def import_prices(self, *, content: bytes, content_type: str = 'text/csv', file_name: str | None = None) -> shapes.ImportOut:
        """Bring a file of prices and see what each would be today; confirmed, they wait for a second person's approval."""
        return cast("shapes.ImportOut", self.call('import_prices', {'file_name': file_name}, body=content, content_type=content_type))

    def import_statement(self, *, content: bytes, content_type: str = 'text/csv', book_id: UUID, source: str, file_name: str | None = None) -> shapes.StatementImportOut:
        """Read a statement (CSV in UTF-8 or GB18030, or XLSX) by the source's mapping; lines that are recorded add nothing.

        A cell that cannot be read, or a balance that does not follow, refuses the file, and nothing of it is written.
        """
        return cast("shapes.StatementImportOut", self.call('import_statement', {'book_id': book_id, 'source': source, 'file_name': file_name}, body=content, content_type=content_type))

    def invite_person(self, *, body: shapes.PersonIn) -> shapes.InvitedOut:
        """Invite a person; the answer's one-time token is to be handed over. Nobody signs in before it is used."""
        return cast("shapes.InvitedOut", self.call('invite_person', {}, body=body))

    def issue_api_key(self, *, body: shapes.ApiKeyIn) -> shapes.IssuedApiKeyOut:
        """Issue an API key to a person of the caller's organisation; its secret is shown in this answer only."""
        return cast("shapes.IssuedApiKeyOut", self.call('issue_api_key', {}, body=body))

    def keep_note(self, *, body: shapes.PersonNoteIn, book_id: UUID) -> shapes.PersonNoteKeptOut:
        """Keep a note about persons and return the commitment that an entry about them carries.

        The same ref with the same content again returns the same commitment. No Idempotency-Key is taken: the digest that is
        kept of a keyed request would let a guess of the content be tested after its erasure.
        """
        return cast("shapes.PersonNoteKeptOut", self.call('keep_note', {'book_id': book_id}, body=body))

    def list_access_events(self, *, before: UUID | None = None) -> shapes.AccessEventsOut:
        """Return what happened at the organisation's door, the newest first: sign-ins, roles, what an auditor asked for."""
        return cast("shapes.AccessEventsOut", self.call('list_access_events', {'before': before}))

    def list_account_codes(self, *, book_id: UUID, on: date) -> shapes.BookAccountCodesOut:
        """Return the book's accounts of money with their codes in vouchers on the day, by the chart and the policy in force."""
        return cast("shapes.BookAccountCodesOut", self.call('list_account_codes', {'book_id': book_id, 'on': on}))

    def list_accounts(self, *, book_id: UUID, as_of: date, under: str | None = None, after: str | None = None, limit: int | None = None, known: int | None = None, at: datetime | None = None) -> shapes.AccountsOut:
        """Return a page of the accounts with their facts, limits and balances, empty ones too.

        ``after`` continues at the record point of the first page, whatever was posted since.
        """
        return cast("shapes.AccountsOut", self.call('list_accounts', {'book_id': book_id, 'as_of': as_of, 'under': under, 'after': after, 'limit': limit, 'known': known, 'at': at}))

    def list_activity(self, *, known_at: datetime | None = None) -> shapes.ActivityOut:
        """Return the organisation's months, each in its newest revision known at ``known_at``."""
        return cast("shapes.ActivityOut", self.call('list_activity', {'known_at': known_at}))

    def list_adjustments(self, *, facility_id: UUID) -> shapes.AdjustmentsOut:
        """Return the facility's claw-backs and refunds in order of proposal."""
        return cast("shapes.AdjustmentsOut", self.call('list_adjustments', {'facility_id': facility_id}))

    def list_api_keys(self) -> shapes.ApiKeysOut:
        """Return the organisation's keys, oldest first, without secrets, and the scopes that its people's roles can give a key."""
        return cast("shapes.ApiKeysOut", self.call('list_api_keys', {}))

    def list_assertions(self, *, book_id: UUID, facts: int | None = None) -> shapes.BalanceAssertionsOut:
        """Return every assertion with all its checks, superseded ones too."""
        return cast("shapes.BalanceAssertionsOut", self.call('list_assertions', {'book_id': book_id, 'facts': facts}))

    def list_attestations(self, *, engagement_id: UUID) -> shapes.AttestationsOut:
        """Return everything received under the engagement, refused envelopes with their codes included."""
        return cast("shapes.AttestationsOut", self.call('list_attestations', {'engagement_id': engagement_id}))

    def list_audit(self, *, before: int | None = None, user_id: UUID | None = None, limit: int | None = None) -> shapes.AuditOut:
        """Return a page of the organisation's audit log, the newest first, with the head of its tree."""
        return cast("shapes.AuditOut", self.call('list_audit', {'before': before, 'user_id': user_id, 'limit': limit}))

    def list_balances(self, *, book_id: UUID, under: str | None = None, after: str | None = None, limit: int | None = None) -> shapes.BalancesOut:
        """Return a page of what accounts hold now, in the order they were opened; reports of a day are at positions."""
        return cast("shapes.BalancesOut", self.call('list_balances', {'book_id': book_id, 'under': under, 'after': after, 'limit': limit}))

    def list_booked(self, *, facility_id: UUID) -> shapes.BookedOut:
        """Return the interest of the loan that stands in the borrower's books, payments and adjustments, each with its entry."""
        return cast("shapes.BookedOut", self.call('list_booked', {'facility_id': facility_id}))

    def list_books(self) -> shapes.BooksOut:
        """Return the organisation's books by code."""
        return cast("shapes.BooksOut", self.call('list_books', {}))

    def list_breaks(self, *, book_id: UUID, as_of: date, known: int | None = None, facts: int | None = None, source: str | None = None) -> shapes.BreaksOut:
        """Return what does not agree between book and statements: items, balances and assertions, with both sides and ages."""
        return cast("shapes.BreaksOut", self.call('list_breaks', {'book_id': book_id, 'as_of': as_of, 'known': known, 'facts': facts, 'source': source}))

    def list_calculators(self) -> shapes.CalculatorsOut:
        """Return every calculator with its fields."""
        return cast("shapes.CalculatorsOut", self.call('list_calculators', {}))

    def list_calendar_years(self) -> shapes.CalendarYearsOut:
        """Return the proposed years, the newest first, with what each would change now."""
        return cast("shapes.CalendarYearsOut", self.call('list_calendar_years', {}))

    def list_calendars(self, *, known_at: datetime | None = None) -> shapes.CalendarsOut:
        """Return every market's calendar by what was known at ``known_at`` (now when absent)."""
        return cast("shapes.CalendarsOut", self.call('list_calendars', {'known_at': known_at}))

    def list_checkpoints(self, *, book_id: UUID, before: int | None = None) -> shapes.CheckpointsOut:
        """Return up to 100 published tree heads of the book, the newest first; whoever keeps one can prove a rolled-back book."""
        return cast("shapes.CheckpointsOut", self.call('list_checkpoints', {'book_id': book_id, 'before': before}))

    def list_checks(self, *, book_id: UUID) -> shapes.ChecksOut:
        """Return the last twenty whole checks of the book: when, who asked, the figures, and the first place that did not hold."""
        return cast("shapes.ChecksOut", self.call('list_checks', {'book_id': book_id}))

    def list_closing_snapshots(self, *, close: str, since: date, until: date) -> shapes.FeedsClosingsOut:
        """Return every version of a close for days from ``since`` to ``until``, both inclusive, at most a year."""
        return cast("shapes.FeedsClosingsOut", self.call('list_closing_snapshots', {'close': close, 'since': since, 'until': until}))

    def list_colleagues(self) -> shapes.ColleaguesOut:
        """Return the people of the caller's organisation, those who left too, by name."""
        return cast("shapes.ColleaguesOut", self.call('list_colleagues', {}))

    def list_commodities(self, *, book_id: UUID) -> shapes.CommoditiesOut:
        """Return what the book keeps, instruments and currencies, by code."""
        return cast("shapes.CommoditiesOut", self.call('list_commodities', {'book_id': book_id}))

    def list_compliance_proposals(self, *, book_id: UUID, year: int | None = None, after: int | None = None, limit: int | None = None) -> shapes.ComplianceProposalsOut:
        """Return a page of the book's facts and plans, decided or not, in the order in which they became known."""
        return cast("shapes.ComplianceProposalsOut", self.call('list_compliance_proposals', {'book_id': book_id, 'year': year, 'after': after, 'limit': limit}))

    def list_connections(self, *, facility_id: UUID) -> shapes.ConnectionsOut:
        """Return everyone whom an assessor of the loan must be independent of; an engaged assessor may read it too."""
        return cast("shapes.ConnectionsOut", self.call('list_connections', {'facility_id': facility_id}))

    def list_contract_movements(self, *, contract_id: UUID, after: int | None = None, limit: int | None = None) -> shapes.ContractMovementsOut:
        """Return the entries of the book that a contract's steps posted, leg by leg; for the book's own organisation."""
        return cast("shapes.ContractMovementsOut", self.call('list_contract_movements', {'contract_id': contract_id, 'after': after, 'limit': limit}))

    def list_contracts(self, *, book_id: UUID, after: int | None = None, limit: int | None = None) -> shapes.CarbonContractsOut:
        """Return a page of a book's contracts by number, each as it stands today."""
        return cast("shapes.CarbonContractsOut", self.call('list_contracts', {'book_id': book_id, 'after': after, 'limit': limit}))

    def list_counterparties(self, *, book_id: UUID) -> shapes.CounterpartiesOut:
        """Return a book's counterparties, each with its state now."""
        return cast("shapes.CounterpartiesOut", self.call('list_counterparties', {'book_id': book_id}))

    def list_day_closes(self, *, book_id: UUID, month: str) -> shapes.DayClosesOut:
        """Return every close of the month's days, by day and run."""
        return cast("shapes.DayClosesOut", self.call('list_day_closes', {'book_id': book_id, 'month': month}))

    def list_determination_reviews(self, *, determination_id: UUID, after: str | None = None, limit: int | None = None) -> shapes.ReviewsOut:
        """Return the open queries on the proposal, and what was said about it in order; who approved it the proposal says itself."""
        return cast("shapes.ReviewsOut", self.call('list_determination_reviews', {'determination_id': determination_id, 'after': after, 'limit': limit}))

    def list_determinations(self, *, facility_id: UUID) -> shapes.DeterminationsOut:
        """Return the facility's determinations in order of proposal."""
        return cast("shapes.DeterminationsOut", self.call('list_determinations', {'facility_id': facility_id}))

    def list_disposals(self, *, book_id: UUID, as_of: date, since: date | None = None, after: str | None = None, limit: int | None = None, known: int | None = None, at: datetime | None = None) -> shapes.DisposalsOut:
        """Return the tax-lot report: each disposal with its lot, days, quantity, cost, proceeds and gain; reversals negative.

        ``after`` continues at the record point of the first page, whatever was posted since.
        """
        return cast("shapes.DisposalsOut", self.call('list_disposals', {'book_id': book_id, 'as_of': as_of, 'since': since, 'after': after, 'limit': limit, 'known': known, 'at': at}))

    def list_drafts(self, *, engagement_id: UUID) -> shapes.DraftsOut:
        """Return the engagement's drafts."""
        return cast("shapes.DraftsOut", self.call('list_drafts', {'engagement_id': engagement_id}))

    def list_engagements(self) -> shapes.EngagementsOut:
        """Return an assessor's own engagements, or those of the facilities that the caller borrows or lends under."""
        return cast("shapes.EngagementsOut", self.call('list_engagements', {}))

    def list_facilities(self) -> shapes.FacilitiesOut:
        """Return the facilities to which the caller's organisation is a party, each with its borrower and lenders by name."""
        return cast("shapes.FacilitiesOut", self.call('list_facilities', {}))

    def list_feed_runs(self, *, feed: str, day: date | None = None) -> shapes.FeedRunsOut:
        """Return a source's runs, the newest first."""
        return cast("shapes.FeedRunsOut", self.call('list_feed_runs', {'feed': feed, 'day': day}))

    def list_feeds(self) -> shapes.FeedsOut:
        """Return every source with its switch, its terms and how it does."""
        return cast("shapes.FeedsOut", self.call('list_feeds', {}))

    def list_four_eyes_rules(self) -> shapes.FourEyesOut:
        """Return for each action the rule that holds now, and every version of the organisation's rules."""
        return cast("shapes.FourEyesOut", self.call('list_four_eyes_rules', {}))

    def list_held(self) -> shapes.HeldListOut:
        """Return what waits for review, the newest day first."""
        return cast("shapes.HeldListOut", self.call('list_held', {}))

    def list_held_reviews(self) -> shapes.HeldReviewsOut:
        """Return what was decided about held prices, the newest first."""
        return cast("shapes.HeldReviewsOut", self.call('list_held_reviews', {}))

    def list_holds(self, *, book_id: UUID, account: str | None = None, kind: shapes.HoldKind | None = None, state: shapes.HoldState | None = None, after: str | None = None, limit: int | None = None, as_of: date | None = None, known: int | None = None, at: datetime | None = None) -> shapes.HoldsOut:
        """Return a page of the book's holds, as of a day and record point, or as they stand now."""
        return cast("shapes.HoldsOut", self.call('list_holds', {'book_id': book_id, 'account': account, 'kind': kind, 'state': state, 'after': after, 'limit': limit, 'as_of': as_of, 'known': known, 'at': at}))

    def list_holds_in_favour(self, *, after: str | None = None, limit: int | None = None) -> shapes.FavouredHoldsOut:
        """Return a page of what is set aside in the caller's favour, in any book: what a bank holds in pledge."""
        return cast("shapes.FavouredHoldsOut", self.call('list_holds_in_favour', {'after': after, 'limit': limit}))

    def list_identities(self) -> shapes.IdentitiesOut:
        """Return the accounts of providers with which the caller signs in."""
        return cast("shapes.IdentitiesOut", self.call('list_identities', {}))

    def list_imports(self, *, after: UUID | None = None, limit: int | None = None) -> shapes.ImportsOut:
        """Return a page of the organisation's imports that the caller may see, the newest first."""
        return cast("shapes.ImportsOut", self.call('list_imports', {'after': after, 'limit': limit}))

    def list_instruments(self, *, book_id: UUID) -> shapes.InstrumentsOut:
        """Return the book's instruments by code; money and plain commodities are under commodities."""
        return cast("shapes.InstrumentsOut", self.call('list_instruments', {'book_id': book_id}))

    def list_job_alerts(self, *, job: str | None = None) -> shapes.JobAlertsOut:
        """Return what the jobs ask a person to look at, the newest first."""
        return cast("shapes.JobAlertsOut", self.call('list_job_alerts', {'job': job}))

    def list_kpi_periods(self, *, facility_id: UUID) -> shapes.KpiPeriodsOut:
        """Return the facility's periods: all of them to borrower and lenders, to an assessor those it was engaged for."""
        return cast("shapes.KpiPeriodsOut", self.call('list_kpi_periods', {'facility_id': facility_id}))

    def list_legal_entities(self) -> shapes.LegalEntitiesOut:
        """Return the organisation's legal entities with their books."""
        return cast("shapes.LegalEntitiesOut", self.call('list_legal_entities', {}))

    def list_lent_contracts(self, *, after: UUID | None = None, limit: int | None = None) -> shapes.LentContractsOut:
        """Return a page of the pledge loans on which the caller's organisation lends, by id, each as it stands today and as its lender has it.

        A loan is there once its borrower's house has agreed to its wording.
        """
        return cast("shapes.LentContractsOut", self.call('list_lent_contracts', {'after': after, 'limit': limit}))

    def list_limits(self, *, book_id: UUID) -> shapes.TradingLimitsOut:
        """Return every version of a book's limits by number."""
        return cast("shapes.TradingLimitsOut", self.call('list_limits', {'book_id': book_id}))

    def list_lines(self, *, book_id: UUID, source: str | None = None, after: int | None = None, limit: int | None = None) -> shapes.StatementLinesOut:
        """Return a page of statement lines in recording order, each with the entries that reconcile it."""
        return cast("shapes.StatementLinesOut", self.call('list_lines', {'book_id': book_id, 'source': source, 'after': after, 'limit': limit}))

    def list_log(self, *, book_id: UUID, before: int | None = None) -> shapes.LogOut:
        """Return up to 100 entries of the book as recorded, the newest first, each with the hash of its leaf."""
        return cast("shapes.LogOut", self.call('list_log', {'book_id': book_id, 'before': before}))

    def list_marks(self, *, instrument: str) -> shapes.MarkRecordsOut:
        """Return an instrument's proposed marks, approved or not, by first day."""
        return cast("shapes.MarkRecordsOut", self.call('list_marks', {'instrument': instrument}))

    def list_matches(self, *, book_id: UUID, after: int | None = None, limit: int | None = None) -> shapes.MatchesOut:
        """Return a page of the matches on record, undone ones too, in recording order."""
        return cast("shapes.MatchesOut", self.call('list_matches', {'book_id': book_id, 'after': after, 'limit': limit}))

    def list_methodologies(self) -> shapes.MethodologiesOut:
        """Return every methodology on file with its measure, form and boundary."""
        return cast("shapes.MethodologiesOut", self.call('list_methodologies', {}))

    def list_notice_deliveries(self, *, after: str | None = None, limit: int | None = None, state: shapes.DeliveryState | None = None, target_id: UUID | None = None) -> shapes.DeliveriesOut:
        """Return who got what when: the organisation's deliveries with every try, of the newest alert first."""
        return cast("shapes.DeliveriesOut", self.call('list_notice_deliveries', {'after': after, 'limit': limit, 'state': state, 'target_id': target_id}))

    def list_notice_thresholds(self) -> shapes.ThresholdsOut:
        """Return from when conditions alert: the organisation's own thresholds and the rules on file."""
        return cast("shapes.ThresholdsOut", self.call('list_notice_thresholds', {}))

    def list_notices(self, *, after: str | None = None, limit: int | None = None, kind: shapes.NoticeKind | None = None, open: str | None = None) -> shapes.NoticesOut:
        """Return the alerts that concern the caller, unread ones first and of each the newest first."""
        return cast("shapes.NoticesOut", self.call('list_notices', {'after': after, 'limit': limit, 'kind': kind, 'open': open}))

    def list_obligations(self, *, from_: date | None = None, to: date | None = None, after: str | None = None, limit: int | None = None) -> shapes.ObligationsOut:
        """Return the duties whose day lies in [from, to), facility by facility: what, who, by when, and whether it was done."""
        return cast("shapes.ObligationsOut", self.call('list_obligations', {'from_': from_, 'to': to, 'after': after, 'limit': limit}))

    def list_observations(self, *, instrument: str, as_of: date, since: date | None = None, known_at: datetime | None = None, after: str | None = None, limit: int | None = None) -> shapes.ObservationsOut:
        """Return a page of an instrument's prices for days up to ``as_of``, every revision, oldest day first.

        ``known_at`` leaves out what was learned later (now when absent); ``after`` continues at the first page's instant.
        """
        return cast("shapes.ObservationsOut", self.call('list_observations', {'instrument': instrument, 'as_of': as_of, 'since': since, 'known_at': known_at, 'after': after, 'limit': limit}))

    def list_oidc_providers(self) -> shapes.OidcProvidersOut:
        """Return every provider of the installation with its state."""
        return cast("shapes.OidcProvidersOut", self.call('list_oidc_providers', {}))

    def list_operated_jobs(self, *, after: UUID | None = None) -> shapes.OperatedJobsOut:
        """Return how feeds and jobs do for each organisation, 20 a page: states, days and causes, never what was said or fetched."""
        return cast("shapes.OperatedJobsOut", self.call('list_operated_jobs', {'after': after}))

    def list_orders(self, *, book_id: UUID, after: int | None = None, limit: int | None = None) -> shapes.OrdersOut:
        """Return a page of a book's orders by number, each with its state and what the caller may do next."""
        return cast("shapes.OrdersOut", self.call('list_orders', {'book_id': book_id, 'after': after, 'limit': limit}))

    def list_organisations(self) -> shapes.OrganisationsOut:
        """Return every organisation of the installation."""
        return cast("shapes.OrganisationsOut", self.call('list_organisations', {}))

    def list_people(self) -> shapes.PeopleOut:
        """Return the people of the organisation with the roles that live now."""
        return cast("shapes.PeopleOut", self.call('list_people', {}))

    def list_period_closings(self, *, book_id: UUID, after: str | None = None, limit: int | None = None) -> shapes.PeriodsClosingsOut:
        """Return a page of the book's closings, newest first: what was closed, with which state root, when and by whom."""
        return cast("shapes.PeriodsClosingsOut", self.call('list_period_closings', {'book_id': book_id, 'after': after, 'limit': limit}))

    def list_period_reviews(self, *, kpi_period_id: UUID, after: str | None = None, limit: int | None = None) -> shapes.ReviewsOut:
        """Return how the reported data stand with the lenders, and what was said about the period in order."""
        return cast("shapes.ReviewsOut", self.call('list_period_reviews', {'kpi_period_id': kpi_period_id, 'after': after, 'limit': limit}))

    def list_policies(self, *, book_id: UUID, on: date) -> shapes.PoliciesOut:
        """Return the book's policies by version, and which is in force on the day."""
        return cast("shapes.PoliciesOut", self.call('list_policies', {'book_id': book_id, 'on': on}))

    def list_proposals(self, *, book_id: UUID, as_of: date, known: int | None = None, facts: int | None = None, source: str | None = None) -> shapes.ReconciliationProposalsOut:
        """Return which open lines and postings belong together, by which rule, and what fits in several ways."""
        return cast("shapes.ReconciliationProposalsOut", self.call('list_proposals', {'book_id': book_id, 'as_of': as_of, 'known': known, 'facts': facts, 'source': source}))

    def list_published_rates(self, *, index: str, known_at: datetime | None = None) -> shapes.PublishedRatesOut:
        """Return an index's publications by day with the last day each is known to hold."""
        return cast("shapes.PublishedRatesOut", self.call('list_published_rates', {'index': index, 'known_at': known_at}))

    def list_reference_sets(self) -> shapes.ReferenceSetsOut:
        """Return every set with its version and how many of its rows are official, draft, secondary or assumed."""
        return cast("shapes.ReferenceSetsOut", self.call('list_reference_sets', {}))

    def list_reliance(self, *, attestation_id: UUID) -> shapes.ReliancesOut:
        """Return which rate decisions rest on the attestation, how they ended and who acted on it, without any price."""
        return cast("shapes.ReliancesOut", self.call('list_reliance', {'attestation_id': attestation_id}))

    def list_request_proposals(self, *, before: int | None = None, limit: int | None = None) -> shapes.RequestProposalsProposalsOut:
        """Return a page of the proposals that concern the caller, the newest first; a page may be shorter than asked for."""
        return cast("shapes.RequestProposalsProposalsOut", self.call('list_request_proposals', {'before': before, 'limit': limit}))

    def list_role_grants(self) -> shapes.RoleGrantsOut:
        """Return every grant of the organisation with its state now; a waiting one asks for a second administrator."""
        return cast("shapes.RoleGrantsOut", self.call('list_role_grants', {}))

    def list_sessions(self, *, of_organisation: bool | None = None) -> shapes.SessionsOut:
        """Return the caller's sessions that work now, or, for an administrator or auditor who asks, the organisation's."""
        return cast("shapes.SessionsOut", self.call('list_sessions', {'of_organisation': of_organisation}))

    def list_sign_in_providers(self) -> shapes.SignInProvidersOut:
        """Return the providers with which people sign in now."""
        return cast("shapes.SignInProvidersOut", self.call('list_sign_in_providers', {}))

    def list_signing_keys(self) -> shapes.SigningKeysOut:
        """Return the organisation's keys, revoked ones included."""
        return cast("shapes.SigningKeysOut", self.call('list_signing_keys', {}))

    def list_snapshots(self, *, until: date, limit: int | None = None) -> shapes.SnapshotsOut:
        """Return the organisation's frozen snapshots of days up to ``until``, the newest day first."""
        return cast("shapes.SnapshotsOut", self.call('list_snapshots', {'until': until, 'limit': limit}))

    def list_sources(self, *, book_id: UUID) -> shapes.StatementSourcesOut:
        """Return every version of every source."""
        return cast("shapes.StatementSourcesOut", self.call('list_sources', {'book_id': book_id}))

    def list_standards(self, *, period_start: date) -> shapes.StandardsOut:
        """Return the standards in force for a period that begins on ``period_start``."""
        return cast("shapes.StandardsOut", self.call('list_standards', {'period_start': period_start}))

    def list_templates(self) -> shapes.TemplatesOut:
        """Return every template with its columns; the activity template once for each form of plant."""
        return cast("shapes.TemplatesOut", self.call('list_templates', {}))

    def list_terms(self, *, facility_id: UUID) -> shapes.TermsVersionsOut:
        """Return every version of the terms with its hash and who agreed to it, oldest first."""
        return cast("shapes.TermsVersionsOut", self.call('list_terms', {'facility_id': facility_id}))

    def list_trades(self, *, book_id: UUID, as_of: date, known: int | None = None, after: int | None = None, limit: int | None = None) -> shapes.TradesOut:
        """Return a page of the trades traded by ``as_of`` and recorded by seq ``known``, in recording order.

        A trade whose entry was reversed is still here: the ledger says what holds.
        """
        return cast("shapes.TradesOut", self.call('list_trades', {'book_id': book_id, 'as_of': as_of, 'known': known, 'after': after, 'limit': limit}))

    def list_unsettled(self, *, book_id: UUID, as_of: date) -> shapes.UnsettledListOut:
        """Return the trades booked through a day whose money has not moved; none where the policy books trades at once."""
        return cast("shapes.UnsettledListOut", self.call('list_unsettled', {'book_id': book_id, 'as_of': as_of}))

    def list_uploads(self) -> shapes.UploadsOut:
        """Return the uploads, the newest first; read one for what a person should look at."""
        return cast("shapes.UploadsOut", self.call('list_uploads', {}))

    def list_vouchers(self, *, book_id: UUID, month: str, after: str | None = None, limit: int | None = None) -> shapes.VouchersOut:
        """Return a page of the month's vouchers by number, with their lines, papers and persons."""
        return cast("shapes.VouchersOut", self.call('list_vouchers', {'book_id': book_id, 'month': month, 'after': after, 'limit': limit}))

    def list_webhooks(self) -> shapes.WebhooksOut:
        """Return the organisation's webhooks, the oldest first, without secrets."""
        return cast("shapes.WebhooksOut", self.call('list_webhooks', {}))

    def lock_kpi_period(self, *, body: shapes.LockIn, kpi_period_id: UUID) -> shapes.KpiPeriodOut:
        """Freeze the period's data as a snapshot with a hash: every month of every site, or the value that is stated."""
        return cast("shapes.KpiPeriodOut", self.call('lock_kpi_period', {'kpi_period_id': kpi_period_id}, body=body))

    def lodge_draft(self, *, content: bytes, content_type: str = 'application/json', draft_id: UUID) -> shapes.AttestationOut:
        """Judge a signature over the reviewed bytes, detached or whole, and record it with its verdict."""
        return cast("shapes.AttestationOut", self.call('lodge_draft', {'draft_id': draft_id}, body=content, content_type=content_type))

    def make_first_operator(self, *, body: shapes.FirstRunIn) -> shapes.FirstRunOut:
        """Make the first operator with the token that the terminal shows; refused for good afterwards."""
        return cast("shapes.FirstRunOut", self.call('make_first_operator', {}, body=body))

    def mark_notice_read(self, *, notice_id: UUID) -> shapes.NoticeOut:
        """Record that the caller read an alert; again changes nothing."""
        return cast("shapes.NoticeOut", self.call('mark_notice_read', {'notice_id': notice_id}))

    def mark_notices_read(self, *, body: shapes.ReadThroughIn) -> shapes.ReadThroughOut:
        """Record that the caller read every alert up to a number, at most 500 at once."""
        return cast("shapes.ReadThroughOut", self.call('mark_notices_read', {}, body=body))

    def move_margin(self, *, body: shapes.MarginIn, contract_id: UUID) -> shapes.CarbonContractOut:
        """Move margin in cash, pledge further tonnes or repay a part, as another person than the maker."""
        return cast("shapes.CarbonContractOut", self.call('move_margin', {'contract_id': contract_id}, body=body))

    def number_vouchers(self, *, book_id: UUID, month: str) -> shapes.NumberingOut:
        """Give every money entry of the month its voucher, numbered from 1 without gaps in posting order; again it numbers nothing."""
        return cast("shapes.NumberingOut", self.call('number_vouchers', {'book_id': book_id, 'month': month}))

    def open_account(self, *, body: shapes.AccountIn, book_id: UUID) -> shapes.OpenedAccountOut:
        """Open an account; the same again changes nothing, other facts at its path are refused."""
        return cast("shapes.OpenedAccountOut", self.call('open_account', {'book_id': book_id}, body=body))

    def open_book(self, *, body: shapes.BookIn) -> shapes.BookOut:
        """Open a book of the caller's organisation; the same id with the same facts again changes nothing."""
        return cast("shapes.BookOut", self.call('open_book', {}, body=body))

    def open_contract(self, *, body: shapes.DayIn, contract_id: UUID) -> shapes.CarbonContractOut:
        """Move tonnes and money of an agreed contract and encumber what it says, all of it or nothing."""
        return cast("shapes.CarbonContractOut", self.call('open_contract', {'contract_id': contract_id}, body=body))

    def open_economic_book(self, *, body: shapes.EconomicBookIn, book_id: UUID) -> shapes.EconomicBookOut:
        """Open the book's economic memo, kept at marks beside the statutory book; the same again changes nothing."""
        return cast("shapes.EconomicBookOut", self.call('open_economic_book', {'book_id': book_id}, body=body))

    def place_hold(self, *, body: shapes.HoldIn, book_id: UUID) -> shapes.HoldActionOut:
        """Set an amount of an account, or given lots, aside: it is no longer available for sale, pledge or surrender."""
        return cast("shapes.HoldActionOut", self.call('place_hold', {'book_id': book_id}, body=body))

    def place_order(self, *, order_id: UUID) -> shapes.OrderOut:
        """Send an approved order out: its checks are asked once more, its tonnes or cash are set aside in the ledger."""
        return cast("shapes.OrderOut", self.call('place_order', {'order_id': order_id}))

    def plan_accruals(self, *, book_id: UUID, month: str) -> shapes.AccrualsOut:
        """Return what interest, fees and premiums the book lacks at the month's end, with the reason of every amount."""
        return cast("shapes.AccrualsOut", self.call('plan_accruals', {'book_id': book_id, 'month': month}))

    def post_accruals(self, *, book_id: UUID, month: str) -> shapes.AccrualsOut:
        """Post what the book lacks at the month's end; doing it again posts nothing. Late facts become adjustments in the open month."""
        return cast("shapes.AccrualsOut", self.call('post_accruals', {'book_id': book_id, 'month': month}))

    def post_batch(self, *, body: shapes.BatchIn, book_id: UUID) -> shapes.BatchOut:
        """Post up to 8,000 entries in at most 20 MB and return one result each, in order.

        The status is 200 whatever the results: accepted entries stand beside refused ones. Only a body that cannot be read
        is refused as a whole.
        """
        return cast("shapes.BatchOut", self.call('post_batch', {'book_id': book_id}, body=body))

    def post_entry(self, *, body: shapes.EntryIn, book_id: UUID) -> shapes.EntriesReceiptOut:
        """Post one entry and return its receipt; the same id with the same content again returns it with ``is_replay``.

        An entry that does not balance, oversells or is dated in a closed period is refused with its own code, and the
        refusal stays recorded under the id.
        """
        return cast("shapes.EntriesReceiptOut", self.call('post_entry', {'book_id': book_id}, body=body))

    def post_transfer(self, *, body: shapes.TransferIn) -> shapes.TransferReceiptOut:
        """Post the two entries of a transfer, all or nothing; the same again returns the same receipts.

        A refusal undoes both sides and is not recorded, so that a corrected transfer may use the same ids.
        """
        return cast("shapes.TransferReceiptOut", self.call('post_transfer', {}, body=body))

    def preview_import(self, *, import_id: UUID) -> shapes.ImportOut:
        """Return what the file would do as things stand now."""
        return cast("shapes.ImportOut", self.call('preview_import', {'import_id': import_id}))

    def preview_surrender_plan(self, *, book_id: UUID, year: int, surrender_on: date, basis: str | None = None, snapshot_id: UUID | None = None, due_t: int | None = None) -> shapes.SurrenderPlanOut:
        """Return the cheapest surrender as of its day with the proof, what is missing and what that would cost; stores nothing."""
        return cast("shapes.SurrenderPlanOut", self.call('preview_surrender_plan', {'book_id': book_id, 'year': year, 'surrender_on': surrender_on, 'basis': basis, 'snapshot_id': snapshot_id, 'due_t': due_t}))

    def print_board_page(self, *, book_id: UUID, year: int, snapshot_id: UUID, mark_instrument: str, as_of: date, known: int | None = None, at: datetime | None = None, lang: shapes.LookLanguage | None = None, emissions_t: Decimal | None = None, intensity: Decimal | None = None, methodology: str | None = None, balance_value: Decimal | None = None) -> File:
        """Return one A4 page for a board: what we hold, what it is worth, what is missing, its cost and what comes next."""
        return cast("File", self.call('print_board_page', {'book_id': book_id, 'year': year, 'snapshot_id': snapshot_id, 'mark_instrument': mark_instrument, 'as_of': as_of, 'known': known, 'at': at, 'lang': lang, 'emissions_t': emissions_t, 'intensity': intensity, 'methodology': methodology, 'balance_value': balance_value}))

    def print_compliance_report(self, *, book_id: UUID, year: int, as_of: date, snapshot_id: UUID | None = None, mark_instrument: str | None = None, known: int | None = None, at: datetime | None = None, lang: shapes.LookLanguage | None = None, emissions_t: Decimal | None = None, intensity: Decimal | None = None, methodology: str | None = None, balance_value: Decimal | None = None) -> File:
        """Return a compliance year on paper: what is due, what covers it and why, the gap and its cost."""
        return cast("File", self.call('print_compliance_report', {'book_id': book_id, 'year': year, 'as_of': as_of, 'snapshot_id': snapshot_id, 'mark_instrument': mark_instrument, 'known': known, 'at': at, 'lang': lang, 'emissions_t': emissions_t, 'intensity': intensity, 'methodology': methodology, 'balance_value': balance_value}))

    def print_determination_sheet(self, *, determination_id: UUID, lang: shapes.LookLanguage | None = None) -> File:
        """Return a rate decision whole on paper: evidence, effect, payments before and after, and why."""
        return cast("File", self.call('print_determination_sheet', {'determination_id': determination_id, 'lang': lang}))

    def print_interest_notice(self, *, facility_id: UUID, on: date, tranche_id: str | None = None, known_at: datetime | None = None, lang: shapes.LookLanguage | None = None) -> File:
        """Return one payment of interest on paper, with its segments, rates and reasons."""
        return cast("File", self.call('print_interest_notice', {'facility_id': facility_id, 'on': on, 'tranche_id': tranche_id, 'known_at': known_at, 'lang': lang}))

    def print_kpi_certificate(self, *, attestation_id: UUID, lang: shapes.LookLanguage | None = None) -> File:
        """Return what was verified, by whom and at which level, on paper; no price stands on it."""
        return cast("File", self.call('print_kpi_certificate', {'attestation_id': attestation_id, 'lang': lang}))

    def print_position_statement(self, *, book_id: UUID, as_of: date, snapshot_id: UUID | None = None, known: int | None = None, at: datetime | None = None, lang: shapes.LookLanguage | None = None) -> File:
        """Return what the book holds at the close of the day, by account and lot, on paper."""
        return cast("File", self.call('print_position_statement', {'book_id': book_id, 'as_of': as_of, 'snapshot_id': snapshot_id, 'known': known, 'at': at, 'lang': lang}))

    def propose_allocation_determination(self, *, body: shapes.AllocationDeterminationIn, book_id: UUID, year: int) -> shapes.ComplianceProposalOut:
        """Propose the allocation determined on the verification that stands, computed by the year's rule."""
        return cast("shapes.ComplianceProposalOut", self.call('propose_allocation_determination', {'book_id': book_id, 'year': year}, body=body))

    def propose_answer(self, *, body: shapes.ObjectionAnswerIn, book_id: UUID, year: int) -> shapes.ComplianceProposalOut:
        """Propose the authority's answer to an objection."""
        return cast("shapes.ComplianceProposalOut", self.call('propose_answer', {'book_id': book_id, 'year': year}, body=body))

    def propose_calendar_year(self, *, content: bytes, content_type: str = 'text/csv', market: str, year: int, source: str, status: shapes.ReferenceStatus | None = None, file_name: str | None = None, proposal_id: UUID | None = None) -> shapes.CalendarYearOut:
        """Propose a market's published year: its closed weekdays and open weekend days; it counts once another person approved it."""
        return cast("shapes.CalendarYearOut", self.call('propose_calendar_year', {'market': market, 'year': year, 'source': source, 'status': status, 'file_name': file_name, 'proposal_id': proposal_id}, body=content, content_type=content_type))

    def propose_carry_over(self, *, body: shapes.CarryOverIn, book_id: UUID) -> shapes.ComplianceProposalOut:
        """Propose a request to carry old vintages over, oldest first; it is booked when the registry confirmed it."""
        return cast("shapes.ComplianceProposalOut", self.call('propose_carry_over', {'book_id': book_id}, body=body))

    def propose_contract(self, *, body: shapes.ContractIn, book_id: UUID) -> shapes.CarbonContractOut:
        """Word a contract; nothing moves before another person agrees and it is opened."""
        return cast("shapes.CarbonContractOut", self.call('propose_contract', {'book_id': book_id}, body=body))

    def propose_counterparty(self, *, body: shapes.CounterpartyIn, book_id: UUID) -> shapes.CounterpartyOut:
        """Propose a counterparty with the most that may be dealt with it; a colleague approves it."""
        return cast("shapes.CounterpartyOut", self.call('propose_counterparty', {'book_id': book_id}, body=body))

    def propose_declassification(self, *, body: shapes.DeclassificationIn, facility_id: UUID) -> shapes.DeclassificationOut:
        """Propose that the loan is no longer sustainability-linked from a day on; another party approves."""
        return cast("shapes.DeclassificationOut", self.call('propose_declassification', {'facility_id': facility_id}, body=body))

    def propose_determination(self, *, body: shapes.ProposalIn, kpi_period_id: UUID) -> shapes.DeterminationOut:
        """Propose what the KPIs of this test period do to the prices, for lenders to decide on; the period names the test."""
        return cast("shapes.DeterminationOut", self.call('propose_determination', {'kpi_period_id': kpi_period_id}, body=body))

    def propose_draft(self, *, order_id: UUID) -> shapes.OrderOut:
        """Propose one's own draft; it is checked as things stand now."""
        return cast("shapes.OrderOut", self.call('propose_draft', {'order_id': order_id}))

    def propose_limit(self, *, body: shapes.TradingLimitIn, book_id: UUID) -> shapes.TradingLimitOut:
        """Propose a limit, or a further version of one; a colleague approves it."""
        return cast("shapes.TradingLimitOut", self.call('propose_limit', {'book_id': book_id}, body=body))

    def propose_mark(self, *, body: shapes.MarkIn) -> shapes.MarkRecordOut:
        """Propose a price for days on which the feed has none, or instead of it; it values nothing until a colleague approves it.

        A person who may trade neither makes nor checks a price.
        """
        return cast("shapes.MarkRecordOut", self.call('propose_mark', {}, body=body))

    def propose_milestone(self, *, body: shapes.MilestoneIn, book_id: UUID, year: int) -> shapes.ComplianceProposalOut:
        """Propose that a step of the year's calendar was done, such as the report filed."""
        return cast("shapes.ComplianceProposalOut", self.call('propose_milestone', {'book_id': book_id, 'year': year}, body=body))

    def propose_month_reopening(self, *, body: shapes.MonthCloseReasonIn, book_id: UUID, month: str) -> shapes.MonthCloseOut:
        """Ask to open a softly closed month again; a colleague must agree. What is closed for good stays closed."""
        return cast("shapes.MonthCloseOut", self.call('propose_month_reopening', {'book_id': book_id, 'month': month}, body=body))

    def propose_objection(self, *, body: shapes.ObjectionIn, book_id: UUID, year: int) -> shapes.ComplianceProposalOut:
        """Propose an objection to a verification or an allocation, within the working days after its notice."""
        return cast("shapes.ComplianceProposalOut", self.call('propose_objection', {'book_id': book_id, 'year': year}, body=body))

    def propose_oidc_provider(self, *, body: shapes.OidcProviderIn) -> shapes.OidcProviderOut:
        """Propose a provider; nobody signs in with it before another operator confirmed it."""
        return cast("shapes.OidcProviderOut", self.call('propose_oidc_provider', {}, body=body))

    def propose_order(self, *, body: shapes.OrderIn, book_id: UUID) -> shapes.OrderOut:
        """Propose an order, or keep it as a draft; a check that refuses it refuses the proposal, and says which."""
        return cast("shapes.OrderOut", self.call('propose_order', {'book_id': book_id}, body=body))

    def propose_policy(self, *, body: shapes.PolicyIn, book_id: UUID) -> shapes.PolicyOut:
        """Propose the book's accounting policy from a day on; it counts once a colleague approves exactly it."""
        return cast("shapes.PolicyOut", self.call('propose_policy', {'book_id': book_id}, body=body))

    def propose_preallocation(self, *, body: shapes.PreallocationIn, book_id: UUID, year: int) -> shapes.ComplianceProposalOut:
        """Propose what was pre-allocated; it counts when a second person approves it."""
        return cast("shapes.ComplianceProposalOut", self.call('propose_preallocation', {'book_id': book_id, 'year': year}, body=body))

    def propose_second_factor(self) -> shapes.TotpProposedOut:
        """Propose a second factor: a secret and its QR code, shown this once; it asks for nothing until its first code comes."""
        return cast("shapes.TotpProposedOut", self.call('propose_second_factor', {}))

    def propose_settlement(self, *, body: shapes.AllocationsSettlementIn, book_id: UUID, year: int) -> shapes.ComplianceProposalOut:
        """Propose to issue or give back the difference between what should be issued and what was."""
        return cast("shapes.ComplianceProposalOut", self.call('propose_settlement', {'book_id': book_id, 'year': year}, body=body))

    def propose_surrender_plan(self, *, body: shapes.SurrenderPlanIn, book_id: UUID) -> shapes.SurrenderPlanOut:
        """Propose the cheapest surrender for a second person to approve; it is booked from the very lots once approved."""
        return cast("shapes.SurrenderPlanOut", self.call('propose_surrender_plan', {'book_id': book_id}, body=body))

    def propose_upload(self, *, content: bytes, content_type: str = 'text/csv', format: shapes.PriceFormat | None = None, file_name: str | None = None, upload_id: UUID | None = None) -> shapes.UploadOut:
        """Propose a file of prices: what it would add, revise, contradict or breach; it counts once another person approved it.

        The bytes are kept. A row that cannot be read refuses the whole file and names file, sheet, row, column, value and
        what was expected. ``file_name`` is only shown; ``upload_id`` makes the same upload again change nothing.
        """
        return cast("shapes.UploadOut", self.call('propose_upload', {'format': format, 'file_name': file_name, 'upload_id': upload_id}, body=content, content_type=content_type))

    def propose_verification(self, *, body: shapes.VerificationIn, book_id: UUID, year: int) -> shapes.ComplianceProposalOut:
        """Propose the year's verified emissions by process and captive unit; a later one corrects it."""
        return cast("shapes.ComplianceProposalOut", self.call('propose_verification', {'book_id': book_id, 'year': year}, body=body))

    def propose_waiver(self, *, body: shapes.ItemStepIn, book_id: UUID, month: str) -> shapes.MonthCloseOut:
        """Ask to close the month without an item; it counts once a colleague agrees."""
        return cast("shapes.MonthCloseOut", self.call('propose_waiver', {'book_id': book_id, 'month': month}, body=body))

    def propose_webhook(self, *, body: shapes.WebhookIn) -> shapes.WebhookSecretOut:
        """Propose an address for alerts; it gets none until another person confirms it. Its secret is shown in this answer only."""
        return cast("shapes.WebhookSecretOut", self.call('propose_webhook', {}, body=body))

    def propose_withdrawal(self, *, body: shapes.AllocationsWithdrawalIn, book_id: UUID, year: int) -> shapes.ComplianceProposalOut:
        """Propose that a verification is withdrawn; what was determined on it is reopened."""
        return cast("shapes.ComplianceProposalOut", self.call('propose_withdrawal', {'book_id': book_id, 'year': year}, body=body))

    def prove_attestation(self, *, attestation_id: UUID) -> shapes.ProvenReceiptsOut:
        """Return every state of the attestation as a leaf of the borrower's evidence book, each with its proof."""
        return cast("shapes.ProvenReceiptsOut", self.call('prove_attestation', {'attestation_id': attestation_id}))

    def prove_audit_history(self, *, old_size: int) -> shapes.AuditConsistencyOut:
        """Return the proof that the log begins with its first ``old_size`` rows as they were."""
        return cast("shapes.AuditConsistencyOut", self.call('prove_audit_history', {'old_size': old_size}))

    def prove_audit_row(self, *, seq: int) -> shapes.AuditProofOut:
        """Return a row with the proof that it is in the organisation's log."""
        return cast("shapes.AuditProofOut", self.call('prove_audit_row', {'seq': seq}))

    def prove_determination(self, *, determination_id: UUID) -> shapes.ProvenReceiptsOut:
        """Return who proposed, approved, decided or refused the determination, and its reviews."""
        return cast("shapes.ProvenReceiptsOut", self.call('prove_determination', {'determination_id': determination_id}))

    def prove_engagement(self, *, engagement_id: UUID) -> shapes.ProvenReceiptsOut:
        """Return that the assessor was engaged and declared its independence, each as a leaf of the borrower's evidence book."""
        return cast("shapes.ProvenReceiptsOut", self.call('prove_engagement', {'engagement_id': engagement_id}))

    def prove_entry(self, *, book_id: UUID, entry_id: UUID, size: int | None = None) -> shapes.InclusionOut:
        """Return the proof that an entry is in the book's tree, with the bytes that its leaf commits to."""
        return cast("shapes.InclusionOut", self.call('prove_entry', {'book_id': book_id, 'entry_id': entry_id, 'size': size}))

    def prove_facility(self, *, facility_id: UUID) -> shapes.ProvenReceiptsOut:
        """Return who agreed to which terms, and every fact about the label and waiver of its checklist."""
        return cast("shapes.ProvenReceiptsOut", self.call('prove_facility', {'facility_id': facility_id}))

    def prove_growth(self, *, book_id: UUID, from_: int, to: int | None = None) -> shapes.ConsistencyOut:
        """Return the proof that the newer tree begins with the older one: nothing was changed or taken away between them."""
        return cast("shapes.ConsistencyOut", self.call('prove_growth', {'book_id': book_id, 'from_': from_, 'to': to}))

    def prove_key(self, *, key_id: str) -> shapes.ProvenReceiptsOut:
        """Return the key's registration, approval and end as leaves of the organisation's evidence book, each with its proof."""
        return cast("shapes.ProvenReceiptsOut", self.call('prove_key', {'key_id': key_id}))

    def prove_kpi_period(self, *, kpi_period_id: UUID) -> shapes.ProvenReceiptsOut:
        """Return the period's waivers, disputes and restatements, and its reviews."""
        return cast("shapes.ProvenReceiptsOut", self.call('prove_kpi_period', {'kpi_period_id': kpi_period_id}))

    def provide_for_emissions(self, *, body: shapes.ProvisionIn, book_id: UUID) -> shapes.ProvisionOut:
        """Bring the economic book to the emissions provision under the book's IFRS policy, with its movement since the last run."""
        return cast("shapes.ProvisionOut", self.call('provide_for_emissions', {'book_id': book_id}, body=body))

    def provide_from_book(self, *, body: shapes.ProvisionFromBookIn, book_id: UUID) -> shapes.ProvisionOut:
        """Bring the economic book to the provision of a year's verified duty by a snapshot, tonnes and costs read from the book."""
        return cast("shapes.ProvisionOut", self.call('provide_from_book', {'book_id': book_id}, body=body))

    def query_determination(self, *, body: shapes.QueryIn, determination_id: UUID) -> shapes.ReviewOut:
        """Query exactly the undecided proposal that ``digest`` names; approve and refuse have their own routes."""
        return cast("shapes.ReviewOut", self.call('query_determination', {'determination_id': determination_id}, body=body))

    def read_actus(self, *, facility_id: UUID, known_at: datetime | None = None) -> shapes.ActusOut:
        """Return each drawn tranche's ACTUS terms, or why its contract has none, and its events in ACTUS order."""
        return cast("shapes.ActusOut", self.call('read_actus', {'facility_id': facility_id, 'known_at': known_at}))

    def read_adjustment(self, *, adjustment_id: UUID) -> shapes.AdjustmentOut:
        """Return the adjustment with its rows, who agreed, and why."""
        return cast("shapes.AdjustmentOut", self.call('read_adjustment', {'adjustment_id': adjustment_id}))

    def read_allocation(self, *, book_id: UUID, year: int, as_of: date, known: int | None = None, at: datetime | None = None) -> shapes.AllocationStateOut:
        """Return the year's life cycle at the close of ``as_of`` by what was approved and recorded at the record point."""
        return cast("shapes.AllocationStateOut", self.call('read_allocation', {'book_id': book_id, 'year': year, 'as_of': as_of, 'known': known, 'at': at}))

    def read_asked(self) -> shapes.InboxOut:
        """Return what the caller asked for and nobody has decided, the oldest first."""
        return cast("shapes.InboxOut", self.call('read_asked', {}))

    def read_attestation(self, *, attestation_id: UUID) -> shapes.AttestationOut:
        """Return the attestation with the bytes received and how it stands now."""
        return cast("shapes.AttestationOut", self.call('read_attestation', {'attestation_id': attestation_id}))

    def read_back_test(self, *, target_tco2e_per_t: Decimal, year: int, methodology: str, site: str | None = None, known_at: datetime | None = None, methodology_version: str | None = None, factor_set_version: str | None = None, grid_region: str | None = None, gwp_set: str | None = None, through: str | None = None, plan: str | None = None, confidence: Decimal | None = None, technical_minimum: Decimal | None = None, last_months: str | None = None) -> shapes.BackTestOut:
        """Return what the forecast would have said after each month of a year that is over, against what came."""
        return cast("shapes.BackTestOut", self.call('read_back_test', {'target_tco2e_per_t': target_tco2e_per_t, 'year': year, 'methodology': methodology, 'site': site, 'known_at': known_at, 'methodology_version': methodology_version, 'factor_set_version': factor_set_version, 'grid_region': grid_region, 'gwp_set': gwp_set, 'through': through, 'plan': plan, 'confidence': confidence, 'technical_minimum': technical_minimum, 'last_months': last_months}))

    def read_balance(self, *, book_id: UUID, path: str) -> shapes.BalanceNowOut:
        """Return what an account holds now: posted, set aside and available."""
        return cast("shapes.BalanceNowOut", self.call('read_balance', {'book_id': book_id, 'path': path}))

    def read_book(self, *, book_id: UUID) -> shapes.BookOut:
        """Return a book with its tree head."""
        return cast("shapes.BookOut", self.call('read_book', {'book_id': book_id}))

    def read_bundle(self, *, determination_id: UUID) -> File:
        """Return everything that an approved determination rests on, as a zip for ``tonne_verify.py``; lenders and the borrower only."""
        return cast("File", self.call('read_bundle', {'determination_id': determination_id}))

    def read_bytes_to_sign(self, *, draft_id: UUID) -> File:
        """Return the exact bytes to sign (RFC 8785) of a reviewed draft; ``tonne sign`` takes them as they are."""
        return cast("File", self.call('read_bytes_to_sign', {'draft_id': draft_id}))

    def read_calendar(self, *, from_: date | None = None, to: date | None = None) -> File:
        """Return the duties whose day lies in [from, to) as one calendar (RFC 5545); more than 500 facilities are refused."""
        return cast("File", self.call('read_calendar', {'from_': from_, 'to': to}))

    def read_calendar_days(self, *, market: str, year: int, known_at: datetime | None = None) -> shapes.CalendarDaysOut:
        """Return the open days of a market's year; a year that is not known is refused, never guessed."""
        return cast("shapes.CalendarDaysOut", self.call('read_calendar_days', {'market': market, 'year': year, 'known_at': known_at}))

    def read_calendar_year(self, *, proposal_id: UUID) -> shapes.CalendarYearOut:
        """Return a proposed year with what it would change now."""
        return cast("shapes.CalendarYearOut", self.call('read_calendar_year', {'proposal_id': proposal_id}))

    def read_cap_effect(self, *, contract_id: UUID, year: int, due_t: int) -> shapes.CapEffectOut:
        """Return what a swap does to the tonnes usable against a duty: eligibility and the cap of credits, before and after."""
        return cast("shapes.CapEffectOut", self.call('read_cap_effect', {'contract_id': contract_id, 'year': year, 'due_t': due_t}))

    def read_carry_over(self, *, book_id: UUID, into_year: int, declared_settled: str | None = None) -> shapes.CarryOverOut:
        """Return what may be carried over, net sales from the book's own trades that stand."""
        return cast("shapes.CarryOverOut", self.call('read_carry_over', {'book_id': book_id, 'into_year': into_year, 'declared_settled': declared_settled}))

    def read_cbam_price(self, *, period: str, known_at: datetime | None = None) -> shapes.CbamPriceOut:
        """Return a quarter's or week's own and published certificate price with the verdict."""
        return cast("shapes.CbamPriceOut", self.call('read_cbam_price', {'period': period, 'known_at': known_at}))

    def read_chart(self) -> shapes.VouchersChartOut:
        """Return the Chinese chart of accounts as shipped: code, names, the accounts it stands for, line of presentation, source."""
        return cast("shapes.VouchersChartOut", self.call('read_chart', {}))

    def read_checklist(self, *, facility_id: UUID) -> shapes.ChecklistOut:
        """Return the checklist C01 to C35 over the terms in force and the evidence known now."""
        return cast("shapes.ChecklistOut", self.call('read_checklist', {'facility_id': facility_id}))

    def read_checkpoint(self, *, book_id: UUID) -> shapes.CheckpointOut:
        """Return the newest signed tree head; keep its note, for with it anyone can prove that the book was rolled back."""
        return cast("shapes.CheckpointOut", self.call('read_checkpoint', {'book_id': book_id}))

    def read_comparison(self, *, year: int, methodology: str, second_methodology: str, site: str | None = None, known_at: datetime | None = None, methodology_version: str | None = None, factor_set_version: str | None = None, grid_region: str | None = None, gwp_set: str | None = None, second_version: str | None = None, second_factor_set_version: str | None = None, second_grid_region: str | None = None, second_gwp_set: str | None = None) -> shapes.ComparisonOut:
        """Return the same year of activity by two methodologies, with the difference of every component."""
        return cast("shapes.ComparisonOut", self.call('read_comparison', {'year': year, 'methodology': methodology, 'second_methodology': second_methodology, 'site': site, 'known_at': known_at, 'methodology_version': methodology_version, 'factor_set_version': factor_set_version, 'grid_region': grid_region, 'gwp_set': gwp_set, 'second_version': second_version, 'second_factor_set_version': second_factor_set_version, 'second_grid_region': second_grid_region, 'second_gwp_set': second_gwp_set}))

    def read_compliance(self, *, book_id: UUID, year: int, as_of: date, snapshot_id: UUID | None = None, mark_instrument: str | None = None, known: int | None = None, at: datetime | None = None, emissions_t: Decimal | None = None, intensity: Decimal | None = None, methodology: str | None = None, balance_value: Decimal | None = None) -> shapes.ComplianceOut:
        """Return what is due for the year, what covers it at the close of ``as_of``, the gap and its cost at the mark.

        Emissions come as ``emissions_t`` (and ``intensity``), from recorded activity by ``methodology``, or, with neither, from
        the approved verification and determination of the year. Without a usable mark the gap is unvalued. Beside it stand the
        arrears of older years and the range of the fine for what would stay missing.
        """
        return cast("shapes.ComplianceOut", self.call('read_compliance', {'book_id': book_id, 'year': year, 'as_of': as_of, 'snapshot_id': snapshot_id, 'mark_instrument': mark_instrument, 'known': known, 'at': at, 'emissions_t': emissions_t, 'intensity': intensity, 'methodology': methodology, 'balance_value': balance_value}))

    def read_compliance_proposal(self, *, proposal_id: UUID) -> shapes.ComplianceProposalOut:
        """Return a fact or plan and what became of it."""
        return cast("shapes.ComplianceProposalOut", self.call('read_compliance_proposal', {'proposal_id': proposal_id}))

    def read_contract(self, *, contract_id: UUID) -> shapes.CarbonContractOut:
        """Return a contract as it stands today; the lender of a pledge loan sees it too."""
        return cast("shapes.CarbonContractOut", self.call('read_contract', {'contract_id': contract_id}))

    def read_contract_valuation(self, *, contract_id: UUID, snapshot_id: UUID, discount_rate: Decimal | None = None, day_count: shapes.DayCount | None = None) -> shapes.ContractValueOut:
        """Return what a contract is worth or secured by at a frozen snapshot, with its loan-to-value."""
        return cast("shapes.ContractValueOut", self.call('read_contract_valuation', {'contract_id': contract_id, 'snapshot_id': snapshot_id, 'discount_rate': discount_rate, 'day_count': day_count}))

    def read_deadline_calendar(self, *, book_id: UUID, year: int, as_of: date, sector: str | None = None) -> File:
        """Return the year's steps as one calendar (RFC 5545) for any calendar program to subscribe to."""
        return cast("File", self.call('read_deadline_calendar', {'book_id': book_id, 'year': year, 'as_of': as_of, 'sector': sector}))

    def read_deadline_feed(self, *, from_: date | None = None, to: date | None = None, sector: shapes.Sector | None = None) -> File:
        """Return duties under loans and, for who may read them, the steps of each book's compliance years in [from, to)."""
        return cast("File", self.call('read_deadline_feed', {'from_': from_, 'to': to, 'sector': sector}))

    def read_deadlines(self, *, book_id: UUID, year: int, as_of: date, sector: str | None = None, days_ahead: int | None = None) -> shapes.ComplianceCalendarOut:
        """Return the year's steps by day, each done, open, due soon or overdue at the close of ``as_of``."""
        return cast("shapes.ComplianceCalendarOut", self.call('read_deadlines', {'book_id': book_id, 'year': year, 'as_of': as_of, 'sector': sector, 'days_ahead': days_ahead}))

    def read_description(self) -> File:
        """Return this description of the API, OpenAPI 3.1."""
        return cast("File", self.call('read_description', {}))

    def read_determination(self, *, determination_id: UUID) -> shapes.DeterminationOut:
        """Return the proposal with its digest, and the decision on it."""
        return cast("shapes.DeterminationOut", self.call('read_determination', {'determination_id': determination_id}))

    def read_differences(self, *, snapshot_id: UUID, other: UUID) -> shapes.DifferencesOut:
        """Return what differs from this snapshot to the ``other`` one, mark by mark."""
        return cast("shapes.DifferencesOut", self.call('read_differences', {'snapshot_id': snapshot_id, 'other': other}))

    def read_disclosure(self, *, book_id: UUID, year: int) -> shapes.DisclosureOut:
        """Return the year's note table of allowances, tonnes and money, this year and last year, tied to the ledger to the unit."""
        return cast("shapes.DisclosureOut", self.call('read_disclosure', {'book_id': book_id, 'year': year}))

    def read_draft(self, *, draft_id: UUID) -> shapes.DraftOut:
        """Return the draft with its newest text."""
        return cast("shapes.DraftOut", self.call('read_draft', {'draft_id': draft_id}))

    def read_emissions(self, *, year: int, methodology: str, whole: bool | None = None, site: str | None = None, known_at: datetime | None = None, methodology_version: str | None = None, factor_set_version: str | None = None, grid_region: str | None = None, gwp_set: str | None = None) -> shapes.EmissionsOut:
        """Return the organisation's emissions of a year by component and month, with the year's intensity and why it is what it is.

        A year with gaps states them in ``missing_months``; with ``whole=true`` it is refused.
        """
        return cast("shapes.EmissionsOut", self.call('read_emissions', {'year': year, 'methodology': methodology, 'whole': whole, 'site': site, 'known_at': known_at, 'methodology_version': methodology_version, 'factor_set_version': factor_set_version, 'grid_region': grid_region, 'gwp_set': gwp_set}))

    def read_energy_charts(self, *, year: int, site: str | None = None, known_at: datetime | None = None) -> shapes.EnergyChartsOut:
        """Return each site's control chart of AC power per tonne, with the months that stand out.

        Limits come from the year before where it has enough months, else from the year itself.
        """
        return cast("shapes.EnergyChartsOut", self.call('read_energy_charts', {'year': year, 'site': site, 'known_at': known_at}))

    def read_engagement(self, *, engagement_id: UUID) -> shapes.EngagementOut:
        """Return the engagement."""
        return cast("shapes.EngagementOut", self.call('read_engagement', {'engagement_id': engagement_id}))

    def read_entry(self, *, book_id: UUID, seq: int) -> shapes.EntriesEntryOut:
        """Return the entry at a place of the book, as recorded."""
        return cast("shapes.EntriesEntryOut", self.call('read_entry', {'book_id': book_id, 'seq': seq}))

    def read_errors(self, *, import_id: UUID, format: str | None = None, language: shapes.TranslationsLanguage | None = None) -> File:
        """Return the sheet as it came with one column more, which says what is wrong in each row: correct it and bring it again."""
        return cast("File", self.call('read_errors', {'import_id': import_id, 'format': format, 'language': language}))

    def read_example(self) -> shapes.ExampleOut:
        """Return how the example stands and what keeps it from being removed."""
        return cast("shapes.ExampleOut", self.call('read_example', {}))

    def read_expectation(self, *, engagement_id: UUID) -> shapes.ExpectationOut:
        """Return what a statement under the engagement must say, byte for byte; the period must have been reported."""
        return cast("shapes.ExpectationOut", self.call('read_expectation', {'engagement_id': engagement_id}))

    def read_facility(self, *, facility_id: UUID) -> shapes.FacilityOut | shapes.AssessedFacilityOut:
        """Return the facility: with its terms to borrower and lenders, without anything priced to an engaged assessor."""
        return cast("shapes.FacilityOut | shapes.AssessedFacilityOut", self.call('read_facility', {'facility_id': facility_id}))

    def read_facts(self, *, facility_id: UUID, on: date | None = None) -> shapes.LoanFactsOut:
        """Return how the loan stands on a day, its last resets, and the fixings, principal and ratings that were recorded."""
        return cast("shapes.LoanFactsOut", self.call('read_facts', {'facility_id': facility_id, 'on': on}))

    def read_feed(self, *, feed: str) -> shapes.FeedOut:
        """Return a source with its switch, its terms and how it does."""
        return cast("shapes.FeedOut", self.call('read_feed', {'feed': feed}))

    def read_forecast(self, *, target_tco2e_per_t: Decimal, year: int, methodology: str, site: str | None = None, known_at: datetime | None = None, methodology_version: str | None = None, factor_set_version: str | None = None, grid_region: str | None = None, gwp_set: str | None = None, through: str | None = None, plan: str | None = None, confidence: Decimal | None = None, technical_minimum: Decimal | None = None, last_months: str | None = None) -> shapes.ForecastsForecastOut:
        """Return the forecast of a year's intensity against a target, with the month after which it can no longer be met."""
        return cast("shapes.ForecastsForecastOut", self.call('read_forecast', {'target_tco2e_per_t': target_tco2e_per_t, 'year': year, 'methodology': methodology, 'site': site, 'known_at': known_at, 'methodology_version': methodology_version, 'factor_set_version': factor_set_version, 'grid_region': grid_region, 'gwp_set': gwp_set, 'through': through, 'plan': plan, 'confidence': confidence, 'technical_minimum': technical_minimum, 'last_months': last_months}))

    def read_group_profit(self, *, snapshot_id: UUID, presentation_currency: str, book_ids: str | None = None, at: datetime | None = None) -> shapes.GroupProfitOut:
        """Return several books' results, each in its own currency and all in one through the snapshot's fixings."""
        return cast("shapes.GroupProfitOut", self.call('read_group_profit', {'snapshot_id': snapshot_id, 'presentation_currency': presentation_currency, 'book_ids': book_ids, 'at': at}))

    def read_hedge_ratio(self, *, held: str, hedge: str, snapshot_id: UUID) -> shapes.HedgeRatioOut:
        """Return the minimum-variance hedge of one instrument by another, on sessions on which both traded."""
        return cast("shapes.HedgeRatioOut", self.call('read_hedge_ratio', {'held': held, 'hedge': hedge, 'snapshot_id': snapshot_id}))

    def read_hold(self, *, book_id: UUID, hold_id: UUID) -> shapes.HoldOut:
        """Return a hold as it stands now; its beneficiary sees it too."""
        return cast("shapes.HoldOut", self.call('read_hold', {'book_id': book_id, 'hold_id': hold_id}))

    def read_holdings(self, *, as_of: date, by: shapes.HoldingGroup | None = None) -> shapes.HoldingsOut:
        """Return what the organisation's books hold: posted, set aside and free, each sum with the accounts behind it."""
        return cast("shapes.HoldingsOut", self.call('read_holdings', {'as_of': as_of, 'by': by}))

    def read_import(self, *, import_id: UUID) -> shapes.ImportOut:
        """Return an import with its newest preview, and how far work on it is."""
        return cast("shapes.ImportOut", self.call('read_import', {'import_id': import_id}))

    def read_import_sheet(self, *, import_id: UUID, after: int | None = None, limit: int | None = None, wrong: bool | None = None) -> shapes.ImportSheetOut:
        """Return a page of the sheet as it came, each row with its cells and what the preview found wrong in them.

        A file that is previewed beside the request is too long for this (``import.too_large``): take its errors as a file.
        """
        return cast("shapes.ImportSheetOut", self.call('read_import_sheet', {'import_id': import_id, 'after': after, 'limit': limit, 'wrong': wrong}))

    def read_inbox(self) -> shapes.InboxOut:
        """Return everything that the caller may decide now, the oldest first; nothing that the caller asked for."""
        return cast("shapes.InboxOut", self.call('read_inbox', {}))

    def read_interest(self, *, facility_id: UUID, on: date, tranche_id: str | None = None, known_at: datetime | None = None) -> shapes.InterestOut:
        """Return the payment of the interest period that ``on`` lies in, with the tree of its segments, rates and reasons."""
        return cast("shapes.InterestOut", self.call('read_interest', {'facility_id': facility_id, 'on': on, 'tranche_id': tranche_id, 'known_at': known_at}))

    def read_kpi_path(self, *, facility_id: UUID, kpi_id: str) -> shapes.KpiPathOut:
        """Return a KPI's tests by period: each target as a number, and what the reported value comes to against it."""
        return cast("shapes.KpiPathOut", self.call('read_kpi_path', {'facility_id': facility_id, 'kpi_id': kpi_id}))

    def read_kpi_period(self, *, kpi_period_id: UUID) -> shapes.KpiPeriodOut:
        """Return the period with its history, value and snapshot hash."""
        return cast("shapes.KpiPeriodOut", self.call('read_kpi_period', {'kpi_period_id': kpi_period_id}))

    def read_kpi_snapshot(self, *, kpi_period_id: UUID) -> File:
        """Return the locked data as its canonical bytes: their SHA-256 is the snapshot's hash."""
        return cast("File", self.call('read_kpi_snapshot', {'kpi_period_id': kpi_period_id}))

    def read_label(self, *, facility_id: UUID, at: date | None = None, known_at: datetime | None = None) -> shapes.LabelOut:
        """Return the label on a day as known at an instant, its intervals, and what troubles it."""
        return cast("shapes.LabelOut", self.call('read_label', {'facility_id': facility_id, 'at': at, 'known_at': known_at}))

    def read_ladder(self, *, book_id: UUID, snapshot_id: UUID, mark_instrument: str, year: int, output_t: Decimal, benchmark: Decimal, direct_intensity: Decimal, other_factors: str | None = None, known: int | None = None, forward_t: int | None = None, power_mwh_per_t: Decimal | None = None, grid_factor: Decimal | None = None, green_share: Decimal | None = None, counts_power: bool | None = None) -> shapes.LadderOut:
        """Return the year's gap under each change of benchmark, output, grid factor and green share, times each price."""
        return cast("shapes.LadderOut", self.call('read_ladder', {'book_id': book_id, 'snapshot_id': snapshot_id, 'mark_instrument': mark_instrument, 'year': year, 'output_t': output_t, 'benchmark': benchmark, 'direct_intensity': direct_intensity, 'other_factors': other_factors, 'known': known, 'forward_t': forward_t, 'power_mwh_per_t': power_mwh_per_t, 'grid_factor': grid_factor, 'green_share': green_share, 'counts_power': counts_power}))

    def read_liveness(self) -> shapes.LiveOut:
        """Return at once; the database is not asked."""
        return cast("shapes.LiveOut", self.call('read_liveness', {}))

    def read_lots(self, *, book_id: UUID, as_of: date, under: str | None = None, after: str | None = None, limit: int | None = None, known: int | None = None, at: datetime | None = None) -> shapes.LotsOut:
        """Return a page of the lots open at the close of the day: what is left of quantity and cost, and what is set aside.

        ``after`` continues at the record point of the first page, whatever was posted since.
        """
        return cast("shapes.LotsOut", self.call('read_lots', {'book_id': book_id, 'as_of': as_of, 'under': under, 'after': after, 'limit': limit, 'known': known, 'at': at}))

    def read_mark(self, *, mark_id: UUID) -> shapes.MarkRecordOut:
        """Return a proposed mark and what became of it."""
        return cast("shapes.MarkRecordOut", self.call('read_mark', {'mark_id': mark_id}))

    def read_me(self) -> shapes.MeOut:
        """Return the person and organisation that the caller stands for, its roles and scopes, and what is missing for more."""
        return cast("shapes.MeOut", self.call('read_me', {}))

    def read_month_close(self, *, book_id: UUID, month: str) -> shapes.MonthCloseOut:
        """Return the month's checklist with the evidence of every item, and the steps taken so far."""
        return cast("shapes.MonthCloseOut", self.call('read_month_close', {'book_id': book_id, 'month': month}))

    def read_note(self, *, book_id: UUID, ref: UUID) -> shapes.PersonNoteOut:
        """Return a note about persons, or the tombstone of an erased one."""
        return cast("shapes.PersonNoteOut", self.call('read_note', {'book_id': book_id, 'ref': ref}))

    def read_notice(self, *, notice_id: UUID) -> shapes.NoticeOut:
        """Return an alert that concerns the caller."""
        return cast("shapes.NoticeOut", self.call('read_notice', {'notice_id': notice_id}))

    def read_notice_settings(self) -> shapes.NoticeSettingsOut:
        """Return what the caller hears of, by which channels, in which language."""
        return cast("shapes.NoticeSettingsOut", self.call('read_notice_settings', {}))

    def read_order(self, *, order_id: UUID) -> shapes.OrderOut:
        """Return an order with every fact about it, and until it goes out its checks as things stand now."""
        return cast("shapes.OrderOut", self.call('read_order', {'order_id': order_id}))

    def read_organisation(self, *, organisation_id: UUID) -> shapes.OrganisationOut:
        """Return an organisation that the caller may see: its own."""
        return cast("shapes.OrganisationOut", self.call('read_organisation', {'organisation_id': organisation_id}))

    def read_outlook(self, *, book_id: UUID, as_of: date, year: int, methodology: str, snapshot_id: UUID | None = None, mark_instrument: str | None = None, known: int | None = None, at: datetime | None = None, site: str | None = None, known_at: datetime | None = None, methodology_version: str | None = None, factor_set_version: str | None = None, grid_region: str | None = None, gwp_set: str | None = None, balance_value: Decimal | None = None, balance_value_to: Decimal | None = None, through: str | None = None, plan: str | None = None, confidence: Decimal | None = None) -> shapes.OutlookOut:
        """Return the gap that the year is expected to end with, its interval, its cost at the mark and how loud to warn.

        Emissions are recorded months and a forecast of the rest; what covers them is the book's at the close of ``as_of``.
        """
        return cast("shapes.OutlookOut", self.call('read_outlook', {'book_id': book_id, 'as_of': as_of, 'year': year, 'methodology': methodology, 'snapshot_id': snapshot_id, 'mark_instrument': mark_instrument, 'known': known, 'at': at, 'site': site, 'known_at': known_at, 'methodology_version': methodology_version, 'factor_set_version': factor_set_version, 'grid_region': grid_region, 'gwp_set': gwp_set, 'balance_value': balance_value, 'balance_value_to': balance_value_to, 'through': through, 'plan': plan, 'confidence': confidence}))

    def read_outlook_back_test(self, *, as_of: date, year: int, methodology: str, site: str | None = None, known_at: datetime | None = None, methodology_version: str | None = None, factor_set_version: str | None = None, grid_region: str | None = None, gwp_set: str | None = None, balance_value: Decimal | None = None, balance_value_to: Decimal | None = None, through: str | None = None, plan: str | None = None, confidence: Decimal | None = None) -> shapes.OutlookBackTestOut:
        """Return what the forecast would have said after each month of a past year, against the gap of its allocation."""
        return cast("shapes.OutlookBackTestOut", self.call('read_outlook_back_test', {'as_of': as_of, 'year': year, 'methodology': methodology, 'site': site, 'known_at': known_at, 'methodology_version': methodology_version, 'factor_set_version': factor_set_version, 'grid_region': grid_region, 'gwp_set': gwp_set, 'balance_value': balance_value, 'balance_value_to': balance_value_to, 'through': through, 'plan': plan, 'confidence': confidence}))

    def read_period_forecast(self, *, kpi_period_id: UUID, target_tco2e_per_t: Decimal | None = None, known_at: datetime | None = None, through: str | None = None, plan: str | None = None, confidence: Decimal | None = None, technical_minimum: Decimal | None = None, last_months: str | None = None) -> shapes.ForecastsForecastOut:
        """Return the forecast of a KPI's test year by the contract's own methodology, factors, sites and target."""
        return cast("shapes.ForecastsForecastOut", self.call('read_period_forecast', {'kpi_period_id': kpi_period_id, 'target_tco2e_per_t': target_tco2e_per_t, 'known_at': known_at, 'through': through, 'plan': plan, 'confidence': confidence, 'technical_minimum': technical_minimum, 'last_months': last_months}))

    def read_period_recomputation(self, *, kpi_period_id: UUID) -> shapes.PeriodRecomputationOut:
        """Return the locked value beside the same computed again, with every month, factor and step; for whom the data is open."""
        return cast("shapes.PeriodRecomputationOut", self.call('read_period_recomputation', {'kpi_period_id': kpi_period_id}))

    def read_policy(self, *, policy_id: UUID) -> shapes.PolicyOut:
        """Return a policy with who proposed it, and who approved it or how it ended."""
        return cast("shapes.PolicyOut", self.call('read_policy', {'policy_id': policy_id}))

    def read_portfolio(self, *, as_of: date | None = None, after: str | None = None, limit: int | None = None) -> shapes.PortfolioOut:
        """Return each loan of the calling lender: label, KPI path, price in force, exposure, what the next decision is worth."""
        return cast("shapes.PortfolioOut", self.call('read_portfolio', {'as_of': as_of, 'after': after, 'limit': limit}))

    def read_position(self, *, facility_id: UUID, as_of: date | None = None) -> shapes.BankDeskPositionOut:
        """Return one loan of the calling lender as the portfolio shows it."""
        return cast("shapes.BankDeskPositionOut", self.call('read_position', {'facility_id': facility_id, 'as_of': as_of}))

    def read_positions(self, *, book_id: UUID, as_of: date, under: str | None = None, after: str | None = None, limit: int | None = None, known: int | None = None, at: datetime | None = None) -> shapes.PositionsOut:
        """Return a page of what accounts hold at the close of the day, on their normal side: posted, set aside and available.

        ``after`` continues at the record point of the first page, whatever was posted since.
        """
        return cast("shapes.PositionsOut", self.call('read_positions', {'book_id': book_id, 'as_of': as_of, 'under': under, 'after': after, 'limit': limit, 'known': known, 'at': at}))

    def read_profit(self, *, book_id: UUID, snapshot_id: UUID, as_of: date, by: shapes.Dimension | None = None, unissued_instrument: str | None = None, unissued_t: int | None = None, unissued_source: str | None = None, known: int | None = None, at: datetime | None = None) -> shapes.ProfitOut:
        """Return realised and unrealised results to date, the statutory and the economic view side by side.

        An allocation expected but not issued is shown apart as a forecast and is in no total.
        """
        return cast("shapes.ProfitOut", self.call('read_profit', {'book_id': book_id, 'snapshot_id': snapshot_id, 'as_of': as_of, 'by': by, 'unissued_instrument': unissued_instrument, 'unissued_t': unissued_t, 'unissued_source': unissued_source, 'known': known, 'at': at}))

    def read_queue(self, *, after: str | None = None, limit: int | None = None) -> shapes.QueueOut:
        """Return what awaits somebody under each facility the caller lends under, each with the next action in words."""
        return cast("shapes.QueueOut", self.call('read_queue', {'after': after, 'limit': limit}))

    def read_rate(self, *, facility_id: UUID, on: date, tranche_id: str | None = None, known_at: datetime | None = None) -> shapes.RateOut:
        """Return the rate that interest of the day ``on`` runs at, with the tree of its reasons."""
        return cast("shapes.RateOut", self.call('read_rate', {'facility_id': facility_id, 'on': on, 'tranche_id': tranche_id, 'known_at': known_at}))

    def read_readiness(self) -> shapes.ReadyOut:
        """Return the database library's version, or 503 while the database does not answer or its schema is not current."""
        return cast("shapes.ReadyOut", self.call('read_readiness', {}))

    def read_recomputation(self, *, determination_id: UUID) -> shapes.RecomputationOut:
        """Return each figure of the proposal beside the same computed again from stored facts as known when it was made."""
        return cast("shapes.RecomputationOut", self.call('read_recomputation', {'determination_id': determination_id}))

    def read_reference_set(self, *, set_id: str) -> shapes.ReferenceRowsOut:
        """Return a set with its rows as they stand in its file."""
        return cast("shapes.ReferenceRowsOut", self.call('read_reference_set', {'set_id': set_id}))

    def read_report(self, *, year: int, methodology: str, site: str | None = None, known_at: datetime | None = None, methodology_version: str | None = None, factor_set_version: str | None = None, grid_region: str | None = None, gwp_set: str | None = None) -> shapes.ReportOut:
        """Return the year's figures as the guideline's report form prints them, each rounded by the form's own rows."""
        return cast("shapes.ReportOut", self.call('read_report', {'year': year, 'methodology': methodology, 'site': site, 'known_at': known_at, 'methodology_version': methodology_version, 'factor_set_version': factor_set_version, 'grid_region': grid_region, 'gwp_set': gwp_set}))

    def read_request_proposal(self, *, proposal_id: UUID) -> shapes.ProposalOut:
        """Return a proposal with the request, its digest, its effect, and what became of it."""
        return cast("shapes.ProposalOut", self.call('read_request_proposal', {'proposal_id': proposal_id}))

    def read_schedule(self, *, facility_id: UUID, known_at: datetime | None = None) -> shapes.ScheduleOut:
        """Return every payment before and after the decisions known at ``known_at``, and the saving, by tranche."""
        return cast("shapes.ScheduleOut", self.call('read_schedule', {'facility_id': facility_id, 'known_at': known_at}))

    def read_sheet(self, *, determination_id: UUID) -> shapes.DecisionSheetOut:
        """Return the decision whole: terms, KPIs, evidence, opinions, prices, effect days, and the payments before and after."""
        return cast("shapes.DecisionSheetOut", self.call('read_sheet', {'determination_id': determination_id}))

    def read_snapshot(self, *, snapshot_id: UUID) -> shapes.SnapshotOut:
        """Return a frozen snapshot, its stored bytes checked against its hash."""
        return cast("shapes.SnapshotOut", self.call('read_snapshot', {'snapshot_id': snapshot_id}))

    def read_statement(self, *, book_id: UUID, path: str, as_of: date, after: str | None = None, limit: int | None = None, known: int | None = None, at: datetime | None = None) -> shapes.StatementOut:
        """Return a page of an account's postings by business day, each with the balance after it.

        ``after`` continues at the record point of the first page, whatever was posted since.
        """
        return cast("shapes.StatementOut", self.call('read_statement', {'book_id': book_id, 'path': path, 'as_of': as_of, 'after': after, 'limit': limit, 'known': known, 'at': at}))

    def read_subtree_statement(self, *, book_id: UUID, under: str, as_of: date, after: str | None = None, limit: int | None = None, known: int | None = None, at: datetime | None = None) -> shapes.SubtreeStatementOut:
        """Return a page of the postings of an account and those below it: Assets:Carbon has Assets:Carbon:CEA25, not Assets:Carbonate.

        ``after`` continues at the record point of the first page, whatever was posted since.
        """
        return cast("shapes.SubtreeStatementOut", self.call('read_subtree_statement', {'book_id': book_id, 'under': under, 'as_of': as_of, 'after': after, 'limit': limit, 'known': known, 'at': at}))

    def read_template(self, *, name: shapes.Template, language: shapes.TranslationsLanguage | None = None, plant: str | None = None) -> File:
        """Return a template as a workbook to fill in: headings in both languages with units, checks, an example, instructions."""
        return cast("File", self.call('read_template', {'name': name, 'language': language, 'plant': plant}))

    def read_transfer(self, *, transfer_id: UUID) -> shapes.TransferOut:
        """Return the two sides of a transfer as recorded."""
        return cast("shapes.TransferOut", self.call('read_transfer', {'transfer_id': transfer_id}))

    def read_trial_balance(self, *, book_id: UUID, as_of: date, under: str | None = None, known: int | None = None, at: datetime | None = None) -> shapes.TrialBalanceOut:
        """Return debits and credits for each commodity; a sound whole book's are equal, a part's need not be."""
        return cast("shapes.TrialBalanceOut", self.call('read_trial_balance', {'book_id': book_id, 'as_of': as_of, 'under': under, 'known': known, 'at': at}))

    def read_upload(self, *, upload_id: UUID) -> shapes.UploadOut:
        """Return an upload; while nobody decided about it, with what it would do now."""
        return cast("shapes.UploadOut", self.call('read_upload', {'upload_id': upload_id}))

    def read_valuation(self, *, book_id: UUID, snapshot_id: UUID, as_of: date, known: int | None = None, at: datetime | None = None) -> shapes.ValuationOut:
        """Return every open lot with cost, mark and worth in the book's currency, the totals, and realised results.

        A lot whose mark is stale or missing is unvalued with its reason, and the total says that it is incomplete.
        """
        return cast("shapes.ValuationOut", self.call('read_valuation', {'book_id': book_id, 'snapshot_id': snapshot_id, 'as_of': as_of, 'known': known, 'at': at}))

    def read_voucher(self, *, book_id: UUID, month: str, number: int) -> shapes.VoucherOut:
        """Return one voucher, its lines checked against its digest."""
        return cast("shapes.VoucherOut", self.call('read_voucher', {'book_id': book_id, 'month': month, 'number': number}))

    def read_webhook(self, *, webhook_id: UUID) -> shapes.WebhookOut:
        """Return a webhook and what was done about it."""
        return cast("shapes.WebhookOut", self.call('read_webhook', {'webhook_id': webhook_id}))

    def record_fill(self, *, body: shapes.FillIn, order_id: UUID) -> shapes.OrderOut:
        """Record what was dealt of a placed order, within what was approved."""
        return cast("shapes.OrderOut", self.call('record_fill', {'order_id': order_id}, body=body))

    def refreeze_close(self, *, body: shapes.RefreezeIn, close: str, day: date) -> shapes.FrozenCloseOut:
        """Freeze the next version of a close by what is known now, for a reason; earlier versions stay as they are."""
        return cast("shapes.FrozenCloseOut", self.call('refreeze_close', {'close': close, 'day': day}, body=body))

    def refuse_compliance_proposal(self, *, body: shapes.RefuseIn, proposal_id: UUID) -> shapes.ComplianceProposalOut:
        """Refuse the content that ``sha256`` names; its maker takes it back so."""
        return cast("shapes.ComplianceProposalOut", self.call('refuse_compliance_proposal', {'proposal_id': proposal_id}, body=body))

    def refuse_determination(self, *, body: shapes.RefusalIn, determination_id: UUID) -> shapes.DeterminationOut:
        """Refuse the proposal that ``digest`` names, with a reason; the rate stays and another proposal may follow."""
        return cast("shapes.DeterminationOut", self.call('refuse_determination', {'determination_id': determination_id}, body=body))

    def register_instrument(self, *, body: shapes.InstrumentIn, book_id: UUID) -> shapes.InstrumentOut:
        """Add an instrument's commodity and accounts to the book; the same again changes nothing."""
        return cast("shapes.InstrumentOut", self.call('register_instrument', {'book_id': book_id}, body=body))

    def register_organisation(self, *, body: shapes.OrganisationIn) -> shapes.OrganisationMadeOut:
        """Add an organisation with its first administrator, who invites the others; the second comes from ``tonne role grant``."""
        return cast("shapes.OrganisationMadeOut", self.call('register_organisation', {}, body=body))

    def reject_calendar_year(self, *, body: shapes.ProposalsRejectionIn, proposal_id: UUID) -> shapes.CalendarYearOut:
        """Reject a proposed year as a second person, with a reason."""
        return cast("shapes.CalendarYearOut", self.call('reject_calendar_year', {'proposal_id': proposal_id}, body=body))

    def reject_contract(self, *, body: shapes.TradingStepsRejectionIn, contract_id: UUID) -> shapes.CarbonContractOut:
        """Reject the wording that waits, as another person than its maker, with a reason."""
        return cast("shapes.CarbonContractOut", self.call('reject_contract', {'contract_id': contract_id}, body=body))

    def reject_counterparty(self, *, body: shapes.TradingStepsRejectionIn, counterparty_id: UUID) -> shapes.CounterpartyOut:
        """Reject a proposed counterparty as another person than its maker."""
        return cast("shapes.CounterpartyOut", self.call('reject_counterparty', {'counterparty_id': counterparty_id}, body=body))

    def reject_held(self, *, body: shapes.ProposalsReviewIn, content_sha256: str) -> shapes.HeldReviewOut:
        """Reject a held price as another person than its uploader; said again, it is not held again."""
        return cast("shapes.HeldReviewOut", self.call('reject_held', {'content_sha256': content_sha256}, body=body))

    def reject_limit(self, *, body: shapes.TradingStepsRejectionIn, limit_id: UUID) -> shapes.TradingLimitOut:
        """Reject a proposed limit as another person than its maker."""
        return cast("shapes.TradingLimitOut", self.call('reject_limit', {'limit_id': limit_id}, body=body))

    def reject_order(self, *, body: shapes.TradingStepsRejectionIn, order_id: UUID) -> shapes.OrderOut:
        """Reject an order as another person than its maker, with a reason."""
        return cast("shapes.OrderOut", self.call('reject_order', {'order_id': order_id}, body=body))

    def reject_policy(self, *, body: shapes.PolicyRejectionIn, policy_id: UUID) -> shapes.PolicyOut:
        """Reject exactly the policy that the digest names, as another person than its maker; it can no longer be approved."""
        return cast("shapes.PolicyOut", self.call('reject_policy', {'policy_id': policy_id}, body=body))

    def reject_request_proposal(self, *, body: shapes.ProposalReasonIn, proposal_id: UUID) -> shapes.ProposalOut:
        """Reject a proposal with a reason, as somebody who might have approved it."""
        return cast("shapes.ProposalOut", self.call('reject_request_proposal', {'proposal_id': proposal_id}, body=body))

    def reject_upload(self, *, body: shapes.ProposalsRejectionIn, upload_id: UUID) -> shapes.UploadOut:
        """Reject an upload as a second person, with a reason; its prices never count."""
        return cast("shapes.UploadOut", self.call('reject_upload', {'upload_id': upload_id}, body=body))

    def reject_webhook(self, *, body: shapes.WebhookDecisionIn, webhook_id: UUID) -> shapes.WebhookOut:
        """Reject a proposed webhook as another person than its maker."""
        return cast("shapes.WebhookOut", self.call('reject_webhook', {'webhook_id': webhook_id}, body=body))

    def release_hold(self, *, body: shapes.ReleaseIn, book_id: UUID, hold_id: UUID) -> shapes.HoldActionOut:
        """Let an amount of a hold go, or all that is left; of an encumbrance only by its beneficiary or under ledger:enforce."""
        return cast("shapes.HoldActionOut", self.call('release_hold', {'book_id': book_id, 'hold_id': hold_id}, body=body))

    def release_pledge(self, *, body: shapes.PledgeReleaseIn, contract_id: UUID) -> shapes.CarbonContractOut:
        """Free pledged tonnes, in part or all: the lender's people, or an enforcing role under ledger:enforce."""
        return cast("shapes.CarbonContractOut", self.call('release_pledge', {'contract_id': contract_id}, body=body))

    def renew_token(self, *, user_id: UUID) -> shapes.InvitedOut:
        """Issue a new one-time token: the invitation again, or a new password for a person of this organisation alone."""
        return cast("shapes.InvitedOut", self.call('renew_token', {'user_id': user_id}))

    def reopen_month(self, *, body: shapes.MonthCloseAnswerIn, book_id: UUID, month: str) -> shapes.MonthCloseOut:
        """Open a softly closed month again, as another person than who asked; its waivers are asked anew."""
        return cast("shapes.MonthCloseOut", self.call('reopen_month', {'book_id': book_id, 'month': month}, body=body))

    def reopen_period(self, *, book_id: UUID) -> shapes.PeriodStateOut:
        """Open again what is softly closed; what is closed for good stays closed."""
        return cast("shapes.PeriodStateOut", self.call('reopen_period', {'book_id': book_id}))

    def report_kpi_period(self, *, kpi_period_id: UUID) -> shapes.KpiPeriodOut:
        """Report the locked value to the lenders; it then awaits its attestation."""
        return cast("shapes.KpiPeriodOut", self.call('report_kpi_period', {'kpi_period_id': kpi_period_id}))

    def request_example(self) -> shapes.ExampleOut:
        """Ask for the example: it is loaded beside the request, and goes on after a restart. One that is loading or loaded is left."""
        return cast("shapes.ExampleOut", self.call('request_example', {}))

    def restate_kpi_period(self, *, body: shapes.KpiReasonIn, kpi_period_id: UUID) -> shapes.KpiPeriodOut:
        """Say that the reported value is to be put right; lock and report it anew."""
        return cast("shapes.KpiPeriodOut", self.call('restate_kpi_period', {'kpi_period_id': kpi_period_id}, body=body))

    def resume_label(self, *, body: shapes.LabelsReasonIn, facility_id: UUID) -> shapes.LabelOut:
        """Resume a suspended label from today on, through another party than the one that suspended it."""
        return cast("shapes.LabelOut", self.call('resume_label', {'facility_id': facility_id}, body=body))

    def retry_notice_delivery(self, *, delivery_id: UUID) -> shapes.DeliveryOut:
        """Let a dead delivery be tried again from now."""
        return cast("shapes.DeliveryOut", self.call('retry_notice_delivery', {'delivery_id': delivery_id}))

    def revalue_holdings(self, *, body: shapes.RevaluationIn, book_id: UUID) -> shapes.RevaluationOut:
        """Bring the economic book to a frozen snapshot's marks: the revaluation before is reversed, the statutory book never moves."""
        return cast("shapes.RevaluationOut", self.call('revalue_holdings', {'book_id': book_id}, body=body))

    def reverse_entry(self, *, body: shapes.ReversalIn, book_id: UUID, entry_id: UUID) -> shapes.EntriesReceiptOut:
        """Post the negation of an entry, its lots given back at the same cost; at most once for each entry."""
        return cast("shapes.EntriesReceiptOut", self.call('reverse_entry', {'book_id': book_id, 'entry_id': entry_id}, body=body))

    def review_draft(self, *, body: shapes.AttestationDraftsReviewIn, draft_id: UUID) -> shapes.DraftOut:
        """Confirm the version of that digest, as a person who prepared none."""
        return cast("shapes.DraftOut", self.call('review_draft', {'draft_id': draft_id}, body=body))

    def review_kpi_period(self, *, body: shapes.BankDeskReviewIn, kpi_period_id: UUID) -> shapes.ReviewOut:
        """Accept, refuse or query exactly the reported data that ``sha256`` names, with the reason."""
        return cast("shapes.ReviewOut", self.call('review_kpi_period', {'kpi_period_id': kpi_period_id}, body=body))

    def review_vouchers(self, *, body: shapes.VoucherReviewsIn, book_id: UUID, month: str) -> shapes.VouchersOut:
        """Review exactly the vouchers that the digests name, as another person than their preparers; all or none."""
        return cast("shapes.VouchersOut", self.call('review_vouchers', {'book_id': book_id, 'month': month}, body=body))

    def revise_draft(self, *, content: bytes, content_type: str = 'application/json', draft_id: UUID) -> shapes.DraftOut:
        """Replace the draft's text; a review of an earlier version no longer counts."""
        return cast("shapes.DraftOut", self.call('revise_draft', {'draft_id': draft_id}, body=content, content_type=content_type))

    def revoke_api_key(self, *, key_id: UUID) -> shapes.ApiKeyOut:
        """Revoke a key of the organisation from now on; revoking it again changes nothing."""
        return cast("shapes.ApiKeyOut", self.call('revoke_api_key', {'key_id': key_id}))

    def revoke_counterparty(self, *, body: shapes.TradingStepsReasonIn, counterparty_id: UUID) -> shapes.CounterpartyOut:
        """End the trust in a counterparty from now on."""
        return cast("shapes.CounterpartyOut", self.call('revoke_counterparty', {'counterparty_id': counterparty_id}, body=body))

    def revoke_key(self, *, body: shapes.RevocationIn, key_id: str) -> shapes.SigningKeyOut:
        """Revoke a key of the organisation from now on; with ``compromised_since`` what it signed since then falls too."""
        return cast("shapes.SigningKeyOut", self.call('revoke_key', {'key_id': key_id}, body=body))

    def revoke_limit(self, *, body: shapes.TradingStepsReasonIn, limit_id: UUID) -> shapes.TradingLimitOut:
        """End a limit from now on; the version before it holds again, if there is one."""
        return cast("shapes.TradingLimitOut", self.call('revoke_limit', {'limit_id': limit_id}, body=body))

    def revoke_session(self, *, session_id: UUID) -> shapes.DoneOut:
        """End a session at once: one's own, or for an administrator any of the organisation; again changes nothing."""
        return cast("shapes.DoneOut", self.call('revoke_session', {'session_id': session_id}))

    def rotate_api_key(self, *, body: shapes.ApiKeyRotateIn, key_id: UUID) -> shapes.IssuedApiKeyOut:
        """Issue a key that takes over from one: the same person, name, scopes and networks. Both work until the old one is revoked."""
        return cast("shapes.IssuedApiKeyOut", self.call('rotate_api_key', {'key_id': key_id}, body=body))

    def rotate_webhook_secret(self, *, webhook_id: UUID) -> shapes.WebhookSecretOut:
        """Give a webhook its next secret, shown in this answer only; for a day messages carry the signatures of both."""
        return cast("shapes.WebhookSecretOut", self.call('rotate_webhook_secret', {'webhook_id': webhook_id}))

    def save_source(self, *, body: shapes.StatementSourceIn, book_id: UUID) -> shapes.StatementSourceOut:
        """Save how a bank's or registry's statements are read; a changed mapping is the source's next version."""
        return cast("shapes.StatementSourceOut", self.call('save_source', {'book_id': book_id}, body=body))

    def search(self, *, q: str, kind: shapes.SearchKind | None = None, after: str | None = None, limit: int | None = None) -> shapes.SearchOut:
        """Return what the caller may see and what begins with, holds, or is ``q``: in groups by kind, each in the order of its key.

        References of entries are looked for among a book's newest 20,000; ids and numbers in all of them.
        """
        return cast("shapes.SearchOut", self.call('search', {'q': q, 'kind': kind, 'after': after, 'limit': limit}))

    def second_check_mark(self, *, body: shapes.ProposalsApprovalIn, mark_id: UUID) -> shapes.MarkRecordOut:
        """Agree as a third person to a mark that stands further from the feed than one checker may approve."""
        return cast("shapes.MarkRecordOut", self.call('second_check_mark', {'mark_id': mark_id}, body=body))

    def send_back_draft(self, *, body: shapes.SendBackIn, draft_id: UUID) -> shapes.DraftOut:
        """Give a reviewed draft back to its preparers, with a reason."""
        return cast("shapes.DraftOut", self.call('send_back_draft', {'draft_id': draft_id}, body=body))

    def send_test_notice(self) -> shapes.NoticeOut:
        """Send the caller a test message by every channel it chose."""
        return cast("shapes.NoticeOut", self.call('send_test_notice', {}))

    def send_test_webhook(self, *, webhook_id: UUID) -> shapes.NoticeOut:
        """Send a test message to a live webhook; the log of deliveries tells how it went."""
        return cast("shapes.NoticeOut", self.call('send_test_webhook', {'webhook_id': webhook_id}))

    def set_four_eyes_rule(self, *, body: shapes.FourEyesRuleIn) -> shapes.RuleVersionOut:
        """Set when a second person is asked for an action, or with ``all`` for every action without a rule of its own."""
        return cast("shapes.RuleVersionOut", self.call('set_four_eyes_rule', {}, body=body))

    def set_notice_settings(self, *, body: shapes.NoticeSettingsIn) -> shapes.NoticeSettingsOut:
        """Set what the caller hears of; kinds that are not named are as they come."""
        return cast("shapes.NoticeSettingsOut", self.call('set_notice_settings', {}, body=body))

    def set_notice_threshold(self, *, body: shapes.ThresholdIn) -> shapes.ThresholdsOut:
        """Set the organisation's own threshold, or go back to the rule on file."""
        return cast("shapes.ThresholdsOut", self.call('set_notice_threshold', {}, body=body))

    def settle_contract(self, *, body: shapes.EndIn, contract_id: UUID) -> shapes.CarbonContractOut:
        """Deliver, buy back, repay or return on or after the last day, as another person than the maker."""
        return cast("shapes.CarbonContractOut", self.call('settle_contract', {'contract_id': contract_id}, body=body))

    def settle_fill(self, *, body: shapes.OrdersSettlementIn, order_id: UUID) -> shapes.OrderOut:
        """Book a fill on its settlement day, or say that its settlement failed."""
        return cast("shapes.OrderOut", self.call('settle_fill', {'order_id': order_id}, body=body))

    def settle_trade(self, *, body: shapes.VouchersSettlementIn, book_id: UUID) -> shapes.SettledOut:
        """Move a trade's money between the bank and other payables or receivables, once, on the day it moved."""
        return cast("shapes.SettledOut", self.call('settle_trade', {'book_id': book_id}, body=body))

    def show_books_charts_cheapest_plan(self, *, body: shapes.CheapestPlanIn, book_id: UUID, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what POST /v1/books/{book_id}/decisions/cheapest-plan answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_books_charts_cheapest_plan', {'book_id': book_id, 'lang': lang, 'theme': theme}, body=body))

    def show_books_charts_cover(self, *, book_id: UUID, year: int, as_of: date, snapshot_id: UUID | None = None, mark_instrument: str | None = None, known: int | None = None, at: datetime | None = None, emissions_t: Decimal | None = None, intensity: Decimal | None = None, methodology: str | None = None, balance_value: Decimal | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what GET /v1/books/{book_id}/compliance answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_books_charts_cover', {'book_id': book_id, 'year': year, 'as_of': as_of, 'snapshot_id': snapshot_id, 'mark_instrument': mark_instrument, 'known': known, 'at': at, 'emissions_t': emissions_t, 'intensity': intensity, 'methodology': methodology, 'balance_value': balance_value, 'lang': lang, 'theme': theme}))

    def show_books_charts_gap(self, *, book_id: UUID, as_of: date, year: int, methodology: str, snapshot_id: UUID | None = None, mark_instrument: str | None = None, known: int | None = None, at: datetime | None = None, site: str | None = None, known_at: datetime | None = None, methodology_version: str | None = None, factor_set_version: str | None = None, grid_region: str | None = None, gwp_set: str | None = None, balance_value: Decimal | None = None, balance_value_to: Decimal | None = None, through: str | None = None, plan: str | None = None, confidence: Decimal | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what GET /v1/books/{book_id}/compliance/outlook answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_books_charts_gap', {'book_id': book_id, 'as_of': as_of, 'year': year, 'methodology': methodology, 'snapshot_id': snapshot_id, 'mark_instrument': mark_instrument, 'known': known, 'at': at, 'site': site, 'known_at': known_at, 'methodology_version': methodology_version, 'factor_set_version': factor_set_version, 'grid_region': grid_region, 'gwp_set': gwp_set, 'balance_value': balance_value, 'balance_value_to': balance_value_to, 'through': through, 'plan': plan, 'confidence': confidence, 'lang': lang, 'theme': theme}))

    def show_books_charts_holdings(self, *, book_id: UUID, as_of: date, under: str | None = None, known: int | None = None, at: datetime | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what GET /v1/books/{book_id}/positions answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_books_charts_holdings', {'book_id': book_id, 'as_of': as_of, 'under': under, 'known': known, 'at': at, 'lang': lang, 'theme': theme}))

    def show_books_charts_next_tonne(self, *, body: shapes.NextTonneIn, book_id: UUID, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what POST /v1/books/{book_id}/decisions/next-tonne answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_books_charts_next_tonne', {'book_id': book_id, 'lang': lang, 'theme': theme}, body=body))

    def show_books_charts_outlook(self, *, book_id: UUID, as_of: date, year: int, methodology: str, snapshot_id: UUID | None = None, mark_instrument: str | None = None, known: int | None = None, at: datetime | None = None, site: str | None = None, known_at: datetime | None = None, methodology_version: str | None = None, factor_set_version: str | None = None, grid_region: str | None = None, gwp_set: str | None = None, balance_value: Decimal | None = None, balance_value_to: Decimal | None = None, through: str | None = None, plan: str | None = None, confidence: Decimal | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what GET /v1/books/{book_id}/compliance/outlook answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_books_charts_outlook', {'book_id': book_id, 'as_of': as_of, 'year': year, 'methodology': methodology, 'snapshot_id': snapshot_id, 'mark_instrument': mark_instrument, 'known': known, 'at': at, 'site': site, 'known_at': known_at, 'methodology_version': methodology_version, 'factor_set_version': factor_set_version, 'grid_region': grid_region, 'gwp_set': gwp_set, 'balance_value': balance_value, 'balance_value_to': balance_value_to, 'through': through, 'plan': plan, 'confidence': confidence, 'lang': lang, 'theme': theme}))

    def show_books_charts_parity(self, *, body: shapes.NextMwhIn, book_id: UUID, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what POST /v1/books/{book_id}/decisions/next-mwh answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_books_charts_parity', {'book_id': book_id, 'lang': lang, 'theme': theme}, body=body))

    def show_books_charts_pnl_explain(self, *, book_id: UUID, opening_snapshot_id: UUID, closing_snapshot_id: UUID, opening_known: int | None = None, closing_known: int | None = None, by: shapes.Dimension | None = None, restated_snapshot_id: UUID | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what GET /v1/books/{book_id}/pnl-explain answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_books_charts_pnl_explain', {'book_id': book_id, 'opening_snapshot_id': opening_snapshot_id, 'closing_snapshot_id': closing_snapshot_id, 'opening_known': opening_known, 'closing_known': closing_known, 'by': by, 'restated_snapshot_id': restated_snapshot_id, 'lang': lang, 'theme': theme}))

    def show_books_charts_risk(self, *, body: shapes.BookRiskIn, book_id: UUID, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what POST /v1/books/{book_id}/risk answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_books_charts_risk', {'book_id': book_id, 'lang': lang, 'theme': theme}, body=body))

    def show_books_charts_risk_back_test(self, *, body: shapes.RiskBackTestIn, book_id: UUID, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what POST /v1/books/{book_id}/risk/back-test answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_books_charts_risk_back_test', {'book_id': book_id, 'lang': lang, 'theme': theme}, body=body))

    def show_books_charts_risk_ladder(self, *, book_id: UUID, snapshot_id: UUID, mark_instrument: str, year: int, output_t: Decimal, benchmark: Decimal, direct_intensity: Decimal, other_factors: str | None = None, known: int | None = None, forward_t: int | None = None, power_mwh_per_t: Decimal | None = None, grid_factor: Decimal | None = None, green_share: Decimal | None = None, counts_power: bool | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what GET /v1/books/{book_id}/risk/ladder answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_books_charts_risk_ladder', {'book_id': book_id, 'snapshot_id': snapshot_id, 'mark_instrument': mark_instrument, 'year': year, 'output_t': output_t, 'benchmark': benchmark, 'direct_intensity': direct_intensity, 'other_factors': other_factors, 'known': known, 'forward_t': forward_t, 'power_mwh_per_t': power_mwh_per_t, 'grid_factor': grid_factor, 'green_share': green_share, 'counts_power': counts_power, 'lang': lang, 'theme': theme}))

    def show_books_charts_sensitivity(self, *, body: shapes.SensitivityIn, book_id: UUID, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what POST /v1/books/{book_id}/decisions/sensitivity answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_books_charts_sensitivity', {'book_id': book_id, 'lang': lang, 'theme': theme}, body=body))

    def show_books_charts_surrender_plan(self, *, book_id: UUID, year: int, surrender_on: date, basis: str | None = None, snapshot_id: UUID | None = None, due_t: int | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what GET /v1/books/{book_id}/surrender-plan answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_books_charts_surrender_plan', {'book_id': book_id, 'year': year, 'surrender_on': surrender_on, 'basis': basis, 'snapshot_id': snapshot_id, 'due_t': due_t, 'lang': lang, 'theme': theme}))

    def show_books_charts_worth(self, *, book_id: UUID, snapshot_id: UUID, as_of: date, known: int | None = None, at: datetime | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what GET /v1/books/{book_id}/valuation answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_books_charts_worth', {'book_id': book_id, 'snapshot_id': snapshot_id, 'as_of': as_of, 'known': known, 'at': at, 'lang': lang, 'theme': theme}))

    def show_charts_cheapest_plan(self, *, body: shapes.CheapestPlanIn, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what POST /v1/decisions/cheapest-plan answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_charts_cheapest_plan', {'lang': lang, 'theme': theme}, body=body))

    def show_charts_kpi_path(self, *, target_tco2e_per_t: Decimal, year: int, methodology: str, site: str | None = None, known_at: datetime | None = None, methodology_version: str | None = None, factor_set_version: str | None = None, grid_region: str | None = None, gwp_set: str | None = None, through: str | None = None, plan: str | None = None, confidence: Decimal | None = None, technical_minimum: Decimal | None = None, last_months: str | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what GET /v1/forecasts answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_charts_kpi_path', {'target_tco2e_per_t': target_tco2e_per_t, 'year': year, 'methodology': methodology, 'site': site, 'known_at': known_at, 'methodology_version': methodology_version, 'factor_set_version': factor_set_version, 'grid_region': grid_region, 'gwp_set': gwp_set, 'through': through, 'plan': plan, 'confidence': confidence, 'technical_minimum': technical_minimum, 'last_months': last_months, 'lang': lang, 'theme': theme}))

    def show_charts_next_tonne(self, *, body: shapes.NextTonneIn, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what POST /v1/decisions/next-tonne answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_charts_next_tonne', {'lang': lang, 'theme': theme}, body=body))

    def show_charts_obligations(self, *, from_: date | None = None, to: date | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what GET /v1/obligations answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_charts_obligations', {'from_': from_, 'to': to, 'lang': lang, 'theme': theme}))

    def show_charts_parity(self, *, body: shapes.NextMwhIn, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what POST /v1/decisions/next-mwh answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_charts_parity', {'lang': lang, 'theme': theme}, body=body))

    def show_charts_prices(self, *, instrument: str, as_of: date, since: date | None = None, known_at: datetime | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what GET /v1/observations answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_charts_prices', {'instrument': instrument, 'as_of': as_of, 'since': since, 'known_at': known_at, 'lang': lang, 'theme': theme}))

    def show_charts_risk(self, *, body: shapes.GroupRiskIn, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what POST /v1/risk answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_charts_risk', {'lang': lang, 'theme': theme}, body=body))

    def show_charts_sensitivity(self, *, body: shapes.SensitivityIn, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what POST /v1/decisions/sensitivity answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_charts_sensitivity', {'lang': lang, 'theme': theme}, body=body))

    def show_facilities_charts_kpi_path(self, *, facility_id: UUID, kpi_id: str, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what GET /v1/facilities/{facility_id}/kpi-path answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_facilities_charts_kpi_path', {'facility_id': facility_id, 'kpi_id': kpi_id, 'lang': lang, 'theme': theme}))

    def show_facilities_charts_rate_timeline(self, *, facility_id: UUID, known_at: datetime | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what GET /v1/facilities/{facility_id}/schedule answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_facilities_charts_rate_timeline', {'facility_id': facility_id, 'known_at': known_at, 'lang': lang, 'theme': theme}))

    def show_facilities_charts_schedule(self, *, facility_id: UUID, known_at: datetime | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what GET /v1/facilities/{facility_id}/schedule answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_facilities_charts_schedule', {'facility_id': facility_id, 'known_at': known_at, 'lang': lang, 'theme': theme}))

    def show_kpi_periods_charts_kpi_path(self, *, kpi_period_id: UUID, target_tco2e_per_t: Decimal | None = None, known_at: datetime | None = None, through: str | None = None, plan: str | None = None, confidence: Decimal | None = None, technical_minimum: Decimal | None = None, last_months: str | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> shapes.ChartsChartOut:
        """Return the chart of what GET /v1/kpi-periods/{kpi_period_id}/forecast answers: its words, its table and its Vega-Lite specification."""
        return cast("shapes.ChartsChartOut", self.call('show_kpi_periods_charts_kpi_path', {'kpi_period_id': kpi_period_id, 'target_tco2e_per_t': target_tco2e_per_t, 'known_at': known_at, 'through': through, 'plan': plan, 'confidence': confidence, 'technical_minimum': technical_minimum, 'last_months': last_months, 'lang': lang, 'theme': theme}))

    def sign_in_person(self, *, body: shapes.SignInIn) -> shapes.SignInOut:
        """Begin a session: the cookie is set, and the token is in the answer where ``bearer`` asks for it.

        An unknown person and a wrong password get the same answer after the same work. A person of several organisations who names
        none gets the list of them and no session.
        """
        return cast("shapes.SignInOut", self.call('sign_in_person', {}, body=body))

    def sign_out(self) -> shapes.SignedOutOut:
        """End the session in use at once and take its cookie out of the browser."""
        return cast("shapes.SignedOutOut", self.call('sign_out', {}))

    def stream_events(self) -> File:
        """Stream the alerts that concern the caller as they are raised; it ends when the caller signs out or is revoked.

        Each event's id is the alert's number, so that a browser that lost the connection misses nothing. At most two a person.
        """
        return cast("File", self.call('stream_events', {}))

    def suspend_label(self, *, body: shapes.SuspensionIn, facility_id: UUID) -> shapes.LabelOut:
        """Suspend the label from a day on, not after today: its clauses rest and its name is not used."""
        return cast("shapes.LabelOut", self.call('suspend_label', {'facility_id': facility_id}, body=body))

    def switch_feed(self, *, body: shapes.FeedSwitchIn, feed: str) -> shapes.FeedOut:
        """Switch a source on or off for the caller's organisation; one that needs permission asks for the document's hash."""
        return cast("shapes.FeedOut", self.call('switch_feed', {'feed': feed}, body=body))

    def tabulate_bank_portfolio(self, *, as_of: date | None = None, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/bank/portfolio answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_bank_portfolio', {'as_of': as_of, 'lang': lang}))

    def tabulate_books_accounts_statement(self, *, book_id: UUID, path: str, as_of: date, known: int | None = None, at: datetime | None = None, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/books/{book_id}/accounts/{path}/statement answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_books_accounts_statement', {'book_id': book_id, 'path': path, 'as_of': as_of, 'known': known, 'at': at, 'lang': lang}))

    def tabulate_books_allocations_objections(self, *, book_id: UUID, year: int, as_of: date, known: int | None = None, at: datetime | None = None, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/books/{book_id}/allocations/{year} answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_books_allocations_objections', {'book_id': book_id, 'year': year, 'as_of': as_of, 'known': known, 'at': at, 'lang': lang}))

    def tabulate_books_carbon_contracts(self, *, book_id: UUID, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/books/{book_id}/carbon-contracts answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_books_carbon_contracts', {'book_id': book_id, 'lang': lang}))

    def tabulate_books_charts_cheapest_plan(self, *, body: shapes.CheapestPlanIn, book_id: UUID, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/books/{book_id}/decisions/cheapest-plan answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_books_charts_cheapest_plan', {'book_id': book_id, 'lang': lang, 'theme': theme}, body=body))

    def tabulate_books_charts_cover(self, *, book_id: UUID, year: int, as_of: date, snapshot_id: UUID | None = None, mark_instrument: str | None = None, known: int | None = None, at: datetime | None = None, emissions_t: Decimal | None = None, intensity: Decimal | None = None, methodology: str | None = None, balance_value: Decimal | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/books/{book_id}/compliance answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_books_charts_cover', {'book_id': book_id, 'year': year, 'as_of': as_of, 'snapshot_id': snapshot_id, 'mark_instrument': mark_instrument, 'known': known, 'at': at, 'emissions_t': emissions_t, 'intensity': intensity, 'methodology': methodology, 'balance_value': balance_value, 'lang': lang, 'theme': theme}))

    def tabulate_books_charts_gap(self, *, book_id: UUID, as_of: date, year: int, methodology: str, snapshot_id: UUID | None = None, mark_instrument: str | None = None, known: int | None = None, at: datetime | None = None, site: str | None = None, known_at: datetime | None = None, methodology_version: str | None = None, factor_set_version: str | None = None, grid_region: str | None = None, gwp_set: str | None = None, balance_value: Decimal | None = None, balance_value_to: Decimal | None = None, through: str | None = None, plan: str | None = None, confidence: Decimal | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/books/{book_id}/compliance/outlook answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_books_charts_gap', {'book_id': book_id, 'as_of': as_of, 'year': year, 'methodology': methodology, 'snapshot_id': snapshot_id, 'mark_instrument': mark_instrument, 'known': known, 'at': at, 'site': site, 'known_at': known_at, 'methodology_version': methodology_version, 'factor_set_version': factor_set_version, 'grid_region': grid_region, 'gwp_set': gwp_set, 'balance_value': balance_value, 'balance_value_to': balance_value_to, 'through': through, 'plan': plan, 'confidence': confidence, 'lang': lang, 'theme': theme}))

    def tabulate_books_charts_holdings(self, *, book_id: UUID, as_of: date, under: str | None = None, known: int | None = None, at: datetime | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/books/{book_id}/positions answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_books_charts_holdings', {'book_id': book_id, 'as_of': as_of, 'under': under, 'known': known, 'at': at, 'lang': lang, 'theme': theme}))

    def tabulate_books_charts_next_tonne(self, *, body: shapes.NextTonneIn, book_id: UUID, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/books/{book_id}/decisions/next-tonne answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_books_charts_next_tonne', {'book_id': book_id, 'lang': lang, 'theme': theme}, body=body))

    def tabulate_books_charts_outlook(self, *, book_id: UUID, as_of: date, year: int, methodology: str, snapshot_id: UUID | None = None, mark_instrument: str | None = None, known: int | None = None, at: datetime | None = None, site: str | None = None, known_at: datetime | None = None, methodology_version: str | None = None, factor_set_version: str | None = None, grid_region: str | None = None, gwp_set: str | None = None, balance_value: Decimal | None = None, balance_value_to: Decimal | None = None, through: str | None = None, plan: str | None = None, confidence: Decimal | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/books/{book_id}/compliance/outlook answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_books_charts_outlook', {'book_id': book_id, 'as_of': as_of, 'year': year, 'methodology': methodology, 'snapshot_id': snapshot_id, 'mark_instrument': mark_instrument, 'known': known, 'at': at, 'site': site, 'known_at': known_at, 'methodology_version': methodology_version, 'factor_set_version': factor_set_version, 'grid_region': grid_region, 'gwp_set': gwp_set, 'balance_value': balance_value, 'balance_value_to': balance_value_to, 'through': through, 'plan': plan, 'confidence': confidence, 'lang': lang, 'theme': theme}))

    def tabulate_books_charts_parity(self, *, body: shapes.NextMwhIn, book_id: UUID, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/books/{book_id}/decisions/next-mwh answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_books_charts_parity', {'book_id': book_id, 'lang': lang, 'theme': theme}, body=body))

    def tabulate_books_charts_pnl_explain(self, *, book_id: UUID, opening_snapshot_id: UUID, closing_snapshot_id: UUID, opening_known: int | None = None, closing_known: int | None = None, by: shapes.Dimension | None = None, restated_snapshot_id: UUID | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/books/{book_id}/pnl-explain answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_books_charts_pnl_explain', {'book_id': book_id, 'opening_snapshot_id': opening_snapshot_id, 'closing_snapshot_id': closing_snapshot_id, 'opening_known': opening_known, 'closing_known': closing_known, 'by': by, 'restated_snapshot_id': restated_snapshot_id, 'lang': lang, 'theme': theme}))

    def tabulate_books_charts_risk(self, *, body: shapes.BookRiskIn, book_id: UUID, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/books/{book_id}/risk answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_books_charts_risk', {'book_id': book_id, 'lang': lang, 'theme': theme}, body=body))

    def tabulate_books_charts_risk_back_test(self, *, body: shapes.RiskBackTestIn, book_id: UUID, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/books/{book_id}/risk/back-test answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_books_charts_risk_back_test', {'book_id': book_id, 'lang': lang, 'theme': theme}, body=body))

    def tabulate_books_charts_risk_ladder(self, *, book_id: UUID, snapshot_id: UUID, mark_instrument: str, year: int, output_t: Decimal, benchmark: Decimal, direct_intensity: Decimal, other_factors: str | None = None, known: int | None = None, forward_t: int | None = None, power_mwh_per_t: Decimal | None = None, grid_factor: Decimal | None = None, green_share: Decimal | None = None, counts_power: bool | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/books/{book_id}/risk/ladder answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_books_charts_risk_ladder', {'book_id': book_id, 'snapshot_id': snapshot_id, 'mark_instrument': mark_instrument, 'year': year, 'output_t': output_t, 'benchmark': benchmark, 'direct_intensity': direct_intensity, 'other_factors': other_factors, 'known': known, 'forward_t': forward_t, 'power_mwh_per_t': power_mwh_per_t, 'grid_factor': grid_factor, 'green_share': green_share, 'counts_power': counts_power, 'lang': lang, 'theme': theme}))

    def tabulate_books_charts_sensitivity(self, *, body: shapes.SensitivityIn, book_id: UUID, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/books/{book_id}/decisions/sensitivity answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_books_charts_sensitivity', {'book_id': book_id, 'lang': lang, 'theme': theme}, body=body))

    def tabulate_books_charts_surrender_plan(self, *, book_id: UUID, year: int, surrender_on: date, basis: str | None = None, snapshot_id: UUID | None = None, due_t: int | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/books/{book_id}/surrender-plan answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_books_charts_surrender_plan', {'book_id': book_id, 'year': year, 'surrender_on': surrender_on, 'basis': basis, 'snapshot_id': snapshot_id, 'due_t': due_t, 'lang': lang, 'theme': theme}))

    def tabulate_books_charts_worth(self, *, book_id: UUID, snapshot_id: UUID, as_of: date, known: int | None = None, at: datetime | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/books/{book_id}/valuation answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_books_charts_worth', {'book_id': book_id, 'snapshot_id': snapshot_id, 'as_of': as_of, 'known': known, 'at': at, 'lang': lang, 'theme': theme}))

    def tabulate_books_compliance_deadlines(self, *, book_id: UUID, year: int, as_of: date, sector: str | None = None, days_ahead: int | None = None, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/books/{book_id}/compliance-deadlines answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_books_compliance_deadlines', {'book_id': book_id, 'year': year, 'as_of': as_of, 'sector': sector, 'days_ahead': days_ahead, 'lang': lang}))

    def tabulate_books_compliance_proposals(self, *, book_id: UUID, year: int | None = None, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/books/{book_id}/compliance-proposals answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_books_compliance_proposals', {'book_id': book_id, 'year': year, 'lang': lang}))

    def tabulate_books_disposals(self, *, book_id: UUID, as_of: date, since: date | None = None, known: int | None = None, at: datetime | None = None, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/books/{book_id}/disposals answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_books_disposals', {'book_id': book_id, 'as_of': as_of, 'since': since, 'known': known, 'at': at, 'lang': lang}))

    def tabulate_books_lots(self, *, book_id: UUID, as_of: date, under: str | None = None, known: int | None = None, at: datetime | None = None, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/books/{book_id}/lots answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_books_lots', {'book_id': book_id, 'as_of': as_of, 'under': under, 'known': known, 'at': at, 'lang': lang}))

    def tabulate_books_orders(self, *, book_id: UUID, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/books/{book_id}/orders answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_books_orders', {'book_id': book_id, 'lang': lang}))

    def tabulate_books_pnl(self, *, book_id: UUID, snapshot_id: UUID, as_of: date, by: shapes.Dimension | None = None, unissued_instrument: str | None = None, unissued_t: int | None = None, unissued_source: str | None = None, known: int | None = None, at: datetime | None = None, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/books/{book_id}/pnl answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_books_pnl', {'book_id': book_id, 'snapshot_id': snapshot_id, 'as_of': as_of, 'by': by, 'unissued_instrument': unissued_instrument, 'unissued_t': unissued_t, 'unissued_source': unissued_source, 'known': known, 'at': at, 'lang': lang}))

    def tabulate_books_pnl_explain(self, *, book_id: UUID, opening_snapshot_id: UUID, closing_snapshot_id: UUID, opening_known: int | None = None, closing_known: int | None = None, by: shapes.Dimension | None = None, restated_snapshot_id: UUID | None = None, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/books/{book_id}/pnl-explain answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_books_pnl_explain', {'book_id': book_id, 'opening_snapshot_id': opening_snapshot_id, 'closing_snapshot_id': closing_snapshot_id, 'opening_known': opening_known, 'closing_known': closing_known, 'by': by, 'restated_snapshot_id': restated_snapshot_id, 'lang': lang}))

    def tabulate_books_positions(self, *, book_id: UUID, as_of: date, under: str | None = None, known: int | None = None, at: datetime | None = None, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/books/{book_id}/positions answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_books_positions', {'book_id': book_id, 'as_of': as_of, 'under': under, 'known': known, 'at': at, 'lang': lang}))

    def tabulate_books_statement(self, *, book_id: UUID, under: str, as_of: date, known: int | None = None, at: datetime | None = None, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/books/{book_id}/statement answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_books_statement', {'book_id': book_id, 'under': under, 'as_of': as_of, 'known': known, 'at': at, 'lang': lang}))

    def tabulate_books_surrender_plan(self, *, book_id: UUID, year: int, surrender_on: date, basis: str | None = None, snapshot_id: UUID | None = None, due_t: int | None = None, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/books/{book_id}/surrender-plan answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_books_surrender_plan', {'book_id': book_id, 'year': year, 'surrender_on': surrender_on, 'basis': basis, 'snapshot_id': snapshot_id, 'due_t': due_t, 'lang': lang}))

    def tabulate_books_trades(self, *, book_id: UUID, as_of: date, known: int | None = None, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/books/{book_id}/trades answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_books_trades', {'book_id': book_id, 'as_of': as_of, 'known': known, 'lang': lang}))

    def tabulate_books_trial_balance(self, *, book_id: UUID, as_of: date, under: str | None = None, known: int | None = None, at: datetime | None = None, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/books/{book_id}/trial-balance answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_books_trial_balance', {'book_id': book_id, 'as_of': as_of, 'under': under, 'known': known, 'at': at, 'lang': lang}))

    def tabulate_books_valuation(self, *, book_id: UUID, snapshot_id: UUID, as_of: date, known: int | None = None, at: datetime | None = None, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/books/{book_id}/valuation answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_books_valuation', {'book_id': book_id, 'snapshot_id': snapshot_id, 'as_of': as_of, 'known': known, 'at': at, 'lang': lang}))

    def tabulate_carbon_contracts(self, *, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/carbon-contracts answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_carbon_contracts', {'lang': lang}))

    def tabulate_carbon_contracts_cash_flows(self, *, contract_id: UUID, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/carbon-contracts/{contract_id} answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_carbon_contracts_cash_flows', {'contract_id': contract_id, 'lang': lang}))

    def tabulate_carbon_contracts_encumbrances(self, *, contract_id: UUID, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/carbon-contracts/{contract_id} answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_carbon_contracts_encumbrances', {'contract_id': contract_id, 'lang': lang}))

    def tabulate_carbon_contracts_events(self, *, contract_id: UUID, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/carbon-contracts/{contract_id} answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_carbon_contracts_events', {'contract_id': contract_id, 'lang': lang}))

    def tabulate_carbon_contracts_expected_tonnes(self, *, contract_id: UUID, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/carbon-contracts/{contract_id} answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_carbon_contracts_expected_tonnes', {'contract_id': contract_id, 'lang': lang}))

    def tabulate_carbon_contracts_movements(self, *, contract_id: UUID, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/carbon-contracts/{contract_id}/movements answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_carbon_contracts_movements', {'contract_id': contract_id, 'lang': lang}))

    def tabulate_charts_cheapest_plan(self, *, body: shapes.CheapestPlanIn, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/decisions/cheapest-plan answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_charts_cheapest_plan', {'lang': lang, 'theme': theme}, body=body))

    def tabulate_charts_kpi_path(self, *, target_tco2e_per_t: Decimal, year: int, methodology: str, site: str | None = None, known_at: datetime | None = None, methodology_version: str | None = None, factor_set_version: str | None = None, grid_region: str | None = None, gwp_set: str | None = None, through: str | None = None, plan: str | None = None, confidence: Decimal | None = None, technical_minimum: Decimal | None = None, last_months: str | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/forecasts answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_charts_kpi_path', {'target_tco2e_per_t': target_tco2e_per_t, 'year': year, 'methodology': methodology, 'site': site, 'known_at': known_at, 'methodology_version': methodology_version, 'factor_set_version': factor_set_version, 'grid_region': grid_region, 'gwp_set': gwp_set, 'through': through, 'plan': plan, 'confidence': confidence, 'technical_minimum': technical_minimum, 'last_months': last_months, 'lang': lang, 'theme': theme}))

    def tabulate_charts_next_tonne(self, *, body: shapes.NextTonneIn, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/decisions/next-tonne answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_charts_next_tonne', {'lang': lang, 'theme': theme}, body=body))

    def tabulate_charts_obligations(self, *, from_: date | None = None, to: date | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/obligations answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_charts_obligations', {'from_': from_, 'to': to, 'lang': lang, 'theme': theme}))

    def tabulate_charts_parity(self, *, body: shapes.NextMwhIn, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/decisions/next-mwh answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_charts_parity', {'lang': lang, 'theme': theme}, body=body))

    def tabulate_charts_prices(self, *, instrument: str, as_of: date, since: date | None = None, known_at: datetime | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/observations answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_charts_prices', {'instrument': instrument, 'as_of': as_of, 'since': since, 'known_at': known_at, 'lang': lang, 'theme': theme}))

    def tabulate_charts_risk(self, *, body: shapes.GroupRiskIn, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/risk answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_charts_risk', {'lang': lang, 'theme': theme}, body=body))

    def tabulate_charts_sensitivity(self, *, body: shapes.SensitivityIn, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what POST /v1/decisions/sensitivity answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_charts_sensitivity', {'lang': lang, 'theme': theme}, body=body))

    def tabulate_facilities_charts_kpi_path(self, *, facility_id: UUID, kpi_id: str, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/facilities/{facility_id}/kpi-path answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_facilities_charts_kpi_path', {'facility_id': facility_id, 'kpi_id': kpi_id, 'lang': lang, 'theme': theme}))

    def tabulate_facilities_charts_rate_timeline(self, *, facility_id: UUID, known_at: datetime | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/facilities/{facility_id}/schedule answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_facilities_charts_rate_timeline', {'facility_id': facility_id, 'known_at': known_at, 'lang': lang, 'theme': theme}))

    def tabulate_facilities_charts_schedule(self, *, facility_id: UUID, known_at: datetime | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/facilities/{facility_id}/schedule answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_facilities_charts_schedule', {'facility_id': facility_id, 'known_at': known_at, 'lang': lang, 'theme': theme}))

    def tabulate_facilities_schedule(self, *, facility_id: UUID, known_at: datetime | None = None, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/facilities/{facility_id}/schedule answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_facilities_schedule', {'facility_id': facility_id, 'known_at': known_at, 'lang': lang}))

    def tabulate_kpi_periods_charts_kpi_path(self, *, kpi_period_id: UUID, target_tco2e_per_t: Decimal | None = None, known_at: datetime | None = None, through: str | None = None, plan: str | None = None, confidence: Decimal | None = None, technical_minimum: Decimal | None = None, last_months: str | None = None, lang: shapes.LookLanguage | None = None, theme: shapes.Theme | None = None) -> File:
        """Return the chart of what GET /v1/kpi-periods/{kpi_period_id}/forecast answers as the table behind it (XLSX)."""
        return cast("File", self.call('tabulate_kpi_periods_charts_kpi_path', {'kpi_period_id': kpi_period_id, 'target_tco2e_per_t': target_tco2e_per_t, 'known_at': known_at, 'through': through, 'plan': plan, 'confidence': confidence, 'technical_minimum': technical_minimum, 'last_months': last_months, 'lang': lang, 'theme': theme}))

    def tabulate_obligations(self, *, from_: date | None = None, to: date | None = None, lang: shapes.LookLanguage | None = None) -> File:
        """Return the table of what GET /v1/obligations answers as a workbook (XLSX), all pages."""
        return cast("File", self.call('tabulate_obligations', {'from_': from_, 'to': to, 'lang': lang}))

    def undo_match(self, *, body: shapes.UndoIn, book_id: UUID, match: int) -> shapes.MatchOut:
        """Take a match back; both stay on record, its lines and postings are open again."""
        return cast("shapes.MatchOut", self.call('undo_match', {'book_id': book_id, 'match': match}, body=body))

    def upload_activity(self, *, content: bytes, content_type: str = 'text/csv', file_name: str | None = None, template: str | None = None, verification: str | None = None) -> shapes.ActivityUploadOut:
        """Record the months of an XLSX or CSV file; a cell that cannot be read refuses the file, and nothing of it is written.

        The same file again records nothing; a changed figure, or a verification of it, becomes the month's next revision.
        """
        return cast("shapes.ActivityUploadOut", self.call('upload_activity', {'file_name': file_name, 'template': template, 'verification': verification}, body=content, content_type=content_type))

    def upload_trades(self, *, content: bytes, content_type: str = 'text/csv', book_id: UUID, file_name: str | None = None) -> shapes.BookingOut:
        """Book a file of trades as a whole or not at all; trades that stand with the same content change nothing.

        What is listed here has no approved order behind it and is shown as imported. A row that cannot be read names file,
        sheet, row, column, value and what was expected. ``file_name`` is only shown.
        """
        return cast("shapes.BookingOut", self.call('upload_trades', {'book_id': book_id, 'file_name': file_name}, body=content, content_type=content_type))

    def waive_kpi_period(self, *, body: shapes.KpiReasonIn, kpi_period_id: UUID) -> shapes.KpiPeriodOut:
        """Let the test pass: it neither lowers nor raises a price."""
        return cast("shapes.KpiPeriodOut", self.call('waive_kpi_period', {'kpi_period_id': kpi_period_id}, body=body))

    def withdraw_attestation(self, *, body: shapes.AttestationsWithdrawalIn, attestation_id: UUID) -> shapes.AttestationOut:
        """Withdraw an accepted attestation; no later step may rest on it, and a rate decided before stays until decided again."""
        return cast("shapes.AttestationOut", self.call('withdraw_attestation', {'attestation_id': attestation_id}, body=body))

    def withdraw_example(self) -> shapes.ExampleOut:
        """Remove the example: its organisations are gone for everybody; refused while anything that is not its own is tied to it."""
        return cast("shapes.ExampleOut", self.call('withdraw_example', {}))

    def withdraw_mark(self, *, body: shapes.MarkWithdrawalIn, mark_id: UUID) -> shapes.MarkRecordOut:
        """End an approved mark from now on; snapshots frozen before stay as they are."""
        return cast("shapes.MarkRecordOut", self.call('withdraw_mark', {'mark_id': mark_id}, body=body))

    def withdraw_policy(self, *, body: shapes.PolicyWithdrawalIn, policy_id: UUID) -> shapes.PolicyOut:
        """Withdraw a policy that one proposed and nobody decided; to change what it says, propose the next version."""
        return cast("shapes.PolicyOut", self.call('withdraw_policy', {'policy_id': policy_id}, body=body))

    def withdraw_request_proposal(self, *, body: shapes.ProposalReasonIn, proposal_id: UUID) -> shapes.ProposalOut:
        """Withdraw one's own proposal; to change it, send the request anew."""
        return cast("shapes.ProposalOut", self.call('withdraw_request_proposal', {'proposal_id': proposal_id}, body=body))
