-- What the role of servers may do, said again by the tables' owner after every upgrade: an administrator may make the role later than
-- they are made. Nothing is given while no policy binds it.
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'tonne_application') AND to_regprocedure('tonne_acts_for_all()') IS NOT NULL
        AND (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'book'::regclass)
    THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO tonne_application', current_schema());
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO tonne_application', current_schema());
        EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I TO tonne_application', current_schema());
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO tonne_application',
            current_schema());
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT USAGE, SELECT ON SEQUENCES TO tonne_application', current_schema());
        REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM tonne_application;
    END IF;
END
$$
