-- Forms about an account that were sent and done: sent again, such a form does nothing a second time. Each row is forgotten
-- after a day.
CREATE TABLE sent_forms (
    -- Of the form's idempotency key and what it was about.
    form_hash bytea PRIMARY KEY,
    -- Whose account it was; none where the answer must not depend on that.
    mentor_id uuid REFERENCES mentors ON DELETE CASCADE,
    sent_at   timestamptz NOT NULL
);
CREATE INDEX sent_forms_mentor ON sent_forms (mentor_id);
CREATE INDEX sent_forms_sent ON sent_forms (sent_at);

ALTER TABLE sent_forms ENABLE ROW LEVEL SECURITY;
ALTER TABLE sent_forms FORCE ROW LEVEL SECURITY;

GRANT SELECT, INSERT, UPDATE, DELETE ON sent_forms TO worker;
CREATE POLICY worker_all ON sent_forms TO worker USING (true) WITH CHECK (true);
