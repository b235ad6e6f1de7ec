import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CalDav } from '../fixtures/caldav';
import { NAMES, type Provider, connect, setOut, test } from '../fixtures/calendars';
import { type Mentor, type Server, everyDay, freePort } from '../fixtures/server';
import { expect, hydrated, open } from '../fixtures/test';

const DASHBOARD = ['', '/availability', '/session-types', '/calendars', '/settings'];
const HALF_AN_HOUR = 1_800_000;

const after = (instant: string, milliseconds: number) =>
    new Date(Date.parse(instant) + milliseconds).toISOString().replace('.000', '');

const book = (server: Server, mentor: Mentor, start: string, name: string) =>
    server.api('POST', '/bookings', null, {
        mentor: mentor.handle,
        session_type: 'session',
        start,
        name,
        email: `${name.toLowerCase()}@example.com`,
        timezone: 'Europe/Berlin',
    });

/** A name that no other test uses. */
const person = () => `Mentee${Math.random().toString(36).slice(2, 10)}`;

test.use({ expectedErrors: /status of (401|404|422|500)|net::ERR_FAILED/ });

test('a calendar is connected, and what is busy there cannot be booked @phone', async ({ page, server, fakes, passing, accessible }) => {
    const mentor = passing(await server.mentor(everyDay('UTC')));
    await page.goto(await server.loginLink(mentor));
    await open(page, '/dashboard/calendars');
    await expect(page.getByRole('heading', { name: 'No calendar is connected yet' })).toBeVisible();
    await accessible(page);

    await connect(page, 'google');
    // Said once: neither the address nor a reload says it again.
    await expect(page).toHaveURL(/\/dashboard\/calendars$/);
    await accessible(page);
    await page.reload();
    await hydrated(page);
    await expect(page.getByRole('heading', { name: 'mentor@example.com' })).toBeVisible();
    await expect(page.getByRole('main').getByText('is connected.')).toHaveCount(0);

    // The account's own calendar blocks and receives, the team's does not.
    const blocking = page.getByRole('group', { name: 'Which calendars block' });
    const receiving = page.getByRole('group', { name: 'Where bookings go' });
    await expect(blocking.getByRole('checkbox', { name: /^mentor@example.com/ })).toBeChecked();
    await expect(blocking.getByRole('checkbox', { name: 'Team' })).not.toBeChecked();
    await expect(receiving.getByRole('radio', { name: /^mentor@example.com/ })).toBeChecked();
    await expect(receiving.getByRole('radio', { name: 'Holidays' })).toHaveCount(0);

    const start = (await server.starts(mentor))[20];
    await fakes.control('google', 'add', { title: 'Dentist', start, end: after(start, HALF_AN_HOUR) });
    await expect.poll(() => server.starts(mentor)).not.toContain(start);
    await page.goto(`/${mentor.handle}/session?date=${start.slice(0, 10)}&tz=UTC`);
    await hydrated(page);
    await expect(page.locator('a.time').first()).toBeVisible();
    await expect(page.locator(`a.time[href*="${start.replaceAll(':', '%3A')}"], a.time[href*="${start}"]`)).toHaveCount(0);
    await expect(page.getByText('Dentist')).toHaveCount(0);
});

test('permission that is not given is spoken of plainly', async ({ page, server, passing, accessible }) => {
    const mentor = passing(await server.mentor(everyDay('UTC')));
    await page.goto(await server.loginLink(mentor));

    await setOut(page, 'google');
    await page.getByRole('link', { name: 'Deny' }).click();
    await expect(page.getByRole('main').getByText('Permission was not given.')).toBeVisible();
    await hydrated(page);
    await expect(page).toHaveURL(/\/dashboard\/calendars$/);
    await accessible(page);
    await page.getByRole('main').getByRole('button', { name: 'Close' }).click();
    await expect(page.getByRole('main').getByText('Permission was not given.')).toHaveCount(0);

    await setOut(page, 'google');
    await page.getByRole('link', { name: 'Allow only some' }).click();
    await expect(page.getByRole('main').getByText('We need both permissions')).toBeVisible();

    await page.goto('/calendar/google/callback?state=made-up&code=made-up');
    await expect(page.getByRole('main').getByText('The way back to us was used already')).toBeVisible();

    expect(await server.api('GET', '/calendars', mentor.key)).toEqual([]);
});

test('a way back works once, and in the session that began it', async ({ page, browser, server, passing }) => {
    const mentor = passing(await server.mentor(everyDay('UTC')));
    const other = passing(await server.mentor(everyDay('UTC')));
    await page.goto(await server.loginLink(mentor));
    await setOut(page, 'google');
    const back = (await page.getByRole('link', { name: 'Allow', exact: true }).getAttribute('href')) ?? '';

    const elsewhere = await browser.newPage({ baseURL: server.url });
    await elsewhere.goto(await server.loginLink(other));
    await elsewhere.goto(back);
    await expect(elsewhere.getByRole('main').getByText('The way back to us was used already')).toBeVisible();
    await elsewhere.close();
    expect(await server.api('GET', '/calendars', other.key)).toEqual([]);

    await setOut(page, 'google');
    const again = (await page.getByRole('link', { name: 'Allow', exact: true }).getAttribute('href')) ?? '';
    await page.goto(again);
    await expect(page.getByRole('main').getByText('Google Calendar is connected.')).toBeVisible();
    await page.goto(again);
    await expect(page.getByRole('main').getByText('The way back to us was used already')).toBeVisible();
    // What was connected stays connected.
    await expect(page.getByRole('heading', { name: 'mentor@example.com' })).toBeVisible();
});

for (const provider of ['google', 'microsoft'] as Provider[]) {
    test(`a booking is an event in ${NAMES[provider]}, and follows it`, async ({ page, server, fakes, passing }) => {
        const mentor = passing(await server.mentor(everyDay('UTC')));
        await page.goto(await server.loginLink(mentor));
        await connect(page, provider);
        const [moving, going] = [person(), person()];
        const starts = await server.starts(mentor);
        const first = await book(server, mentor, starts[30], moving);
        const second = await book(server, mentor, starts[60], going);
        const event = async (name: string) => {
            await expect.poll(async () => (await fakes.about(provider, name)).length).toBe(1);
            return (await fakes.about(provider, name))[0].id;
        };
        const [stays, goes] = [await event(moving), await event(going)];

        const target = starts[90];
        await fakes.control(provider, 'move', { id: stays, start: target, end: after(target, HALF_AN_HOUR) });
        await expect
            .poll(async () => (await server.api('GET', `/bookings/${first.id}`, mentor.key)).start)
            .toBe(target);
        const mails = await server.mail(`${moving.toLowerCase()}@example.com`, 2);
        expect(mails[1].subject).toMatch(/^(Moved|New time|Changed|Rescheduled)/i);

        await fakes.control(provider, 'delete', { id: goes });
        await expect
            .poll(async () => (await server.api('GET', `/bookings/${second.id}`, mentor.key)).status)
            .toBe('cancelled');
        expect((await server.api('GET', `/bookings/${second.id}`, mentor.key)).cancelled_by).toBe('calendar');
        expect((await server.mail(`${going.toLowerCase()}@example.com`, 2))[1].subject).toMatch(/^Cancelled/);
        await open(page, `/dashboard/bookings/${second.id}`);
        await expect(page.getByText('your calendar', { exact: true })).toBeVisible();
    });
}

test('what blocks and what receives is chosen, and a choice that fails is taken back', async ({ page, server, fakes, passing }) => {
    const mentor = passing(await server.mentor(everyDay('UTC')));
    await page.goto(await server.loginLink(mentor));
    await connect(page, 'google');
    const start = (await server.starts(mentor))[40];
    await fakes.control('google', 'add', { title: 'Class', start, end: after(start, HALF_AN_HOUR) });
    await expect.poll(() => server.starts(mentor)).not.toContain(start);

    const own = page.getByRole('checkbox', { name: /^mentor@example.com/ });
    await own.uncheck();
    await expect(page.getByText('does not block any more')).toBeVisible();
    await expect.poll(() => server.starts(mentor)).toContain(start);

    // Offline: shown as chosen at once, then as it was.
    await page.route('**/fn/choose_calendars', (route) => route.abort());
    await own.click();
    await expect(page.getByText('Not saved; the choice is as it was.')).toBeVisible();
    await expect(own).not.toBeChecked();
    await page.unroute('**/fn/choose_calendars');
    await own.check();
    await expect(page.getByText('“mentor@example.com” blocks.')).toBeVisible();

    const none = page.getByRole('radio', { name: /^In no calendar/ });
    await none.check();
    await expect(page.getByText('bookings come to you by mail alone')).toBeVisible();
    await page.reload();
    await hydrated(page);
    await expect(none).toBeChecked();
    const name = person();
    await book(server, mentor, (await server.starts(mentor))[45], name);
    await server.mail(`${name.toLowerCase()}@example.com`);
    expect(await fakes.about('google', name)).toEqual([]);

    // Bookings that were made before get their event when a calendar is chosen.
    await page.getByRole('radio', { name: 'Team' }).check();
    await expect(page.getByText('bookings go to “Team”')).toBeVisible();
    await expect.poll(async () => (await fakes.about('google', name)).map((event) => event.calendar)).toEqual(['team@group.calendar.google.com']);
});

test('a calendar is looked at when asked, and disconnected', async ({ page, server, fakes, passing, accessible }) => {
    const mentor = passing(await server.mentor(everyDay('UTC')));
    await page.goto(await server.loginLink(mentor));
    await connect(page, 'google');
    await page.getByRole('button', { name: 'Sync now: mentor@example.com' }).click();
    await expect(page.getByText('mentor@example.com is up to date.')).toBeVisible();

    const name = person();
    await book(server, mentor, (await server.starts(mentor))[70], name);
    await expect.poll(async () => (await fakes.about('google', name)).length).toBe(1);

    await page.getByRole('button', { name: 'Disconnect: mentor@example.com' }).click();
    const dialog = page.getByRole('dialog', { name: 'Disconnect mentor@example.com?' });
    await expect(dialog).toBeVisible();
    await expect(dialog.getByText('stay there')).toBeVisible();
    await accessible(page);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect(dialog).toBeHidden();

    await page.getByRole('button', { name: 'Disconnect: mentor@example.com' }).click();
    await page.route('**/fn/disconnect_calendar', (route) => route.abort());
    await dialog.getByRole('button', { name: 'Disconnect' }).click();
    await expect(dialog.getByRole('alert')).toContainText('We could not reach the server');
    await page.unroute('**/fn/disconnect_calendar');
    await dialog.getByRole('button', { name: 'Disconnect' }).click();
    await expect(page.getByText('mentor@example.com is disconnected.')).toBeVisible();
    await expect(page.getByRole('heading', { name: 'No calendar is connected yet' })).toBeVisible();
    expect((await fakes.about('google', name)).length).toBe(1);
});

test('access that has ended is shown on every page, told once by mail, and given again', async ({ page, server, fakes, passing, accessible }) => {
    const mentor = passing(await server.mentor(everyDay('UTC')));
    await page.goto(await server.loginLink(mentor));
    await connect(page, 'google');
    const start = (await server.starts(mentor))[50];
    await fakes.control('google', 'add', { title: 'Known', start, end: after(start, HALF_AN_HOUR) });
    await expect.poll(() => server.starts(mentor)).not.toContain(start);

    await fakes.control('google', 'withdraw');
    await expect
        .poll(async () => (await server.api('GET', '/calendars', mentor.key))[0].status)
        .toBe('expired');
    const lost = page.getByText('We have lost access to a calendar of yours.');
    // Where it can be mended, its own card says it, and nothing else does.
    const card = page.getByText('Please connect Google Calendar again');
    for (const path of DASHBOARD) {
        await open(page, `/dashboard${path}`);
        const own = path === '/calendars';
        await expect(own ? card : lost).toBeVisible();
        await expect(own ? lost : card).toHaveCount(0);
        await accessible(page);
    }
    // What was known keeps blocking.
    expect(await server.starts(mentor)).not.toContain(start);

    // From a page that knows nothing of it, too.
    await open(page, '/');
    await page.getByRole('link', { name: 'Dashboard' }).click();
    await expect(lost).toBeVisible();
    await page.getByRole('link', { name: 'Connect it again' }).click();
    await expect(page).toHaveURL(/\/dashboard\/calendars$/);
    await page.getByRole('link', { name: 'Connect again' }).click();
    await page.getByRole('link', { name: 'Allow', exact: true }).click();
    await expect(page.getByRole('main').getByText('Google Calendar is connected.')).toBeVisible();
    await hydrated(page);
    for (const path of DASHBOARD) {
        await open(page, `/dashboard${path}`);
        await expect(page.locator('h1')).toBeVisible();
        await expect(lost).toHaveCount(0);
    }
    const told = (await server.mail(mentor.email)).filter((mail) => mail.subject?.startsWith('Please reconnect'));
    expect(told).toHaveLength(1);
});

test('a calendar server that cannot be used is spoken of at its field @phone', async ({ page, server, accessible }) => {
    let status = 401;
    const refusing = createServer((request, response) => {
        request.resume();
        response.writeHead(status, { 'www-authenticate': 'Basic realm="x"' }).end();
    });
    await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`;
    const mentor = await server.mentor(everyDay('UTC'));
    await page.goto(await server.loginLink(mentor));
    await open(page, '/dashboard/calendars');
    await page.getByRole('button', { name: 'Connect CalDAV' }).click();
    const form = page.getByRole('form', { name: 'Connect by CalDAV' });
    const [url, username, password] = ['url', 'username', 'password'].map((name) => form.locator(`#${name}`));
    await expect(url).toBeFocused();
    await accessible(page);

    // Services whose address is known.
    await form.getByRole('button', { name: 'Fastmail' }).click();
    await expect(url).toHaveValue('https://caldav.fastmail.com/');
    await form.getByRole('button', { name: 'iCloud' }).click();
    await expect(url).toHaveValue('https://caldav.icloud.com/');

    const submit = () => form.getByRole('button', { name: 'Connect', exact: true }).click();
    const wrong = (name: string) => form.locator(`#${name}-error`);
    await url.fill('');
    await submit();
    await expect(wrong('url')).toContainText('https://');
    await expect(wrong('username')).toHaveText('Please fill this in.');
    await expect(wrong('password')).toHaveText('Please fill this in.');
    await accessible(page);

    await url.fill(`${origin}/dav/`);
    await username.fill('ada');
    await password.fill('not it');
    await submit();
    await expect(wrong('password')).toContainText('The server refuses this user name and password.');
    // Nothing that was typed is lost.
    await expect(username).toHaveValue('ada');
    await expect(password).toHaveValue('not it');

    status = 404;
    await submit();
    await expect(wrong('url')).toContainText('There is no calendar at this address.');

    await url.fill(`http://127.0.0.1:${await freePort()}/`);
    await submit();
    await expect(wrong('url')).toContainText('does not answer as a calendar should');

    await page.route('**/fn/connect_caldav', (route) => route.abort());
    await submit();
    await expect(form.getByText('We could not reach the server')).toBeVisible();
    await expect(password).toHaveValue('not it');
    await form.getByRole('button', { name: 'Cancel' }).click();
    await expect(form).toHaveCount(0);
    await new Promise((resolve) => refusing.close(resolve));
});

test('a calendar server is connected by its form, blocks, and is disconnected @phone', async ({ page, server, passing, accessible }) => {
    const caldav = await CalDav.start();
    const mentor = passing(await server.mentor(everyDay('UTC')));
    const [taken, later] = (await server.starts(mentor)).slice(20);
    await caldav.add('Dentist', taken);
    await page.goto(await server.loginLink(mentor));
    await open(page, '/dashboard/calendars');
    await page.getByRole('button', { name: 'Connect CalDAV' }).press('Enter');
    // By keyboard alone: address, user name, password, Enter.
    const form = page.getByRole('form', { name: 'Connect by CalDAV' });
    await expect(form.locator('#url')).toBeFocused();
    await page.keyboard.type(caldav.url);
    await page.keyboard.press('Tab');
    await page.keyboard.type(caldav.username);
    await page.keyboard.press('Tab');
    await page.keyboard.type(caldav.password);
    await page.keyboard.press('Enter');

    await expect(page.locator('.toast')).toContainText('CalDAV is connected.');
    await expect(form).toHaveCount(0);
    await expect(page.getByRole('heading', { name: 'Connected calendars' })).toBeFocused();
    await expect(page.getByRole('heading', { name: caldav.account })).toBeVisible();
    await expect(page.getByText('Last synced:')).toBeVisible();
    await expect(page.getByRole('group', { name: 'Which calendars block' }).getByRole('checkbox', { name: /^Team/ })).toBeChecked();
    await accessible(page);

    await expect.poll(() => server.starts(mentor)).not.toContain(taken);
    const address = (start: string) => `/${mentor.handle}?date=${start.slice(0, 10)}&tz=UTC`;
    await open(page, address(taken));
    await expect(page.locator('a.time').first()).toBeVisible();
    await expect(page.locator(`a.time[href*="${taken}"]`)).toHaveCount(0);
    await caldav.add('School', later);
    await expect.poll(() => server.starts(mentor)).not.toContain(later);

    await open(page, '/dashboard/calendars');
    await page.getByRole('button', { name: `Disconnect: ${caldav.account}` }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click();
    await expect(page.locator('.toast')).toContainText(`${caldav.account} is disconnected.`);
    await expect(page.getByRole('heading', { name: 'No calendar is connected yet' })).toBeVisible();
    await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
    expect(await server.starts(mentor)).toEqual(expect.arrayContaining([taken, later]));
    await open(page, address(taken));
    await expect(page.locator(`a.time[href*="${taken}"]`)).toHaveCount(1);
    caldav.stop();
});

test('a calendar that puts us off, and one that has gone, are spoken of in both languages @phone', async ({ page, context, server, fakes, passing, accessible }) => {
    const mentor = passing(await server.mentor(everyDay('Asia/Seoul')));
    const caldav = await CalDav.start();
    await server.api('POST', '/calendars/caldav', mentor.key, { url: caldav.url, username: caldav.username, password: caldav.password });
    await caldav.remove();
    await fakes.control('google', 'fail', { matching: '/events', times: 1, fault: { throttled: 600 } });
    await page.goto(await server.loginLink(mentor));
    await setOut(page, 'google');
    await page.getByRole('link', { name: 'Allow', exact: true }).click();
    await expect(page.getByText('Google Calendar is connected.', { exact: true })).toBeVisible();

    const card = (account: string) => page.locator('.connection').filter({ has: page.getByRole('heading', { name: account, exact: true }) });
    const expected = {
        en: ['asked us to come back later', 'is not there any more'],
        ko: ['나중에 다시 오라고', '선택한 캘린더가 이제 없어요'],
    };
    for (const [language, [throttled, gone]] of Object.entries(expected)) {
        await context.addCookies([{ name: 'language', value: language, url: server.url }]);
        await expect
            .poll(
                async () => {
                    await open(page, '/dashboard/calendars');
                    return page.locator('.trouble').count();
                },
                { timeout: 40_000 },
            )
            .toBe(2);
        await expect(card('mentor@example.com').locator('.trouble')).toContainText(throttled);
        await expect(card(caldav.account).locator('.trouble')).toContainText(gone);
        await accessible(page);
    }
    caldav.stop();
});

test('a page that cannot load its calendars says so and tries again', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('UTC'));
    await page.goto(await server.loginLink(mentor));
    await open(page, '/dashboard/settings');
    await page.route('**/fn/calendars', (route) => route.abort());
    await page.getByRole('link', { name: 'Calendars', exact: true }).click();
    await expect(page.getByRole('alert')).toContainText('We could not reach the server');
    await page.unroute('**/fn/calendars');
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(page.getByRole('heading', { name: 'No calendar is connected yet' })).toBeVisible();
});

test.describe('in Korean', () => {
    test.use({ locale: 'ko-KR' });

    test('the page and its refusals', async ({ page, server, accessible }) => {
        const mentor = await server.mentor(everyDay('Asia/Seoul'));
        await page.goto(await server.loginLink(mentor));
        await open(page, '/dashboard/calendars?problem=denied');
        await expect(page.getByRole('main').getByText('캘린더를 연결하지 못했어요')).toBeVisible();
        await expect(page.getByRole('link', { name: 'Google 캘린더 연결' })).toBeVisible();
        await page.getByRole('button', { name: 'CalDAV 연결' }).click();
        await page.getByRole('button', { name: '연결하기', exact: true }).click();
        await expect(page.locator('#password-error')).toHaveText('입력해 주세요.');
        await accessible(page);
    });
});
