import { type Provider, NAMES, test as base } from '../fixtures/calendars';
import { Authority } from '../fixtures/oauth';
import { Server, everyDay } from '../fixtures/server';
import { expect, hydrated, open } from '../fixtures/test';

type WorkerFixtures = { authorities: Record<Provider, Authority> };

/** Tests against an authorization server that keeps to the letter of OAuth. */
const test = base.extend<object, WorkerFixtures>({
    authorities: [
        async ({ fakes }, use) => {
            const google = await Authority.start('google', fakes);
            const microsoft = await Authority.start('microsoft', fakes);
            await use({ google, microsoft });
            await google.stop();
            await microsoft.stop();
        },
        { scope: 'worker' },
    ],

    server: [
        async ({ authorities: { google, microsoft } }, use) => {
            const server = await Server.start({ ...google.env, ...microsoft.env, CALENDAR_SYNC_INTERVAL_SECONDS: '1' });
            google.register(server.url);
            microsoft.register(server.url);
            await use(server);
            await server.stop();
        },
        { scope: 'worker', timeout: 60_000 },
    ],
});

// No page of the authority's has a picture.
test.use({ expectedErrors: /status of 404/ });

for (const provider of ['google', 'microsoft'] as Provider[]) {
    test.describe(NAMES[provider], () => {
        test('lets us in, keeps us in, and lets us out', async ({ page, server, authorities, passing }) => {
            const authority = authorities[provider];
            const mentor = passing(await server.mentor(everyDay('UTC')));
            await page.goto(await server.loginLink(mentor));
            await open(page, '/dashboard/calendars');
            let back = '';
            page.on('request', (request) => {
                if (request.url().includes(`/calendar/${provider}/callback`)) back = request.url();
            });
            await page.getByRole('link', { name: `Connect ${NAMES[provider]}` }).click();
            await page.getByRole('button', { name: 'Allow' }).click();
            await expect(page.getByRole('main').getByText(`${NAMES[provider]} is connected.`)).toBeVisible();
            await hydrated(page);
            await expect(page.getByText('Last synced:')).toBeVisible();

            // A way back that was used: the code is not even shown to the provider.
            const refused = authority.refused.length;
            await page.goto(back);
            await expect(page.getByRole('main').getByText('The way back to us was used already')).toBeVisible();
            expect(authority.refused).toHaveLength(refused);

            // Tokens end too soon to be used twice, so each look has renewed them.
            const renewed = authority.given.refresh_token;
            await expect.poll(() => authority.given.refresh_token).toBeGreaterThan(renewed + 1);
            expect((await server.api('GET', '/calendars', mentor.key))[0].status).toBe('active');

            await authority.withdraw();
            await expect
                .poll(async () => (await server.api('GET', '/calendars', mentor.key))[0].status)
                .toBe('expired');
            await open(page, '/dashboard');
            await expect(page.getByText('We have lost access to a calendar of yours.')).toBeVisible();
            const told = (await server.mail(mentor.email)).filter((mail) => mail.subject?.startsWith('Please reconnect'));
            expect(told).toHaveLength(1);
        });

        test('does not let us in', async ({ page, server, authorities, passing }) => {
            const mentor = passing(await server.mentor(everyDay('UTC')));
            await page.goto(await server.loginLink(mentor));
            await open(page, '/dashboard/calendars');
            const given = authorities[provider].given.authorization_code;
            await page.getByRole('link', { name: `Connect ${NAMES[provider]}` }).click();
            await page.getByRole('button', { name: 'Deny' }).click();
            await expect(page.getByRole('main').getByText('Permission was not given.')).toBeVisible();
            expect(authorities[provider].given.authorization_code).toBe(given);
            expect(await server.api('GET', '/calendars', mentor.key)).toEqual([]);
        });
    });
}
