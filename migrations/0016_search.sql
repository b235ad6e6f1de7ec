-- Search finds a name however it is typed: composed or decomposed (as on a Mac), with or without accents, in any letter case.
-- Compatibility decomposition (NFKD), without combining marks, in lower case; letters with a stroke have no decomposition.
DO $$
DECLARE
    folding text := '';
    candidate text;
BEGIN
    -- Where the database's locale is C, only A to Z have a lower case: another collation knows the rest.
    IF lower('Ж') <> 'ж' THEN
        FOREACH candidate IN ARRAY ARRAY['und-x-icu', 'pg_c_utf8', 'C.utf8'] LOOP
            IF EXISTS (SELECT FROM pg_collation WHERE collname = candidate AND collnamespace = 'pg_catalog'::regnamespace
                AND collencoding IN (-1, pg_char_to_encoding('UTF8'))) THEN
                folding := format(' COLLATE %I', candidate);
                EXIT;
            END IF;
        END LOOP;
    END IF;
    -- Marks: Latin, Greek, Cyrillic and their extensions; points of Hebrew and of Arabic. Those of Japanese tell words apart.
    EXECUTE format($create$
        CREATE FUNCTION search_text(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
            RETURN translate(lower(regexp_replace(normalize(words, NFKD),
                '[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f]',
                '', 'g')%s), 'øłđħŧı', 'oldhti') COLLATE "default"
        $create$, folding);
END $$;

-- Whoever writes a mentor computes the column, in the release before as well.
DO $$
DECLARE
    caller text;
BEGIN
    REVOKE ALL ON FUNCTION search_text(text) FROM PUBLIC;
    FOR caller IN
        SELECT DISTINCT grantee::regrole::text
        FROM pg_proc, aclexplode(proacl) WHERE oid = 'lane(text)'::regprocedure AND grantee NOT IN (0, proowner)
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION search_text(text) TO %s', caller);
    END LOOP;
END $$;

ALTER TABLE mentors ADD COLUMN search text NOT NULL
    GENERATED ALWAYS AS (search_text(name || E'\n' || handle || E'\n' || coalesce(headline, ''))) STORED;
GRANT SELECT (search) ON mentors TO yaksok_visitor;
