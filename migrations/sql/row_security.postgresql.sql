-- Who may see which row, asked again by the database: what the application forgets to ask stays unseen.
-- The setting tonne.organisation_id says for whom a transaction acts: ids with commas between, or 'installation'; unset is nobody.
-- A guard holds over every row, whoever acts: what a trigger looks at it sees whole.
CREATE FUNCTION tonne_acts_for_all() RETURNS boolean LANGUAGE sql STABLE
AS $$ SELECT coalesce(current_setting('tonne.organisation_id', true) = 'installation', false) OR pg_trigger_depth() > 0 $$
-- next
CREATE FUNCTION tonne_acting() RETURNS uuid[] LANGUAGE sql STABLE
AS $$ SELECT CASE WHEN coalesce(current_setting('tonne.organisation_id', true), 'installation') IN ('installation', '')
    THEN '{}'::uuid[] ELSE string_to_array(current_setting('tonne.organisation_id', true), ',')::uuid[] END $$
-- next
CREATE FUNCTION tonne_books() RETURNS bigint[] LANGUAGE plpgsql STABLE
AS $$ BEGIN RETURN ARRAY(SELECT b.book_id FROM book b WHERE b.tenant_id = ANY (tonne_acting())); END $$
-- next
-- These look past the policies for as long as they run. They set and restore the setting themselves, for only a superuser may attach
-- a setting to a function.
-- Books in which something is set aside for those who act, or lent on by them: that the book exists, nothing else of it.
CREATE FUNCTION tonne_books_of_stakes(acting uuid[]) RETURNS bigint[] LANGUAGE plpgsql STABLE
AS $$
DECLARE
    said text := coalesce(current_setting('tonne.organisation_id', true), '');
    found bigint[];
BEGIN
    PERFORM set_config('tonne.organisation_id', 'installation', true);
    found := ARRAY(
        SELECT h.book_id FROM hold h WHERE h.beneficiary_id = ANY (acting)
        UNION SELECT c.book_id FROM carbon_contract c WHERE c.lender_organisation_id = ANY (acting)
    );
    PERFORM set_config('tonne.organisation_id', said, true);
    RETURN found;
END
$$
-- next
-- Facilities of those who act; where prices are asked for, of borrowers and lenders alone: an assessor is a party too, and never sees a
-- margin.
CREATE FUNCTION tonne_facilities(acting uuid[], are_prices_asked boolean) RETURNS uuid[] LANGUAGE plpgsql STABLE
AS $$
DECLARE
    said text := coalesce(current_setting('tonne.organisation_id', true), '');
    found uuid[];
BEGIN
    PERFORM set_config('tonne.organisation_id', 'installation', true);
    found := ARRAY(
        SELECT f.facility_id FROM facility f WHERE f.borrower_id = ANY (acting)
        UNION SELECT p.facility_id FROM facility_party p
        WHERE p.organisation_id = ANY (acting) AND (NOT are_prices_asked OR p.role IN ('borrower', 'lender'))
    );
    PERFORM set_config('tonne.organisation_id', said, true);
    RETURN found;
END
$$
-- next
-- Puts a table under row security: its owner is bound too, and a row is there for whom the condition holds.
CREATE FUNCTION tonne_protect(protected_table text, condition text, readable text DEFAULT NULL) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', protected_table);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', protected_table);
    EXECUTE format(
        'CREATE POLICY tonne_own ON %I USING ((SELECT tonne_acts_for_all()) OR %s) WITH CHECK ((SELECT tonne_acts_for_all()) OR %s)',
        protected_table, condition, condition);
    IF readable IS NOT NULL THEN
        EXECUTE format('CREATE POLICY tonne_readable ON %I FOR SELECT USING (%s)', protected_table, readable);
    END IF;
END
$$
-- next
-- The ways of being an organisation's row, by name: a later version says tonne_protect_as('its_table', 'organisation').
CREATE FUNCTION tonne_protect_as(protected_table text, way text) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM tonne_protect(protected_table, CASE way
        WHEN 'organisation' THEN 'organisation_id = ANY ((SELECT tonne_acting())::uuid[])'
        WHEN 'book' THEN 'book_id = ANY ((SELECT tonne_books())::bigint[])'
        WHEN 'facility' THEN 'facility_id = ANY ((SELECT tonne_facilities(tonne_acting(), false))::uuid[])'
        WHEN 'priced' THEN 'facility_id = ANY ((SELECT tonne_facilities(tonne_acting(), true))::uuid[])'
        WHEN 'installation' THEN 'false'
    END);
END
$$
-- next
-- A row that is there when the row it belongs to is: the owning table's policy decides.
CREATE FUNCTION tonne_protect_with(protected_table text, owning_table text, VARIADIC keys text[]) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM tonne_protect(protected_table, format('EXISTS (SELECT 1 FROM %I o WHERE %s)', owning_table, (
        SELECT string_agg(format('o.%I = %I.%I', key, protected_table, key), ' AND ') FROM unnest(keys) AS key)));
END
$$
-- next
SELECT tonne_protect_as(name, 'organisation') FROM unnest(ARRAY[
    'activity_month', 'api_key', 'approved_mark', 'audit_head', 'audit_row', 'book_check', 'calendar_year', 'closing_snapshot', 'compliance_proposal',
    'done_alone', 'feed_alert', 'feed_run', 'feed_switch', 'file_import', 'file_import_step', 'file_import_work', 'four_eyes_rule',
    'held_observation', 'held_review', 'idempotency', 'index_fixing', 'job_effect', 'mark_check', 'market_decision', 'market_proposal',
    'market_snapshot', 'notice', 'notice_audience', 'notice_counter', 'notice_delivery', 'notice_end', 'notice_expansion', 'notice_mark',
    'notice_setting', 'notice_threshold', 'observation', 'proposed_mark', 'published_rate', 'raw_file', 'request_decision',
    'request_proposal', 'running_total', 'second_mark_check', 'signing_key_challenge', 'webhook_endpoint', 'withdrawn_mark'
]) AS name
-- next
SELECT tonne_protect_as(name, 'book') FROM unnest(ARRAY[
    'accounting_policy', 'accounting_policy_approval', 'balance', 'balance_assertion', 'balance_check', 'balance_day', 'checkpoint',
    'close_step', 'compliance_entry', 'day_close', 'economic_book', 'economic_run', 'evidence_receipt', 'leaf', 'loan_charge_booking',
    'log_key', 'lot', 'lot_move', 'lot_position', 'order_fill', 'order_settlement', 'person_note', 'posting', 'reconciliation_fact',
    'request', 'serial_block', 'serial_move', 'statement_import', 'statement_line', 'statement_match', 'statement_match_line',
    'statement_match_posting', 'statement_source', 'statement_undo', 'trade', 'trading_proposal', 'trading_step', 'voucher',
    'voucher_line', 'voucher_review'
]) AS name
-- next
SELECT tonne_protect_as(name, 'facility') FROM unnest(ARRAY[
    'attestation_evidence', 'checklist_waiver', 'facility_kpi', 'facility_party', 'facility_terms', 'kpi_period', 'label_event',
    'loan_connection', 'rate_decision', 'rate_determination', 'terms_agreement'
]) AS name
-- next
SELECT tonne_protect_as(name, 'priced') FROM unnest(ARRAY[
    'grade_notice', 'interest_adjustment', 'interest_booking', 'loan_review', 'principal_event'
]) AS name
-- next
-- What is set aside for another is there for that other too: the hold, its entry, account and what is left of it.
SELECT tonne_protect('book', 'tenant_id = ANY ((SELECT tonne_acting())::uuid[])',
    'book_id = ANY ((SELECT tonne_books_of_stakes(tonne_acting()))::bigint[])')
-- next
SELECT tonne_protect('commodity', 'book_id = ANY ((SELECT tonne_books())::bigint[])',
    'book_id = ANY ((SELECT tonne_books_of_stakes(tonne_acting()))::bigint[])')
-- next
SELECT tonne_protect('hold', 'book_id = ANY ((SELECT tonne_books())::bigint[])', 'beneficiary_id = ANY ((SELECT tonne_acting())::uuid[])')
-- next
SELECT tonne_protect(name, 'book_id = ANY ((SELECT tonne_books())::bigint[])',
    format('EXISTS (SELECT 1 FROM hold h WHERE h.book_id = %1$I.book_id AND h.hold_id = %1$I.%2$I AND h.beneficiary_id = ANY (tonne_acting()))',
        name, key))
FROM (VALUES ('hold_position', 'hold_id'), ('hold_move', 'hold_id'), ('entry', 'entry_id')) AS told(name, key)
-- next
SELECT tonne_protect('account', 'book_id = ANY ((SELECT tonne_books())::bigint[])',
    'EXISTS (SELECT 1 FROM hold h WHERE h.book_id = account.book_id AND h.account_id = account.account_id'
    ' AND h.beneficiary_id = ANY (tonne_acting()))')
-- next
-- The lender of a pledge loan sees that contract, and acts under it.
SELECT tonne_protect('carbon_contract',
    'organisation_id = ANY ((SELECT tonne_acting())::uuid[]) OR lender_organisation_id = ANY ((SELECT tonne_acting())::uuid[])')
-- next
SELECT tonne_protect_with(name, 'carbon_contract', 'book_id', 'contract_id')
FROM unnest(ARRAY['carbon_contract_version', 'carbon_contract_decision', 'carbon_contract_event']) AS name
-- next
SELECT tonne_protect('facility', 'borrower_id = ANY ((SELECT tonne_acting())::uuid[])'
    ' OR facility_id = ANY ((SELECT tonne_facilities(tonne_acting(), false))::uuid[])')
-- next
-- An assessor sees the engagements it was given and what hangs on them; a borrower and its lenders all of their loan.
SELECT tonne_protect('engagement', 'assessor_id = ANY ((SELECT tonne_acting())::uuid[])'
    ' OR facility_id = ANY ((SELECT tonne_facilities(tonne_acting(), true))::uuid[])')
-- next
SELECT tonne_protect_with(told.name, told.owning, told.key) FROM (VALUES
    ('engagement_end', 'engagement', 'engagement_id'), ('independence_declaration', 'engagement', 'engagement_id'),
    ('attestation', 'engagement', 'engagement_id'), ('attestation_event', 'attestation', 'attestation_id'),
    ('attestation_remark', 'attestation', 'attestation_id'), ('statement_id', 'attestation', 'attestation_id'),
    ('attestation_draft_version', 'attestation_draft', 'draft_id'), ('attestation_draft_event', 'attestation_draft', 'draft_id'),
    ('kpi_period_event', 'kpi_period', 'kpi_period_id'), ('data_snapshot', 'kpi_period', 'kpi_period_id'),
    ('adjustment_approval', 'interest_adjustment', 'adjustment_id'), ('rate_approval', 'rate_determination', 'determination_id'),
    ('rate_evidence', 'rate_determination', 'determination_id'), ('compliance_decision', 'compliance_proposal', 'proposal_id'),
    ('delivery_event', 'notice_delivery', 'delivery_id'), ('webhook_step', 'webhook_endpoint', 'endpoint_id')
) AS told(name, owning, key)
-- next
SELECT tonne_protect('attestation_draft', 'EXISTS (SELECT 1 FROM engagement e WHERE e.engagement_id = attestation_draft.engagement_id'
    ' AND e.assessor_id = ANY ((SELECT tonne_acting())::uuid[]))')
-- next
-- Names of organisations and assessors' public keys are for everybody who acts for somebody.
SELECT tonne_protect(name, 'organisation_id = ANY ((SELECT tonne_acting())::uuid[])', '(SELECT cardinality(tonne_acting())) > 0')
FROM unnest(ARRAY['organisation', 'organisation_end', 'signing_key']) AS name
-- next
SELECT tonne_protect_as(name, 'organisation') FROM unnest(ARRAY[
    'access_event', 'access_session', 'legal_entity', 'membership_role', 'membership_role_confirmation', 'user_account'
]) AS name
-- next
SELECT tonne_protect_as('legal_entity_book', 'book')
-- next
SELECT tonne_protect_with('membership_role_end', 'membership_role', 'grant_id')
-- next
-- A person, and what it proves itself with, is there for the organisations in which it has a place.
SELECT tonne_protect_with(told.name, told.owning, told.key) FROM (VALUES
    ('person', 'user_account', 'person_id'), ('recovery_code', 'person', 'person_id'), ('person_identity', 'person', 'person_id'),
    ('one_time_token', 'user_account', 'user_id')
) AS told(name, owning, key)
-- next
SELECT tonne_protect_as(name, 'installation') FROM unnest(ARRAY['example_event', 'sign_in_failure']) AS name
-- next
-- Providers are the installation's; whoever acts for somebody links an identity of one, by an attempt of its own.
SELECT tonne_protect(name, 'false', '(SELECT cardinality(tonne_acting())) > 0')
FROM unnest(ARRAY['oidc_provider', 'oidc_provider_confirmation', 'oidc_provider_end']) AS name
-- next
SELECT tonne_protect_as('oidc_attempt', 'organisation')
-- next
DO $$
BEGIN
    CREATE ROLE tonne_application NOLOGIN;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;  -- another database of this server has it already
    WHEN insufficient_privilege THEN RAISE NOTICE 'tonne_application was not created; ask an administrator, see docs/decisions/0030-row-security.md';
END
$$
