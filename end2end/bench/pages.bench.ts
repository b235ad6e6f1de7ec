import { execFile } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CDPSession, Page } from '@playwright/test';
import { mouse, openEditor, point, show } from '../fixtures/editor';
import { type Mentor, type Server, everyDay } from '../fixtures/server';
import { logIn, open, test } from '../fixtures/test';

/** A row of the table; where `BENCH_ROWS` names no file, it is printed. */
function row(met: boolean, what: string, measured: string, aim: string, limit = ''): void {
    const line = `${[met ? '✓' : '✗', what, measured, aim, limit].join('\t')}\n`;
    if (process.env.BENCH_ROWS) appendFileSync(process.env.BENCH_ROWS, line);
    else process.stdout.write(line);
}

const kb = (bytes: number) => `${(bytes / 1000).toFixed(0)} kB`;

/** What a page loads, as it comes over the network, by kind. */
async function weigh(page: Page, path: string): Promise<Record<string, number>> {
    const network = await page.context().newCDPSession(page);
    await network.send('Network.enable');
    const kinds = new Map<string, string>();
    const weight: Record<string, number> = {};
    network.on('Network.responseReceived', ({ requestId, response, type }) => {
        const name = response.url.replace(/\?.*/, '');
        const kind = type === 'Document' ? 'HTML' : /\.(wasm|js|css)$/.exec(name)?.[1].toUpperCase();
        if (kind) kinds.set(requestId, kind);
    });
    network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
        const kind = kinds.get(requestId);
        if (kind) weight[kind] = (weight[kind] ?? 0) + encodedDataLength;
    });
    await open(page, path);
    await page.waitForLoadState('networkidle');
    await network.detach();
    return weight;
}

const total = (weight: Record<string, number>) => Object.values(weight).reduce((sum, bytes) => sum + bytes, 0);
const parts = (weight: Record<string, number>) => Object.entries(weight).map(([kind, bytes]) => `${kind} ${kb(bytes)}`).join(', ');

test('what the pages weigh', async ({ browser, server }) => {
    const mentor = await server.mentor(everyDay('Asia/Seoul'));
    // Each with an empty cache.
    const fresh = async (path: string, loggedIn: boolean) => {
        const context = await browser.newContext({ baseURL: server.url });
        const page = await context.newPage();
        if (loggedIn) {
            await page.goto(await server.loginLink(mentor));
            // Logging in ends on the dashboard, whose files would be in the cache.
            await (await context.newCDPSession(page)).send('Network.clearBrowserCache');
        }
        const weight = await weigh(page, path);
        await context.close();
        return weight;
    };
    const booking = await fresh(`/${mentor.handle}`, false);
    row(total(booking) <= 200_000, 'booking page over the network, Brotli', kb(total(booking)), '200 kB', parts(booking));
    const editor = await fresh('/dashboard/availability', true);
    row(true, 'availability editor over the network, Brotli', kb(total(editor)), 'none', parts(editor));
});

/** What Lighthouse says three times, by its score for speed: the one in the middle. One run differs from the next. */
async function lighthouse(url: string, headers: Record<string, string> = {}) {
    const reports = [];
    for (let run = 0; run < 3; run++) reports.push(await report(url, headers));
    return reports.sort((a, b) => a.scores[0] - b.scores[0])[1];
}

/** Lighthouse's four scores and what it saw, as a phone. */
async function report(url: string, headers: Record<string, string>) {
    const folder = mkdtempSync(join(tmpdir(), 'lighthouse-'));
    const path = join(folder, 'report.json');
    await promisify(execFile)(
        'npx',
        ['--yes', 'lighthouse@13.5.0', url, '--quiet', '--output=json', `--output-path=${path}`,
            '--only-categories=performance,accessibility,best-practices,seo',
            `--extra-headers=${JSON.stringify(headers)}`,
            '--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'],
        { env: { ...process.env, CHROME_PATH: process.env.CHROMIUM } },
    );
    const { categories, audits } = JSON.parse(readFileSync(path, 'utf8'));
    const scores = Object.values<any>(categories).map(({ score }) => Math.round(score * 100));
    const failed = Object.values<any>(categories).flatMap(({ auditRefs }) =>
        auditRefs.filter(({ id, weight }: any) => weight && audits[id].score !== null && audits[id].score < 0.9).map(({ id }: any) => id),
    );
    return {
        scores,
        failed,
        paint: audits['largest-contentful-paint'].numericValue as number,
        shift: audits['cumulative-layout-shift'].numericValue as number,
    };
}

function judge(page: string, { scores, failed, paint, shift }: Awaited<ReturnType<typeof lighthouse>>): void {
    row(scores.every((score) => score === 100), `Lighthouse, mobile: ${page}`, scores.join(' / '), '100 / 100 / 100 / 100', failed.join(', '));
    row(paint <= 1200, 'largest contentful paint, as it simulates a phone', `${(paint / 1000).toFixed(2)} s`, '1.2 s');
    row(shift === 0, 'layout shift', shift.toFixed(3), '0');
}

test('what Lighthouse says', async ({ page, server }) => {
    const mentor = await server.mentor(everyDay('Asia/Seoul'));
    judge('booking page', await lighthouse(`${server.url}/${mentor.handle}`));
    await logIn(page, server, mentor);
    const cookies = await page.context().cookies();
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    judge('availability editor', await lighthouse(`${server.url}/dashboard/availability`, { Cookie: cookie }));
});

/** The longest and the mean time that the page's own thread worked at a stretch while `act` ran, in milliseconds. */
async function busy(page: Page, act: () => Promise<void>): Promise<{ longest: number; frames: number }> {
    const trace: CDPSession = await page.context().newCDPSession(page);
    const events: any[] = [];
    trace.on('Tracing.dataCollected', ({ value }) => events.push(...value));
    const done = new Promise((resolve) => trace.once('Tracing.tracingComplete', resolve));
    await trace.send('Tracing.start', { transferMode: 'ReportEvents', categories: 'toplevel,devtools.timeline,disabled-by-default-devtools.timeline' });
    await act();
    await trace.send('Tracing.end');
    await done;
    await trace.detach();
    const main = events.filter(({ name, ph, args }) => ph === 'M' && name === 'thread_name' && args.name === 'CrRendererMain');
    const painted = events.filter(({ name }) => name === 'Commit' || name === 'UpdateLayerTree' || name === 'Layerize');
    // The page's process is the one that painted most.
    const counts = new Map<number, number>();
    for (const { pid } of painted) counts.set(pid, (counts.get(pid) ?? 0) + 1);
    const [pid, frames] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [0, 0];
    const tid = main.find((event) => event.pid === pid)?.tid;
    const tasks = events.filter((event) => event.pid === pid && event.tid === tid && event.ph === 'X' && /RunTask$/.test(event.name));
    return { longest: Math.max(0, ...tasks.map(({ dur }) => dur / 1000)), frames };
}

/** Sweeps the pointer over the grid, or over nothing. */
async function sweep(page: Page, from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
    const hand = mouse(page);
    await hand.down(from);
    for (let step = 1; step <= 40; step++) {
        await page.mouse.move(from.x + ((to.x - from.x) * step) / 40, from.y + ((to.y - from.y) * step) / 40);
        await page.waitForTimeout(16);
    }
    await hand.up();
}

const slowed = async (page: Page, rate: number) =>
    (await page.context().newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate });

test('dragging on the grid, six times slower', async ({ page, server, browser }) => {
    const mentor: Mentor = await server.mentor({ timezone: 'UTC', weekly: [] });
    await openEditor(page, server as Server, mentor);
    await show(page, '09:00');
    const [from, to] = [await point(page, 'Mon', '09:00'), await point(page, 'Fri', '13:00')];
    await sweep(page, from, to);
    await page.keyboard.press('Control+z');
    const empty = await browser.newPage();
    await empty.goto('about:blank');
    await slowed(empty, 6);
    const floor = await busy(empty, () => sweep(empty, from, to));
    await empty.close();
    await slowed(page, 6);
    const { longest, frames } = await busy(page, () => sweep(page, from, to));
    row(
        longest <= 16,
        'dragging on the grid, 6x slower: longest task of the page',
        `${longest.toFixed(1)} ms (${frames} frames)`,
        '16 ms',
        `the same over an empty page ${floor.longest.toFixed(1)} ms`,
    );
});
