-- Checkpoints and log keys are only ever added. The insert guards stop INSERT OR REPLACE, which deletes without firing a delete
-- trigger while a connection's recursive_triggers is off.
CREATE TRIGGER checkpoint_no_update BEFORE UPDATE ON checkpoint
BEGIN
    SELECT RAISE(ABORT, 'log.append_only: UPDATE on checkpoint is refused; a further checkpoint is a further row');
END
-- next
CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint
BEGIN
    SELECT RAISE(ABORT, 'log.append_only: DELETE on checkpoint is refused; a further checkpoint is a further row');
END
-- next
CREATE TRIGGER checkpoint_order BEFORE INSERT ON checkpoint
WHEN NEW.tree_size > (SELECT tree_size FROM book WHERE book_id = NEW.book_id)
    OR NEW.tree_size < (SELECT max(tree_size) FROM checkpoint WHERE book_id = NEW.book_id)
    OR NEW.checkpoint_no <> 1 + coalesce((SELECT max(checkpoint_no) FROM checkpoint WHERE book_id = NEW.book_id), 0)
BEGIN
    SELECT RAISE(ABORT, 'log.checkpoint_order: a checkpoint covers what the book holds, no less than the one before, and has the next number');
END
-- next
CREATE TRIGGER log_key_no_update BEFORE UPDATE ON log_key
BEGIN
    SELECT RAISE(ABORT, 'log.append_only: UPDATE on log_key is refused; a key is handed over in a further row');
END
-- next
CREATE TRIGGER log_key_no_delete BEFORE DELETE ON log_key
BEGIN
    SELECT RAISE(ABORT, 'log.append_only: DELETE on log_key is refused; a key is handed over in a further row');
END
-- next
CREATE TRIGGER log_key_no_replace BEFORE INSERT ON log_key
WHEN EXISTS (SELECT 1 FROM log_key WHERE book_id = NEW.book_id AND valid_from_size = NEW.valid_from_size)
BEGIN
    SELECT RAISE(ABORT, 'log.append_only: REPLACE on log_key is refused');
END
