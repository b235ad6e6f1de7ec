-- Our roles have a prefix, because roles belong to the whole cluster: `yaksok_visitor`, `yaksok_mentor`, `yaksok_worker`.
-- They are there already (`crates/store/sql/roles.sql`).
--
-- In a database of an earlier release, everything that `visitor`, `mentor` and `worker` have a right to becomes theirs as well.
-- The old roles keep it, so the release before runs on beside this one; a later migration takes it away. In a new database
-- the files before this one named the roles with their prefix, and there is nothing to do.
DO $$
DECLARE
    statement text;
BEGIN
    GRANT CREATE ON SCHEMA public TO yaksok_worker;
    FOR statement IN
        WITH roles AS (
            SELECT oid, rolname, 'yaksok_' || rolname AS prefixed FROM pg_roles
            WHERE rolname IN ('visitor', 'mentor', 'worker')),
        statements AS (
            SELECT 1 AS step, format('GRANT %s ON SCHEMA public TO %I', privilege_type, prefixed) AS sql
            FROM pg_namespace, aclexplode(nspacl) JOIN roles ON grantee = roles.oid
            WHERE nspname = 'public'
            UNION ALL
            SELECT 1, format('GRANT %s ON %s TO %I', privilege_type, c.oid::regclass, prefixed)
            FROM pg_class c, aclexplode(relacl) JOIN roles ON grantee = roles.oid
            WHERE relnamespace = 'public'::regnamespace
            UNION ALL
            SELECT 1, format('GRANT %s (%I) ON %s TO %I', privilege_type, attname, c.oid::regclass, prefixed)
            FROM pg_class c JOIN pg_attribute ON attrelid = c.oid, aclexplode(attacl) JOIN roles ON grantee = roles.oid
            WHERE relnamespace = 'public'::regnamespace
            UNION ALL
            SELECT 1, format('ALTER POLICY %I ON %s TO %s', polname, polrelid::regclass, string_agg(name, ', '))
            FROM pg_policy JOIN pg_class c ON c.oid = polrelid,
                LATERAL (
                    SELECT member::regrole::text AS name FROM unnest(polroles) AS member
                    UNION
                    SELECT prefixed FROM roles WHERE oid = ANY (polroles)) AS names
            WHERE relnamespace = 'public'::regnamespace AND EXISTS (SELECT FROM roles WHERE oid = ANY (polroles))
            GROUP BY polname, polrelid
            UNION ALL
            SELECT 2, format('ALTER ROUTINE %s OWNER TO %I', p.oid::regprocedure, prefixed)
            FROM pg_proc p JOIN roles ON proowner = roles.oid
            WHERE pronamespace = 'public'::regnamespace
            UNION ALL
            -- Once more to the old role as well: the owner's right has gone to the new owner.
            SELECT 3, format('GRANT EXECUTE ON ROUTINE %s TO %I, %I', p.oid::regprocedure, prefixed, rolname)
            FROM pg_proc p, aclexplode(proacl) JOIN roles ON grantee = roles.oid
            WHERE pronamespace = 'public'::regnamespace)
        SELECT sql FROM statements ORDER BY step
    LOOP
        EXECUTE statement;
    END LOOP;
    REVOKE CREATE ON SCHEMA public FROM yaksok_worker;
END $$;

-- What policies and an index call, each role may call, and nobody else.
DO $$
DECLARE
    caller text;
BEGIN
    REVOKE ALL ON FUNCTION acting_mentor(), shown_token(), shown_key(), lane(text) FROM PUBLIC;
    FOR caller IN
        SELECT rolname FROM pg_roles
        WHERE rolname IN ('yaksok_visitor', 'yaksok_mentor', 'yaksok_worker')
            OR rolname IN ('visitor', 'mentor', 'worker') AND EXISTS (
                SELECT FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'public' AND grantee = pg_roles.oid)
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION acting_mentor(), shown_token(), shown_key(), lane(text) TO %I', caller);
    END LOOP;
END $$;

-- The migration tool's own table. Row level security is enabled but not forced: the owner, who migrates, must read it, and
-- no transaction of ours runs as owner.
DO $$
DECLARE
    readers text;
BEGIN
    IF to_regclass('_sqlx_migrations') IS NULL THEN
        RETURN;
    END IF;
    ALTER TABLE _sqlx_migrations ENABLE ROW LEVEL SECURITY;
    SELECT string_agg(DISTINCT grantee::regrole::text, ', ') INTO readers
    FROM pg_attribute, aclexplode(attacl) WHERE attrelid = '_sqlx_migrations'::regclass AND grantee <> 0;
    EXECUTE format('CREATE POLICY worker_reads ON _sqlx_migrations FOR SELECT TO %s USING (true)', readers);
END $$;
