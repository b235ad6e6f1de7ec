import { defineConfig } from '@playwright/test';
import tests from './playwright.config';

/** What pages weigh and how long they take: `scripts/bench.sh` runs this and puts the rows into its table. */
export default defineConfig({
    ...tests,
    testDir: 'bench',
    testMatch: '*.bench.ts',
    timeout: 240_000,
    workers: 1,
    reporter: [['dot']],
    grep: undefined,
    projects: [tests.projects![0]],
    use: { ...tests.use, trace: 'off' },
});
