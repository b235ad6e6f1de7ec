-- Whether a server is ready depends on which migrations have been applied: so much of the tool's own table may be read. Where
-- the files are run by other means there is no such table, and no server.
DO $$
BEGIN
    IF to_regclass('_sqlx_migrations') IS NOT NULL THEN
        GRANT SELECT (version, success) ON _sqlx_migrations TO worker;
    END IF;
END
$$;
