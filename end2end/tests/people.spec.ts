import type { Page } from '@playwright/test';
import { type Mentor, type Server, everyDay } from '../fixtures/server';
import { expect, open, test } from '../fixtures/test';

const ACTIVITY = '/dashboard/activity';
const plain = (title: string) => title === 'no-javascript';

// A booking that is still to come is not erased: 409.
test.use({ expectedErrors: /status of 409/ });

const booked = async (server: Server) => {
    const mentor = await server.mentor(everyDay('Asia/Seoul'), 'Ada Mentor');
    const [start] = await server.starts(mentor);
    const booking = await server.book(mentor, start, 'Grace', { notes: 'About my compiler' });
    return { mentor, start, booking, path: `/b/${booking.manage_token}` };
};

/** Nothing of Grace is to be seen on the mentor's pages, or in what they take away. */
const nobodyKnowsGrace = async (page: Page, server: Server, mentor: Mentor, id: string) => {
    const kept = await server.api('GET', `/bookings/${id}`, mentor.key);
    expect(kept).toMatchObject({ name: '', email: '', notes: null, reason: null, timezone: 'UTC' });
    expect(kept.erased_at).not.toBeNull();
    for (const path of ['/dashboard?show=cancelled', '/dashboard?show=past', `/dashboard/bookings/${id}`, ACTIVITY]) {
        await page.goto(path);
        await expect(page.locator('main')).not.toContainText('Grace');
        await expect(page.locator('main')).not.toContainText('grace-');
    }
    const file = await (await page.request.get('/dashboard/export.json')).text();
    expect(file).toContain(id);
    expect(file.toLowerCase()).not.toContain('grace');
};

test('details are erased once the booking is cancelled @phone @plain', async ({ page, server, accessible }, info) => {
    const withoutScript = plain(info.project.name);
    const { mentor, booking, path } = await booked(server);
    await open(page, path, withoutScript);
    const details = page.getByRole('region', { name: 'Your details' });
    await expect(details).toContainText('as soon as the booking is cancelled or over');
    await expect(details.getByText('Erase my details')).toHaveCount(0);
    if (!withoutScript) await accessible(page);

    // Whoever tries all the same is told what to do first.
    const answer = await page.request.post(path, { form: { action: 'erase' }, headers: { origin: server.url } });
    expect(answer.status()).toBe(409);
    expect(await answer.text()).toContain('This booking is still to come.');

    await details.getByRole('link', { name: 'Cancel the booking first' }).click();
    await page.locator('#cancel summary').click();
    await page.getByLabel('Reason').fill('Grace is ill');
    await page.getByRole('button', { name: 'Yes, cancel it' }).click();
    await expect(page.getByText('This booking is cancelled').first()).toBeVisible();
    await server.mail(booking.email, 2);

    await details.getByText('Erase my details').click();
    await expect(details).toContainText('Ada Mentor still sees that there was a booking');
    await expect(details).toContainText('This cannot be undone.');
    if (!withoutScript) await accessible(page);
    await details.getByRole('button', { name: 'Yes, erase them' }).click();
    await expect(details).toContainText('Your details were erased.');
    await expect(page.locator('main')).not.toContainText('Grace');
    await expect(page.locator('main')).not.toContainText(booking.email);

    // The link leads there still, and there is nothing left to erase.
    await open(page, path, withoutScript);
    await expect(details).toContainText('Your details were erased.');
    await expect(page.getByRole('button', { name: 'Yes, erase them' })).toHaveCount(0);
    await page.goto(await server.loginLink(mentor));
    await nobodyKnowsGrace(page, server, mentor, booking.id);
    await open(page, `/dashboard/bookings/${booking.id}`, withoutScript);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Someone (details erased)');
});

test('details of a session that is over are erased, in Korean too @phone', async ({ page, server, context }) => {
    const { mentor, booking, path } = await booked(server);
    server.sql(`UPDATE bookings SET during = tstzrange(now() - interval '1 day', now() - interval '23 hours') WHERE id = '${booking.id}'`);
    await context.addCookies([{ name: 'language', value: 'ko', url: server.url }]);
    await open(page, path);
    const details = page.getByRole('region', { name: '내 정보' });
    await details.getByText('내 정보 삭제').click();
    await details.getByRole('button', { name: '네, 삭제할게요' }).click();
    await expect(details).toContainText('정보가 삭제됐어요.');
    await page.goto(await server.loginLink(mentor));
    await nobodyKnowsGrace(page, server, mentor, booking.id);
    await open(page, '/dashboard?show=past');
    await expect(page.getByRole('link', { name: '정보가 삭제된 멘티' })).toBeVisible();
});

test('who changed what stands on a page of its own, day by day @phone @plain', async ({ page, server, accessible }, info) => {
    const withoutScript = plain(info.project.name);
    const { mentor, booking } = await booked(server);
    const starts = await server.starts(mentor);
    await server.api('POST', `/bookings/${booking.id}/reschedule`, booking.manage_token, { start: starts[3] });
    await server.api('POST', `/bookings/${booking.id}/cancel`, mentor.key);
    await page.goto(await server.loginLink(mentor));
    await open(page, '/dashboard/settings', withoutScript);
    await page.getByRole('link', { name: 'See who changed what' }).click();
    await expect(page).toHaveURL(ACTIVITY);
    await expect(page.getByRole('heading', { name: 'Activity' })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Settings', exact: true }).first()).toHaveAttribute('aria-current', 'page');
    await expect(page.getByRole('heading', { level: 2 }).first()).toContainText('Today');

    const lines = page.locator('.activity-line');
    const line = (text: RegExp) => lines.filter({ hasText: text });
    await expect(lines.first()).toContainText('Logged in with a login link');
    await expect(line(/Booking of Grace cancelled/)).toContainText('By you, with the API key “First key”');
    await expect(line(/Booking of Grace moved from/)).toContainText('By the mentee');
    await expect(line(/Grace booked “Session” for/)).toContainText('By the mentee');
    await expect(line(/Hours changed \(weekly windows: 7/)).toContainText('time zone from');
    await expect(line(/Account created/)).toContainText('By whoever runs this server');
    if (!withoutScript) await accessible(page);
    await line(/Booking of Grace cancelled/).getByRole('link').click();
    await expect(page).toHaveURL(`/dashboard/bookings/${booking.id}`);
});

test('what happened before is a page further @plain', async ({ page, server }, info) => {
    const withoutScript = plain(info.project.name);
    const { mentor } = await booked(server);
    server.sql(
        `INSERT INTO account_events SELECT gen_random_uuid(), (SELECT id FROM mentors WHERE handle = '${mentor.handle}'), 'mentor', NULL,
             '{"kind":"password_changed"}', now() - n * interval '1 minute' - interval '3 days' FROM generate_series(1, 60) n`,
    );
    await page.goto(await server.loginLink(mentor));
    await open(page, ACTIVITY, withoutScript);
    const lines = page.locator('.activity-line');
    await expect(lines).toHaveCount(50);
    await page.getByRole('link', { name: 'Older' }).click();
    await expect(lines.first()).toContainText('New password set');
    await expect(lines).not.toHaveCount(50);
    await expect(page.getByRole('link', { name: 'Older' })).toHaveCount(0);
    await page.getByRole('link', { name: 'Back to the newest' }).click();
    await expect(lines).toHaveCount(50);
});
