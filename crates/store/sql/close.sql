-- Takes from every role but ours and the owner what it may do with our tables, views, sequences and functions. Default
-- privileges grant such rights whenever something is created: those of Supabase, everything in `public` to `anon`,
-- `authenticated` and `service_role`. `REVOKE … FROM PUBLIC` does not reach them, and `service_role` and `TRUNCATE` pass row
-- level security.
--
-- Ours is what one of our roles has a right on, and what belongs to it: other people's tables in the same schema are left
-- alone. `visitor`, `mentor` and `worker` are what our roles were called up to migration 14.
DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        WITH ours AS (
            SELECT oid FROM pg_roles WHERE rolname IN ('yaksok_visitor', 'yaksok_mentor', 'yaksok_worker')),
        allowed AS (
            SELECT oid FROM ours UNION ALL SELECT oid FROM pg_roles WHERE rolname IN ('visitor', 'mentor', 'worker')),
        rights AS (
            SELECT c.oid, a.grantee FROM pg_class c, aclexplode(c.relacl) a
            WHERE c.relnamespace = 'public'::regnamespace
            UNION ALL
            SELECT c.oid, a.grantee FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
            WHERE c.relnamespace = 'public'::regnamespace),
        tables AS (
            SELECT DISTINCT oid FROM rights WHERE grantee IN (SELECT oid FROM ours)
            UNION SELECT to_regclass('public._sqlx_migrations')::oid),
        relations AS (
            SELECT oid FROM tables
            UNION
            -- Sequences of their columns.
            SELECT objid FROM pg_depend
            WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i')
                AND refobjid IN (SELECT oid FROM tables)),
        functions AS (
            SELECT p.oid, p.proowner, a.grantee FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
            WHERE p.pronamespace = 'public'::regnamespace
                AND (p.proowner IN (SELECT oid FROM ours)
                    OR EXISTS (SELECT FROM aclexplode(p.proacl) g WHERE g.grantee IN (SELECT oid FROM ours))))
        SELECT DISTINCT format('REVOKE ALL ON %s %s FROM %s CASCADE', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
            c.oid::regclass, CASE r.grantee WHEN 0 THEN 'PUBLIC' ELSE r.grantee::regrole::text END)
        FROM rights r JOIN pg_class c USING (oid)
        WHERE r.oid IN (SELECT oid FROM relations) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
            AND r.grantee <> c.relowner AND r.grantee NOT IN (SELECT oid FROM allowed)
        UNION ALL
        SELECT DISTINCT format('REVOKE ALL ON ROUTINE %s FROM %s CASCADE', f.oid::regprocedure,
            CASE f.grantee WHEN 0 THEN 'PUBLIC' ELSE f.grantee::regrole::text END)
        FROM functions f
        WHERE f.grantee <> f.proowner AND f.grantee NOT IN (SELECT oid FROM allowed)
    LOOP
        EXECUTE statement;
    END LOOP;
END $$;
