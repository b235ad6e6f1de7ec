-- Until then the provider wants to be left alone: nobody asks it anything for this connection (`Retry-After`).
ALTER TABLE mentor_calendar_tokens ADD COLUMN throttled_until timestamptz;
