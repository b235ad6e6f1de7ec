import type { Page } from '@playwright/test';
import { type Mentor, type Server, everyDay } from '../fixtures/server';
import { expect, hydrated, open, test } from '../fixtures/test';

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** The quarter of an hour that begins at `time`, in a day's column. */
const cell = (page: Page, day: string, time: string) => {
    const [hours, minutes] = time.split(':').map(Number);
    return page.locator('.week-area [role=gridcell]').nth((hours * 4 + minutes / 15) * 7 + DAYS.indexOf(day));
};

async function middle(page: Page, day: string, time: string) {
    const box = await cell(page, day, time).boundingBox();
    if (!box) throw new Error('the cell is not shown');
    return { x: box.x + box.width * 0.8, y: box.y + box.height / 2 };
}

/** Drags from the first cell to the last, both included. */
async function drag(page: Page, fromDay: string, from: string, toDay: string, to: string) {
    await cell(page, fromDay, from).scrollIntoViewIfNeeded();
    const a = await middle(page, fromDay, from);
    const b = await middle(page, toDay, to);
    await page.mouse.move(a.x, a.y);
    await page.mouse.down();
    await page.mouse.move((a.x + b.x) / 2, (a.y + b.y) / 2, { steps: 4 });
    await page.mouse.move(b.x, b.y, { steps: 4 });
    await page.mouse.up();
}

async function openEditor(page: Page, server: Server, mentor: Mentor) {
    await page.goto(await server.loginLink(mentor));
    await open(page, '/dashboard/availability');
}

async function save(page: Page) {
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(page.locator('.editor-state')).toContainText(/saved/i);
    await expect(page.locator('.editor-state')).not.toContainText(/unsaved/i);
}

const weekly = async (server: Server, mentor: Mentor) =>
    (await server.api('GET', '/availability', mentor.key)).weekly.map(
        (w: any) => `${w.day_of_week} ${w.start_time}-${w.end_time}`,
    );

test('drag selects, drag again clears, copy, presets and undo; then a mentee sees it', async ({ page, server, accessible }) => {
    const mentor = await server.mentor({ timezone: 'UTC', weekly: [] });
    await openEditor(page, server, mentor);
    await accessible(page);
    await drag(page, 'Mon', '09:00', 'Mon', '11:45');
    await drag(page, 'Mon', '14:00', 'Mon', '15:45');
    await page.getByRole('button', { name: 'Copy Mon → Tue–Fri' }).click();
    await save(page);
    const both = (day: number) => [`${day} 09:00-12:00`, `${day} 14:00-16:00`];
    expect(await weekly(server, mentor)).toEqual([1, 2, 3, 4, 5].flatMap(both));

    // What mentees will see is computed while dragging, before anything is saved.
    await drag(page, 'Tue', '11:00', 'Tue', '11:45');
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('button', { name: 'Redo' }).click();
    await save(page);
    expect(await weekly(server, mentor)).toContain('2 09:00-11:00');

    await page.getByRole('button', { name: 'Set 9–5 weekdays' }).click();
    await save(page);
    expect(await weekly(server, mentor)).toEqual([1, 2, 3, 4, 5].map((day) => `${day} 09:00-17:00`));

    await page.goto(`/${mentor.handle}`);
    await hydrated(page);
    await expect(page.locator('td a.day').first()).toBeVisible();

    await open(page, '/dashboard/availability');
    await page.getByRole('button', { name: 'Clear all' }).click();
    await save(page);
    expect(await weekly(server, mentor)).toEqual([]);
});

test('Escape abandons a drag', async ({ page, server }) => {
    const mentor = await server.mentor({ timezone: 'UTC', weekly: [] });
    await openEditor(page, server, mentor);
    await cell(page, 'Wed', '10:00').scrollIntoViewIfNeeded();
    const a = await middle(page, 'Wed', '10:00');
    await page.mouse.move(a.x, a.y);
    await page.mouse.down();
    await page.mouse.move(a.x, a.y + 60, { steps: 5 });
    await page.keyboard.press('Escape');
    await page.mouse.up();
    await expect(cell(page, 'Wed', '10:00')).toHaveAttribute('aria-selected', 'false');
});

test('the grid by keyboard', async ({ page, server }) => {
    const mentor = await server.mentor({ timezone: 'UTC', weekly: [] });
    await openEditor(page, server, mentor);
    await page.locator('.week-area [role=gridcell][tabindex="0"]').focus();
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowRight', 'Home']) await page.keyboard.press(key);
    for (let hour = 0; hour < 10; hour++) await page.keyboard.press('PageDown');
    for (let quarter = 0; quarter < 3; quarter++) await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Space');
    await expect(cell(page, 'Thu', '10:45')).toHaveAttribute('aria-selected', 'true');
    await save(page);
    expect(await weekly(server, mentor)).toEqual(['4 10:00-11:00']);
});

test('the list edits to the minute, and the grid follows @phone', async ({ page, server, accessible }) => {
    const mentor = await server.mentor(everyDay('UTC', '09:00', '12:00'));
    await openEditor(page, server, mentor);
    await accessible(page);
    const from = page.getByLabel(/Monday.*from|From.*Monday/i).first();
    const until = page.getByLabel(/Monday.*(until|to)\b|(Until|To).*Monday/i).first();
    await from.fill('9:07');
    await from.blur();
    await until.fill('1130');
    await until.blur();
    await save(page);
    expect(await weekly(server, mentor)).toContain('1 09:07-11:30');
});

test('leaving with unsaved changes is guarded', async ({ page, server }) => {
    const mentor = await server.mentor({ timezone: 'UTC', weekly: [] });
    await openEditor(page, server, mentor);
    await page.getByRole('button', { name: 'Set 9–5 weekdays' }).click();
    let asked = 0;
    page.on('dialog', (dialog) => {
        asked++;
        void dialog.dismiss();
    });
    await page.getByRole('link', { name: 'Session types' }).click();
    await expect.poll(async () => asked > 0 || (await page.locator('dialog[open]').count()) > 0).toBe(true);
    expect(new URL(page.url()).pathname).toBe('/dashboard/availability');
});

test.describe('where the server is away', () => {
    test.use({ expectedErrors: /Failed to load resource|ERR_FAILED/ });

    test('nothing is lost, and the page says so', async ({ page, server }) => {
        const mentor = await server.mentor({ timezone: 'UTC', weekly: [] });
        await openEditor(page, server, mentor);
        await page.getByRole('button', { name: 'Set 9–5 weekdays' }).click();
        await page.route('**/fn/save_availability', (route) => route.abort());
        await page.getByRole('button', { name: 'Save', exact: true }).click();
        await expect(page.locator('.error-summary, [role=alert]').first()).toBeVisible();
        await expect(cell(page, 'Mon', '09:00')).toHaveAttribute('aria-selected', 'true');
        await page.unroute('**/fn/save_availability');
        await save(page);
        expect(await weekly(server, mentor)).toHaveLength(5);
    });
});
