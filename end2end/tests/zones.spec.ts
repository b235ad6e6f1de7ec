import type { Locator, Page } from '@playwright/test';
import { everyDay } from '../fixtures/server';
import { announced, expect, logIn, open, test } from '../fixtures/test';

const field = (page: Page, name: string | RegExp = /Time zone|시간대/): Locator => page.getByRole('combobox', { name });
const options = (page: Page): Locator => page.getByRole('listbox', { name: /Time zone|시간대/ }).getByRole('option');

test('pressed, the field is empty and shows what may be meant; what is typed finds it @phone', async ({ page, server, accessible, hasTouch }) => {
    const mentor = await server.mentor(everyDay('Asia/Seoul'));
    const asked: string[] = [];
    page.on('request', (request) => {
        if (request.url().includes('/fn/find_zones')) asked.push(request.url());
    });
    await open(page, `/${mentor.handle}?tz=UTC`);
    const input = field(page);
    await expect(input).toHaveValue('UTC');
    expect(asked, 'nothing is searched before the field is opened').toEqual([]);

    // A real press and real keys: what an engine does with the selection in between is its own matter.
    const press = async (place: Locator) => {
        await place.scrollIntoViewIfNeeded();
        const box = (await place.boundingBox())!;
        const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
        if (hasTouch) await page.touchscreen.tap(x, y);
        else await page.mouse.click(x, y);
    };
    await press(input);
    await expect(input).toHaveValue('');
    await expect(input).toHaveAttribute('placeholder', 'UTC');
    await expect(input).toHaveAttribute('aria-expanded', 'true');
    await expect(options(page).first()).toHaveAccessibleName(/^Berlin, This device, \d{1,2}:\d\d.*, UTC\+[12]$/);
    await expect(options(page).nth(1)).toHaveAccessibleName(/^Seoul, Mentor’s time zone, .*, UTC\+9$/);
    await accessible(page);

    await page.keyboard.type('new york');
    await expect(input).toHaveValue('new york');
    await expect(options(page).first()).toHaveAccessibleName(/^New York, United States, .*, UTC−[45]$/);
    await expect(announced(page)).toHaveText(/time zone/);
    await accessible(page);
    await press(options(page).first());
    await expect(page).toHaveURL(/tz=America(\/|%2F)New_York/);
    await expect(input).toHaveValue('America/New_York');
    await expect(input).toHaveAttribute('aria-expanded', 'false');

    // The zone that was chosen is at hand from now on.
    await press(input);
    await page.keyboard.type('tokyo');
    await press(options(page).first());
    await expect(input).toHaveValue('Asia/Tokyo');
    await press(input);
    await expect(options(page).filter({ hasText: 'New York' })).toHaveAccessibleName(/Used recently/);
});

test('left without a choice it is as before', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('Asia/Seoul'));
    await open(page, `/${mentor.handle}?tz=America/New_York`);
    const input = field(page);
    const isAsBefore = async () => {
        await expect(input).toHaveValue('America/New_York');
        await expect(input).toHaveAttribute('aria-expanded', 'false');
        await expect(options(page)).toHaveCount(0);
        await expect(page).toHaveURL(/tz=America(\/|%2F)New_York/);
    };
    await input.click();
    await expect(input).toHaveValue('');
    await page.keyboard.press('Escape');
    await isAsBefore();
    await expect(input).toBeFocused();
    await input.click();
    await page.keyboard.type('seoul');
    await expect(options(page).first()).toHaveAccessibleName(/Seoul/);
    await page.keyboard.press('Escape');
    await isAsBefore();
    await input.click();
    await page.keyboard.type('seoul');
    await page.locator('h1').click();
    await isAsBefore();
    await input.click();
    await page.keyboard.type('qqqq');
    await expect(page.locator('.combobox-none')).toContainText('No time zone found');
    await page.keyboard.press('Enter');
    await expect(input).toHaveValue('qqqq');
    await page.keyboard.press('Tab');
    await isAsBefore();
});

test('by keyboard alone', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('Asia/Seoul'));
    await open(page, `/${mentor.handle}?tz=UTC`);
    const input = field(page);
    const active = async () => {
        const id = await input.getAttribute('aria-activedescendant');
        return page.locator(`[id="${id}"]`);
    };
    // Reached by Tab it is closed, and the first letter replaces what is in it.
    await input.focus();
    await expect(input).toHaveValue('UTC');
    await expect(input).toHaveAttribute('aria-expanded', 'false');
    await page.keyboard.type('korea');
    await expect(input).toHaveValue('korea');
    await expect(options(page).first()).toHaveAccessibleName(/^Seoul, South Korea/);
    await expect(await active()).toHaveAttribute('aria-selected', 'true');
    await page.keyboard.press('ArrowUp');
    await expect(await active()).toHaveAccessibleName(await options(page).last().getAttribute('aria-label') ?? '');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await expect(await active()).toHaveAccessibleName(/Pyongyang/);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await expect(input).toHaveValue('Asia/Seoul');
    await expect(page).toHaveURL(/tz=Asia(\/|%2F)Seoul/);

    // Opened with an arrow it is empty.
    await page.keyboard.press('ArrowDown');
    await expect(input).toHaveValue('');
    await expect(options(page)).not.toHaveCount(0);
    await page.keyboard.press('Escape');
    await expect(input).toHaveValue('Asia/Seoul');

    // Whoever types and presses Enter need not wait for the answer.
    await page.route(/\/fn\/find_zones/, async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 500));
        await route.continue();
    });
    await page.keyboard.type('UTC+5:30');
    await page.keyboard.press('Enter');
    await expect(input).toHaveValue('Asia/Kolkata');
});

test('an engine that drops the selection appends nothing', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('Asia/Seoul'));
    await open(page, `/${mentor.handle}?tz=UTC`);
    const input = field(page);
    await input.focus();
    await input.evaluate((input: HTMLInputElement) => input.setSelectionRange(input.value.length, input.value.length));
    await page.keyboard.type('new york');
    await expect(input).toHaveValue('new york');
    await page.keyboard.press('Enter');
    await expect(input).toHaveValue('America/New_York');
});

test.describe('what people type', () => {
    for (const [typed, first] of [
        ['+9', /^Tokyo, .*UTC\+9$/],
        ['GMT+05:30', /^Kolkata, .*UTC\+5:30$/],
        ['EST', /^New York, Eastern Time, .*UTC−[45]$/],
        ['münchen', /^Munich, Germany/],
        ['San Francisco', /^San Francisco, United States/],
        ['부산', /^Busan, South Korea/],
    ] as const) {
        test(`${typed}`, async ({ page, server }) => {
            const mentor = await server.mentor(everyDay('Europe/London'));
            await open(page, `/${mentor.handle}`);
            await field(page).click();
            await page.keyboard.insertText(typed);
            await expect(options(page).first()).toHaveAccessibleName(first);
            for (const name of await options(page).allInnerTexts()) expect(name).not.toContain('GMT');
        });
    }
});

test.describe('in Korean', () => {
    test.use({ locale: 'ko-KR', timezoneId: 'Asia/Seoul' });

    test('places and offers are in the language of the page @phone', async ({ page, server }) => {
        const mentor = await server.mentor(everyDay('America/New_York'));
        await open(page, `/${mentor.handle}`);
        await field(page).click();
        await expect(options(page).first()).toHaveAccessibleName(/^서울, 이 기기, .*UTC\+9$/);
        await expect(options(page).nth(1)).toHaveAccessibleName(/^뉴욕, 멘토의 시간대, /);
        await page.keyboard.insertText('munich');
        await expect(options(page).first()).toHaveAccessibleName(/^뮌헨, 독일, /);
        await options(page).first().click();
        await expect(field(page)).toHaveValue('Europe/Berlin');
    });
});

test.describe('where the server cannot be asked', () => {
    test.use({ expectedErrors: /Failed to load resource|net::ERR_FAILED/ });

    test('the field says so, and searches again', async ({ page, server }) => {
        const mentor = await server.mentor(everyDay('Asia/Seoul'));
        await open(page, `/${mentor.handle}?tz=UTC`);
        await page.route(/\/fn\/find_zones/, (route) => route.abort());
        await field(page).click();
        await expect(page.getByText('Time zones can’t be searched right now')).toBeVisible();
        await page.unroute(/\/fn\/find_zones/);
        await page.keyboard.type('lima');
        await expect(options(page).first()).toHaveAccessibleName(/^Lima, Peru/);
        await options(page).first().click();
        await expect(field(page)).toHaveValue('America/Lima');
    });
});

test('in sign-up, settings and the editor it is the same field @phone', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('Asia/Seoul'));
    await open(page, '/signup');
    await expect(field(page)).toHaveValue('Europe/Berlin');
    for (const path of ['/signup', '/dashboard/settings', '/dashboard/availability']) {
        if (path === '/signup') await open(page, path);
        else await logIn(page, server, mentor, path);
        const input = field(page);
        const before = await input.inputValue();
        await input.click();
        await expect(input).toHaveValue('');
        await expect(input).toHaveAttribute('placeholder', before.replace('_', ' '));
        await page.keyboard.press('Escape');
        await expect(input).toHaveValue(before);
        await input.click();
        await page.keyboard.type('sao paulo');
        await expect(options(page).first()).toHaveAccessibleName(/^São Paulo, Brazil, .*UTC−3$/);
        await page.keyboard.press('Enter');
        await expect(input).toHaveValue('America/Sao_Paulo');
    }
});

test('without a script what is typed is understood alike @plain', async ({ page, server, javaScriptEnabled }) => {
    const mentor = await server.mentor(everyDay('Asia/Seoul'));
    await open(page, `/${mentor.handle}?month=2027-01&h=24`, !javaScriptEnabled);
    for (const [typed, zone] of [['new york', 'America/New_York'], ['UTC+5:30', 'Asia/Kolkata'], ['부산', 'Asia/Seoul']]) {
        const { status, url } = await page.request
            .get(`/${mentor.handle}?h=24&tz=${encodeURIComponent(typed)}&month=2027-01`)
            .then((answer) => ({ status: answer.status(), url: new URL(answer.url()) }));
        expect([status, url.searchParams.get('tz'), url.searchParams.get('h'), url.searchParams.get('month')]).toEqual([200, zone, '24', '2027-01']);
    }
    if (!javaScriptEnabled) {
        await page.getByRole('textbox', { name: 'Time zone' }).fill('san francisco');
        await page.getByRole('button', { name: 'Change' }).click();
        await expect(page).toHaveURL(/tz=America(\/|%2F)Los_Angeles/);
        await expect(page.getByRole('textbox', { name: 'Time zone' })).toHaveValue('America/Los_Angeles');
        await expect(page.getByText(/America\/Los Angeles \(UTC−[78]\)/).first()).toBeVisible();
    }
});
