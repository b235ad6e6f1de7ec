-- Work that was given up: its mentor sees that there is some, and has it tried again. What it was and why it failed stays
-- with whoever runs the server.
GRANT SELECT (mentor_id, dead_at), UPDATE (dead_at, run_at, attempts) ON jobs TO mentor;
CREATE POLICY mentor_sees_given_up ON jobs FOR SELECT TO mentor USING (mentor_id = acting_mentor());
CREATE POLICY mentor_tries_again ON jobs FOR UPDATE TO mentor
    USING (mentor_id = acting_mentor() AND dead_at IS NOT NULL) WITH CHECK (mentor_id = acting_mentor());
CREATE INDEX jobs_given_up ON jobs (mentor_id) WHERE dead_at IS NOT NULL;
