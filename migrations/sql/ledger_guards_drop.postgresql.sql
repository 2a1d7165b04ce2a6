-- Functions outlive the tables whose triggers called them.
DROP FUNCTION tonne_seal_postings, tonne_seal_leaves, tonne_place_entries, tonne_complete_book, tonne_guard_book, tonne_guard_account,
    tonne_guard_serials, tonne_refuse_change
