-- How a person counts hours, and on which day their weeks begin. NULL: as is usual where their language is spoken.

ALTER TABLE mentors
    ADD COLUMN clock      text CHECK (clock IN ('12h', '24h')),
    ADD COLUMN week_start smallint CHECK (week_start BETWEEN 0 AND 6);
GRANT UPDATE (clock, week_start) ON mentors TO mentor;

-- Says nothing about who the booker is, so it stays when their details are erased.
ALTER TABLE bookings ADD COLUMN booker_clock text CHECK (booker_clock IN ('12h', '24h'));
