import { access, readdir, readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { TarsierError } from '@tarsier/protocol';
import type { Context } from 'hono';
import type { AppEnv } from './app-env.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

/** Only the page's own files, and no other site may frame it. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

interface Asset {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same compressed, by what a browser calls it; the smallest first. */
  readonly compressed: readonly (readonly [encoding: string, bytes: Uint8Array<ArrayBuffer>])[];
  readonly type: string;
  readonly etag: string;
  /** The build put a hash of the content into its name. */
  readonly immutable: boolean;
}

/** @throws {TarsierError} `config/web-root` where there is no page */
export async function requireWebRoot(root: string | undefined): Promise<void> {
  if (root === undefined) return;
  await access(join(root, 'index.html')).catch((cause: unknown) => {
    const message = `TARSIER_WEB_ROOT: expected the folder of the built page, with its index.html, got ${root}`;
    throw new TarsierError('config/web-root', message, { cause });
  });
}

/**
 * The built page from memory: what was not in the folder at start can not be asked for, whatever the path says.
 *
 * @param root  absent: there is no page
 */
export async function createStatic(root: string | undefined): Promise<(c: Context<AppEnv>) => Response | undefined> {
  const assets = root === undefined ? new Map<string, Asset>() : await load(root);
  return (c) => {
    const asset = assets.get(c.req.path) ?? (isPage(c.req.path) ? assets.get('/index.html') : undefined);
    if (asset === undefined) return undefined;
    const accepted = (c.req.header('accept-encoding') ?? '').split(',').map((one) => one.trim());
    const [encoding, bytes] = asset.compressed.find(([name]) => accepted.includes(name)) ?? [undefined, asset.bytes];
    const etag = encoding === undefined ? asset.etag : asset.etag.replace(/"$/u, `-${encoding}"`);
    const headers = {
      ...securityHeaders,
      etag,
      ...(asset.compressed.length === 0 ? {} : { vary: 'accept-encoding' }),
      'cache-control': asset.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    };
    // What is for pages of other sites may be loaded by them; it holds no secret.
    if (c.req.path.startsWith('/embed/')) {
      Object.assign(headers, { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' });
    }
    if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers);
    const encoded = encoding === undefined ? {} : { 'content-encoding': encoding };
    return c.body(bytes, 200, { ...headers, ...encoded, 'content-type': asset.type });
  };
}

/** Below it a header costs what it saves. */
const smallBytes = 1_000;
/**
 * All texts of the built page, one after the other (`brotliCompressSync` with these parameters, a loaded machine,
 * 2026-12-01): 1,670 kB in 42 ms to 550 kB; by the best quality, 11, in 2.7 s to 502 kB. `gzipSync` takes 34 ms more, to
 * 587 kB.
 */
const brotliQuality = 5;

function isText(type: string): boolean {
  return /^text\/|json$|\+(?:xml|json)$/u.test(type);
}

/** Once, at start: what is asked for has waited for nothing. Browsers take `br` by https alone, so there is gzip too. */
async function compress(bytes: Uint8Array): Promise<Asset['compressed']> {
  const params = { [constants.BROTLI_PARAM_QUALITY]: brotliQuality, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  const [small, zipped] = await Promise.all([promisify(brotliCompress)(bytes, { params }), promisify(gzip)(bytes)]);
  return [
    ['br', new Uint8Array(small)],
    ['gzip', new Uint8Array(zipped)],
  ];
}

/** Paths without an extension are the page's own addresses. */
function isPage(path: string): boolean {
  return extname(path) === '';
}

async function load(root: string): Promise<Map<string, Asset>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const assets = entries
    .filter((entry) => entry.isFile())
    .map(async (entry): Promise<[string, Asset]> => {
      const file = join(entry.parentPath, entry.name);
      const bytes = new Uint8Array(await readFile(file));
      const path = `/${relative(root, file).split(sep).join('/')}`;
      const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 20)}"`;
      const type = types[extname(entry.name)] ?? 'application/octet-stream';
      const compressed = isText(type) && bytes.length > smallBytes ? await compress(bytes) : [];
      return [path, { bytes, compressed, type, etag, immutable: path.startsWith('/assets/') }];
    });
  return new Map(await Promise.all(assets));
}
