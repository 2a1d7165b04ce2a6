-- Checkpoints and log keys are only ever added: no UPDATE, no DELETE, no TRUNCATE.
CREATE FUNCTION tonne_refuse_checkpoint_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'log.append_only: % on % is refused; a further checkpoint or a hand-over is a further row', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
-- next
CREATE FUNCTION tonne_checkpoint_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.tree_size > (SELECT tree_size FROM book WHERE book_id = NEW.book_id)
       OR NEW.tree_size < (SELECT max(tree_size) FROM checkpoint WHERE book_id = NEW.book_id)
       OR NEW.checkpoint_no <> 1 + coalesce((SELECT max(checkpoint_no) FROM checkpoint WHERE book_id = NEW.book_id), 0) THEN
        RAISE EXCEPTION 'log.checkpoint_order: a checkpoint covers what the book holds, no less than the one before, and has the next number'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER checkpoint_order BEFORE INSERT ON checkpoint FOR EACH ROW EXECUTE FUNCTION tonne_checkpoint_order()
-- next
DO $$
DECLARE fact text;
BEGIN
    FOREACH fact IN ARRAY ARRAY['checkpoint', 'log_key'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION tonne_refuse_checkpoint_change()',
                       fact || '_append_only', fact);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_checkpoint_change()',
                       fact || '_no_truncate', fact);
    END LOOP;
END $$
