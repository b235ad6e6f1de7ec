import type { Page } from '@playwright/test';
import { everyDay, invite, nextMonth } from '../fixtures/server';
import { expect, logIn, open, test } from '../fixtures/test';

/** The program never comes: a browser without WebAssembly, or one that blocks it. */
const blockProgram = (page: Page) => page.route('**/*.wasm', (route) => route.abort());

/** The program comes ten seconds late. */
const delayProgram = (page: Page) =>
    page.route('**/*.wasm', async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 10_000));
        await route.continue().catch(() => {});
    });

/** What the browser says of a program that does not come, or whose page is left before it is there. */
const MISSING = /Failed to load resource|Failed to fetch|TypeError|status of 4(09|22)|ERR_ABORTED/;

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name });
const onPhone = (page: Page) => (page.viewportSize()?.width ?? 1280) < 720;

/** Chooses the first free time: on a phone the steps come one after the other. Answers its start and what is written on it. */
async function chooseFirst(page: Page): Promise<{ start: string; label: string }> {
    if (onPhone(page)) await page.locator('td a.day').first().click();
    const time = page.locator('a.time').first();
    await expect(time).toBeVisible();
    const label = (await time.locator('.time-own').innerText()).trim().replace(/\s/g, ' ');
    const start = new URL((await time.getAttribute('href'))!, page.url()).searchParams.get('start')!;
    await time.click();
    await expect(page.getByLabel('Your name')).toBeVisible();
    return { start, label };
}

async function fillIn(page: Page, email: string) {
    await page.getByLabel('Your name').fill('Ada Lovelace');
    await page.getByLabel(/e-mail/i).fill(email);
}

const book = (page: Page) => page.getByRole('button', { name: 'Book this time' });

/** `9:00 AM` or `09:00`, as it is said in this zone. */
const clock = (start: string, timeZone: string, hour12 = true) =>
    new Intl.DateTimeFormat(hour12 ? 'en-US' : 'en-GB', { timeZone, hour: hour12 ? 'numeric' : '2-digit', minute: '2-digit' })
        .format(new Date(start))
        .replace(/\s/g, ' ');

/** Keeps every zone that was ever seen beside the times, across loads. */
const watchZones = (page: Page) =>
    page.addInitScript(() => {
        const look = () => {
            const shown = document.documentElement?.style.display !== 'none' && document.querySelector('.times-head p');
            if (shown) {
                const seen = new Set(JSON.parse(sessionStorage.getItem('seen') ?? '[]'));
                seen.add(shown.textContent);
                sessionStorage.setItem('seen', JSON.stringify([...seen]));
            }
            requestAnimationFrame(look);
        };
        look();
    });
const zonesSeen = (page: Page): Promise<string[]> => page.evaluate(() => JSON.parse(sessionStorage.getItem('seen') ?? '[]'));

test.describe('a browser in New York, a mentor in Seoul', () => {
    test.use({ timezoneId: 'America/New_York', expectedErrors: MISSING });

    for (const [how, prepare] of [['never comes', blockProgram], ['comes ten seconds late', delayProgram]] as const) {
        test(`where the program ${how}, times are New York’s from the first, and so is what is booked @phone`, async ({ page, server }) => {
            const mentor = await server.mentor(everyDay('Asia/Seoul', '00:00', '24:00'), 'Kim Mentor');
            const email = `ny-${mentor.handle}@example.com`;
            await prepare(page);
            await watchZones(page);
            await page.goto(`/${mentor.handle}?month=${nextMonth(1).slice(0, 7)}`);
            const { start, label } = await chooseFirst(page);
            expect(label).toBe(clock(start, 'America/New_York'));
            await expect(page.locator('.chosen')).toContainText('America/New York');
            await expect(page.locator('html')).not.toHaveAttribute('data-hydrated', 'true');
            await fillIn(page, email);
            await book(page).click();
            await expect(heading(page, 'You’re booked')).toBeVisible();
            const [booking] = (await server.api('GET', '/bookings', mentor.key)).items;
            expect(booking).toMatchObject({ start, timezone: 'America/New_York', name: 'Ada Lovelace' });
            const [confirmation] = await server.mail(email);
            expect(confirmation.text).toContain('America/New_York');
            expect(confirmation.text).toContain('Asia/Seoul');
            expect(invite(confirmation)).toContain(`DTSTART:${start.replace(/[-:]/g, '')}`);
            const seen = await zonesSeen(page);
            expect(seen.filter((zone) => !zone.includes('America/New York'))).toEqual([]);
            expect(seen.length).toBeGreaterThan(0);
        });
    }

    test('where the browser keeps no cookies the address says the zone', async ({ page, server }) => {
        const mentor = await server.mentor(everyDay('Asia/Seoul', '00:00', '24:00'));
        await blockProgram(page);
        await page.addInitScript(() => Object.defineProperty(document, 'cookie', { get: () => '', set: () => {} }));
        await page.goto(`/${mentor.handle}`);
        await expect(page).toHaveURL(/tz=America%2FNew_York/);
        await expect(page.locator('.times-head p')).toContainText('America/New York');
    });

    test('what was asked for is shown, whatever the browser’s zone is', async ({ page, server }) => {
        const mentor = await server.mentor(everyDay('Asia/Seoul', '00:00', '24:00'));
        await page.goto(`/${mentor.handle}`);
        await expect(page.locator('.times-head p')).toContainText('America/New York');
        for (const name of ['tz', 'timezone']) {
            await page.goto(`/${mentor.handle}?${name}=Europe/London`);
            await expect(page.locator('.times-head p')).toContainText('Europe/London');
        }
        // A zone that was chosen here before counts more than the device's.
        await page.evaluate(() => localStorage.setItem('yaksok.tz', 'Europe/Paris'));
        await page.goto(`/${mentor.handle}`);
        await expect(page.locator('.times-head p')).toContainText('Europe/Paris');
    });

    test('no page is given to a browser in another zone', async ({ page, server, playwright }) => {
        const mentor = await server.mentor(everyDay('Asia/Seoul', '00:00', '24:00'));
        const zones = ['America/New_York', 'Europe/Berlin', 'Mars/Olympus', '', 'x'.repeat(3000)];
        const answers = await Promise.all(
            zones.map(async (zone) => {
                const request = await playwright.request.newContext({ baseURL: server.url });
                const answer = await request.get(`/${mentor.handle}`, { headers: { cookie: `tz=${zone}` } });
                expect(answer.status()).toBe(200);
                expect(answer.headers()['cache-control']).toBe('private, no-store');
                expect(answer.headers().vary).toContain('Cookie');
                return answer.text();
            }),
        );
        const shown = answers.map((text) => /data-zone="([^"]*)"/.exec(text)?.[1]);
        expect(shown).toEqual(['America/New_York', 'Europe/Berlin', 'Asia/Seoul', 'Asia/Seoul', 'Asia/Seoul']);
    });

    test('an account begins in the browser’s zone', async ({ page }) => {
        await blockProgram(page);
        await page.goto('/signup');
        await expect(page.locator('input[name=timezone]')).toHaveValue('America/New_York');
    });

    test('a booking that was made elsewhere is also told in this zone', async ({ page, server }) => {
        const mentor = await server.mentor(everyDay('Asia/Seoul', '00:00', '24:00'));
        const [start] = (await server.starts(mentor)).slice(-1);
        const { manage_url } = await server.book(mentor, start, 'Ada');
        await open(page, new URL(manage_url).pathname);
        const here = page.locator('.facts > div', { hasText: 'In your time zone now' });
        await expect(here).toContainText('America/New York');
        await expect(here).toContainText(clock(start, 'America/New_York').replace(/ [AP]M$/, ''));
    });
});

test.describe('without scripts', () => {
    test('the page says whose time it shows, and books in it @plain', async ({ page, server }, info) => {
        test.skip(info.project.name !== 'no-javascript', 'with a script the zone is known');
        const mentor = await server.mentor(everyDay('Asia/Seoul', '00:00', '24:00'));
        await page.goto(`/${mentor.handle}`);
        const notice = page.getByText('Times are in Seoul time, the mentor’s time zone.');
        await expect(notice).toBeVisible();
        // In ink, not in the grey of what is only beside the point.
        expect(await notice.evaluate((e) => getComputedStyle(e).color)).toBe(await page.locator('h1').evaluate((e) => getComputedStyle(e).color));
        const { start, label } = await chooseFirst(page);
        await expect(notice).toBeVisible();
        expect(label).toBe(clock(start, 'Asia/Seoul'));
        await fillIn(page, 'plain@example.com');
        await book(page).click();
        await expect(heading(page, 'You’re booked')).toBeVisible();
        const [booking] = (await server.api('GET', '/bookings', mentor.key)).items;
        expect(booking).toMatchObject({ start, timezone: 'Asia/Seoul' });
        // Asked for another zone, it is that one's.
        await page.goto(`/${mentor.handle}?tz=Europe/Paris`);
        await expect(notice).toHaveCount(0);
    });
});

test('a first visit that begins with the form, in the mentor’s own zone, comes to life', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('Europe/Berlin'));
    const start = (await server.starts(mentor)).at(-1);
    await open(page, `/${mentor.handle}?start=${start}`);
    await expect(page.getByRole('timer')).toBeVisible();
    await expect(page.locator('.zone-notice')).toBeHidden();
});

test.describe('back from a booking', () => {
    test.use({ expectedErrors: MISSING });

    /** The form of a time that was booked here leads to the booking. */
    const leadsToBooking = async (page: Page, manage: string) => {
        await expect(heading(page, 'You have booked this time')).toBeVisible();
        await expect(heading(page, /has just been taken/)).toHaveCount(0);
        await expect(book(page)).toBeHidden();
        const link = page.getByRole('link', { name: 'Open your booking' });
        expect(new URL((await link.getAttribute('href'))!, page.url()).pathname).toBe(manage);
    };

    for (const alive of [true, false]) {
        test(`Back, reload and another tab say that it is booked, ${alive ? 'with' : 'without'} the program @phone`, async ({ page, context, server, accessible }) => {
            const mentor = await server.mentor(everyDay('Europe/Berlin'));
            if (!alive) await blockProgram(page);
            await open(page, `/${mentor.handle}?month=${nextMonth(1).slice(0, 7)}`, !alive);
            await chooseFirst(page);
            const form = page.url();
            await fillIn(page, 'ada@example.com');
            await book(page).click();
            await expect(heading(page, 'You’re booked')).toBeVisible();
            const manage = new URL(page.url()).pathname;
            await page.goBack();
            await leadsToBooking(page, manage);
            await accessible(page);
            await page.reload();
            await leadsToBooking(page, manage);
            const other = await context.newPage();
            await open(other, form);
            await leadsToBooking(other, manage);
            await blockProgram(other);
            await other.reload();
            await leadsToBooking(other, manage);
            await other.getByRole('link', { name: 'Open your booking' }).click();
            await expect(other).toHaveURL(new RegExp(manage));
            // Freed, it is a time like any other.
            const token = manage.split('/')[2];
            const { id } = (await server.api('GET', '/bookings', mentor.key)).items[0];
            await server.api('POST', `/bookings/${id}/cancel`, token, {});
            await page.reload();
            await expect(book(page)).toBeVisible();
            expect((await server.api('GET', '/bookings', mentor.key)).items).toHaveLength(1);
        });
    }

    test('without scripts, too @plain', async ({ page, server }, info) => {
        test.skip(info.project.name !== 'no-javascript', 'the other tests are with scripts');
        const mentor = await server.mentor(everyDay('Europe/Berlin'));
        await page.goto(`/${mentor.handle}`);
        await chooseFirst(page);
        await fillIn(page, 'ada@example.com');
        await book(page).click();
        await expect(heading(page, 'You’re booked')).toBeVisible();
        const manage = new URL(page.url()).pathname;
        await page.goBack();
        await page.reload();
        await leadsToBooking(page, manage);
    });

    test('what was typed outlasts a reload', async ({ page, server }) => {
        const mentor = await server.mentor(everyDay('Europe/Berlin'));
        await open(page, `/${mentor.handle}`);
        await chooseFirst(page);
        await fillIn(page, 'ada@example.com');
        await page.reload();
        await expect(page.getByLabel('Your name')).toHaveValue('Ada Lovelace');
        await expect(page.getByLabel(/e-mail/i)).toHaveValue('ada@example.com');
        await book(page).click();
        await expect(heading(page, 'You’re booked')).toBeVisible();
        await open(page, `/${mentor.handle}`);
        await chooseFirst(page);
        await expect(page.getByLabel('Your name')).toHaveValue('');
    });
});

test.describe('a form that is sent again', () => {
    test.use({ expectedErrors: MISSING });

    const posted = (page: Page, form: string) =>
        page.locator(form).evaluate((form: HTMLFormElement) => ({
            action: form.getAttribute('action')!,
            values: Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, `${value}`])),
        }));

    test('books once, however often and with whatever it is sent', async ({ page, server }) => {
        const mentor = await server.mentor(everyDay('Europe/Berlin'));
        await blockProgram(page);
        await page.goto(`/${mentor.handle}`);
        await chooseFirst(page);
        await fillIn(page, 'ada@example.com');
        const { action, values } = await posted(page, '#book-form');
        expect(values.idempotency_key).toMatch(/^[0-9a-f]{32}-/);
        const send = (more = {}) =>
            page.request.post(action, { form: { ...values, ...more }, maxRedirects: 0, headers: { origin: server.url } });
        const changed = { name: ' Ada Lovelace ', notes: 'a\r\nb' };
        const answers = await Promise.all([send(), send(), send(changed), send({ email: 'other@example.com' })]);
        const led = answers.map((answer) => [answer.status(), answer.headers().location?.split('?')[0]]);
        expect(new Set(led.map(String)).size, `${led}`).toBe(1);
        expect(led[0][0]).toBe(303);
        expect((await server.api('GET', '/bookings', mentor.key)).items).toHaveLength(1);
    });

    test('a double press before the page is alive makes one booking and leads to it', async ({ page, server }) => {
        const mentor = await server.mentor(everyDay('Europe/Berlin'));
        await delayProgram(page);
        await page.goto(`/${mentor.handle}`);
        await chooseFirst(page);
        await fillIn(page, 'ada@example.com');
        await book(page).dblclick();
        await expect(heading(page, 'You’re booked')).toBeVisible();
        expect((await server.api('GET', '/bookings', mentor.key)).items).toHaveLength(1);
    });

    test('signs up, resets and confirms once', async ({ page, server }) => {
        await blockProgram(page);
        const email = `twice-${Date.now()}@example.com`;
        const send = async (form: string, more = {}) => {
            const { action, values } = await posted(page, form);
            const once = () =>
                page.request.post(action, { form: { ...values, ...more }, maxRedirects: 0, headers: { origin: server.url } });
            const answers = [await once(), await once()];
            expect(answers.map((answer) => answer.status())).toEqual([303, 303]);
            return answers[1].headers().location;
        };
        const link = async (count: number) => /\/(verify|forgot)\?token=[\w-]+/.exec((await server.mail(email, count))[count - 1].text!)![0];
        await page.goto('/signup');
        const handle = `twice${Date.now() % 100_000}`;
        await send('form[action="/signup"]', { name: 'Twice', handle, email, password: 'a long password' });
        await page.goto(await link(1));
        expect(await send('form[action="/verify"]')).toBe('/dashboard');
        await page.context().clearCookies();
        await page.goto('/forgot');
        await send('form[action="/forgot"]', { email });
        await page.goto(await link(2));
        expect(await send('form[action="/forgot"]', { password: 'another password' })).toContain('reset=1');
        // One message for each, and no third.
        expect(await server.mail(email, 2)).toHaveLength(2);
    });

    test('a booking that is cancelled or moved twice is cancelled or moved', async ({ page, server }) => {
        const mentor = await server.mentor(everyDay('Europe/Berlin'));
        const starts = await server.starts(mentor);
        const { manage_url } = await server.book(mentor, starts.at(-1)!, 'Ada');
        const path = new URL(manage_url).pathname;
        const send = (form: Record<string, string>) =>
            page.request.post(path, { form, maxRedirects: 0, headers: { origin: server.url } });
        for (const form of [{ action: 'reschedule', start: starts.at(-3)! }, { action: 'cancel', reason: '' }]) {
            for (let times = 0; times < 2; times++) {
                const answer = await send(form);
                expect([answer.status(), answer.headers().location.split('?')[0]], form.action).toEqual([303, path]);
            }
        }
    });
});

test.describe('a page whose program does not come', () => {
    test.use({ expectedErrors: MISSING });

    test('a time that is taken is said, and others are offered @phone', async ({ page, server }) => {
        const mentor = await server.mentor(everyDay('Europe/Berlin'));
        await blockProgram(page);
        await page.goto(`/${mentor.handle}?month=${nextMonth(1).slice(0, 7)}`);
        const { start } = await chooseFirst(page);
        await server.book(mentor, start, 'Faster');
        await page.reload();
        await expect(heading(page, /has just been taken/)).toBeVisible();
        await fillIn(page, 'slower@example.com');
        // Enter chooses none of the times that are offered.
        await page.getByLabel('Your name').press('Enter');
        await expect(heading(page, /has just been taken/)).toBeVisible();
        await page.getByRole('group', { name: 'Free times nearby' }).getByRole('button').first().click();
        await expect(heading(page, 'You’re booked')).toBeVisible();
        expect((await server.api('GET', '/bookings', mentor.key)).items).toHaveLength(2);
    });

    test('a time that is held for this browser is its own after a reload', async ({ page, server }) => {
        const mentor = await server.mentor(everyDay('Europe/Berlin'));
        await open(page, `/${mentor.handle}`);
        await chooseFirst(page);
        await expect(page.getByRole('timer')).toBeVisible();
        // The hold is not given back: the page never gets to say so.
        await page.route('**/fn/release_hold', (route) => route.abort());
        await blockProgram(page);
        await page.reload();
        await expect(heading(page, /has just been taken/)).toHaveCount(0);
        await fillIn(page, 'ada@example.com');
        await book(page).click();
        await expect(heading(page, 'You’re booked')).toBeVisible();
    });

    test('nothing can be pressed that does nothing', async ({ page, server }) => {
        const mentor = await server.mentor({ ...everyDay('Europe/Berlin'), blocked: [{ starts_on: nextMonth(3), ends_on: nextMonth(5), note: 'Away' }] });
        const starts = await server.starts(mentor);
        const booked = await server.book(mentor, starts.at(-1)!, 'Ada');
        const manage = new URL(booked.manage_url).pathname;
        await logIn(page, server, mentor);
        await blockProgram(page);
        const form = `/${mentor.handle}?start=${starts.at(-5)}`;
        const paths = [
            '/', '/signup', '/login', '/forgot', '/forgot?token=x', '/verify?token=x', '/nobody-here',
            `/${mentor.handle}`, `/${mentor.handle}/session`, form, `/${mentor.handle}?start=${starts.at(-1)}`,
            manage, `${manage}?move=1`, `${manage}?move=1&start=${starts.at(-5)}`,
            '/dashboard', '/dashboard?show=past', `/dashboard/bookings/${booked.id}`, `/dashboard/bookings/${booked.id}?move=1`,
            '/dashboard/availability', '/dashboard/session-types', '/dashboard/calendars', '/dashboard/activity', '/dashboard/settings',
        ];
        const dead: string[] = [];
        for (const path of paths) {
            await page.goto(path);
            await expect(page.locator('html')).toHaveAttribute('data-failed', '');
            const found = await page.evaluate(() => {
                for (const details of document.querySelectorAll('details')) details.open = true;
                const pressable = 'a, button, input:not([type=hidden]), select, textarea, [role=button], [role=tab], [tabindex="0"], [onclick]';
                const works = (element: Element) => {
                    if (element.matches(':disabled, summary, [aria-disabled=true]')) return true;
                    if (element.matches('a')) return element.hasAttribute('href');
                    const form = (element as HTMLInputElement).form;
                    return !!form?.getAttribute('action') && !element.matches('[type=button]');
                };
                const isSeen = (element: Element) => element.checkVisibility({ checkVisibilityCSS: true, checkOpacity: false });
                return [...document.querySelectorAll(pressable)].filter((e) => isSeen(e) && !works(e)).map((e) => e.outerHTML.slice(0, 120));
            });
            dead.push(...found.map((html) => `${path}: ${html}`));
        }
        expect(dead).toEqual([]);
        // And it is seen that they cannot.
        await page.goto('/dashboard/availability');
        await expect(page.getByText('Changes need JavaScript')).toBeVisible();
        await expect.poll(() => page.getByRole('button', { name: 'Save', exact: true }).evaluate((e) => getComputedStyle(e).opacity)).toBe('0.55');
        await expect(page.getByRole('button', { name: 'Set 9–5 weekdays' })).toBeDisabled();
    });

    test('what waits for the program works once it is there', async ({ page, server }) => {
        const mentor = await server.mentor({ timezone: 'UTC', weekly: [] });
        await page.goto(await server.loginLink(mentor));
        await delayProgram(page);
        await page.goto('/dashboard/availability');
        const preset = page.getByRole('button', { name: 'Set 9–5 weekdays' });
        await expect(preset).toBeDisabled();
        await expect(preset).toBeEnabled();
        await preset.click();
        await page.getByRole('button', { name: 'Save', exact: true }).click();
        await expect(page.locator('.editor-state')).toHaveText('All changes saved');
        expect((await server.api('GET', '/availability', mentor.key)).weekly).toHaveLength(5);
    });
});
