import { cell, drag, expectOpen, fingers, mouse, openEditor, pen, point, save, show, weekly } from '../fixtures/editor';
import { everyDay } from '../fixtures/server';
import { announced, expect, hydrated, logIn, open, test } from '../fixtures/test';

test('drag selects, drag again clears, copy, presets, undo and redo; then a mentee sees it', async ({ page, server, accessible }) => {
    const mentor = await server.mentor({ timezone: 'UTC', weekly: [] });
    await openEditor(page, server, mentor);
    await accessible(page);
    const hand = mouse(page);
    await drag(page, hand, ['Mon', '09:00'], ['Mon', '12:00']);
    await expect(announced(page)).toHaveText('Monday, 09:00 to 12:00: available.');
    await drag(page, hand, ['Mon', '14:00'], ['Mon', '16:00']);
    await page.getByRole('button', { name: 'Copy Mon → Tue–Fri' }).click();
    await save(page);
    const both = (day: number) => [`${day} 09:00-12:00`, `${day} 14:00-16:00`];
    expect(await weekly(server, mentor)).toEqual([1, 2, 3, 4, 5].flatMap(both));

    // Drag again clears, in whichever direction, over several days at once.
    await drag(page, hand, ['Wed', '11:00'], ['Tue', '12:00']);
    await expect(announced(page)).toHaveText('Tuesday to Wednesday, 11:00 to 12:00: not available.');
    await page.getByRole('button', { name: 'Undo' }).click();
    await expectOpen(page, true, ['Tue', '11:00'], ['Wed', '11:45']);
    await page.getByRole('button', { name: 'Redo' }).click();
    await expectOpen(page, false, ['Tue', '11:00'], ['Wed', '11:45']);
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
    await expectOpen(page, false, ['Tue', '09:00'], ['Fri', '14:00']);
    await page.keyboard.press('Control+Shift+z');
    await page.keyboard.press('Control+y');
    await save(page);
    const shorter = (day: number) => [`${day} 09:00-11:00`, `${day} 14:00-16:00`];
    expect(await weekly(server, mentor)).toEqual([both(1), shorter(2), shorter(3), both(4), both(5)].flat());
    await open(page, '/dashboard/availability');
    await expectOpen(page, true, ['Tue', '10:45'], ['Thu', '11:45']);
    await expectOpen(page, false, ['Tue', '11:00'], ['Sat', '09:00']);

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
    await page.goto(`/${mentor.handle}`);
    await expect(page.getByText('No times at the moment')).toBeVisible();
});

test('a block is resized by its edges and moved by its middle; Escape gives a drag up', async ({ page, server }) => {
    const mentor = await server.mentor({ timezone: 'UTC', weekly: [{ day_of_week: 1, start_time: '09:00', end_time: '12:00' }] });
    await openEditor(page, server, mentor);
    const hand = mouse(page);
    await drag(page, hand, ['Mon', '12:00'], ['Mon', '13:30'], { exact: true });
    await expect(announced(page)).toHaveText('Monday, 09:00 to 13:30: available.');
    await drag(page, hand, ['Mon', '09:00'], ['Mon', '08:00'], { exact: true });
    await expect(announced(page)).toHaveText('Monday, 08:00 to 13:30: available.');
    // 10:45 is the middle; it goes three and a half hours on, two days later.
    await drag(page, hand, ['Mon', '10:45'], ['Wed', '14:15'], { exact: true, across: 0.5 });
    await expect(announced(page)).toHaveText('Wednesday, 11:30 to 17:00: available.');
    await save(page);
    expect(await weekly(server, mentor)).toEqual(['3 11:30-17:00']);

    // Each kind of drag is given up: painting, clearing, moving, resizing.
    for (const [[day, time], across, exact] of [
        [['Fri', '10:00'], 0.85, false],
        [['Wed', '12:00'], 0.85, false],
        [['Wed', '14:15'], 0.5, true],
        [['Wed', '17:00'], 0.85, true],
    ] as const) {
        await show(page, time);
        const at = await point(page, day, time, across);
        await hand.down({ x: at.x, y: at.y + (exact ? 0 : 6) });
        await hand.move({ x: at.x, y: at.y + 70 });
        await expect(page.locator('.week-tag')).toBeVisible();
        await page.keyboard.press('Escape');
        await expect(announced(page)).toHaveText(/^Given up; nothing has changed\./);
        await hand.up();
        await expect(page.locator('.editor-state')).toHaveText('All changes saved');
    }

    // Pulled over its other edge, a block is gone.
    await drag(page, hand, ['Wed', '17:00'], ['Wed', '10:00'], { exact: true });
    await expect(announced(page)).toHaveText('Block on Wednesday removed.');
    await save(page);
    expect(await weekly(server, mentor)).toEqual([]);
});

test('a drag at the edge of the grid scrolls it', async ({ page, server }) => {
    const mentor = await server.mentor({ timezone: 'UTC', weekly: [] });
    await openEditor(page, server, mentor);
    const hand = mouse(page);
    await show(page, '09:00');
    const scroll = page.locator('.week-scroll');
    const box = (await scroll.boundingBox())!;
    const at = await point(page, 'Tue', '10:00');
    await hand.down({ x: at.x, y: at.y + 6 });
    await hand.move({ x: at.x, y: box.y + box.height - 4 });
    await expect.poll(() => scroll.evaluate((e) => e.scrollHeight - e.clientHeight - e.scrollTop)).toBeLessThan(2);
    await hand.move({ x: at.x, y: box.y + 40 });
    await expect.poll(() => scroll.evaluate((e) => e.scrollTop)).toBe(0);
    await hand.up();
    await save(page);
    expect(await weekly(server, mentor)).toEqual(['2 00:00-10:15']);
});

test('with a pen', async ({ page, server }) => {
    const mentor = await server.mentor({ timezone: 'UTC', weekly: [] });
    await openEditor(page, server, mentor);
    await page.evaluate(() => {
        window.addEventListener('pointerdown', (event) => (document.body.dataset.pointer = event.pointerType), true);
    });
    const hand = await pen(page);
    await drag(page, hand, ['Thu', '18:00'], ['Fri', '20:00']);
    await expect(page.locator('body')).toHaveAttribute('data-pointer', 'pen');
    await drag(page, hand, ['Thu', '20:00'], ['Thu', '21:30'], { exact: true });
    await drag(page, hand, ['Fri', '18:00'], ['Fri', '19:00']);
    await save(page);
    expect(await weekly(server, mentor)).toEqual(['4 18:00-21:30', '5 19:00-20:00']);
});

test('with a finger: scroll, draw, resize, tap @phone', async ({ page, server }, info) => {
    const mentor = await server.mentor({ timezone: 'UTC', weekly: [] });
    await openEditor(page, server, mentor);
    const { one, swipe, tap, send } = await fingers(page);
    const nothing = () => expect(page.locator('.week-area [aria-selected=true]')).toHaveCount(0);
    const scrollTop = () => page.locator('.week-scroll').evaluate((e) => e.scrollTop);

    // A swipe scrolls the grid, wherever it begins, and draws nothing; at the grid's end it scrolls the page.
    await show(page, '12:00');
    if (info.project.name === 'phone') {
        const before = await scrollTop();
        const from = await point(page, 'Wed', '15:00');
        await swipe(from, { x: from.x + 10, y: from.y - 160 });
        await expect.poll(async () => (await scrollTop()) - before).toBeGreaterThan(60);
        await nothing();
        await page.locator('.week-scroll').evaluate((e) => (e.scrollTop = e.scrollHeight));
        const page_before = await page.evaluate(() => scrollY);
        const low = await point(page, 'Wed', '22:00');
        await swipe(low, { x: low.x, y: low.y - 160 });
        await expect.poll(async () => (await page.evaluate(() => scrollY)) - page_before).toBeGreaterThan(60);
        await nothing();
        await expect(page.locator('.editor-state')).toHaveText('All changes saved');
    }

    // Resting for a moment it draws, up and down; sideways at once. A long press alone does neither.
    await drag(page, one, ['Tue', '09:00'], ['Tue', '11:00']);
    await expectOpen(page, true, ['Tue', '09:00'], ['Tue', '10:45']);
    await drag(page, one, ['Tue', '11:00'], ['Tue', '12:00'], { exact: true });
    await expectOpen(page, true, ['Tue', '11:45']);
    await show(page, '17:00');
    await swipe(await point(page, 'Fri', '17:05'), await point(page, 'Sun', '17:05'));
    await expectOpen(page, true, ['Fri', '17:00'], ['Sat', '17:00'], ['Sun', '17:00']);
    await one.down(await point(page, 'Mon', '18:05'));
    await one.up();
    await expectOpen(page, false, ['Mon', '18:00']);

    // A drag that the browser takes away, or that a second finger joins, leaves nothing.
    await one.down(await point(page, 'Mon', '18:05'));
    await one.move(await point(page, 'Mon', '19:05'));
    await send('touchCancel', []);
    await expectOpen(page, false, ['Mon', '18:00'], ['Mon', '18:30']);
    const [left, right] = [await point(page, 'Sat', '18:00'), await point(page, 'Sun', '18:00')];
    await send('touchStart', [left]);
    await send('touchStart', [left, right]);
    await page.waitForTimeout(400);
    await send('touchEnd', []);
    await expectOpen(page, false, ['Sat', '18:00'], ['Sun', '18:00']);

    // A quarter of an hour is too small for a finger: a tap opens an hour, and closes nothing.
    await show(page, '13:00');
    for (let taps = 0; taps < 2; taps++) await tap(await point(page, 'Thu', '14:10'));
    await expectOpen(page, true, ['Thu', '14:00'], ['Thu', '14:45']);
    await save(page);
    expect(await weekly(server, mentor)).toEqual(['0 17:00-17:15', '2 09:00-12:00', '4 14:00-15:00', '5 17:00-17:15', '6 17:00-17:15']);
});

test('the grid by keyboard, read out', async ({ page, server }) => {
    const mentor = await server.mentor({ timezone: 'UTC', weekly: [] });
    await openEditor(page, server, mentor);
    await page.locator('.week-area [role=gridcell][tabindex="0"]').focus();
    const at = page.locator('.week-area [role=gridcell]:focus');
    for (const [key, name] of [
        ['ArrowRight', 'Tuesday 09:00, not available'],
        ['End', 'Tuesday 23:45, not available'],
        ['PageUp', 'Tuesday 22:45, not available'],
        ['Home', 'Tuesday 00:00, not available'],
        ['ArrowUp', 'Tuesday 00:00, not available'],
        ['PageDown', 'Tuesday 01:00, not available'],
        ['ArrowDown', 'Tuesday 01:15, not available'],
        ['Control+End', 'Sunday 23:45, not available'],
        ['Control+Home', 'Monday 00:00, not available'],
        ['PageDown', 'Monday 01:00, not available'],
    ]) {
        await page.keyboard.press(key);
        await expect(at, key).toHaveAttribute('aria-label', name);
    }
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowRight']) await page.keyboard.press(`Shift+${key}`);
    await expect(announced(page)).toHaveText('Monday to Tuesday, 01:00 to 02:00 selected.');
    await page.keyboard.press('Space');
    await expect(announced(page)).toHaveText('Monday to Tuesday, 01:00 to 02:00: available.');
    await expect(at).toHaveAttribute('aria-label', 'Tuesday 01:45, available from 01:00 to 02:00');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Delete');
    await expect(announced(page)).toHaveText('Tuesday, 01:30 to 01:45: not available.');
    await page.keyboard.press('Shift+End');
    await page.keyboard.press('Enter');
    await expect(announced(page)).toHaveText('Tuesday, 01:30 to 24:00: available.');
    await page.keyboard.press('Control+z');
    await expect(announced(page)).toHaveText('Undone.');
    await page.keyboard.press('Control+s');
    await expect(page.locator('.editor-state')).toHaveText('All changes saved');
    expect(await weekly(server, mentor)).toEqual(['1 01:00-02:00', '2 01:00-01:30', '2 01:45-02:00']);
});

test('any day is copied to any days', async ({ page, server, accessible }) => {
    const mentor = await server.mentor({
        timezone: 'UTC',
        weekly: [
            { day_of_week: 3, start_time: '09:07', end_time: '11:00' },
            { day_of_week: 3, start_time: '20:00', end_time: '24:00' },
            { day_of_week: 6, start_time: '08:00', end_time: '09:00' },
        ],
    });
    await openEditor(page, server, mentor);
    await page.getByRole('button', { name: 'Copy a day…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('From').selectOption('Wednesday');
    await expect(dialog.getByText('09:07 – 11:00, 20:00 – 24:00')).toBeVisible();
    await expect(dialog.getByLabel('Wednesday')).toBeDisabled();
    await accessible(page);
    for (const day of ['Saturday', 'Sunday']) await dialog.getByLabel(day).check();
    await dialog.getByRole('button', { name: 'Copy', exact: true }).click();
    await expect(announced(page)).toHaveText('Wednesday copied to Saturday, Sunday.');
    await expect(dialog).toBeHidden();

    // From a day's own list, and closed days are copied as well.
    await page.getByRole('button', { name: 'Copy the hours of Monday to other days' }).click();
    await dialog.getByRole('button', { name: 'Monday to Friday' }).click();
    await dialog.getByLabel('Tuesday').uncheck();
    await dialog.getByRole('button', { name: 'Copy', exact: true }).click();
    await save(page);
    expect(await weekly(server, mentor)).toEqual(['0 09:07-11:00', '0 20:00-24:00', '6 09:07-11:00', '6 20:00-24:00']);
});

test('the list edits to the minute, and the grid follows @phone', async ({ page, server, accessible }) => {
    const mentor = await server.mentor(everyDay('UTC', '09:00', '12:00'));
    await openEditor(page, server, mentor);
    await accessible(page);
    const from = page.getByLabel('Monday, window 1, from');
    const until = page.getByLabel('Monday, window 1, to');
    await from.fill('9:07');
    await from.blur();
    await until.fill('1130');
    await until.blur();
    await page.getByRole('button', { name: 'Add hours on Tuesday' }).click();
    await expect(page.getByLabel('Tuesday, window 2, from')).toBeFocused();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('8pm');
    await page.getByLabel('Tuesday, window 2, to').fill('24');
    await page.getByRole('button', { name: 'Remove 09:00 – 12:00 on Wednesday' }).click();
    await save(page);
    const kept = await weekly(server, mentor);
    expect(kept.filter((text) => /^[123]/.test(text))).toEqual(['1 09:07-11:30', '2 09:00-12:00', '2 20:00-24:00']);
});

test('duration, buffers and zone are saved with the hours', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('UTC'));
    await openEditor(page, server, mentor);
    await page.getByLabel('Duration').fill('45');
    await page.getByLabel('Start every').fill('20');
    await page.getByLabel('Buffer before').fill('5');
    await page.getByLabel('Buffer after').fill('10');
    await page.getByRole('combobox', { name: 'Time zone' }).fill('seoul');
    await page.getByRole('option', { name: /Seoul/ }).click();
    await expect(announced(page)).toContainText('Your hours keep their clock times.');
    await save(page);
    const [session] = await server.api('GET', '/session-types', mentor.key);
    expect(session).toMatchObject({
        duration_minutes: 45,
        start_interval_minutes: 20,
        buffer_before_minutes: 5,
        buffer_after_minutes: 10,
    });
    expect(await server.api('GET', '/availability', mentor.key)).toMatchObject({ timezone: 'Asia/Seoul', weekly: everyDay('').weekly });
    await page.reload();
    await hydrated(page);
    await expect(page.getByLabel('Duration')).toHaveValue('45');
    await expect(page.getByRole('combobox', { name: 'Time zone' })).toHaveValue('Asia/Seoul');
});

test('a zone that is saved as soon as it is chosen is the one that is saved', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('UTC'));
    await openEditor(page, server, mentor);
    // Its rules are long on the way.
    await page.route(/\/fn\/zone(\?|$)/, async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 3000));
        await route.continue();
    });
    await page.getByRole('combobox', { name: 'Time zone' }).fill('seoul');
    await page.getByRole('option', { name: /Seoul/ }).click();
    await save(page);
    expect(await server.api('GET', '/availability', mentor.key)).toMatchObject({ timezone: 'Asia/Seoul' });
    await expect(page.getByRole('combobox', { name: 'Time zone' })).toHaveValue('Asia/Seoul');
    await expect(page.locator('.editor-state')).toHaveText('All changes saved');
});

test('unsaved changes are not left without a question, nor lost by the back button', async ({ page, server }) => {
    const mentor = await server.mentor({ timezone: 'UTC', weekly: [] });
    await logIn(page, server, mentor);
    const nav = (name: string) => page.getByRole('navigation', { name: 'Dashboard' }).getByRole('link', { name });
    await nav('Availability').click();
    await page.getByRole('button', { name: 'Set 9–5 weekdays' }).click();

    const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
    await nav('Session types').click();
    await dialog.getByRole('button', { name: 'Stay' }).click();
    await expect(page).toHaveURL(/\/dashboard\/availability$/);
    await expectOpen(page, true, ['Mon', '09:00']);

    // Closing or reloading is the browser's own question.
    let asked = 0;
    page.on('dialog', (question) => {
        asked++;
        void question.dismiss();
    });
    await page.evaluate(() => window.location.reload());
    await expect.poll(() => asked).toBe(1);

    // The back button leads away, and the work is still there afterwards.
    await page.goBack();
    await expect(page.getByText('You have hours that are not saved yet.')).toBeVisible();
    await page.getByRole('link', { name: 'Back to them' }).click();
    await expect(page.getByText('Your unsaved changes are back.')).toBeVisible();
    await expectOpen(page, true, ['Fri', '16:45']);

    await nav('Settings').click();
    await dialog.getByRole('button', { name: 'Save and leave' }).click();
    await expect(page).toHaveURL(/\/dashboard\/settings$/);
    expect(await weekly(server, mentor)).toHaveLength(5);

    await nav('Availability').click();
    await page.getByRole('button', { name: 'Clear all' }).click();
    await nav('Bookings').click();
    await dialog.getByRole('button', { name: 'Discard changes' }).click();
    await expect(page).toHaveURL(/\/dashboard$/);
    await expect(page.getByText('You have hours that are not saved yet.')).toHaveCount(0);
    expect(await weekly(server, mentor)).toHaveLength(5);
    expect(asked).toBe(1);
});

test.describe('where a save fails', () => {
    test.use({ expectedErrors: /Failed to load resource|ERR_FAILED/ });

    test('nothing is lost, and the page says why', async ({ page, server }) => {
        const mentor = await server.mentor({ timezone: 'UTC', weekly: [] });
        await openEditor(page, server, mentor);
        await page.getByRole('button', { name: 'Set 9–5 weekdays' }).click();

        // What cannot be a time is not saved, and is shown.
        const until = page.getByLabel('Monday, window 1, to');
        await until.fill('25:99');
        await page.getByRole('button', { name: 'Save', exact: true }).click();
        await expect(page.getByText('Some fields need your attention')).toBeVisible();
        await expect(until).toBeFocused();
        expect(await weekly(server, mentor)).toEqual([]);
        await until.fill('16:30');
        await until.blur();

        await page.route('**/fn/save_availability', (route) => route.abort());
        await page.getByRole('button', { name: 'Save', exact: true }).click();
        const problem = page.getByRole('alert').filter({ hasText: 'Your hours could not be saved.' });
        await expect(problem).toContainText('Nothing you changed is lost.');
        await expect(page.locator('.editor-state')).toHaveText('Unsaved changes');
        await expectOpen(page, true, ['Mon', '09:00'], ['Fri', '16:45']);
        await expect(until).toHaveValue('16:30');
        await page.unroute('**/fn/save_availability');
        await problem.getByRole('button', { name: 'Try again' }).click();
        await expect(page.locator('.editor-state')).toHaveText('All changes saved');
        await expect(problem).toHaveCount(0);
        expect(await weekly(server, mentor)).toEqual(['1 09:00-16:30', ...[2, 3, 4, 5].map((day) => `${day} 09:00-17:00`)]);
    });
});

test.describe('two editors', () => {
    test.use({ expectedErrors: /status of 412/ });

    for (const choice of ['Use mine', 'Use the saved one', 'Use what is chosen above'] as const) {
        test(`neither version is lost: ${choice}`, async ({ page, server, context, accessible }) => {
            const mentor = await server.mentor({ timezone: 'UTC', weekly: [{ day_of_week: 1, start_time: '09:00', end_time: '12:00' }] });
            await openEditor(page, server, mentor);
            const other = await context.newPage();
            await open(other, '/dashboard/availability');
            await drag(other, mouse(other), ['Tue', '10:00'], ['Tue', '11:00']);
            await save(other);
            // The editor that was open hears of it, and shows no more than that.
            await expect(page.getByText('Changed in another window.')).toBeVisible();
            await drag(page, mouse(page), ['Wed', '13:00'], ['Wed', '14:00']);
            await page.getByRole('button', { name: 'Save', exact: true }).click();
            const conflict = page.getByRole('region', { name: 'Your hours were changed in another window' });
            await expect(conflict).toBeVisible();
            await expect(conflict.getByRole('rowheader')).toHaveText(['Tuesday', 'Wednesday']);
            await accessible(page);
            const [mon, tue, wed] = ['1 09:00-12:00', '2 10:00-11:00', '3 13:00-14:00'];
            expect(await weekly(server, mentor), 'nothing is overwritten').toEqual([mon, tue]);

            await conflict.getByRole('button', { name: choice }).click();
            await expect(conflict).toBeHidden();
            if (choice === 'Use mine') {
                await expect.poll(() => weekly(server, mentor)).toEqual([mon, wed]);
            } else if (choice === 'Use the saved one') {
                await expectOpen(page, true, ['Tue', '10:00'], ['Tue', '10:45']);
                await expectOpen(page, false, ['Wed', '13:00'], ['Wed', '13:45']);
            } else {
                await save(page);
                expect(await weekly(server, mentor)).toEqual([mon, tue, wed]);
                return;
            }
            // What was not chosen is one step back.
            await page.getByRole('button', { name: 'Undo' }).click();
            await save(page);
            expect(await weekly(server, mentor)).toEqual([mon, choice === 'Use mine' ? tue : wed]);
        });
    }

    test('a duration saved from an old window leaves the hours alone', async ({ page, server, context }) => {
        const mentor = await server.mentor(everyDay('UTC'));
        await openEditor(page, server, mentor);
        const day = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10);
        const hours = await server.api('GET', '/availability', mentor.key);
        await server.api('PUT', '/availability', mentor.key, { ...hours, blocked: [{ starts_on: day, ends_on: day, note: null }] });
        await page.getByLabel('Duration').fill('45');
        await save(page);
        expect((await server.api('GET', '/availability', mentor.key)).blocked).toHaveLength(1);
        expect((await server.api('GET', '/session-types', mentor.key))[0].duration_minutes).toBe(45);
        await context.close();
    });

    test('booked sessions outside the hours are listed before and after saving', async ({ page, server }) => {
        const mentor = await server.mentor(everyDay('UTC'));
        const booking = await server.book(mentor, (await server.starts(mentor))[0], 'Grace');
        await openEditor(page, server, mentor);
        await page.getByRole('button', { name: 'Clear all' }).click();
        await expect(page.getByText('Booked sessions outside these hours: 1')).toBeVisible();
        await expect(page.locator(`a[href="/dashboard/bookings/${booking.id}"]`)).toBeVisible();
        await save(page);
        await expect(page.getByText('Booked sessions outside your hours: 1')).toBeVisible();
        expect((await server.api('GET', `/bookings/${booking.id}`, mentor.key)).status).toBe('confirmed');
    });
});
