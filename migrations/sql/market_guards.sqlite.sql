-- Facts are only ever added. The insert guards stop INSERT OR REPLACE, which deletes without firing a delete trigger while a
-- connection's recursive_triggers is off.
CREATE TRIGGER trade_no_update BEFORE UPDATE ON trade
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on trade is refused; a wrong trade is reversed, never edited');
END
-- next
CREATE TRIGGER trade_no_delete BEFORE DELETE ON trade
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on trade is refused; a wrong trade is reversed, never edited');
END
-- next
CREATE TRIGGER trade_no_replace BEFORE INSERT ON trade
WHEN EXISTS (SELECT 1 FROM trade WHERE book_id = NEW.book_id AND trade_ref = NEW.trade_ref)
    OR EXISTS (SELECT 1 FROM trade WHERE entry_id = NEW.entry_id AND book_id = NEW.book_id)
    OR EXISTS (SELECT 1 FROM trade WHERE entry_seq = NEW.entry_seq AND book_id = NEW.book_id)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on trade is refused');
END
-- next
CREATE TRIGGER raw_file_no_update BEFORE UPDATE ON raw_file
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on raw_file is refused; a correction is a further row');
END
-- next
CREATE TRIGGER raw_file_no_delete BEFORE DELETE ON raw_file
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on raw_file is refused; a correction is a further row');
END
-- next
CREATE TRIGGER raw_file_no_replace BEFORE INSERT ON raw_file
WHEN EXISTS (SELECT 1 FROM raw_file WHERE organisation_id = NEW.organisation_id AND sha256 = NEW.sha256)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on raw_file is refused');
END
-- next
CREATE TRIGGER observation_no_update BEFORE UPDATE ON observation
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on observation is refused; a correction is a further row');
END
-- next
CREATE TRIGGER observation_no_delete BEFORE DELETE ON observation
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on observation is refused; a correction is a further row');
END
-- next
CREATE TRIGGER observation_no_replace BEFORE INSERT ON observation
WHEN EXISTS (SELECT 1 FROM observation WHERE organisation_id = NEW.organisation_id AND source = NEW.source AND instrument = NEW.instrument AND price_basis = NEW.price_basis AND trade_date = NEW.trade_date AND revision = NEW.revision)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on observation is refused');
END
-- next
CREATE TRIGGER held_observation_no_update BEFORE UPDATE ON held_observation
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on held_observation is refused; a correction is a further row');
END
-- next
CREATE TRIGGER held_observation_no_delete BEFORE DELETE ON held_observation
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on held_observation is refused; a correction is a further row');
END
-- next
CREATE TRIGGER held_observation_no_replace BEFORE INSERT ON held_observation
WHEN EXISTS (SELECT 1 FROM held_observation WHERE organisation_id = NEW.organisation_id AND content_sha256 = NEW.content_sha256)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on held_observation is refused');
END
-- next
CREATE TRIGGER proposed_mark_no_update BEFORE UPDATE ON proposed_mark
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on proposed_mark is refused; a correction is a further row');
END
-- next
CREATE TRIGGER proposed_mark_no_delete BEFORE DELETE ON proposed_mark
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on proposed_mark is refused; a correction is a further row');
END
-- next
CREATE TRIGGER proposed_mark_no_replace BEFORE INSERT ON proposed_mark
WHEN EXISTS (SELECT 1 FROM proposed_mark WHERE organisation_id = NEW.organisation_id AND mark_id = NEW.mark_id)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on proposed_mark is refused');
END
-- next
CREATE TRIGGER approved_mark_no_update BEFORE UPDATE ON approved_mark
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on approved_mark is refused; a correction is a further row');
END
-- next
CREATE TRIGGER approved_mark_no_delete BEFORE DELETE ON approved_mark
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on approved_mark is refused; a correction is a further row');
END
-- next
CREATE TRIGGER approved_mark_no_replace BEFORE INSERT ON approved_mark
WHEN EXISTS (SELECT 1 FROM approved_mark WHERE organisation_id = NEW.organisation_id AND mark_id = NEW.mark_id)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on approved_mark is refused');
END
-- next
CREATE TRIGGER withdrawn_mark_no_update BEFORE UPDATE ON withdrawn_mark
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on withdrawn_mark is refused; a correction is a further row');
END
-- next
CREATE TRIGGER withdrawn_mark_no_delete BEFORE DELETE ON withdrawn_mark
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on withdrawn_mark is refused; a correction is a further row');
END
-- next
CREATE TRIGGER withdrawn_mark_no_replace BEFORE INSERT ON withdrawn_mark
WHEN EXISTS (SELECT 1 FROM withdrawn_mark WHERE organisation_id = NEW.organisation_id AND mark_id = NEW.mark_id)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on withdrawn_mark is refused');
END
-- next
CREATE TRIGGER market_snapshot_no_update BEFORE UPDATE ON market_snapshot
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on market_snapshot is refused; a correction is a further row');
END
-- next
CREATE TRIGGER market_snapshot_no_delete BEFORE DELETE ON market_snapshot
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on market_snapshot is refused; a correction is a further row');
END
-- next
CREATE TRIGGER market_snapshot_no_replace BEFORE INSERT ON market_snapshot
WHEN EXISTS (SELECT 1 FROM market_snapshot WHERE snapshot_id = NEW.snapshot_id)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on market_snapshot is refused');
END
