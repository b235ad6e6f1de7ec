import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import { freePort } from '../fixtures/server';

/** Browsers that Playwright cannot drive: those that the system packages. */
export type Name = 'firefox' | 'webkit';

/** One of W3C WebDriver's input sources, with what it does: https://www.w3.org/TR/webdriver2/#actions */
export type Actions = { type: 'pointer' | 'key'; id: string; actions: object[] };

/** A browser with one window, driven over a protocol of the W3C. */
export interface Engine {
    open(url: string): Promise<void>;
    back(): Promise<void>;
    /** Runs an expression in the page. Its value must be JSON. */
    evaluate(expression: string): Promise<any>;
    act(sources: Actions[]): Promise<void>;
    /** What the page wrote into its console as an error, where the protocol tells. */
    readonly errors: string[];
    close(): Promise<void>;
}

const PROGRAMS: Record<Name, string[]> = { firefox: ['/usr/bin/firefox-esr'], webkit: ['/usr/bin/WebKitWebDriver', '/usr/bin/Xvfb'] };

/** Which program is missing, if any. */
export const missing = (name: Name): string | undefined => PROGRAMS[name].find((program) => !existsSync(program));

export const launch = (name: Name): Promise<Engine> => (name === 'firefox' ? Firefox.launch() : WebKit.launch());

/** As in playwright.config.ts: the tests' mentee is in Berlin and reads English. */
const ENVIRONMENT = { ...process.env, TZ: 'Europe/Berlin', LANG: 'en_US.UTF-8', LANGUAGE: 'en_US' };

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function retried<T>(child: ChildProcess, what: string, attempt: () => Promise<T>): Promise<T> {
    for (let i = 0; i < 600; i++) {
        if (child.exitCode !== null) throw new Error(`${what} ended with ${child.exitCode}`);
        const result = await attempt().catch(() => undefined);
        if (result !== undefined) return result;
        await sleep(100);
    }
    throw new Error(`${what} does not answer`);
}

async function ended(child: ChildProcess): Promise<void> {
    const exit = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null && child.signalCode === null && child.kill()) await exit;
}

/** Firefox over WebDriver BiDi: https://www.w3.org/TR/webdriver-bidi/ */
class Firefox implements Engine {
    readonly errors: string[] = [];
    private readonly waiting = new Map<number, { resolve: (value: any) => void; reject: (error: Error) => void }>();
    private next = 0;
    private context = '';

    private constructor(
        private readonly child: ChildProcess,
        private readonly socket: WebSocket,
        private readonly profile: string,
    ) {
        socket.on('message', (data) => this.received(JSON.parse(data.toString())));
    }

    static async launch(): Promise<Firefox> {
        const profile = mkdtempSync(join(tmpdir(), 'firefox-'));
        const settings = {
            'browser.shell.checkDefaultBrowser': false,
            'datareporting.policy.dataSubmissionEnabled': false,
            'app.update.disabledForTesting': true,
            'intl.accept_languages': 'en-US',
            'network.captive-portal-service.enabled': false,
            'network.connectivity-service.enabled': false,
            'browser.safebrowsing.update.enabled': false,
            'services.settings.server': 'data:,#remote-settings-dummy/v1',
        };
        const lines = Object.entries(settings).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`);
        writeFileSync(join(profile, 'user.js'), lines.join(''));
        const port = await freePort();
        const options = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', `${port}`, 'about:blank'];
        const child = spawn(PROGRAMS.firefox[0], options, { env: { ...ENVIRONMENT, HOME: profile }, stdio: 'ignore' });
        const socket = await retried(
            child,
            'Firefox',
            () =>
                new Promise<WebSocket>((resolve, reject) => {
                    const socket = new WebSocket(`ws://127.0.0.1:${port}/session`);
                    socket.once('open', () => resolve(socket));
                    socket.once('error', reject);
                }),
        );
        const firefox = new Firefox(child, socket, profile);
        await firefox.send('session.new', { capabilities: {} });
        await firefox.send('session.subscribe', { events: ['log.entryAdded'] });
        firefox.context = (await firefox.send('browsingContext.getTree', {})).contexts[0].context;
        await firefox.send('browsingContext.setViewport', { context: firefox.context, viewport: { width: 1280, height: 900 } });
        return firefox;
    }

    private received(message: any): void {
        if (message.method === 'log.entryAdded') {
            if (message.params.level === 'error') this.errors.push(message.params.text);
            return;
        }
        const waiting = this.waiting.get(message.id);
        this.waiting.delete(message.id);
        if (message.type === 'error') waiting?.reject(new Error(`${message.error}: ${message.message}`));
        else waiting?.resolve(message.result);
    }

    private send(method: string, params: object): Promise<any> {
        const id = ++this.next;
        return new Promise((resolve, reject) => {
            this.waiting.set(id, { resolve, reject });
            this.socket.send(JSON.stringify({ id, method, params }));
        });
    }

    async open(url: string): Promise<void> {
        await this.send('browsingContext.navigate', { context: this.context, url, wait: 'complete' });
    }

    async back(): Promise<void> {
        await this.send('browsingContext.traverseHistory', { context: this.context, delta: -1 });
    }

    async evaluate(expression: string): Promise<any> {
        const target = { context: this.context };
        const answer = await this.send('script.evaluate', { expression: `JSON.stringify(${expression})`, target, awaitPromise: true });
        if (answer.type === 'exception') throw new Error(answer.exceptionDetails.text);
        return answer.result.type === 'string' ? JSON.parse(answer.result.value) : undefined;
    }

    async act(actions: Actions[]): Promise<void> {
        await this.send('input.performActions', { context: this.context, actions });
    }

    async close(): Promise<void> {
        this.socket.close();
        await ended(this.child);
        rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
    }
}

/** WebKitGTK, the engine of Safari and of iPhones, over WebDriver: https://www.w3.org/TR/webdriver2/ */
class WebKit implements Engine {
    /** WebDriver does not tell. */
    readonly errors: string[] = [];

    private constructor(
        private readonly children: ChildProcess[],
        private readonly driver: string,
        private readonly session: string,
        private readonly home: string,
    ) {}

    static async launch(): Promise<WebKit> {
        const home = mkdtempSync(join(tmpdir(), 'webkit-'));
        const screen = spawn(PROGRAMS.webkit[1], ['-displayfd', '3', '-screen', '0', '1280x1000x24', '-nolisten', 'tcp'], {
            stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
        });
        const display = await new Promise<string>((resolve, reject) => {
            (screen.stdio[3] as NodeJS.ReadableStream).once('data', (number) => resolve(`:${number.toString().trim()}`));
            screen.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}`)));
        });
        const port = await freePort();
        const env = { ...ENVIRONMENT, HOME: home, XDG_RUNTIME_DIR: home, DISPLAY: display, GDK_BACKEND: 'x11', WEBKIT_DISABLE_COMPOSITING_MODE: '1' };
        const driver = spawn(PROGRAMS.webkit[0], [`--port=${port}`, '--host=127.0.0.1'], { env, stdio: 'ignore' });
        const url = `http://127.0.0.1:${port}`;
        await retried(driver, 'WebKitWebDriver', () => fetch(`${url}/status`));
        const { sessionId } = await command('POST', `${url}/session`, { capabilities: { alwaysMatch: { pageLoadStrategy: 'normal' } } });
        const webkit = new WebKit([driver, screen], url, sessionId, home);
        await webkit.send('POST', 'window/rect', { x: 0, y: 0, width: 1280, height: 980 });
        return webkit;
    }

    private send(method: string, path: string, body?: object): Promise<any> {
        return command(method, `${this.driver}/session/${this.session}/${path}`, body);
    }

    async open(url: string): Promise<void> {
        await this.send('POST', 'url', { url });
    }

    async back(): Promise<void> {
        await this.send('POST', 'back', {});
    }

    async evaluate(expression: string): Promise<any> {
        const text = await this.send('POST', 'execute/sync', { script: `return JSON.stringify(${expression});`, args: [] });
        return typeof text === 'string' ? JSON.parse(text) : undefined;
    }

    async act(actions: Actions[]): Promise<void> {
        await this.send('POST', 'actions', { actions });
    }

    async close(): Promise<void> {
        await command('DELETE', `${this.driver}/session/${this.session}`).catch(() => undefined);
        for (const child of this.children) await ended(child);
        rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
    }
}

async function command(method: string, url: string, body?: object): Promise<any> {
    const response = await fetch(url, { method, body: body && JSON.stringify(body) });
    const { value } = (await response.json()) as any;
    if (!response.ok) throw new Error(`${method} ${new URL(url).pathname}: ${value?.error}: ${value?.message}`);
    return value;
}
