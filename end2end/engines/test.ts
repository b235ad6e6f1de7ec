import { existsSync, readFileSync } from 'node:fs';
import { expect, test as base } from '@playwright/test';
import { Server } from '../fixtures/server';
import { type Engine, type Name, launch, missing } from './engine';

type Point = { x: number; y: number };
/** CSS, and a text that the element has. */
type Target = string | { css: string; text: string | RegExp };

export type EngineOptions = { engine: Name };
type WorkerFixtures = { server: Server; browserOfEngine: Engine | null };
type TestFixtures = { window: Window };

export const test = base.extend<TestFixtures, EngineOptions & WorkerFixtures>({
    engine: ['firefox', { option: true, scope: 'worker' }],

    server: [
        async ({}, use) => {
            const server = await Server.start();
            await use(server);
            await server.stop();
        },
        { scope: 'worker', timeout: 60_000 },
    ],

    browserOfEngine: [
        async ({ engine }, use) => {
            const absent = missing(engine);
            // Debian packages both; without them a test that is skipped would go unnoticed.
            if (absent && existsSync('/etc/os-release') && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))) {
                throw new Error(`${absent} is missing. Install it:  make setup`);
            }
            const browser = absent ? null : await launch(engine);
            await use(browser);
            await browser?.close();
        },
        { scope: 'worker', timeout: 120_000 },
    ],

    window: async ({ browserOfEngine, engine, server }, use) => {
        test.skip(!browserOfEngine, `${engine} is not packaged for this system`);
        const browser = browserOfEngine as Engine;
        browser.errors.length = 0;
        await use(new Window(browser, server));
        expect(browser.errors, 'errors in the console').toEqual([]);
    },
});

/** A window of a browser, and what a person does in it: presses, keys, drags, and reading what is shown. */
export class Window {
    constructor(
        private readonly browser: Engine,
        private readonly server: Server,
    ) {}

    /** Opens a page of the server and waits until its code has taken over. */
    async open(path: string): Promise<void> {
        await this.browser.open(new URL(path, this.server.url).href);
        await this.hydrated();
    }

    async hydrated(): Promise<void> {
        await expect.poll(() => this.browser.evaluate('document.documentElement.dataset.hydrated ?? ""')).toBe('true');
    }

    back = () => this.browser.back();

    path = async (): Promise<string> => new URL(await this.browser.evaluate('location.href')).pathname;

    /** Everything that is shown, as text. */
    text = (): Promise<string> => this.browser.evaluate('document.body.innerText');

    value = (css: string): Promise<string> => this.browser.evaluate(`document.querySelector(${JSON.stringify(css)})?.value ?? null`);

    evaluate = (expression: string): Promise<any> => this.browser.evaluate(expression);

    /** Waits until the page shows this text. */
    async shows(text: string | RegExp): Promise<void> {
        await expect.poll(this.text).toMatch(typeof text === 'string' ? new RegExp(escaped(text)) : text);
    }

    /** The middle of the first such element that is shown, after scrolling to it; waits for one. */
    async find(target: Target): Promise<Point> {
        const { css, text } = typeof target === 'string' ? { css: target, text: '' } : target;
        const [pattern, flags] = text instanceof RegExp ? [text.source, text.flags] : [escaped(text), ''];
        const find = `(() => {
            const pattern = new RegExp(${JSON.stringify(pattern)}, ${JSON.stringify(flags)});
            for (const element of document.querySelectorAll(${JSON.stringify(css)})) {
                if (!element.checkVisibility() || !pattern.test(element.innerText || element.value || '')) continue;
                element.scrollIntoView({ block: 'center', behavior: 'instant' });
                const box = element.getBoundingClientRect();
                if (box.width && box.height) return { x: Math.round(box.x + box.width / 2), y: Math.round(box.y + box.height / 2) };
            }
            return null;
        })()`;
        let found: Point | null = null;
        await expect.poll(async () => (found = await this.browser.evaluate(find)), { message: `${css} ${text}` }).not.toBeNull();
        return found as unknown as Point;
    }

    /** A press with a mouse: the pointer moves there, goes down and up. */
    async press(target: Target): Promise<void> {
        await this.mouse([await this.find(target)]);
    }

    /** Presses at the first point, moves along the others, and lets go at the last one. */
    async mouse([first, ...others]: Point[]): Promise<void> {
        const move = ({ x, y }: Point, duration: number) => ({ type: 'pointerMove', x: Math.round(x), y: Math.round(y), duration });
        const along = others.flatMap((point) => [move(point, 100), { type: 'pause', duration: 50 }]);
        const [down, up] = [{ type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 }];
        const source = { parameters: { pointerType: 'mouse' }, actions: [move(first, 0), down, ...along, up] };
        await this.browser.act([{ type: 'pointer', id: 'mouse', ...source }]);
    }

    /** Types real keys, one after the other. */
    async type(text: string): Promise<void> {
        const keys = [...text].flatMap((value) => [
            { type: 'keyDown', value },
            { type: 'keyUp', value },
        ]);
        await this.browser.act([{ type: 'key', id: 'keyboard', actions: keys }]);
    }

    /** Presses a field, then types. */
    async fill(css: string, text: string): Promise<void> {
        await this.press(css);
        await this.type(text);
        await expect.poll(() => this.value(css)).toBe(text);
    }
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

export { expect };
