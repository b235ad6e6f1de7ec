import { defineConfig, devices } from '@playwright/test';
import type { EngineOptions } from './engines/test';

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
export default defineConfig<object, EngineOptions>({
    testDir: 'tests',
    // Nothing here measures time: a slow machine may take as long as it needs.
    timeout: 180_000,
    expect: { timeout: 30_000 },
    workers: 2,
    // A second try, with a new server, tells what fails from what fails sometimes; the report names both.
    retries: 1,
    forbidOnly: !!process.env.CI,
    reporter: [['list'], ['./fixtures/reasons.ts']],
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
        // Browsers that Playwright cannot drive: see engines/engine.ts.
        { name: 'firefox', testDir: 'engines', use: { engine: 'firefox' } },
        { name: 'webkit', testDir: 'engines', use: { engine: 'webkit' } },
    ],
});
