import type { Page } from '@playwright/test';
import { fingers, openEditor, save } from '../fixtures/editor';
import { type Mentor, type Server, everyDay, nextMonth } from '../fixtures/server';
import { announced, expect, hydrated, open, test } from '../fixtures/test';

const words = (date: string, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', ...options }).format(new Date(date));
const short = (date: string) => {
    const year = words(date, { year: 'numeric' });
    const other = year === `${new Date().getUTCFullYear()}` ? '' : `, ${year}`;
    return words(date, { weekday: 'short', month: 'short', day: 'numeric' }) + other;
};

/** The dates of the next month that a mentee can choose, on the mentor's page. */
async function freeDays(page: Page, mentor: Mentor): Promise<number[]> {
    await open(page, `/${mentor.handle}?month=${nextMonth(1).slice(0, 7)}&tz=${mentor.timezone}`);
    await expect(page.locator('td a.day').first()).toBeVisible();
    const ids = await page.locator('td a.day').evaluateAll((days) => days.map((day) => day.id));
    return ids.map((id) => Number(id.slice(-2)));
}

const kept = (server: Server, mentor: Mentor) => server.api('GET', '/availability', mentor.key);

test('dates are blocked by click, drag and keyboard, with notes, and freed; the mentee’s page follows', async ({ page, server, accessible }) => {
    const mentor = await server.mentor(everyDay('UTC'), 'Ada Mentor', { horizon_days: 90 });
    await openEditor(page, server, mentor);
    const part = page.getByRole('region', { name: 'Blocked dates' });
    const date = (day: number) => part.locator(`button[data-date="${nextMonth(day)}"]:not([data-outside] *)`);
    await part.getByRole('button', { name: 'Next month' }).click();
    await date(20).scrollIntoViewIfNeeded();

    // A drag, backwards and over more than a week; a click; the keyboard.
    await date(19).hover();
    await page.mouse.down();
    await date(15).hover();
    await date(8).hover();
    await expect(date(12)).toHaveAttribute('data-marked', 'block');
    await page.mouse.up();
    await expect(announced(page)).toHaveText(`${short(nextMonth(8))} – ${short(nextMonth(19))} blocked.`);
    await date(25).click();
    await expect(date(25)).toBeFocused();
    for (const key of ['ArrowLeft', 'ArrowLeft', 'ArrowLeft', 'Shift+ArrowRight', 'Space']) await page.keyboard.press(key);
    await expect(announced(page)).toHaveText(`${short(nextMonth(22))} – ${short(nextMonth(23))} blocked.`);
    await part.getByLabel(`Note for ${short(nextMonth(8))} – ${short(nextMonth(19))}`).fill('Jeju, with the family');
    // In the middle of it one day is free after all.
    await date(12).click();
    await expect(announced(page)).toHaveText(`${short(nextMonth(12))} free again.`);
    // Escape gives a drag up.
    await date(3).hover();
    await page.mouse.down();
    await date(5).hover();
    await page.keyboard.press('Escape');
    await page.mouse.up();
    await accessible(page);
    await save(page);

    const range = (from: number, to: number, note: string | null = null) => ({ starts_on: nextMonth(from), ends_on: nextMonth(to), note });
    const note = 'Jeju, with the family';
    expect((await kept(server, mentor)).blocked).toEqual([range(8, 11, note), range(13, 19, note), range(22, 23), range(25, 25)]);
    const days = await freeDays(page, mentor);
    expect(days.filter((day) => day <= 26)).toEqual([1, 2, 3, 4, 5, 6, 7, 12, 20, 21, 24, 26]);

    await open(page, '/dashboard/availability');
    await expect(part.getByLabel(`Note for ${short(nextMonth(8))} – ${short(nextMonth(11))}`)).toHaveValue(note);
    await part.getByRole('button', { name: `Free ${short(nextMonth(13))} – ${short(nextMonth(19))}` }).click();
    await part.getByRole('button', { name: `Free ${short(nextMonth(25))}` }).click();
    await save(page);
    expect((await kept(server, mentor)).blocked).toEqual([range(8, 11, note), range(22, 23)]);
    expect(await freeDays(page, mentor)).toEqual(expect.arrayContaining([13, 19, 25]));
});

test('a date has other hours or none; the mentee’s page follows', async ({ page, server, accessible }) => {
    const mentor = await server.mentor(everyDay('UTC', '09:00', '11:00'), 'Ada Mentor', { horizon_days: 90 });
    await openEditor(page, server, mentor);
    const part = page.getByRole('region', { name: 'Other hours for one date' });
    const add = async (date: string) => {
        await part.getByLabel('Date', { exact: true }).fill(date);
        await part.getByRole('button', { name: 'Add date' }).click();
    };
    await add('2020-01-01');
    await expect(part.getByText('Choose a date from today on.')).toBeVisible();

    const [evening, closed, usual] = [nextMonth(6), nextMonth(7), nextMonth(8)];
    for (const date of [usual, evening, closed]) await add(date);
    // Begins as the weekday is.
    const from = part.getByLabel(`${short(evening)}, window 1, from`);
    await expect(from).toHaveValue('09:00');
    await part.getByLabel(`${short(evening)}, window 1, to`).fill('22:10');
    await from.fill('20:10');
    await from.press('Enter');
    const row = (date: string) => part.locator('.override-row').filter({ hasText: short(date) });
    await row(closed).getByRole('button', { name: 'Close that day' }).click();
    await expect(row(closed)).toContainText('Closed that day');
    await row(usual).getByRole('button', { name: 'Remove the hours for' }).click();
    await expect(announced(page)).toContainText('has the weekday’s hours again.');
    await accessible(page);
    await save(page);
    expect((await kept(server, mentor)).overrides).toEqual([
        { date: evening, windows: [{ start_time: '20:10', end_time: '22:10' }] },
        { date: closed, windows: [] },
    ]);

    const days = await freeDays(page, mentor);
    expect(days).toEqual(expect.arrayContaining([5, 6, 8]));
    expect(days).not.toContain(7);
    const times = async (date: string) => {
        await open(page, `/${mentor.handle}?date=${date}&tz=UTC&h=24`);
        return page.locator('a.time .time-own').allInnerTexts();
    };
    expect(await times(evening)).toEqual(['20:10', '20:40', '21:10', '21:40']);
    expect(await times(usual)).toEqual(['09:00', '09:30', '10:00', '10:30']);

    await open(page, '/dashboard/availability');
    await expect(part.locator('.override-row')).toHaveCount(2);
    await row(closed).getByRole('button', { name: 'Remove the hours for' }).click();
    await save(page);
    expect(await times(closed)).toHaveLength(4);
});

test('the preview shows, before anything is saved, what is offered once it is', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('Asia/Seoul', '09:00', '12:00'), 'Ada Mentor', { minimum_notice_minutes: 120 });
    const starts = await server.starts(mentor, 10);
    await server.book(mentor, starts.at(-1)!, 'Booked');
    await openEditor(page, server, mentor);
    const preview = page.locator('.preview-day');
    await expect(preview).toHaveCount(14);
    const counts = async () => {
        const texts = await preview.locator('.preview-number-of').allInnerTexts();
        return texts.map((text) => Number.parseInt(text, 10) || 0);
    };
    const before = await counts();
    await page.getByLabel('Duration').fill('60');
    await page.getByLabel('Start every').fill('15');
    await page.getByLabel('Monday, window 1, to').fill('10:30');
    await page.getByLabel('Monday, window 1, to').blur();
    const today = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Seoul' }).format(new Date());
    const day = (offset: number) => new Date(Date.parse(today) + offset * 86_400_000).toISOString().slice(0, 10);
    // Blocked and with hours of its own, three and four days ahead.
    const blocked = page.getByRole('region', { name: 'Blocked dates' });
    if (day(3).slice(0, 7) !== today.slice(0, 7)) await blocked.getByRole('button', { name: 'Next month' }).click();
    await blocked.locator(`button[data-date="${day(3)}"]:not([data-outside] *)`).click();
    const overrides = page.getByRole('region', { name: 'Other hours for one date' });
    await overrides.getByLabel('Date', { exact: true }).fill(day(4));
    await overrides.getByRole('button', { name: 'Add date' }).click();
    await overrides.locator('.time-input').last().fill('24:00');
    await overrides.locator('.time-input').last().blur();
    await expect(preview.nth(3)).toHaveAttribute('data-reason', 'blocked');
    await expect(preview.nth(3)).toContainText('Blocked');
    await expect(preview.nth(4)).toHaveAttribute('data-reason', 'override');
    await expect(preview.nth(4).locator('.preview-number-of')).toHaveText('57 times');
    const expected = await counts();
    expect(expected).not.toEqual(before);
    expect((await kept(server, mentor)).blocked).toEqual([]);

    await save(page);
    const path = `/mentors/${mentor.handle}/slots?session_type=session&from=${today}&to=${day(13)}&timezone=Asia/Seoul`;
    const answer = await server.api('GET', path, null);
    const offered = Array.from({ length: 14 }, (_, n) => answer.days.find((one: any) => one.date === day(n))?.slots.length ?? 0);
    // Today's times run out while the test runs.
    expect(expected.slice(1)).toEqual(offered.slice(1));
    expect(expected.slice(1).reduce((sum, n) => sum + n, 0)).toBeGreaterThan(100);
    await page.reload();
    await hydrated(page);
    expect((await counts()).slice(1)).toEqual(offered.slice(1));
});

test('with a finger: scroll, tap first and last, draw @phone', async ({ page, server, accessible }, info) => {
    test.skip(info.project.name !== 'phone', 'where a finger scrolls');
    const mentor = await server.mentor(everyDay('UTC'), 'Ada Mentor', { horizon_days: 90 });
    await openEditor(page, server, mentor);
    const part = page.getByRole('region', { name: 'Blocked dates' });
    await expect(part.getByText('Tap the first and the last date')).toBeVisible();
    await expect(part.getByText('keyboard')).toBeHidden();
    const date = (day: number) => part.locator(`button[data-date="${nextMonth(day)}"]:not([data-outside] *)`);
    await part.getByRole('button', { name: 'Next month' }).click();
    await page.locator('.dates table').evaluate((table) => table.scrollIntoView({ block: 'center', behavior: 'instant' }));
    const { one, swipe, tap, send } = await fingers(page);
    const at = async (day: number) => {
        const box = (await date(day).boundingBox())!;
        return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    };
    const marked = part.locator('[data-blocked], [data-marked]');

    // A swipe over the whole month scrolls, and blocks nothing.
    const before = await page.evaluate(() => scrollY);
    const low = await at(24);
    await swipe(low, { x: low.x + 8, y: low.y - 180 });
    await expect.poll(async () => (await page.evaluate(() => scrollY)) - before).toBeGreaterThan(60);
    await expect(marked).toHaveCount(0);
    await expect(page.locator('.editor-state')).toHaveText('All changes saved');
    await page.locator('.dates table').evaluate((table) => table.scrollIntoView({ block: 'center', behavior: 'instant' }));

    // First and last; one date twice; the first one taken back.
    await tap(await at(8));
    await expect(date(8)).toHaveAttribute('data-marked', 'block');
    await expect(part.getByText('Now tap the last date to block')).toBeVisible();
    await accessible(page);
    await tap(await at(19));
    await expect(part.locator('[data-blocked]')).toHaveCount(12);
    for (let taps = 0; taps < 2; taps++) await tap(await at(25));
    await tap(await at(27));
    await part.getByRole('button', { name: 'Cancel' }).click();
    await expect(date(27)).not.toHaveAttribute('data-marked');
    // Freed in the same way.
    await tap(await at(10));
    await tap(await at(11));
    // A long press draws over the weeks; what the browser takes away leaves nothing.
    await one.down(await at(3));
    await one.move(await at(5));
    await one.up();
    await one.down(await at(28));
    await one.move(await at(22));
    await send('touchCancel', []);
    await expect(part.locator('[data-marked]')).toHaveCount(0);
    await save(page);
    const range = (from: number, to: number) => ({ starts_on: nextMonth(from), ends_on: nextMonth(to), note: null });
    expect((await kept(server, mentor)).blocked).toEqual([range(3, 5), range(8, 9), range(12, 19), range(25, 25)]);
});
