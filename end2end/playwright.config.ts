import { defineConfig, devices } from '@playwright/test';

const flags = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
];

/** Pages are tested hydrated on a desktop and on a phone, and with JavaScript off. Each worker has a server of its own. */
export default defineConfig({
    testDir: 'tests',
    // Nothing here measures time: a slow machine may take as long as it needs.
    timeout: 180_000,
    expect: { timeout: 10_000 },
    workers: 2,
    retries: 0,
    forbidOnly: !!process.env.CI,
    reporter: [['list']],
    use: {
        launchOptions: { executablePath: process.env.CHROMIUM, args: flags },
        locale: 'en-US',
        timezoneId: 'Europe/Berlin',
        trace: 'retain-on-failure',
    },
    projects: [
        { name: 'desktop', use: { ...devices['Desktop Chrome'], viewport: { width: 1280, height: 900 } } },
        {
            name: 'phone',
            grep: /@phone/,
            use: { ...devices['Pixel 7'], viewport: { width: 390, height: 844 } },
        },
        {
            name: 'no-javascript',
            grep: /@plain/,
            use: { ...devices['Desktop Chrome'], javaScriptEnabled: false },
        },
    ],
});
