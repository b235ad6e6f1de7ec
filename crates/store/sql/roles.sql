-- Creates the three roles where they are missing, and makes a member able to use them. Roles belong to the whole cluster:
-- another database of it may have made them, perhaps at this moment. So each is looked for before anything is tried, and an
-- owner without CREATEROLE passes where an administrator has prepared them.
--
-- The member is the setting `yaksok.member`; without it the owner, which also needs the roles' rights without taking one on:
-- it changes functions that `yaksok_worker` owns.
DO $$
DECLARE
    role_name text;
    since_16 boolean := current_setting('server_version_num')::int >= 160000;
    member text := coalesce(nullif(current_setting('yaksok.member', true), ''), current_user::text);
    inherits boolean := member = current_user;
    -- Since PostgreSQL 16 a membership says separately whether its rights are inherited and whether `SET ROLE` is allowed.
    -- Who creates a role becomes a member with neither.
    may_set text := CASE WHEN since_16 THEN 'SET' ELSE 'MEMBER' END;
    options text := CASE WHEN since_16 THEN format(' WITH INHERIT %s, SET TRUE', inherits::text) ELSE '' END;
    usable boolean;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['yaksok_visitor', 'yaksok_mentor', 'yaksok_worker'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
        FOR attempt IN 1..2 LOOP
            usable := pg_has_role(member, role_name, may_set) AND (NOT inherits OR pg_has_role(member, role_name, 'USAGE'));
            EXIT WHEN usable OR attempt = 2;
            BEGIN
                EXECUTE format('GRANT %I TO %I%s', role_name, member, options);
            -- Another session grants the same: `unique_violation`, or "tuple concurrently updated".
            EXCEPTION WHEN unique_violation OR internal_error THEN
                NULL;
            END;
        END LOOP;
        IF NOT usable THEN
            RAISE insufficient_privilege USING MESSAGE = format('%s cannot use the role %s', member, role_name);
        END IF;
    END LOOP;
END $$;
