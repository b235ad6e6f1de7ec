import { everyDay, invite } from '../fixtures/server';
import { expect, open, test } from '../fixtures/test';

const plain = (title: string) => title === 'no-javascript';

/** Chooses the first free time that the page shows: on a phone the steps come one after the other. */
async function chooseFirstTime(page: import('@playwright/test').Page) {
    const phone = (page.viewportSize()?.width ?? 1280) < 720;
    if (phone) await page.locator('td a.day').first().click();
    await page.locator('a.time').first().click();
    await expect(page.getByLabel('Your name')).toBeVisible();
}

test('a mentee books, moves and cancels @phone @plain', async ({ page, server, accessible }, info) => {
    const withoutScript = plain(info.project.name);
    const mentor = await server.mentor(everyDay('Asia/Seoul'), 'Kim Mentor');
    const email = `ada-${mentor.handle}@example.com`;

    await open(page, `/${mentor.handle}`, withoutScript);
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

    test('two mentees race for a slot: one wins, the other keeps what was typed', async ({ browser, server, page }) => {
        const mentor = await server.mentor(everyDay('Europe/Berlin'));
        const other = await (await browser.newContext()).newPage();
        for (const tab of [page, other]) {
            await open(tab, `${server.url}/${mentor.handle}`);
            await chooseFirstTime(tab);
            await tab.getByLabel('Your name').fill('Grace Hopper');
            await tab.getByLabel(/e-mail/i).fill('grace@example.com');
            await tab.getByLabel('What would you like to talk about?').fill('Compilers');
        }
        await Promise.all([page, other].map((tab) => tab.getByRole('button', { name: 'Book this time' }).click()));
        const booked = (tab: typeof page) => tab.getByRole('heading', { name: 'You’re booked' });
        const lost = (tab: typeof page) => tab.getByRole('heading', { name: /has just been taken/ });
        for (const tab of [page, other]) await expect(booked(tab).or(lost(tab))).toBeVisible();
        const loser = (await booked(page).isVisible()) ? other : page;
        await expect(booked(loser === page ? other : page)).toBeVisible();
        await expect(lost(loser)).toBeVisible();
        await expect(loser.getByLabel('Your name')).toHaveValue('Grace Hopper');
        await expect(loser.getByLabel('What would you like to talk about?')).toHaveValue('Compilers');
        // One of the offered times nearby books at once.
        await loser.getByRole('group', { name: 'Free times nearby' }).getByRole('button').first().click();
        await expect(booked(loser)).toBeVisible();
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

test('a double click books once', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('Europe/Berlin'));
    await open(page, `/${mentor.handle}`);
    await chooseFirstTime(page);
    await page.getByLabel('Your name').fill('Twice');
    await page.getByLabel(/e-mail/i).fill('twice@example.com');
    await page.getByRole('button', { name: 'Book this time' }).dblclick();
    await expect(page.getByRole('heading', { name: 'You’re booked' })).toBeVisible();
    const { items } = await server.api('GET', '/bookings', mentor.key);
    expect(items).toHaveLength(1);
});

test('by keyboard alone', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('Europe/Berlin'));
    await open(page, `/${mentor.handle}`);
    await page.locator('td a.day').first().focus();
    await page.keyboard.press('ArrowRight');
    await expect(page.locator('td .day:focus')).toHaveCount(1);
    await page.keyboard.press('PageDown');
    await expect(page.locator('td .day:focus')).toHaveCount(1);
    await page.keyboard.press('Home');
    await page.keyboard.press('PageUp');
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
    test.use({ locale: 'ko-KR' });

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
});
