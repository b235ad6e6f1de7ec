-- A refusal is believed when it lasts: how often the provider refused what opens the account, and since when.
ALTER TABLE mentor_calendar_tokens
    ADD COLUMN refusals   integer NOT NULL DEFAULT 0,
    ADD COLUMN refused_at timestamptz;

-- What the mentor did to an event was followed, or is to be undone, and the event has yet to be written. Until then: the
-- booking's sequence since then, and what the event looked like. An event that looks otherwise was changed once more, and one
-- that is gone was deleted by the mentor, knowing the booking as it is.
ALTER TABLE booking_calendar_events
    ADD COLUMN decided_sequence integer NOT NULL DEFAULT -1,
    ADD COLUMN decided_event    text;
