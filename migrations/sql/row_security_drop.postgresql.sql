DO $$
DECLARE
    policy record;
BEGIN
    FOR policy IN SELECT tablename, policyname FROM pg_policies WHERE schemaname = current_schema() AND policyname LIKE 'tonne\_%' LOOP
        EXECUTE format('DROP POLICY %I ON %I', policy.policyname, policy.tablename);
        EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', policy.tablename);
        EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', policy.tablename);
    END LOOP;
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'tonne_application') THEN  -- other databases of the server keep the role
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I REVOKE ALL ON TABLES FROM tonne_application', current_schema());
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I REVOKE ALL ON SEQUENCES FROM tonne_application', current_schema());
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM tonne_application', current_schema());
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM tonne_application', current_schema());
        EXECUTE format('REVOKE ALL ON SCHEMA %I FROM tonne_application', current_schema());
    END IF;
END
$$
-- next
DROP FUNCTION tonne_protect_with(text, text, text[])
-- next
DROP FUNCTION tonne_protect_as(text, text)
-- next
DROP FUNCTION tonne_protect(text, text, text)
-- next
DROP FUNCTION tonne_facilities(uuid[], boolean)
-- next
DROP FUNCTION tonne_books_of_stakes(uuid[])
-- next
DROP FUNCTION tonne_books()
-- next
DROP FUNCTION tonne_acting()
-- next
DROP FUNCTION tonne_acts_for_all()
