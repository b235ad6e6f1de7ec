import { everyDay } from '../fixtures/server';
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

    test('a known address and an unknown one get the same answer', async ({ page, server }) => {
        const known = await server.mentor(everyDay('UTC'));
        for (const email of [known.email, 'unknown@example.com']) {
            await open(page, '/login');
            await page.locator('input[name=email]').fill(email);
            await page.locator('input[name=password]').fill('not the password');
            await page.locator('main form button').click();
            await hydrated(page);
            await expect(page.locator('.error-summary, [role=alert]').first()).toBeVisible();
            await open(page, '/forgot');
            await page.locator('input[name=email]').fill(email);
            await page.locator('main form button').click();
            await expect(page).toHaveURL(/sent=1/);
        }
    });
});

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
