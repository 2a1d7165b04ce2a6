-- Functions outlive the tables whose triggers called them.
DROP FUNCTION tonne_seal_postings, tonne_require_legs, tonne_guard_period, tonne_guard_book, tonne_guard_account, tonne_refuse_change
