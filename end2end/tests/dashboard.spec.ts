import { everyDay } from '../fixtures/server';
import { expect, open, test } from '../fixtures/test';

const book = async (server: import('../fixtures/server').Server, handle: string, start: string, name: string) =>
    server.api('POST', '/bookings', null, {
        mentor: handle,
        session_type: 'session',
        start,
        name,
        email: `${name.toLowerCase()}@example.com`,
        timezone: 'Europe/Berlin',
    });

test('a mentor sees, searches and cancels bookings @phone', async ({ page, server, accessible }) => {
    const mentor = await server.mentor(everyDay('UTC'));
    const starts = await server.starts(mentor);
    await book(server, mentor.handle, starts[0], 'Annabel');
    await book(server, mentor.handle, starts[4], 'Barnaby');
    await page.goto(await server.loginLink(mentor));
    await open(page, '/dashboard');
    await accessible(page);
    await expect(page.getByText('Annabel')).toBeVisible();
    await expect(page.getByText('Barnaby')).toBeVisible();
    await open(page, '/dashboard?query=barna');
    await expect(page.getByText('Barnaby')).toBeVisible();
    await expect(page.getByText('Annabel')).toHaveCount(0);
});

test('pending bookings are confirmed or declined', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('UTC'), 'Careful Mentor', { requires_approval: true });
    const starts = await server.starts(mentor);
    const booking = await book(server, mentor.handle, starts[0], 'Cornelia');
    expect(booking.status).toBe('pending');
    await page.goto(await server.loginLink(mentor));
    await open(page, `/dashboard/bookings/${booking.id}`);
    await page.getByRole('button', { name: /^Confirm/ }).first().click();
    await page.getByRole('dialog').getByRole('button', { name: /^Confirm/ }).click();
    await expect
        .poll(async () => (await server.api('GET', `/bookings/${booking.id}`, mentor.key)).status)
        .toBe('confirmed');
    const mails = await server.mail('cornelia@example.com', 2);
    expect(mails).toHaveLength(2);
});

test('every page of the dashboard is accessible @phone', async ({ page, server, accessible }) => {
    const mentor = await server.mentor(everyDay('Asia/Seoul'));
    await page.goto(await server.loginLink(mentor));
    for (const path of ['', '/availability', '/session-types', '/calendars', '/settings']) {
        await open(page, `/dashboard${path}`);
        await expect(page.locator('h1')).toBeVisible();
        await accessible(page);
    }
});

test('another mentor’s booking is not there', async ({ page, server }) => {
    const [one, other] = [await server.mentor(everyDay('UTC')), await server.mentor(everyDay('UTC'))];
    const booking = await book(server, one.handle, (await server.starts(one))[0], 'Dorothea');
    await page.goto(await server.loginLink(other));
    const response = await page.request.post('/fn/booking', { data: { key: { Own: booking.id } } });
    expect(response.status()).toBe(404);
    const anonymous = await fetch(`${server.url}/fn/booking`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ key: { Own: booking.id } }),
    });
    expect(anonymous.status).toBe(401);
});
