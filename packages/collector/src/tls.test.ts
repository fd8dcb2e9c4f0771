import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { startCollector } from './collector.ts';
import { loadConfig } from './config.ts';
import { silentLog } from './log.ts';

const file = (name: string) => fileURLToPath(new URL(`testdata/${name}`, import.meta.url));
const tls = { TARSIER_TLS_CERT: file('localhost.crt'), TARSIER_TLS_KEY: file('localhost.key') };

async function start(more: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tarsier-tls-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  // As root PostgreSQL runs as another user, who has to be able to enter.
  await chmod(folder, 0o755);
  const settings = { TARSIER_LISTEN: '127.0.0.1:0', TARSIER_DATA: folder, ...tls, ...more };
  const collector = await startCollector({
    config: loadConfig(settings),
    log: silentLog,
    version: 'test',
    processUsage: () => ({ cpuSeconds: 0, residentBytes: 0 }),
  });
  onTestFinished(() => collector.stop());
  return collector.url;
}

function statusOf(
  url: string,
  options: { readonly cert?: Buffer; readonly key?: Buffer; readonly ca?: Buffer },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    get(`${url}/readyz`, { ...options, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).on('error', reject);
  });
}

test('with a certificate it serves HTTPS, to clients that have one where it wants that', async () => {
  const [cert, key] = await Promise.all([readFile(tls.TARSIER_TLS_CERT), readFile(tls.TARSIER_TLS_KEY)]);
  const url = await start({ TARSIER_TLS_CLIENT_CA: tls.TARSIER_TLS_CERT });
  expect(url).toMatch(/^https:/u);
  expect(await statusOf(url, { ca: cert, cert, key })).toBe(200);
  await expect(statusOf(url, { ca: cert })).rejects.toThrow();
  await expect(statusOf(url, { cert, key })).rejects.toThrow(/self.signed/u);
});

test('a certificate without its key, and a file that is not there, are said at the start', async () => {
  expect(() => loadConfig({ TARSIER_TLS_CERT: tls.TARSIER_TLS_CERT })).toThrow(/^TARSIER_TLS_KEY: expected a file/u);
  await expect(start({ TARSIER_TLS_KEY: file('none.key') })).rejects.toMatchObject({ code: 'config/tls' });
  await expect(start({ TARSIER_WEB_ROOT: file('none') })).rejects.toMatchObject({ code: 'config/web-root' });
});
