import { everyDay } from '../fixtures/server';
import { expect, hydrated, logIn, open, test } from '../fixtures/test';

const PATH = '/dashboard/session-types';

test('a session type is created, edited, hidden and deleted; the mentee’s page follows @phone', async ({ page, server, accessible }) => {
    const mentor = await server.mentor(everyDay('UTC'), 'Ada Mentor');
    await logIn(page, server, mentor, PATH);
    const form = page.locator('#type-form');
    const types = () => server.api('GET', '/session-types', mentor.key);

    await page.getByRole('button', { name: 'New session type' }).click();
    await expect(form.getByLabel('Name')).toBeFocused();
    await form.getByLabel('Name').fill('Career Talk, 1:1');
    await expect(form.getByLabel('Address')).toHaveValue('career-talk-1-1');
    await form.getByLabel('Description').fill('Bring a decision.\nOr a <b>doubt</b>.');
    await form.getByLabel('Duration').fill('50');
    await expect(form.getByLabel('Start every'), 'starts follow the duration').toHaveValue('50');
    await form.getByLabel('Start every').fill('25');
    await form.getByLabel('Buffer before').fill('5');
    await form.getByLabel('Buffer after').fill('10');
    await form.getByLabel('Book at least … ahead').fill('2');
    await form.getByLabel('Unit of the notice').selectOption('days');
    await form.getByLabel('Cancel or move until … before').fill('90');
    await form.getByLabel('Unit of the cancel notice').selectOption('minutes');
    await form.getByLabel('Book up to … ahead').fill('20');
    await form.getByLabel('Sessions a day, at most').fill('3');
    await form.getByLabel('I approve each booking myself').check();
    await form.getByLabel('Price').fill('30.50');
    await form.getByLabel('Currency').fill('usd');
    await form.getByLabel('Place').selectOption('In person');
    await form.getByLabel('Address or room').fill('Room 7, Mapo');
    await accessible(page);
    await form.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('“Career Talk, 1:1” is saved.')).toBeVisible();
    const made = {
        slug: 'career-talk-1-1',
        name: 'Career Talk, 1:1',
        description: 'Bring a decision.\nOr a <b>doubt</b>.',
        duration_minutes: 50,
        start_interval_minutes: 25,
        buffer_before_minutes: 5,
        buffer_after_minutes: 10,
        minimum_notice_minutes: 2880,
        horizon_days: 20,
        daily_limit: 3,
        requires_approval: true,
        cancel_notice_minutes: 90,
        price: { amount: 3050, currency: 'USD' },
        location: { kind: 'in_person', value: 'Room 7, Mapo' },
        active: true,
    };
    expect((await types())[1]).toEqual(made);

    await open(page, `/${mentor.handle}`);
    await page.getByRole('link', { name: 'Career Talk, 1:1' }).click();
    for (const text of ['50 min', '$30.50', 'Room 7, Mapo', 'Confirmed by the mentor', 'Or a <b>doubt</b>.']) {
        await expect(page.getByText(text).first(), text).toBeVisible();
    }
    const starts = await server.starts(mentor, 60, made.slug);
    expect(Date.parse(starts[0]) - Date.now()).toBeGreaterThan(2 * 86_400_000 - 60_000);
    expect(Date.parse(starts.at(-1)!) - Date.now()).toBeLessThan(21 * 86_400_000);

    // Every field comes back as it was kept.
    await open(page, PATH);
    await page.getByRole('button', { name: 'Edit: Career Talk, 1:1' }).click();
    for (const [label, value] of [
        ['Name', made.name],
        ['Description', made.description],
        ['Duration', '50'],
        ['Start every', '25'],
        ['Buffer before', '5'],
        ['Buffer after', '10'],
        ['Book at least … ahead', '2'],
        ['Unit of the notice', '1440'],
        ['Cancel or move until … before', '90'],
        ['Unit of the cancel notice', '1'],
        ['Book up to … ahead', '20'],
        ['Sessions a day, at most', '3'],
        ['Price', '30.50'],
        ['Currency', 'USD'],
        ['Place', 'in_person'],
        ['Address or room', 'Room 7, Mapo'],
    ]) {
        await expect(form.getByLabel(label), label).toHaveValue(value);
    }
    await expect(form.getByLabel('I approve each booking myself')).toBeChecked();
    await expect(form.getByLabel('Address', { exact: true }), 'an address is for good').toHaveCount(0);
    await form.getByLabel('Name').fill('Coffee');
    await form.getByLabel('Sessions a day, at most').fill('');
    await form.getByLabel('I approve each booking myself').uncheck();
    await form.getByLabel('Price').fill('30,000');
    await form.getByLabel('Currency').fill('KRW');
    await form.getByLabel('Place').selectOption('Online');
    await form.getByLabel('Web address').fill('https://meet.example/coffee');
    await form.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('“Coffee” is saved.')).toBeVisible();
    const edited = {
        ...made,
        name: 'Coffee',
        daily_limit: null,
        requires_approval: false,
        price: { amount: 30_000, currency: 'KRW' },
        location: { kind: 'link', value: 'https://meet.example/coffee' },
    };
    expect((await types())[1]).toEqual(edited);
    await open(page, `/${mentor.handle}/career-talk-1-1`);
    for (const text of ['Coffee', '₩30,000', 'Online']) await expect(page.getByText(text).first(), text).toBeVisible();
    // The link itself is for whoever has booked.
    await expect(page.getByText('meet.example')).toHaveCount(0);

    // Hidden, it is on no page; the other one is booked at the mentor's own address.
    await open(page, PATH);
    await page.getByRole('button', { name: 'Edit: Coffee' }).click();
    await form.getByLabel('Offer it on my page').uncheck();
    await form.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Hidden', { exact: true })).toBeVisible();
    expect((await types())[1]).toEqual({ ...edited, active: false });
    expect((await fetch(`${server.url}/${mentor.handle}/career-talk-1-1`)).status).toBe(404);
    await open(page, `/${mentor.handle}`);
    await expect(page.getByText('Coffee')).toHaveCount(0);
    await expect(page.locator('td a.day').first()).toBeVisible();

    // Deleting asks.
    await open(page, PATH);
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Delete: Coffee' }).click();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(await types()).toHaveLength(2);
    for (const name of ['Coffee', 'Session']) {
        await page.getByRole('button', { name: `Delete: ${name}` }).click();
        await expect(dialog).toContainText(`Delete “${name}”?`);
        await dialog.getByRole('button', { name: 'Delete' }).click();
        await expect(page.getByText(`“${name}” is deleted.`)).toBeVisible();
        await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
    }
    await expect(page.getByRole('heading', { name: 'No session types' })).toBeVisible();
    expect(await types()).toEqual([]);
    await page.reload();
    await hydrated(page);
    await expect(page.getByRole('heading', { name: 'No session types' })).toBeVisible();
    await open(page, `/${mentor.handle}`);
    await expect(page.getByText('Nothing can be booked here at the moment')).toBeVisible();
});

test.describe('refusals', () => {
    test.use({ expectedErrors: /status of 422|ERR_FAILED/ });

    test('mistakes are named beside their fields, and nothing is saved', async ({ page, server, accessible }) => {
        const mentor = await server.mentor(everyDay('UTC'));
        await logIn(page, server, mentor, PATH);
        await page.getByRole('button', { name: 'New session type' }).click();
        const form = page.locator('#type-form');
        const wrong = {
            Name: ' ',
            Address: 'Not an address!',
            Duration: '4',
            'Start every': '1441',
            'Buffer before': '-1',
            'Buffer after': '',
            'Book up to … ahead': '731',
            'Sessions a day, at most': '0',
            'Book at least … ahead': '600',
            Price: 'much',
            Currency: 'US',
        };
        await form.getByLabel('Unit of the notice').selectOption('days');
        for (const [label, value] of Object.entries(wrong)) await form.getByLabel(label).fill(value);
        await form.getByLabel('Place').selectOption('By phone');
        await form.getByRole('button', { name: 'Save' }).click();
        await expect(form.locator('.error-summary')).toBeFocused();
        for (const [label, value] of Object.entries(wrong)) {
            await expect(form.getByLabel(label), label).toHaveAttribute('aria-invalid', 'true');
            await expect(form.getByLabel(label), label).toHaveValue(value);
        }
        await expect(form.getByText('Enter a whole number from 1 to 730.')).toBeVisible();
        await accessible(page);
        await form.locator('.error-summary').getByRole('link', { name: /^Duration/ }).click();
        await expect(form.getByLabel('Duration')).toBeFocused();
        expect(await server.api('GET', '/session-types', mentor.key)).toHaveLength(1);

        // An address that is in use is refused, and does not replace what has it.
        const right = {
            Name: 'Another',
            Address: 'session',
            Duration: '30',
            'Start every': '30',
            'Buffer before': '0',
            'Buffer after': '0',
            'Book up to … ahead': '60',
            'Sessions a day, at most': '',
            'Book at least … ahead': '0',
            Price: '',
            Currency: 'USD',
            'Phone number': '+82 2 123 4567',
        };
        for (const [label, value] of Object.entries(right)) await form.getByLabel(label).fill(value);
        await form.getByRole('button', { name: 'Save' }).click();
        await expect(form.getByText('This is taken. Please choose another.').last()).toBeVisible();
        await form.getByLabel('Address').fill('another');

        // The network may fail, too.
        await page.route('**/fn/put_session_type', (route) => route.abort());
        await form.getByRole('button', { name: 'Save' }).click();
        await expect(form.locator('.error-summary')).toContainText('We could not reach the server');
        await expect(form.getByLabel('Name')).toHaveValue('Another');
        await page.unroute('**/fn/put_session_type');
        await form.getByRole('button', { name: 'Save' }).click();
        await expect(page.getByText('“Another” is saved.')).toBeVisible();
        const types = await server.api('GET', '/session-types', mentor.key);
        expect(types.map((type: any) => `${type.slug} ${type.name}`)).toEqual(['session Session', 'another Another']);
    });
});
