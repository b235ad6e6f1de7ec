import { readFileSync } from 'node:fs';
import { everyDay } from '../fixtures/server';
import { expect, hydrated, logIn, open, test } from '../fixtures/test';

const PATH = '/dashboard/settings';
const PHOTO = 'https://photos.example/ada.svg';

// A page that is gone is answered 404, a mistake 422, a handle in use 409, a wrong password 401.
test.use({ expectedErrors: /status of (401|404|409|410|412|422)/ });

// Once a mentor has it, the directory shows it to every test of this server.
test.beforeEach(({ context }) =>
    context.route(PHOTO, (route) =>
        route.fulfill({ contentType: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>' }),
    ),
);

test('name, handle, headline, bio, photo, zone and language are kept, and the mentor’s page follows @phone', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('UTC'), 'Ada Mentor');
    const other = await server.mentor(everyDay('UTC'), 'Other Mentor');
    await logIn(page, server, mentor, PATH);
    const field = (label: string) => page.getByRole('region', { name: 'Profile' }).getByLabel(label).and(page.locator('input, textarea, select'));
    const save = page.getByRole('button', { name: 'Save', exact: true });

    // Refused: nothing is saved, and what was typed stays.
    await field('Name').fill('');
    await field('Photo').fill('not a link');
    await field('About you').fill('Typed with care');
    await save.click();
    await expect(page.locator('.error-summary')).toBeFocused();
    for (const label of ['Name', 'Photo']) await expect(field(label)).toHaveAttribute('aria-invalid', 'true');
    await field('Name').fill('Ada Renamed');
    await field('Photo').fill('');
    await field('Your address').fill(other.handle);
    await save.click();
    await expect(field('Your address')).toHaveAttribute('aria-invalid', 'true');
    await expect(field('About you')).toHaveValue('Typed with care');
    expect((await server.api('GET', `/mentors/${mentor.handle}`, null)).name).toBe('Ada Mentor');

    const handle = `new-${mentor.handle}`;
    await field('Your address').fill(handle);
    await field('Headline').fill('Engines & <i>numbers</i>');
    await field('Photo').fill(PHOTO);
    await field('Time zone').fill('new york');
    await page.getByRole('option', { name: /New York/ }).click();
    await field('Language of mail to you').selectOption('한국어');
    await save.click();
    await expect(page.getByText('Your settings are saved.')).toBeVisible();
    await expect(page.getByRole('link', { name: 'My booking page' })).toHaveAttribute('href', `/${handle}`);
    expect(await server.api('GET', `/mentors/${handle}`, null)).toMatchObject({
        handle,
        name: 'Ada Renamed',
        headline: 'Engines & <i>numbers</i>',
        bio: 'Typed with care',
        photo_url: PHOTO,
        timezone: 'America/New_York',
    });
    expect((await server.api('GET', '/availability', mentor.key)).timezone).toBe('America/New_York');

    await page.reload();
    await hydrated(page);
    for (const [label, value] of [
        ['Name', 'Ada Renamed'],
        ['Your address', handle],
        ['Headline', 'Engines & <i>numbers</i>'],
        ['About you', 'Typed with care'],
        ['Photo', PHOTO],
        ['Time zone', 'America/New_York'],
        ['Language of mail to you', 'ko'],
    ]) {
        await expect(field(label), label).toHaveValue(value);
    }

    // The new address is the page, and the old one leads there.
    await page.goto(`/${mentor.handle}`);
    await expect(page).toHaveURL(`${server.url}/${handle}`);
    await open(page, `/${handle}`);
    await expect(page.getByRole('heading', { name: 'Ada Renamed' })).toBeVisible();
    await expect(page.getByText('Engines & <i>numbers</i>')).toBeVisible();
    await expect(page.getByText('Typed with care').first()).toBeAttached();
    await expect(page.locator('img.avatar')).toHaveAttribute('src', PHOTO);

    // Bookings go on under the new address; mail to the mentor is Korean now.
    const [start] = await server.starts({ ...mentor, handle });
    await server.book({ ...mentor, handle }, start, 'Grace');
    const [notice] = await server.mail(mentor.email);
    expect(notice.text).toMatch(/[가-힣]/);
    expect(notice.text).toContain('America/New_York');
});

test('API keys are made, work, and are revoked', async ({ page, server, accessible }) => {
    const mentor = await server.mentor(everyDay('UTC'));
    await logIn(page, server, mentor, PATH);
    const keys = page.getByRole('region', { name: 'API keys' });
    const create = keys.getByRole('button', { name: 'Create key' });
    await create.click();
    await expect(keys.getByLabel('Name of the new key')).toHaveAttribute('aria-invalid', 'true');
    await keys.getByLabel('Name of the new key').fill('Calendar script');
    await create.click();
    const secret = keys.getByLabel('API key', { exact: true });
    await expect(secret).toBeFocused();
    await accessible(page);
    const key = await secret.inputValue();
    expect(key).toMatch(/^ysk_/);
    expect(await server.api('GET', '/session-types', key)).toHaveLength(1);
    await keys.getByRole('button', { name: 'I have it' }).press('Enter');
    await expect(keys.getByRole('heading', { name: 'API keys' })).toBeFocused();

    await page.reload();
    await hydrated(page);
    const row = keys.getByRole('listitem').filter({ hasText: 'Calendar script' });
    await expect(row).toContainText('last used on');
    await expect(page.getByText(key)).toHaveCount(0);
    const dialog = page.getByRole('dialog');
    await keys.getByRole('button', { name: 'Revoke: Calendar script' }).click();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await server.api('GET', '/session-types', key, undefined, 200);
    await keys.getByRole('button', { name: 'Revoke: Calendar script' }).click();
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await expect(page.getByText('The key “Calendar script” is revoked.')).toBeVisible();
    await expect(page.getByRole('heading', { name: 'API keys' })).toBeFocused();
    await server.api('GET', '/session-types', key, undefined, 401);
    await page.reload();
    await hydrated(page);
    await expect(keys.getByText('Calendar script')).toHaveCount(0);
    // Another key of the same mentor goes on.
    await server.api('GET', '/session-types', mentor.key, undefined, 200);
});

test('data are taken along; then the account is deleted, once that is confirmed', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('UTC'), 'Leaving Mentor');
    const booking = await server.book(mentor, (await server.starts(mentor))[0], 'Grace', { notes: 'About leaving' });
    await logIn(page, server, mentor, PATH);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export my data' }).click()]);
    const data = JSON.parse(readFileSync(await download.path(), 'utf8'));
    expect(data).toMatchObject({ handle: mentor.handle, name: 'Leaving Mentor', email: mentor.email });
    expect(data.availability).toMatchObject(everyDay('UTC'));
    expect(data.session_types).toHaveLength(1);
    expect(data.bookings).toMatchObject([{ id: booking.id, name: 'Grace', notes: 'About leaving', status: 'confirmed' }]);

    const dialog = page.getByRole('dialog');
    const ask = page.getByRole('button', { name: 'Delete account…' });
    await ask.click();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect(dialog).toBeHidden();
    await ask.click();
    // What will happen is said before the password is typed.
    await expect(dialog.getByText('Upcoming sessions that will be cancelled: 1.')).toBeVisible();
    await dialog.getByLabel('Your password').fill('not it');
    await dialog.getByRole('button', { name: 'Delete everything' }).click();
    await expect(dialog.getByText('That is not your password (or handle).')).toBeVisible();
    await server.api('GET', `/mentors/${mentor.handle}`, null, undefined, 200);

    await dialog.getByLabel('Your password').fill(mentor.handle);
    await dialog.getByRole('button', { name: 'Delete everything' }).click();
    await expect(page).toHaveURL(`${server.url}/`);
    expect((await page.goto(`/${mentor.handle}`))?.status()).toBe(404);
    await page.goto('/dashboard');
    await expect(page).toHaveURL(/\/login\?next=/);
    await server.api('GET', '/bookings', mentor.key, undefined, 401);
    // Whoever had booked is notified, and the link says why.
    expect((await page.goto(new URL(booking.manage_url).pathname))?.status()).toBe(410);
    await expect(page.getByText('The mentor has closed the account; this session is cancelled.')).toBeVisible();
    const letters = await server.mail(`grace-${mentor.handle}@example.com`, 2);
    expect(letters.map(({ subject }) => subject).join()).toContain('Cancelled');
});

test('settings saved from an old window are refused, and nothing typed is lost', async ({ page, server, context }) => {
    const mentor = await server.mentor(everyDay('UTC'), 'Ada Mentor');
    await logIn(page, server, mentor, PATH);
    const other = await context.newPage();
    await open(other, PATH);
    const headline = (of: typeof page) => of.getByRole('region', { name: 'Profile' }).getByLabel('Headline');
    const save = (of: typeof page) => of.getByRole('button', { name: 'Save', exact: true }).click();
    await headline(other).fill('Saved first');
    await save(other);
    await expect(other.getByText('Your settings are saved.')).toBeVisible();
    await headline(page).fill('Typed here');
    await save(page);
    await expect(page.getByText('Changed in another window')).toBeVisible();
    await expect(page.getByText('Saved now: Saved first')).toBeVisible();
    await expect(headline(page)).toHaveValue('Typed here');
    expect((await server.api('GET', `/mentors/${mentor.handle}`, null)).headline).toBe('Saved first');
    await page.getByRole('button', { name: 'Use mine' }).click();
    await expect(page.getByText('Your settings are saved.')).toBeVisible();
    expect((await server.api('GET', `/mentors/${mentor.handle}`, null)).headline).toBe('Typed here');
});
