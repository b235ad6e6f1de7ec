import { everyDay, invite, nextMonth } from '../fixtures/server';
import { announced, expect, hydrated, logIn, open, test } from '../fixtures/test';

const plain = (title: string) => title === 'no-javascript';

/** Chooses the first free time that the page shows: on a phone the steps come one after the other. */
async function chooseFirstTime(page: import('@playwright/test').Page) {
    const phone = (page.viewportSize()?.width ?? 1280) < 720;
    if (phone) await page.locator('td a.day').first().click();
    await page.locator('a.time').first().click();
    await expect(page.getByLabel('Your name')).toBeVisible();
}

/** How long the chosen time is still kept. */
const kept = (page: import('@playwright/test').Page) => page.getByRole('timer');

/** Another tab with the same form, which takes along what the first one remembers, as a duplicate does. */
const double = async (page: import('@playwright/test').Page) => {
    const opened = page.waitForEvent('popup');
    await page.evaluate(() => void window.open(location.href));
    const tab = await opened;
    await hydrated(tab);
    await expect(kept(tab)).toBeVisible();
    return tab;
};

const bookedElsewhere = (page: import('@playwright/test').Page) =>
    page.getByRole('heading', { name: 'You have booked this time' });

const details = async (page: import('@playwright/test').Page, name: string) => {
    await page.getByLabel('Your name').fill(name);
    await page.getByLabel(/e-mail/i).fill('ada@example.com');
};

/** What only time does: every hold of the server has run out. */
const letHoldsExpire = (server: import('../fixtures/server').Server) =>
    server.sql("UPDATE bookings SET hold_expires_at = now() - interval '1 second' WHERE status = 'held'");

test('a mentee books, moves and cancels @phone @plain', async ({ page, server, accessible }, info) => {
    const withoutScript = plain(info.project.name);
    const mentor = await server.mentor(everyDay('Asia/Seoul'), 'Kim Mentor');
    const email = `ada-${mentor.handle}@example.com`;

    // A month whose days are all ahead: late in the day, today has a single time left, and none to move to.
    await open(page, `/${mentor.handle}?month=${nextMonth(1).slice(0, 7)}`, withoutScript);
    await expect(page).toHaveTitle(/Kim Mentor/);
    if (!withoutScript) await accessible(page);
    await chooseFirstTime(page);
    if (!withoutScript) await accessible(page);
    await page.getByLabel('Your name').fill('Ada Lovelace');
    await page.getByLabel(/e-mail/i).fill(email);
    await page.getByLabel('What would you like to talk about?').fill('Engines, <b>analytical</b> ones');
    await page.getByRole('button', { name: 'Book this time' }).click();

    await expect(page.getByRole('heading', { name: 'You’re booked' })).toBeVisible();
    expect(new URL(page.url()).pathname).toMatch(/^\/b\/ysm_/);
    const manage = page.url();
    if (!withoutScript) await accessible(page);

    const [confirmation] = await server.mail(email);
    const [notice] = await server.mail(mentor.email);
    expect(confirmation.text).toContain('/b/ysm_');
    expect(confirmation.text).toContain('Asia/Seoul');
    expect(notice.text).not.toContain('/b/ysm_');
    expect(notice.text).toContain('Engines, <b>analytical</b> ones');
    expect(notice.html).not.toContain('<b>analytical</b>');
    expect(invite(confirmation)).toContain('SEQUENCE:0');

    await page.getByRole('link', { name: 'Choose another time' }).click();
    const phone = (page.viewportSize()?.width ?? 1280) < 720;
    await expect(page.getByRole('heading', { name: 'Choose another time' })).toBeVisible();
    if (phone) await page.locator('td a.day').last().click();
    await page.locator('a.time').last().click();
    await page.getByRole('button', { name: 'Move the booking' }).click();
    await expect(page.getByRole('button', { name: 'Move the booking' })).toHaveCount(0);
    const moved = await server.mail(email, 2);
    expect(invite(moved[1])).toContain('SEQUENCE:1');

    await page.goto(manage.split('?')[0]);
    if (!withoutScript) await expect(page.locator('html')).toHaveAttribute('data-hydrated', 'true');
    await page.getByText('Cancel booking').first().click();
    await page.getByLabel('Message').fill('The engine broke');
    await page.getByRole('button', { name: 'Yes, cancel it' }).click();
    await expect(page.getByText('This booking is cancelled').first()).toBeVisible();
    const cancelled = await server.mail(email, 3);
    expect(invite(cancelled[2])).toContain('METHOD:CANCEL');
    expect(invite(cancelled[2])).toContain('STATUS:CANCELLED');
    const uid = (text: string) => /UID:(.*)\r\n/.exec(text)?.[1];
    expect(new Set([confirmation, ...moved, ...cancelled].map((mail) => uid(invite(mail)))).size).toBe(1);

    // The old link still leads to the booking as it is now, and what is cancelled offers nothing to cancel.
    await page.goto(manage);
    await expect(page.getByText('This booking is cancelled').first()).toBeVisible();
    await expect(page.getByText('Cancel booking')).toHaveCount(0);
});

test.describe('a race', () => {
    // Whoever loses is answered 409, which the browser reports in its console.
    test.use({ expectedErrors: /status of 409/ });

    test('two mentees race for a slot: one has it kept, the other chooses another', async ({ browser, server, page }) => {
        const mentor = await server.mentor(everyDay('Europe/Berlin'));
        const other = await (await browser.newContext()).newPage();
        await open(page, `${server.url}/${mentor.handle}`);
        await chooseFirstTime(page);
        await expect(kept(page)).toBeVisible();
        // A link to the very time that is kept for somebody else.
        await open(other, page.url());
        const lost = other.getByRole('heading', { name: /has just been taken/ });
        await expect(lost).toBeVisible();
        await expect(kept(other)).toHaveCount(0);
        for (const tab of [page, other]) {
            await tab.getByLabel('Your name').fill('Grace Hopper');
            await tab.getByLabel(/e-mail/i).fill('grace@example.com');
            await tab.getByLabel('What would you like to talk about?').fill('Compilers');
        }
        const booked = (tab: typeof page) => tab.getByRole('heading', { name: 'You’re booked' });
        await page.getByRole('button', { name: 'Book this time' }).click();
        await expect(booked(page)).toBeVisible();
        await expect(lost).toBeVisible();
        await expect(other.getByLabel('Your name')).toHaveValue('Grace Hopper');
        await expect(other.getByLabel('What would you like to talk about?')).toHaveValue('Compilers');
        // One of the offered times nearby books at once.
        await other.getByRole('group', { name: 'Free times nearby' }).getByRole('button').first().click();
        await expect(booked(other)).toBeVisible();
        await other.context().close();
    });

    test('what was booked in one tab is not booked once more in its double', async ({ page, server }) => {
        const mentor = await server.mentor(everyDay('Europe/Berlin'));
        await open(page, `/${mentor.handle}`);
        await chooseFirstTime(page);
        await expect(kept(page)).toBeVisible();
        await details(page, 'First');
        const other = await double(page);
        await details(other, 'Second');
        await page.getByRole('button', { name: 'Book this time' }).click();
        await expect(bookedElsewhere(other)).toBeVisible();
        await expect(other.getByRole('button', { name: 'Book this time' })).toBeHidden();
        await expect(other.getByLabel('Your name')).toHaveValue('Second');
        expect((await server.api('GET', '/bookings', mentor.key)).items).toHaveLength(1);
    });

    test('two mentees choose the same time at once: one has it kept, the other is told', async ({ browser, server, page }) => {
        const mentor = await server.mentor(everyDay('Europe/Berlin'));
        const other = await (await browser.newContext()).newPage();
        const lost = (tab: typeof page) => tab.getByRole('heading', { name: /has just been taken/ });
        const start = (await server.starts(mentor)).at(-1);
        await Promise.all([page, other].map((tab) => open(tab, `${server.url}/${mentor.handle}?start=${start}`)));
        for (const tab of [page, other]) await expect(kept(tab).or(lost(tab))).toBeVisible();
        const [winner, loser] = (await kept(page).isVisible()) ? [page, other] : [other, page];
        await expect(kept(winner)).toBeVisible();
        await expect(lost(loser)).toBeVisible();
        await loser.getByLabel('Your name').fill('Grace Hopper');
        await loser.getByLabel(/e-mail/i).fill('grace@example.com');
        await loser.getByRole('group', { name: 'Free times nearby' }).getByRole('button').first().click();
        await expect(loser.getByRole('heading', { name: 'You’re booked' })).toBeVisible();
        await other.context().close();
    });
});

test.describe('with a time that goes meanwhile', () => {
    // The browser itself reports an answer of 409 or 422 in its console.
    test.use({ expectedErrors: /status of (409|422)/ });

    test('what was typed is kept, and nearby times are offered @plain', async ({ page, server }, info) => {
        const withoutScript = plain(info.project.name);
        const mentor = await server.mentor(everyDay('Europe/Berlin'));
        await open(page, `/${mentor.handle}`, withoutScript);
        await chooseFirstTime(page);
        const start = new URL(page.url()).searchParams.get('start');
        if (!withoutScript) {
            // As long as it is kept nobody else gets it.
            await expect(kept(page)).toBeVisible();
            letHoldsExpire(server);
        }
        await server.api('POST', '/bookings', null, {
            mentor: mentor.handle,
            session_type: 'session',
            start,
            name: 'Faster',
            email: 'faster@example.com',
            timezone: 'Europe/Berlin',
        });
        await page.getByLabel('Your name').fill('Slower');
        await page.getByLabel(/e-mail/i).fill('slower@example.com');
        await page.getByRole('button', { name: 'Book this time' }).click();
        await expect(page.getByRole('heading', { name: /has just been taken/ })).toBeVisible();
        await expect(page.getByLabel('Your name')).toHaveValue('Slower');
        await page.getByRole('group', { name: 'Free times nearby' }).getByRole('button').first().click();
        await expect(page.getByRole('heading', { name: 'You’re booked' })).toBeVisible();
    });

    test('a form with mistakes says which, beside the fields @plain @phone', async ({ page, server }, info) => {
        const withoutScript = plain(info.project.name);
        const mentor = await server.mentor(everyDay('Europe/Berlin'));
        await open(page, `/${mentor.handle}`, withoutScript);
        await chooseFirstTime(page);
        await page.getByLabel('Your name').fill('Ada');
        await page.getByLabel(/e-mail/i).fill('not an address');
        await page.getByRole('button', { name: 'Book this time' }).click();
        await expect(page.getByLabel(/e-mail/i)).toHaveAttribute('aria-invalid', 'true');
        await expect(page.getByLabel('Your name')).toHaveValue('Ada');
        expect(new URL(page.url()).pathname).toBe(`/${mentor.handle}${withoutScript ? '/session' : ''}`);
    });
});

test('a chosen time goes from everybody else’s page, and comes back with whoever goes back', async ({ browser, page, server }) => {
    const mentor = await server.mentor(everyDay('Europe/Berlin'));
    const other = await (await browser.newContext()).newPage();
    const day = `/${mentor.handle}?date=${nextMonth(2)}&tz=Europe/Berlin&h=24`;
    await open(page, day);
    await open(other, `${server.url}${day}`);
    const chosen = other.locator('a.time').filter({ hasText: '10:00' });
    await expect(chosen).toHaveCount(1);
    await other.locator('a.time').filter({ hasText: '16:00' }).focus();

    await page.locator('a.time').filter({ hasText: '10:00' }).click();
    await expect(kept(page)).toHaveText(/^This time is kept for you for [45]:\d\d$/);
    await expect(chosen).toHaveCount(0, { timeout: 2000 });
    // Quietly: whoever is about to press another time keeps the place.
    await expect(other.locator('a.time:focus')).toContainText('16:00');
    await expect(other.locator('.picker')).not.toHaveAttribute('aria-busy', 'true');

    await page.getByRole('link', { name: 'All times' }).click();
    await expect(chosen).toHaveCount(1, { timeout: 2000 });
    await expect(page.locator('a.time').filter({ hasText: '10:00' })).toHaveCount(1);

    // Booked without a page, it goes as well.
    const start = (await server.starts(mentor, 62)).find((start) => start.startsWith(nextMonth(2)) && start > `${nextMonth(2)}T10`);
    const before = await other.locator('a.time').count();
    await server.book(mentor, start!, 'Ada');
    await expect.poll(() => other.locator('a.time').count(), { timeout: 2000 }).toBeLessThan(before);
    await other.context().close();
});

test('a kept time stays kept over a reload, and is everybody’s once the tab is closed', async ({ browser, page, server }) => {
    const mentor = await server.mentor(everyDay('Europe/Berlin'));
    const other = await (await browser.newContext()).newPage();
    const day = `${server.url}/${mentor.handle}?date=${nextMonth(2)}&tz=Europe/Berlin&h=24`;
    await open(page, day);
    await page.locator('a.time').filter({ hasText: '10:00' }).click();
    await expect(kept(page)).toBeVisible();
    await page.reload();
    await hydrated(page);
    await expect(kept(page)).toHaveText(/^This time is kept for you for [45]:\d\d$/);
    await expect(page.getByRole('heading', { name: /has just been taken/ })).toHaveCount(0);
    await open(other, day);
    const chosen = other.locator('a.time').filter({ hasText: '10:00' });
    await expect(other.locator('a.time').first()).toBeVisible();
    await expect(chosen).toHaveCount(0);

    await page.getByLabel('Your name').fill('Ada');
    await page.getByLabel(/e-mail/i).fill('ada@example.com');
    await page.getByRole('button', { name: 'Book this time' }).click();
    await expect(page.getByRole('heading', { name: 'You’re booked' })).toBeVisible();

    await page.goto(day);
    await hydrated(page);
    await page.locator('a.time').filter({ hasText: '14:00' }).click();
    await expect(kept(page)).toBeVisible();
    await expect(other.locator('a.time').filter({ hasText: '14:00' })).toHaveCount(0);
    await page.goto('about:blank');
    await expect(other.locator('a.time').filter({ hasText: '14:00' })).toHaveCount(1);
    await other.context().close();
});

test('a time that is kept for a tab is kept for its double, whichever of them stays or books', async ({ browser, page, server, accessible }) => {
    const mentor = await server.mentor(everyDay('Europe/Berlin'));
    const day = `${server.url}/${mentor.handle}?date=${nextMonth(2)}&tz=Europe/Berlin&h=24`;
    await open(page, day);
    await page.locator('a.time').filter({ hasText: '10:00' }).click();
    await expect(kept(page)).toBeVisible();
    await details(page, 'First');
    let other = await double(page);
    await other.reload();
    await hydrated(other);
    await expect(kept(other)).toBeVisible();
    await expect(kept(page)).toBeVisible();

    // One goes, and the other's time is still nobody else's.
    await Promise.all([other.waitForEvent('close'), other.close({ runBeforeUnload: true })]);
    await expect(kept(page)).toBeVisible();
    const stranger = await (await browser.newContext()).newPage();
    await expect(async () => {
        await open(stranger, day);
        await expect(stranger.locator('a.time').first()).toBeVisible();
        await expect(stranger.locator('a.time').filter({ hasText: '10:00' })).toHaveCount(0);
    }).toPass();

    // The first one books; the double hears so, and has what was typed.
    other = await double(page);
    await details(other, 'Second');
    await page.getByRole('button', { name: 'Book this time' }).click();
    await expect(page.getByRole('heading', { name: 'You’re booked' })).toBeVisible();
    await expect(bookedElsewhere(other)).toBeVisible();
    await expect(kept(other)).toHaveCount(0);
    await expect(other.getByLabel('Your name')).toHaveValue('Second');
    await accessible(other);
    await other.close();

    // And the other way round.
    await page.goto(day);
    await hydrated(page);
    await page.locator('a.time').filter({ hasText: '14:00' }).click();
    await expect(kept(page)).toBeVisible();
    await details(page, 'First');
    other = await double(page);
    await details(other, 'Second');
    await other.getByRole('button', { name: 'Book this time' }).click();
    await expect(other.getByRole('heading', { name: 'You’re booked' })).toBeVisible();
    await expect(bookedElsewhere(page)).toBeVisible();
    await expect(page.getByLabel('Your name')).toHaveValue('First');
    const { items } = await server.api('GET', '/bookings', mentor.key);
    expect(items.map((booking: any) => booking.name)).toEqual(['First', 'Second']);
    await stranger.context().close();
});

test('whoever types for longer than the time is kept still gets it', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('Europe/Berlin'));
    await open(page, `/${mentor.handle}`);
    await chooseFirstTime(page);
    await expect(kept(page)).toBeVisible();
    await page.getByLabel('Your name').fill('Slow');
    await page.getByLabel(/e-mail/i).fill('slow@example.com');
    letHoldsExpire(server);
    await page.getByRole('button', { name: 'Book this time' }).click();
    await expect(page.getByRole('heading', { name: 'You’re booked' })).toBeVisible();
});

test('when the time is no longer kept the page says so, and keeps it again', async ({ page, server, accessible }) => {
    const mentor = await server.mentor(everyDay('Europe/Berlin'));
    // The server's answer, but for a shorter time.
    await page.route('**/fn/hold', async (route) => {
        const response = await route.fetch();
        const answer = await response.json();
        answer.expires_at = new Date(Date.parse(answer.now) + 3000).toISOString();
        await route.fulfill({ response, json: answer });
    });
    await open(page, `/${mentor.handle}`);
    await chooseFirstTime(page);
    await page.getByLabel('Your name').fill('Slow');
    await page.getByLabel(/e-mail/i).fill('slow@example.com');
    await expect(kept(page)).toBeVisible();
    letHoldsExpire(server);
    const over = page.locator('.hold').getByText(/no longer kept for you/);
    await expect(over).toBeVisible();
    await expect(page.getByLabel('Your name')).toHaveValue('Slow');
    await accessible(page);
    await page.unroute('**/fn/hold');
    await page.getByRole('button', { name: 'Keep it again' }).press('Enter');
    await expect(kept(page)).toHaveText(/^This time is kept for you for [45]:\d\d$/);
    await expect(announced(page)).toHaveText(/^This time is kept for you for [45]:\d\d/);
    await expect(page.getByRole('heading', { name: 'Your details' })).toBeFocused();
    await expect(over).toHaveCount(0);
    await page.getByRole('button', { name: 'Book this time' }).click();
    await expect(page.getByRole('heading', { name: 'You’re booked' })).toBeVisible();
});

test('back, forward and reload at every step @phone', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('Europe/Berlin'));
    const booked = page.getByRole('heading', { name: 'You’re booked' });
    const count = async () => (await server.api('GET', '/bookings', mentor.key)).items.length;
    await open(page, `/${mentor.handle}?month=${nextMonth(1).slice(0, 7)}`);
    await page.locator(`#day-${nextMonth(2)}`).click();
    await expect(page.locator('a.time').first()).toBeVisible();
    const day = await page.locator('#times-title').innerText();
    await page.reload();
    await hydrated(page);
    await expect(page.locator('#times-title')).toHaveText(day);

    // From the form back to the times, and forward again: what was typed is still there.
    const time = page.locator('a.time').nth(2);
    const label = await time.locator('.time-own').innerText();
    await time.click();
    await page.getByLabel('Your name').fill('Ada');
    await page.getByLabel(/e-mail/i).fill('ada@example.com');
    await page.goBack();
    await expect(page.locator('#times-title')).toHaveText(day);
    await page.goForward();
    await expect(page.getByLabel('Your name')).toHaveValue('Ada');
    await page.getByRole('link', { name: 'All times' }).click();
    await page.locator('a.time').nth(1).click();
    await expect(page.getByLabel('Your name')).toHaveValue('Ada');
    await page.goBack();
    await page.locator('a.time').nth(2).click();
    await page.reload();
    await hydrated(page);
    await expect(page.locator('.chosen-time')).toContainText(label.replace(/ [AP]M$/, ''));
    await page.getByLabel('Your name').fill('Ada');
    await page.getByLabel(/e-mail/i).fill('ada@example.com');
    await page.getByRole('button', { name: 'Book this time' }).click();
    await expect(booked).toBeVisible();
    await page.reload();
    await hydrated(page);
    await expect(booked).toBeVisible();
    expect(await count()).toBe(1);

    // Back from the confirmation the page says that it is booked; forward is the confirmation again.
    await page.goBack();
    await expect(page.getByRole('heading', { name: 'You have booked this time' })).toBeVisible();
    await page.goForward();
    await expect(booked).toBeVisible();
    expect(await count()).toBe(1);

    // Moving is given up at each of its steps.
    const heading = page.getByRole('heading', { level: 1 });
    for (const steps of [0, 1]) {
        await page.getByRole('link', { name: 'Choose another time' }).click();
        await expect(heading).toHaveText('Choose another time');
        await page.locator('td a.day').last().click();
        await expect(page.locator('a.time').first()).toBeVisible();
        if (steps > 0) {
            await page.locator('a.time').last().click();
            await expect(page.getByRole('heading', { name: 'Move it to this time?' })).toBeVisible();
            await page.reload();
            await hydrated(page);
        }
        await page.getByRole('link', { name: 'Keep the present time' }).click();
        await expect(page.getByRole('link', { name: 'Choose another time' })).toBeVisible();
    }
    const { items } = await server.api('GET', '/bookings', mentor.key);
    expect([items.length, items[0].sequence]).toEqual([1, 0]);
});

test.describe('on a bad network', () => {
    test.use({ expectedErrors: /ERR_FAILED|Failed to load resource/ });

    test('a time that goes while its form is open is said at once, also behind a link that names only the time', async ({ page, server }) => {
        const mentor = await server.mentor(everyDay('Europe/Berlin'));
        const start = (await server.starts(mentor, 45)).at(-1);
        // Without a hold the form only watches.
        await page.route('**/fn/hold', (route) => route.abort());
        await open(page, `/${mentor.handle}?start=${start}`);
        await page.getByLabel('Your name').fill('Slower');
        await server.book(mentor, start!, 'Faster');
        await expect(page.getByRole('heading', { name: /has just been taken/ })).toBeFocused();
        await expect(page.getByLabel('Your name')).toHaveValue('Slower');
        await expect(page.locator('.hold')).toBeHidden();
    });

    test('slow answers show that something is under way, and two presses book once', async ({ page, server, accessible }) => {
        const mentor = await server.mentor(everyDay('Europe/Berlin'));
        await open(page, `/${mentor.handle}`);
        const month = await page.locator('#calendar-title').innerText();
        let arrive = () => {};
        const arrived = new Promise<void>((resolve) => (arrive = resolve));
        await page.route(/\/fn\/month/, async (route) => {
            await arrived;
            await route.continue();
        });
        await page.getByRole('link', { name: 'Next month' }).click();
        await expect(page.locator('.picker')).toHaveAttribute('aria-busy', 'true');
        // The month before stays in sight, and readable, until the next is here.
        await expect(page.locator('#calendar-title')).toHaveText(month);
        await accessible(page);
        arrive();
        await expect(page.locator('#calendar-title')).not.toHaveText(month);
        await expect(page.locator('.picker')).not.toHaveAttribute('aria-busy', 'true');
        await page.unroute(/\/fn\/month/);

        await chooseFirstTime(page);
        await page.getByLabel('Your name').fill('Twice');
        await page.getByLabel(/e-mail/i).fill('twice@example.com');
        await page.route('**/fn/book', async (route) => {
            await new Promise((resolve) => setTimeout(resolve, 1500));
            await route.continue();
        });
        await page.getByRole('button', { name: 'Book this time' }).dblclick();
        const button = page.locator('#book-form button');
        await expect(button).toHaveText('Booking…');
        await expect(button).toHaveAttribute('aria-busy', 'true');
        await button.click({ force: true });
        await page.getByLabel('Your name').press('Enter');
        await expect(page.getByRole('heading', { name: 'You’re booked' })).toBeVisible();
        expect((await server.api('GET', '/bookings', mentor.key)).items).toHaveLength(1);
    });

    test('an answer that is lost, and a month that does not come, can be asked for again', async ({ page, server }) => {
        const mentor = await server.mentor(everyDay('Europe/Berlin'));
        await open(page, `/${mentor.handle}`);
        await page.route(/\/fn\/month/, (route) => route.abort());
        await page.getByRole('link', { name: 'Next month' }).click();
        await expect(page.getByRole('alert')).toContainText('We could not reach the server.');
        await page.unroute(/\/fn\/month/);
        await page.getByRole('button', { name: 'Try again' }).click();
        await chooseFirstTime(page);
        await page.getByLabel('Your name').fill('Lost Answer');
        await page.getByLabel(/e-mail/i).fill('lost@example.com');
        // The booking is made, but the browser never hears of it.
        await page.route('**/fn/book', async (route) => {
            await route.fetch();
            await route.abort();
        });
        await page.getByRole('button', { name: 'Book this time' }).click();
        await expect(page.locator('.error-summary')).toContainText('We could not reach the server.');
        await expect(page.getByLabel('Your name')).toHaveValue('Lost Answer');
        await page.unroute('**/fn/book');
        await page.getByRole('button', { name: 'Book this time' }).click();
        await expect(page.getByRole('heading', { name: 'You’re booked' })).toBeVisible();
        const { items } = await server.api('GET', '/bookings', mentor.key);
        expect(items.map((item: any) => item.name)).toEqual(['Lost Answer']);
    });
});

test('the form is loaded by whoever chooses, code and words of the dashboard by mentors only', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('Asia/Seoul'));
    const parts = new Set<string>();
    page.on('request', (request) => {
        const part = /(\w+)_part\./.exec(request.url());
        if (part) parts.add(part[1]);
    });
    await open(page, `/${mentor.handle}`);
    await expect(page.locator('td a.day').first()).toBeVisible();
    expect([...parts]).toEqual([]);
    await page.mouse.move(200, 200);
    await page.mouse.move(220, 220);
    await expect.poll(() => [...parts]).toEqual(['split_details']);
    parts.clear();
    await logIn(page, server, mentor, '/dashboard');
    expect([...parts]).toEqual(['split_dashboard']);
});

test('a form that is long in coming takes the focus when it is there', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('Asia/Seoul'));
    await page.route(/split_details/, async (route) => {
        await new Promise((later) => setTimeout(later, 1_500));
        await route.continue();
    });
    await open(page, `/${mentor.handle}`);
    await page.locator('a.time').first().click();
    await expect(page.locator('.skeletons')).toBeVisible();
    await expect(page.getByRole('heading', { name: 'Your details' })).toBeFocused();
    await expect(kept(page)).toBeVisible();
});

test.describe('a part of the program that does not come', () => {
    test.use({ expectedErrors: /Failed to load resource|Failed to fetch|TypeError/ });

    /** Follows a link of a page that has come to life, and answers whether the next one was loaded anew. */
    const loadsAnew = async (page: import('@playwright/test').Page, link: import('@playwright/test').Locator) => {
        await page.evaluate(() => void ((window as any).here = true));
        await link.click();
        await page.waitForFunction(() => !(window as any).here);
    };

    test('leaves the form to the server', async ({ page, server }) => {
        const mentor = await server.mentor(everyDay('Asia/Seoul'));
        await page.route(/split_details/, (route) => route.abort());
        await open(page, `/${mentor.handle}`);
        await loadsAnew(page, page.locator('a.time').first());
        await details(page, 'No Part');
        await page.getByRole('button', { name: 'Book this time' }).click();
        await expect(page.getByRole('heading', { name: 'You’re booked' })).toBeVisible();
        const { items } = await server.api('GET', '/bookings', mentor.key);
        expect(items.map((item: any) => item.name)).toEqual(['No Part']);
    });

    test('leaves a page to the server', async ({ page, server }) => {
        const mentor = await server.mentor(everyDay('Asia/Seoul'));
        await page.route(/split_account/, (route) => route.abort());
        await open(page, `/${mentor.handle}`);
        await loadsAnew(page, page.getByRole('link', { name: 'Log in' }));
        await expect(page).toHaveURL(/\/login$/);
        await expect(page.getByLabel('Password')).toBeVisible();
        await page.goBack();
        await expect(page.locator('a.time').first()).toBeVisible();
    });
});

test('what a page says of itself is the server’s, and is gone with the page', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('Asia/Seoul'), 'Kim Mentor');
    const sent = await (await page.request.get(`/${mentor.handle}?month=2027-01`)).text();
    const told = (line: RegExp) => sent.match(line)?.length;
    expect(told(new RegExp(`<link href="[^"?]+/${mentor.handle}" rel="canonical">`, 'g'))).toBe(1);
    expect(told(/<meta name="description"/g)).toBe(1);
    expect(told(/<meta property="og:title" content="[^"]*Kim Mentor[^"]*">/g)).toBe(1);
    expect(told(/<title>/g)).toBe(1);
    await open(page, `/${mentor.handle}`);
    const head = page.locator('link[rel=canonical], meta[property], meta[name=description]');
    await expect(head).not.toHaveCount(0);
    await page.locator('.wordmark').click();
    await expect(page).toHaveURL(/\/$/);
    await expect(head).toHaveCount(0);
});

test('by keyboard alone', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('Europe/Berlin'));
    await open(page, `/${mentor.handle}`);
    await page.locator('td a.day').first().focus();
    await page.keyboard.press('ArrowRight');
    await expect(page.locator('td .day:focus')).toHaveCount(1);
    const title = page.locator('#calendar-title');
    const month = await title.innerText();
    await page.keyboard.press('PageDown');
    await expect(title).not.toHaveText(month);
    await expect(page.locator('td .day:focus')).toHaveCount(1);
    await page.keyboard.press('Home');
    await page.keyboard.press('PageUp');
    // The date takes the focus when its month has come, also from whoever has gone on meanwhile.
    await expect(title).toHaveText(month);
    await expect(page.locator('td .day:focus')).toHaveCount(1);
    await page.locator('a.time').first().focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { name: 'Your details' })).toBeFocused();
    await page.keyboard.press('Tab');
    await expect(page.getByLabel('Your name')).toBeFocused();
    await page.keyboard.type('Keyboard Person');
    await page.keyboard.press('Tab');
    await page.keyboard.type('keys@example.com');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { name: 'You’re booked' })).toBeVisible();
});

test.describe('in another zone across a clock change', () => {
    test.use({ timezoneId: 'America/New_York' });

    test('the times move by the hour that the clocks do', async ({ page, server }) => {
        // Seoul has no clock change; New York has two a year. 22:00 in Seoul is 9:00 or 8:00 in New York.
        const mentor = await server.mentor(everyDay('Asia/Seoul', '22:00', '23:00'), 'Kim Mentor', { horizon_days: 365 });
        const seen = new Set<string>();
        const shift = (date: Date, months: number) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 15));
        for (const months of [1, 4, 7, 10]) {
            const date = shift(new Date(), months).toISOString().slice(0, 10);
            await open(page, `/${mentor.handle}?date=${date}&tz=America/New_York&h=24`);
            await expect(page.locator('a.time').first()).toContainText('22:00 in Seoul');
            const own = (await page.locator('a.time .time-own').first().innerText()).trim();
            const utc = new Date(`${date}T13:00:00Z`);
            const expected = new Intl.DateTimeFormat('en-GB', { timeZone: 'America/New_York', hour: '2-digit', minute: '2-digit' }).format(utc);
            expect(own).toBe(expected);
            seen.add(own);
        }
        expect([...seen].sort()).toEqual(['08:00', '09:00']);
    });
});

test.describe('pages that lead nowhere', () => {
    test.use({ expectedErrors: /status of 404/ });

    test('say so, with the right status @plain', async ({ page, server }) => {
        const mentor = await server.mentor({ timezone: 'UTC', weekly: [] });
        for (const path of ['/nobody-here', '/b/ysm_unknown', `/${mentor.handle}/unknown`, '/a/b/c']) {
            const response = await page.goto(path);
            expect(response?.status(), path).toBe(404);
            await expect(page.locator('h1')).toBeVisible();
        }
        const response = await page.goto(`/${mentor.handle}`);
        expect(response?.status()).toBe(200);
        await expect(page.getByText('No times at the moment')).toBeVisible();
    });
});

test('several session types are a list first @plain', async ({ page, server, accessible }, info) => {
    const mentor = await server.mentor(everyDay('UTC'));
    const [first] = await server.api('GET', '/session-types', mentor.key);
    await server.api('PUT', '/session-types', mentor.key, {
        ...first,
        slug: 'long',
        name: 'Long talk',
        duration_minutes: 90,
        price: { amount: 3000, currency: 'USD' },
    });
    await open(page, `/${mentor.handle}`, plain(info.project.name));
    if (!plain(info.project.name)) await accessible(page);
    await page.getByRole('link', { name: /Long talk/ }).click();
    await expect(page).toHaveURL(new RegExp(`/${mentor.handle}/long`));
    await expect(page.getByText('$30.00').first()).toBeVisible();
    await expect(page.locator('td a.day').first()).toBeVisible();
});

test.describe('in Korean', () => {
    test.use({ locale: 'ko-KR', timezoneId: 'Asia/Seoul' });

    test('page and mail speak Korean @phone', async ({ page, server, accessible }) => {
        const mentor = await server.mentor(everyDay('Asia/Seoul'), '김멘토');
        const email = `ko-${mentor.handle}@example.com`;
        await open(page, `/${mentor.handle}`);
        await expect(page.locator('html')).toHaveAttribute('lang', 'ko');
        await accessible(page);
        const phone = (page.viewportSize()?.width ?? 1280) < 720;
        if (phone) await page.locator('td a.day').first().click();
        await page.locator('a.time').first().click();
        await page.locator('input[name=name]').fill('이하나');
        await page.locator('input[name=email]').fill(email);
        await page.locator('#book-form button.button').last().click();
        await expect(page).toHaveURL(/\/b\/ysm_/);
        const [mail] = await server.mail(email);
        expect(mail.text).toMatch(/[가-힣]/);
        expect(mail.html).toContain('lang="ko"');
    });

    test('by keyboard alone', async ({ page, server }) => {
        const mentor = await server.mentor(everyDay('Asia/Seoul'), '김멘토');
        // Where nothing is under way nothing looks as if it were, however the page came to life.
        for (let visits = 0; visits < 6; visits++) {
            await open(page, `/${mentor.handle}`);
            await page.waitForTimeout(100);
            await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
        }
        const tabTo = async (selector: string) => {
            for (let presses = 0; presses < 40; presses++) {
                await page.keyboard.press('Tab');
                if (await page.locator(`${selector}:focus`).count()) return;
            }
            throw new Error(`Tab does not lead to ${selector}`);
        };
        await tabTo('td .day');
        await page.keyboard.press('PageDown');
        await expect(page.locator('td .day:focus')).toHaveCount(1);
        const name = await page.locator('td .day:focus .visually-hidden').innerText();
        expect(name).toMatch(/\d+월 \d+일/);
        await page.keyboard.press('Enter');
        await expect(page.locator('td[aria-selected=true] .day')).toContainText(name);
        await tabTo('a.time');
        await page.keyboard.press('Enter');
        await expect(page.getByRole('heading', { name: '예약자 정보' })).toBeFocused();
        await page.keyboard.press('Tab');
        await expect(page.getByLabel('이름')).toBeFocused();
        await page.keyboard.insertText('이하나');
        await page.keyboard.press('Tab');
        await page.keyboard.type('hana');
        await page.keyboard.press('Enter');
        // A mistake takes the focus, and its link leads to the field.
        await expect(page.locator('.error-summary')).toBeFocused();
        await page.keyboard.press('Tab');
        await page.keyboard.press('Enter');
        await expect(page.locator('input[name=email]')).toBeFocused();
        await page.keyboard.press('End');
        await page.keyboard.type(`@${mentor.handle}.example`);
        await page.keyboard.press('Tab');
        await page.keyboard.insertText('이직을 고민하고 있어요');
        await tabTo('#book-form button');
        await page.keyboard.press('Enter');
        await expect(page.getByRole('heading', { name: '약속을 잡았어요' })).toBeVisible();
        const { items } = await server.api('GET', '/bookings', mentor.key);
        expect(items).toMatchObject([{ name: '이하나', notes: '이직을 고민하고 있어요', timezone: 'Asia/Seoul' }]);
    });
});
