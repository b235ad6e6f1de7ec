import { drag, mouse, save } from '../fixtures/editor';
import { secret } from '../fixtures/secrets';
import { type Server, everyDay } from '../fixtures/server';
import { expect, hydrated, open, test } from '../fixtures/test';

const link = (text: string | undefined, path: string) => {
    const found = new RegExp(`https?://[^\\s"]*${path}\\?token=[\\w-]+`).exec(text ?? '');
    if (!found) throw new Error(`no link to ${path}`);
    return found[0];
};

test('sign up, confirm, log out, log in, forget, reset @phone', async ({ page, server, accessible }) => {
    const handle = `signup-${Math.random().toString(36).slice(2, 8)}`;
    const email = `${handle}@example.com`;
    await open(page, '/signup');
    await accessible(page);
    await page.locator('input[name=name]').fill('New Mentor');
    await page.locator('input[name=handle]').fill(handle);
    await page.locator('input[name=email]').fill(email);
    await page.locator('input[name=password]').fill('a long enough password');
    await page.locator('main form button').last().click();
    await expect(page).toHaveURL(/\/signup\?sent=1/);
    // This server sends no mail, and says where it is instead.
    await expect(page.getByText('DATA_DIR/mail')).toBeVisible();

    // Neither public nor open before the address is confirmed.
    expect((await fetch(`${server.url}/api/v1/mentors/${handle}`)).status).toBe(404);

    const [mail] = await server.mail(email);
    await open(page, link(mail.text, '/verify'));
    await page.locator('main form button').click();
    await expect(page).toHaveURL(/\/dashboard$/);
    expect((await fetch(`${server.url}/api/v1/mentors/${handle}`)).status).toBe(200);

    await page.locator('form[action="/logout"] button').first().click();
    await page.goto('/dashboard');
    await expect(page).toHaveURL(/\/login\?next=/);

    await page.locator('input[name=email]').fill(email);
    await page.locator('input[name=password]').fill('a long enough password');
    await page.locator('main form button').click();
    await expect(page).toHaveURL(/\/dashboard$/);

    await page.context().clearCookies();
    await open(page, '/forgot');
    await page.locator('input[name=email]').fill(email);
    await page.locator('main form button').click();
    await expect(page).toHaveURL(/sent=1/);
    const mails = await server.mail(email, 2);
    await open(page, link(mails[1].text, '/forgot'));
    await page.locator('input[name=password]').fill('another long password');
    await page.locator('main form button').click();
    await expect(page).toHaveURL(/\/login\?reset=1/);
    await page.locator('input[name=email]').fill(email);
    await page.locator('input[name=password]').fill('another long password');
    await page.locator('main form button').click();
    await expect(page).toHaveURL(/\/dashboard$/);
});

test.describe('refusals', () => {
    test.use({ expectedErrors: /status of (401|409|422)/ });

    test('a taken handle keeps what was typed, but for the password', async ({ page, server }) => {
        const taken = await server.mentor(everyDay('UTC'));
        await open(page, '/signup');
        await page.locator('input[name=name]').fill('Second');
        await page.locator('input[name=handle]').fill(taken.handle);
        await page.locator('input[name=email]').fill('second@example.com');
        await page.locator('input[name=password]').fill('a long enough password');
        await page.locator('main form button').last().click();
        await hydrated(page);
        await expect(page.locator('input[name=name]')).toHaveValue('Second');
        await expect(page.locator('input[name=handle]')).toHaveValue(taken.handle);
        await expect(page.locator('input[name=password]')).toHaveValue('');
        await expect(page.locator('.error-summary, [role=alert]').first()).toBeVisible();
    });

    test('a known address and an unknown one get the same answer; only the mail differs', async ({ page, server }) => {
        const known = await server.mentor(everyDay('UTC'));
        const fresh = `fresh-${known.handle}@example.com`;
        const answers: string[][] = [];
        for (const email of [known.email, fresh]) {
            await open(page, '/login');
            await page.locator('input[name=email]').fill(email);
            await page.locator('input[name=password]').fill('not the password');
            await page.locator('main form button').click();
            await hydrated(page);
            await expect(page.locator('.error-summary, [role=alert]').first()).toBeVisible();
            const seen = [await page.locator('main').innerText()];
            await open(page, '/forgot');
            await page.locator('input[name=email]').fill(email);
            await page.locator('main form button').click();
            await expect(page).toHaveURL(/sent=1/);
            seen.push(await page.locator('main').innerText());
            await open(page, '/signup');
            await page.locator('input[name=name]').fill('Somebody');
            await page.locator('input[name=handle]').fill(`s${email === fresh ? 'a' : 'b'}-${known.handle}`);
            await page.locator('input[name=email]').fill(email);
            await page.locator('input[name=password]').fill('a long enough password');
            await page.locator('main form button').last().click();
            await expect(page).toHaveURL(/\/signup\?sent=1$/);
            seen.push(await page.locator('main').innerText());
            answers.push(seen);
        }
        expect(answers[0]).toEqual(answers[1]);
        const [verify] = await server.mail(fresh);
        expect(verify.text).toContain('/verify?token=');
        const [reset, inUse] = await server.mail(known.email, 2);
        expect(reset.text).toContain('/forgot?token=');
        expect(inUse.text).toContain('/login');
        expect(inUse.text).not.toContain('token=');
        // Nobody took the address over: no page was made, and the account is as it was.
        expect((await fetch(`${server.url}/api/v1/mentors/sb-${known.handle}`)).status).toBe(404);
        await server.api('GET', '/session-types', known.key, undefined, 200);
    });

    test('a wrong password is refused, the right one leads where one wanted to go @plain', async ({ page, server }, info) => {
        const plain = info.project.name === 'no-javascript';
        const { email, password, token } = await signedUp(page.request, server);
        await page.context().clearCookies();
        await open(page, `/verify?token=${token}`, plain);
        await page.locator('main form button').click();
        await expect(page.getByText('This link has been used or has expired.')).toBeVisible();
        await expect(page.locator('main').getByRole('link', { name: 'Log in' })).toBeVisible();
        await open(page, '/dashboard/settings', plain);
        await expect(page).toHaveURL(/\/login\?next=/);
        await page.locator('input[name=email]').fill(email);
        await page.locator('input[name=password]').fill(`${password}!`);
        await page.locator('main form button').click();
        await expect(page.getByText('That e-mail address and password do not go together.')).toBeVisible();
        await expect(page.locator('input[name=email]')).toHaveValue(email);
        await expect(page.locator('input[name=password]')).toHaveValue('');
        await page.locator('input[name=password]').fill(password);
        await page.locator('main form button').click();
        await expect(page).toHaveURL(/\/dashboard\/settings$/);
    });

    test('a session that ends while the dashboard is open loses nothing', async ({ page, server }) => {
        const { email, password } = await signedUp(page.request, server);
        const logIn = async (tab: typeof page) => {
            await tab.locator('input[name=email]').fill(email);
            await tab.locator('input[name=password]').fill(password);
            await tab.locator('main form button').click();
        };
        await open(page, '/dashboard/availability');
        await drag(page, mouse(page), ['Sat', '10:00'], ['Sat', '12:00']);
        await page.context().clearCookies();
        await page.getByRole('button', { name: 'Save', exact: true }).click();
        const problem = page.getByRole('alert').filter({ hasText: 'Your hours could not be saved.' });
        const [tab] = await Promise.all([page.waitForEvent('popup'), problem.getByRole('link', { name: /^Log in/ }).click()]);
        await logIn(tab);
        await expect(tab).toHaveURL(/\/dashboard$/);
        await tab.close();
        await save(page);
        await page.reload();
        await hydrated(page);
        await expect(page.getByLabel('Saturday, window 1, to')).toHaveValue('12:00');

        // What was typed elsewhere stays as well.
        await page.getByRole('link', { name: 'Settings' }).click();
        await page.getByLabel('Headline').fill('Typed with care');
        await page.context().clearCookies();
        await page.getByRole('button', { name: 'Save', exact: true }).click();
        await expect(page.locator('.error-summary')).toContainText('You are not logged in any more.');
        await expect(page.getByLabel('Headline')).toHaveValue('Typed with care');

        // Another page of the dashboard leads to the login, and from there back.
        await page.getByRole('link', { name: 'Session types' }).click();
        await expect(page).toHaveURL(/\/login\?next=/);
        await logIn(page);
        await expect(page).toHaveURL(/\/dashboard\/session-types$/);
    });
});

/** Signs up and confirms the address, by plain requests; leaves the session's cookie behind. */
async function signedUp(request: import('@playwright/test').APIRequestContext, server: Server) {
    const handle = `p${Math.random().toString(36).slice(2, 12)}`;
    const form = { name: 'Passworded', handle, email: `${handle}@example.com`, password: secret('a long enough password'), timezone: 'UTC' };
    expect((await request.post('/signup', { form })).ok()).toBe(true);
    const [mail] = await server.mail(form.email);
    const token = new URL(link(mail.text, '/verify')).searchParams.get('token')!;
    expect((await request.post('/verify', { form: { token } })).ok()).toBe(true);
    return { ...form, token };
}

test('a login link works once', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('UTC'));
    const url = await server.loginLink(mentor);
    await page.goto(url);
    await expect(page).toHaveURL(/\/dashboard$/);
    await page.context().clearCookies();
    await page.goto(url);
    await expect(page).toHaveURL(/\/login/);
});

test('the language switch keeps the page', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('UTC'));
    await open(page, `/${mentor.handle}`);
    await page.locator('form[action="/language"] button[value=ko]').first().click();
    await expect(page.locator('html')).toHaveAttribute('lang', 'ko');
    expect(new URL(page.url()).pathname).toBe(`/${mentor.handle}`);
});

test('pages carry the headers that keep them safe', async ({ server }) => {
    const response = await fetch(`${server.url}/login`);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self' 'nonce-");
    expect(policy).not.toContain('unsafe-inline');
    expect(response.headers.get('cache-control')).toContain('no-store');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const html = await response.text();
    expect(html).not.toMatch(/<[^>]+ style="/);
    const crossSite = await fetch(`${server.url}/login`, {
        method: 'POST',
        headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'content-type': 'application/x-www-form-urlencoded' },
        body: 'email=a@b.c&password=x',
    });
    expect(crossSite.status).toBe(403);
});
