import ICAL from 'ical.js';
import { everyDay, invite } from '../fixtures/server';
import { expect, test } from '../fixtures/test';

test('every invite parses, in bytes that every program reads', async ({ server }) => {
    const mentor = await server.mentor(everyDay('America/New_York'), 'Ünïcode "Quotes"; Komma, 멘토', { requires_approval: true });
    const starts = await server.starts(mentor);
    const email = `ical-${mentor.handle}@example.com`;
    const booking = await server.api('POST', '/bookings', null, {
        mentor: mentor.handle,
        session_type: 'session',
        start: starts[0],
        name: '한글 이름이 아주 길어서 접어야 하는 참석자 '.repeat(4).trim(),
        email,
        timezone: 'Asia/Kolkata',
        notes: 'Line one\nBEGIN:VEVENT\n; , \\ "quotes" 🙂',
    });
    await server.api('POST', `/bookings/${booking.id}/confirm`, mentor.key);
    await server.api('POST', `/bookings/${booking.id}/reschedule`, booking.manage_token, { start: starts[3] });
    await server.api('POST', `/bookings/${booking.id}/cancel`, mentor.key, { reason: 'Ill; sorry,\nreally' });

    const mails = [...(await server.mail(email, 4)), ...(await server.mail(mentor.email, 4))];
    const seen: string[] = [];
    for (const mail of mails) {
        const text = invite(mail);
        for (const line of text.split('\r\n')) {
            expect(line).not.toMatch(/[\r\n]/);
            expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75);
        }
        const calendar = new ICAL.Component(ICAL.parse(text));
        const events = calendar.getAllSubcomponents('vevent');
        expect(events).toHaveLength(1);
        const event = new ICAL.Event(events[0]);
        expect(event.uid).toBe(`${booking.id}@yaksok`);
        expect(event.attendees).toHaveLength(2);
        const start = event.startDate.toJSDate().toISOString().replace('.000', '');
        const method = calendar.getFirstPropertyValue('method');
        const status = events[0].getFirstPropertyValue('status');
        seen.push(`${method} ${status} ${event.sequence} ${start === starts[0] ? 'first' : 'moved'}`);
    }
    const expected = ['REQUEST TENTATIVE 0 first', 'REQUEST CONFIRMED 1 first', 'REQUEST CONFIRMED 2 moved', 'CANCEL CANCELLED 3 moved'];
    expect(seen.sort()).toEqual([...expected, ...expected].sort());

    const response = await fetch(`${server.url}/api/v1/bookings/${booking.id}/invite.ics`, {
        headers: { authorization: `Bearer ${booking.manage_token}` },
    });
    expect(response.headers.get('content-type')).toMatch(/^text\/calendar/);
    expect(await response.text()).toContain('SEQUENCE:3');
});
