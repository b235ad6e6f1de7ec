// Turns the compiled browser half, the stylesheets and the static files into the folder that the server delivers:
//
//     node scripts/bundle.mjs MODULE.wasm SITE_FOLDER HASH_FILE
//
//     SITE_FOLDER/                      the files of public/
//     SITE_FOLDER/pkg/yaksok.HASH.css   the stylesheets, joined and minified
//     SITE_FOLDER/pkg/HASH/             the program: yaksok.js, yaksok.wasm, its parts and their loader
//     HASH_FILE                         both hashes, a line each: `css: HASH` and `program: HASH`
//
// The files of the program refer to each other by relative paths, so one hash in the folder's name covers all of them, and
// the server may declare everything below pkg/ immutable. Each file stands there three times: plain, .gz and .br.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const run = promisify(execFile);
const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
// Installed by scripts/setup.sh.
const tools = createRequire(join(root, '.tools/package.json'));

/** Browsers that still have to be served: what the stylesheets use beyond them is lowered. lightningcss packs a version so. */
const version = (major, minor = 0) => (major << 16) | (minor << 8);
const BROWSERS = { chrome: version(109), edge: version(109), firefox: version(115), safari: version(15, 4), ios_saf: version(15, 4) };
/** The order of the stylesheets: cascade layers and tokens are declared first, components last. */
const FIRST_STYLES = ['layers.css', 'tokens.css', 'base.css', 'layout.css'];
const WASM_OPT = [
    '-Oz', '--enable-bulk-memory', '--enable-nontrapping-float-to-int', '--enable-sign-ext', '--enable-mutable-globals',
    '--enable-reference-types', '--enable-multivalue',
];

/** The paths of all files in a folder and below, relative to it and sorted. */
async function filesBelow(folder, prefix = '') {
    const found = [];
    for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
        const path = join(prefix, entry.name);
        found.push(...(entry.isDirectory() ? await filesBelow(folder, path) : [path]));
    }
    return found.sort();
}

/** 22 characters that are safe in a URL. */
const hash = (parts) => {
    const digest = createHash('sha256');
    for (const part of parts) digest.update(part);
    return digest.digest('base64url').slice(0, 22);
};

async function buildProgram(module, pkg) {
    const output = join(pkg, 'program');
    await run(join(root, '.tools/bin/bundle'), [module, output, 'yaksok']);
    const files = await filesBelow(output);
    await inTurns(files, async (file) => {
        const path = join(output, file);
        if (file.endsWith('.wasm')) {
            await run(join(root, '.tools/node_modules/.bin/wasm-opt'), [...WASM_OPT, path, '-o', path]);
        } else if (file.endsWith('.js')) {
            const { code } = await tools('esbuild').transform(await readFile(path, 'utf8'), {
                minify: true, format: 'esm', target: 'es2020', charset: 'utf8', legalComments: 'none',
            });
            await writeFile(path, code);
        }
    });
    const contents = await Promise.all(files.flatMap((file) => [file, readFile(join(output, file))]));
    const program = hash(contents);
    await rename(output, join(pkg, program));
    return program;
}

async function buildStyle(pkg) {
    const folder = join(root, 'style');
    const files = (await filesBelow(folder)).filter((file) => file.endsWith('.css'));
    const rank = (file) => [FIRST_STYLES.indexOf(file) + 1 || FIRST_STYLES.length + 1, file.split('/').length];
    files.sort((a, b) => {
        const [first, second] = [rank(a), rank(b)];
        return first[0] - second[0] || first[1] - second[1] || (a < b ? -1 : 1);
    });
    const sheets = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    const { code } = tools('lightningcss').transform({
        filename: 'yaksok.css', code: Buffer.from(sheets.join('\n')), minify: true, targets: BROWSERS,
    });
    const css = hash([code]);
    await writeFile(join(pkg, `yaksok.${css}.css`), code);
    return css;
}

async function compress(site) {
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 } };
    await inTurns(await filesBelow(site), async (file) => {
        const content = await readFile(join(site, file));
        await writeFile(join(site, `${file}.gz`), await promisify(gzip)(content, { level: 9 }));
        await writeFile(join(site, `${file}.br`), await promisify(brotliCompress)(content, quality));
    });
}

/** As many at once as the machine has cores for, roughly. */
async function inTurns(items, work) {
    const queue = [...items];
    const worker = async () => {
        for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
    };
    await Promise.all([worker(), worker()]);
}

const [module, site, hashFile] = process.argv.slice(2);
if (!hashFile) {
    console.error('usage: node scripts/bundle.mjs MODULE.wasm SITE_FOLDER HASH_FILE');
    process.exit(2);
}
const pkg = join(site, 'pkg');
await rm(site, { recursive: true, force: true });
await mkdir(pkg, { recursive: true });
await cp(join(root, 'public'), site, { recursive: true });
const [css, program] = [await buildStyle(pkg), await buildProgram(module, pkg)];
await compress(site);
await writeFile(hashFile, `css: ${css}\nprogram: ${program}\n`);
