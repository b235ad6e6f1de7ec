import { everyDay, nextMonth, type Mentor, type Server } from '../fixtures/server';
import { expect, test, type Window } from './test';

/** From a mentor's page to the booking: a day, a time, a form. */
async function book(window: Window, mentor: Mentor, email: string): Promise<void> {
    await window.open(`/${mentor.handle}?month=${nextMonth(1).slice(0, 7)}`);
    await window.press('td a.day');
    await window.press('a.time');
    await window.fill('input[name=name]', 'Ada Lovelace');
    await window.fill('input[name=email]', email);
    await window.press({ css: 'button', text: 'Book this time' });
    await window.shows('You’re booked');
    expect(await window.path()).toMatch(/^\/b\/ysm_/);
}

const bookings = async (server: Server, mentor: Mentor) => (await server.api('GET', '/bookings', mentor.key)).items;

test('a mentee books, and Back does not say that the time is lost', async ({ window, server }) => {
    const mentor = await server.mentor(everyDay('Asia/Seoul'), 'Kim Mentor');
    const email = `ada-${mentor.handle}@example.com`;
    await book(window, mentor, email);
    const [confirmation] = await server.mail(email);
    expect(confirmation.text).toContain('/b/ysm_');
    await window.back();
    await expect.poll(window.path).not.toMatch(/^\/b\//);
    // Whatever comes in the next moments.
    for (let i = 0; i < 10; i++) {
        expect(await window.text()).not.toContain('has just been taken');
        await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(await bookings(server, mentor)).toHaveLength(1);
});

test('the zone field takes what is typed, and nothing else', async ({ window, server }) => {
    const mentor = await server.mentor(everyDay('Asia/Seoul'));
    await window.open(`/${mentor.handle}?month=${nextMonth(1).slice(0, 7)}`);
    await window.shows('Berlin');
    const field = '[role=combobox]';
    await window.press(field);
    await window.type('new york');
    await expect.poll(() => window.value(field)).toBe('new york');
    await window.press({ css: '[role=option]', text: /New.York/ });
    // The time that is booked is New York's.
    await window.press('td a.day');
    await window.press('a.time');
    await window.shows('Your details');
    await window.shows(/New.York.*UTC[-−][45]/);
});

test('hours are drawn onto the week by dragging', async ({ window, server }) => {
    const mentor = await server.mentor({ timezone: 'Europe/Berlin', weekly: [] });
    await window.open(await server.loginLink(mentor));
    await window.open('/dashboard/availability');
    await window.find('.week-area');
    await window.evaluate(`(() => {
        const scroll = document.querySelector('.week-scroll');
        scroll.scrollIntoView({ block: 'center', behavior: 'instant' });
        scroll.scrollTop = scroll.scrollHeight * 9 / 24 - 40;
    })()`);
    const box = await window.evaluate(`(({ x, y, width, height }) => ({ x, y, width, height }))(document.querySelector('.week-area').getBoundingClientRect())`);
    const point = (day: number, hour: number) => ({ x: box.x + ((day + 0.85) * box.width) / 7, y: box.y + (hour * box.height) / 24 });
    const weekly = async () =>
        (await server.api('GET', '/availability', mentor.key)).weekly.map((w: any) => `${w.day_of_week} ${w.start_time}-${w.end_time}`);
    const save = async () => {
        await window.press({ css: 'button', text: /^Save$/ });
        await window.shows('All changes saved');
    };
    // From seven minutes past nine to seven minutes before twelve, over Monday to Wednesday.
    await window.mouse([point(0, 9.12), point(1, 10), point(2, 11.88)]);
    await window.shows('Unsaved changes');
    await save();
    expect(await weekly()).toEqual(['1 09:00-12:00', '2 09:00-12:00', '3 09:00-12:00']);
});
