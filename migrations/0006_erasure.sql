-- A booker's details can be erased: on request, or once they have been kept long enough. The booking itself stays.

ALTER TABLE bookings ADD COLUMN erased_at timestamptz;
-- Either everything that a booking needs of its booker is there, or nothing at all. What is left of the token opens the
-- booking's page and tells nothing.
ALTER TABLE bookings DROP CONSTRAINT bookings_check;
ALTER TABLE bookings ADD CONSTRAINT bookings_booker CHECK (
    status = 'held'
    OR manage_token_hash IS NOT NULL AND CASE WHEN erased_at IS NULL
        THEN booker_name IS NOT NULL AND booker_email IS NOT NULL AND booker_timezone IS NOT NULL
            AND booker_language IS NOT NULL AND manage_token_sealed IS NOT NULL
        ELSE num_nonnulls(booker_name, booker_email, booker_timezone, booker_language, notes, reason,
            manage_token_sealed) = 0 END);
-- Which are due.
CREATE INDEX bookings_not_erased ON bookings (upper(during)) WHERE erased_at IS NULL AND status <> 'held';

-- Reasons are words of people: they go with the rest. Nothing else of what happened changes.
GRANT UPDATE (reason) ON booking_events TO worker;
ALTER TABLE booking_events DROP CONSTRAINT booking_events_kind_check;
ALTER TABLE booking_events ADD CONSTRAINT booking_events_kind_check
    CHECK (kind IN ('booked', 'requested', 'confirmed', 'declined', 'moved', 'cancelled', 'move_refused', 'erased'));
ALTER TABLE booking_events DROP CONSTRAINT booking_events_actor_check;
ALTER TABLE booking_events ADD CONSTRAINT booking_events_actor_check
    CHECK (actor IN ('mentee', 'mentor', 'calendar', 'expiry', 'retention'));
