-- The price of a session when it was booked. Mail names it, and a later change of the session type does not change it.
ALTER TABLE bookings
    ADD COLUMN price_amount bigint,
    ADD COLUMN price_currency text;
