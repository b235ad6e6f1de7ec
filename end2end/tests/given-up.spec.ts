import { Post } from '../fixtures/post';
import { Server, everyDay } from '../fixtures/server';
import { expect, hydrated, logIn, open, test as base } from '../fixtures/test';

const test = base.extend<object, { post: Post }>({
    post: [
        async ({}, use) => {
            const post = await Post.start();
            await use(post);
            post.stop();
        },
        { scope: 'worker' },
    ],

    server: [
        async ({ post }, use) => {
            const server = await Server.start({ SMTP_URL: post.url });
            await use(server);
            await server.stop();
        },
        { scope: 'worker', timeout: 60_000 },
    ],
});

// The answer that does not come is reported in the console.
test.use({ expectedErrors: /ERR_FAILED/ });

test('mail that was given up is told of, and sent again from there @phone', async ({ page, server, post, accessible }) => {
    const mentor = await server.mentor(everyDay('UTC'));
    await logIn(page, server, mentor);
    await expect(page.getByText('Not delivered')).toHaveCount(0);

    post.refuses = true;
    const booking = await server.book(mentor, (await server.starts(mentor))[0], 'Grace');
    await expect
        .poll(async () => {
            await page.reload();
            return page.locator('.banner strong').filter({ visible: true }).allInnerTexts();
        })
        .toEqual(['Not delivered: 2']);
    await hydrated(page);
    await accessible(page);
    await open(page, '/dashboard/settings');
    const told = page.locator('.banner').filter({ hasText: 'The bookings themselves are safe.' });
    const again = told.getByRole('button', { name: 'Try again' });
    const coarse = await page.evaluate(() => matchMedia('(pointer: coarse)').matches);
    expect((await again.boundingBox())?.height).toBeGreaterThanOrEqual(coarse ? 44 : 36);

    await page.route('**/fn/try_again', (route) => route.abort());
    await again.press('Enter');
    await expect(page.locator('.toast')).toContainText('We could not reach the server');
    await expect(again).toBeFocused();
    await page.unroute('**/fn/try_again');

    post.refuses = false;
    await again.press('Enter');
    await expect(page.locator('.toast')).toContainText('On their way again.');
    await expect(told).toHaveCount(0);
    await expect(page.getByRole('main')).toBeFocused();
    await expect.poll(() => post.taken.filter((to) => [booking.email, mentor.email].includes(to)).sort()).toEqual([booking.email, mentor.email].sort());
    await page.reload();
    await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
    await expect(told).toHaveCount(0);
});
