-- The queue of a job is written when the job is left. The servers of a calendar provider have a queue of their own, so a
-- provider that hangs delays no other. Jobs for connected calendars are left in the queue `calendar`, since whoever books may
-- not read which calendar a mentor has connected; a worker then puts each into the queue of its provider.
--
-- The release before writes no queue and looks for jobs by the function `lane`, which stays for it. A new server gives its
-- jobs a queue when it finds them.
ALTER TABLE jobs
    ADD COLUMN queue   text,
    -- The account that the job asks something of, by its oldest connection: providers limit requests at once by account.
    ADD COLUMN mailbox uuid;
CREATE INDEX jobs_due_in_queue ON jobs (queue, run_at, id) WHERE dead_at IS NULL;
CREATE INDEX mentor_calendar_tokens_account ON mentor_calendar_tokens (provider, account);
