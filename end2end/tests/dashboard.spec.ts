import { everyDay, invite, nextMonth } from '../fixtures/server';
import { expect, hydrated, logIn, open, test } from '../fixtures/test';

test('a mentor finds bookings, and cancels one with a message that reaches the mentee @phone', async ({ page, server, accessible }) => {
    const mentor = await server.mentor(everyDay('UTC'));
    const starts = await server.starts(mentor);
    const annabel = await server.book(mentor, starts[0], 'Annabel');
    const barnaby = await server.book(mentor, starts[4], 'Barnaby', { notes: 'About barns' });
    const past = await server.book(mentor, starts[8], 'Past');
    server.sql(`UPDATE bookings SET during = tstzrange(now() - interval '3 days', now() - interval '71 hours') WHERE id = '${past.id}'`);
    await logIn(page, server, mentor);
    await accessible(page);
    const shown = page.locator('.booking-card h3');
    const list = page.getByRole('navigation', { name: 'Which bookings' });
    await expect(shown).toHaveText(['Annabel', 'Barnaby']);
    await expect(page.getByText('About barns')).toBeVisible();

    const search = page.getByRole('searchbox');
    await search.fill('BARNA');
    await search.press('Enter');
    await expect(page).toHaveURL(/query=BARNA/);
    await hydrated(page);
    await expect(shown).toHaveText(['Barnaby']);
    await search.fill(annabel.email.slice(0, 12));
    await page.getByRole('button', { name: 'Search' }).click();
    await expect(shown).toHaveText(['Annabel']);
    await open(page, '/dashboard?query=nobody');
    await expect(page.getByRole('heading', { name: 'No booking matches “nobody”' })).toBeVisible();
    await page.getByRole('link', { name: 'Show all' }).click();
    await expect(shown).toHaveCount(2);

    await list.getByRole('link', { name: 'Past' }).click();
    await expect(shown).toHaveText(['Past']);
    await expect(page.locator('.booking-card .badge')).toHaveText('Took place');

    await list.getByRole('link', { name: 'Upcoming' }).click();
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Cancel booking: Barnaby' }).click();
    await dialog.getByLabel('Message to the mentee').fill('A thought that is given up');
    await dialog.getByRole('button', { name: 'Not now' }).click();
    await page.getByRole('button', { name: 'Cancel booking: Barnaby' }).click();
    await expect(dialog.getByLabel('Message to the mentee')).toHaveValue('');
    await expect(dialog).toContainText('Barnaby');
    await dialog.getByLabel('Message to the mentee').fill('The barn is on fire; <b>sorry</b>');
    await dialog.getByRole('button', { name: 'Cancel booking' }).click();
    await expect(page.getByText('Cancelled. Barnaby gets a mail.')).toBeVisible();
    await expect(page.getByRole('main')).toBeFocused();
    await expect(shown).toHaveText(['Annabel']);
    expect(await server.api('GET', `/bookings/${barnaby.id}`, mentor.key)).toMatchObject({
        status: 'cancelled',
        cancelled_by: 'mentor',
        reason: 'The barn is on fire; <b>sorry</b>',
    });
    const [, mail] = await server.mail(barnaby.email, 2);
    expect(mail.text).toContain('The barn is on fire; <b>sorry</b>');
    expect(mail.html).not.toContain('<b>sorry</b>');
    expect(invite(mail)).toContain('METHOD:CANCEL');

    await page.reload();
    await hydrated(page);
    await expect(shown).toHaveText(['Annabel']);
    await list.getByRole('link', { name: 'Cancelled' }).click();
    await expect(shown).toHaveText(['Barnaby']);
    await page.getByRole('link', { name: 'Barnaby' }).click();
    await expect(page.getByText('The barn is on fire; <b>sorry</b>')).toBeVisible();
    // The time is free again.
    expect(await server.starts(mentor)).toContain(starts[4]);
});

test('pending bookings are confirmed or declined', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('UTC'), 'Careful Mentor', { requires_approval: true });
    const starts = await server.starts(mentor);
    const [cornelia, desmond, edgar] = await Promise.all(
        ['Cornelia', 'Desmond', 'Edgar'].map((name, place) => server.book(mentor, starts[4 * place], name)),
    );
    expect(cornelia.status).toBe('pending');
    await logIn(page, server, mentor);
    await page.getByRole('link', { name: 'To approve' }).click();
    const shown = page.locator('.booking-card h3');
    await expect(shown).toHaveText(['Cornelia', 'Desmond', 'Edgar']);
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Confirm: Cornelia' }).click();
    await dialog.getByRole('button', { name: 'Confirm booking' }).click();
    await expect(page.getByText('Confirmed. Cornelia gets a mail.')).toBeVisible();
    await page.getByRole('button', { name: 'Decline: Desmond' }).click();
    await dialog.getByLabel('Message to the mentee').fill('Not my field, alas');
    await dialog.getByRole('button', { name: 'Decline booking' }).click();
    await expect(page.getByText('Declined. Desmond gets a mail.')).toBeVisible();
    await expect(shown).toHaveText(['Edgar']);

    // From a booking's own page, too.
    await page.getByRole('link', { name: 'Edgar' }).click();
    await page.getByRole('button', { name: 'Confirm' }).first().click();
    await dialog.getByRole('button', { name: 'Confirm booking' }).click();
    await expect(page.locator('.page-head .badge')).toHaveText('Confirmed');
    await page.reload();
    await hydrated(page);
    await expect(page.locator('.page-head .badge')).toHaveText('Confirmed');
    const status = async (booking: any) => (await server.api('GET', `/bookings/${booking.id}`, mentor.key)).status;
    expect(await Promise.all([cornelia, desmond, edgar].map(status))).toEqual(['confirmed', 'declined', 'confirmed']);
    const [, yes] = await server.mail(cornelia.email, 2);
    expect(invite(yes)).toContain('STATUS:CONFIRMED');
    const [, no] = await server.mail(desmond.email, 2);
    expect(no.text).toContain('Not my field, alas');
    expect(invite(no)).toContain('METHOD:CANCEL');
    await open(page, '/dashboard?show=pending');
    await expect(page.getByRole('heading', { name: 'Nothing waits for you' })).toBeVisible();
});

test('a mentor moves a booking', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('UTC'));
    const starts = await server.starts(mentor);
    const booking = await server.book(mentor, starts[0], 'Felicity');
    const path = `/dashboard/bookings/${booking.id}`;
    await logIn(page, server, mentor, path);
    await expect(page).toHaveTitle(/^Felicity, /);
    // The page is there however many ask for it at once.
    const answers = await Promise.all(Array.from({ length: 60 }, () => page.request.get(path)));
    expect(answers.map((answer) => answer.status())).toEqual(answers.map(() => 200));
    await page.getByRole('link', { name: 'Move to another time' }).click();
    await page.getByRole('link', { name: 'Next month' }).click();
    await page.locator(`#day-${nextMonth(2)}`).click();
    await page.locator('a.time').last().click();
    await expect(page.getByRole('heading', { name: 'Move to this time?' })).toBeVisible();
    await page.getByRole('link', { name: 'Another time' }).click();
    await page.locator('a.time').nth(2).click();
    const chosen = new URL(page.url()).searchParams.get('start')!;
    await page.getByRole('button', { name: 'Move booking' }).click();
    await expect(page.getByText('Moved. Felicity gets a mail.')).toBeVisible();
    const now = await server.api('GET', `/bookings/${booking.id}`, mentor.key);
    expect([Date.parse(now.start), now.sequence]).toEqual([Date.parse(chosen), 1]);
    expect(chosen.slice(0, 10)).toBe(nextMonth(2));
    const [, mail] = await server.mail(booking.email, 2);
    expect(invite(mail)).toContain('SEQUENCE:1');
});

test('every page of the dashboard is accessible @phone', async ({ page, server, accessible }) => {
    const mentor = await server.mentor(everyDay('Asia/Seoul'));
    await page.goto(await server.loginLink(mentor));
    const tab = page.getByRole('navigation', { name: 'Dashboard' }).locator('[aria-current]');
    const descriptions = new Set<string | null>();
    for (const path of ['', '/availability', '/session-types', '/calendars', '/activity', '/settings']) {
        await open(page, `/dashboard${path}`);
        await expect(page.locator('h1')).toBeVisible();
        await expect(tab).toBeInViewport({ ratio: 1 });
        await accessible(page);
        descriptions.add(await page.locator('meta[name=description]').getAttribute('content'));
    }
    expect(descriptions.size).toBe(6);
    // Without a load of its own, too.
    await page.getByRole('link', { name: 'Bookings', exact: true }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Bookings');
    await expect(tab).toBeInViewport({ ratio: 1 });
});

test('without JavaScript everything can be read, and it is said what cannot be changed @plain', async ({ page, server }, info) => {
    const withoutScript = info.project.name === 'no-javascript';
    const mentor = await server.mentor(everyDay('UTC'));
    await server.book(mentor, (await server.starts(mentor))[0], 'Annabel');
    await page.goto(await server.loginLink(mentor));
    for (const [path, text] of [['', 'Annabel'], ['/availability', '09:00'], ['/session-types', '30 min'], ['/calendars', 'Outlook']]) {
        await open(page, `/dashboard${path}`, withoutScript);
        await expect(page.getByRole('main')).toContainText(text);
        await expect(page.getByText('Changes need JavaScript')).toBeVisible({ visible: withoutScript });
    }
});

test('another mentor’s booking is not there', async ({ page, server }) => {
    const [one, other] = [await server.mentor(everyDay('UTC')), await server.mentor(everyDay('UTC'))];
    const booking = await server.book(one, (await server.starts(one))[0], 'Dorothea');
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

test('a mentor moves a booking outside their hours, knowingly', async ({ page, server, accessible }) => {
    const mentor = await server.mentor(everyDay('UTC'));
    const booking = await server.book(mentor, (await server.starts(mentor))[0], 'Grace');
    await logIn(page, server, mentor, `/dashboard/bookings/${booking.id}?move=1`);
    await page.getByText('Outside my hours').click();
    const day = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
    await page.getByLabel('Date', { exact: true }).fill(day);
    await page.getByLabel('Time', { exact: true }).fill('22:10');
    await page.getByRole('button', { name: 'Check this time' }).click();
    await expect(page.getByText('This is outside your hours.')).toBeVisible();
    await accessible(page);
    await page.locator('#outside-hours').getByRole('button', { name: 'Move' }).click();
    await expect.poll(async () => (await server.api('GET', `/bookings/${booking.id}`, mentor.key)).start).toBe(`${day}T22:10:00Z`);
});
