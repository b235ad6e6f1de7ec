-- What tells a server whether it has the key that this database is used with: one row, nobody's, sealed by whoever came first.
CREATE TABLE keys (
    name   text PRIMARY KEY,
    sealed bytea NOT NULL
);
ALTER TABLE keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE keys FORCE ROW LEVEL SECURITY;

GRANT SELECT, INSERT, UPDATE ON keys TO worker;
CREATE POLICY worker_all ON keys TO worker USING (true) WITH CHECK (true);
