import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { describe, expect, test } from 'vitest';
import { freePort, listen, serveTcp } from '../testing-servers.ts';
import { openPlugin } from '../testing.ts';
import { http } from './http.ts';

const read = (file: string): string => readFileSync(new URL(`testdata/${file}`, import.meta.url), 'utf8');
const ca = read('ca.pem');

async function serve(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(listener))}`;
}

async function serveSecure(certificate: string, listener: RequestListener): Promise<number> {
  return listen(createSecureServer({ cert: read(certificate), key: read('server.key') }, listener));
}

async function check(target: object, config: object = {}) {
  const { scrape, warnings, close } = openPlugin(http, { ...config, targets: [{ name: 'it', ...target }] });
  const samples = await scrape();
  await close();
  return { samples, warnings };
}

test('an answer as expected is up, with its status, its length and the time of each step', async () => {
  const url = await serve((_, response) => response.end('all is well'));
  const { samples, warnings } = await check({ url, bodyMatches: 'is (well|fine)', status: ['200'] });
  expect(warnings).toEqual([]);
  expect(samples).toMatchObject({
    'http_check_up{name="it"}': 1,
    'http_check_status_code{name="it"}': 200,
    'http_check_body_bytes{name="it"}': 11,
  });
  const total = samples['http_check_duration_seconds{name="it"}'] ?? Number.NaN;
  const phases = Object.entries(samples).filter(([series]) => series.startsWith('http_check_phase_seconds'));
  // An address needs no name server, and http no TLS.
  expect(phases.map(([series]) => /phase="(?<phase>\w+)"/u.exec(series)?.groups?.['phase'])).toEqual([
    'connect',
    'first_byte',
    'transfer',
  ]);
  expect(phases.reduce((sum, [, seconds]) => sum + seconds, 0)).toBeLessThanOrEqual(total + 1e-5);
});

describe('what is not as expected is down, and says why once', () => {
  const listener: RequestListener = (request, response) => {
    if (request.url === '/gone') response.statusCode = 410;
    response.setHeader('x-version', '7').end('hello');
  };
  test.each([
    ['status', '/gone', {}, 'it: expected the status 2xx or 3xx, got 410'],
    ['body', '/', { bodyMatches: '^bye' }, 'it: the body does not match "^bye"'],
    ['header', '/', { headersMatch: { 'X-Version': '^8$' } }, 'it: x-version: not as expected'],
    ['header', '/', { headersMatch: { 'x-missing': '.' } }, 'it: x-missing: not as expected'],
  ])('%s of %s', async (reason, path, expected, warning) => {
    const url = (await serve(listener)) + path;
    const { scrape, warnings } = openPlugin(http, { targets: [{ name: 'it', url, ...expected }] });
    await scrape();
    expect(await scrape()).toMatchObject({
      'http_check_up{name="it"}': 0,
      [`http_check_failures_total{name="it",reason="${reason}"}`]: 2,
    });
    expect(warnings).toEqual([warning]);
  });
});

test('one that does not answer in time does not hide another', async () => {
  const url = await serve(() => {});
  const other = await serve((_, response) => response.end());
  const { scrape, warnings } = openPlugin(http, {
    timeoutMs: 2_000,
    targets: [
      { name: 'silent', url },
      { name: 'fine', url: other },
      {
        name: 'no-http',
        url: `http://127.0.0.1:${await serveTcp((socket) => socket.end('SSH-2.0-x\r\n'))}`,
      },
      { name: 'no-name', url: 'http://no-such-host.invalid/' },
      { name: 'nobody', url: `http://127.0.0.1:${await freePort()}` },
    ],
  });
  const samples = await scrape();
  expect(samples).toMatchObject({
    'http_check_up{name="silent"}': 0,
    'http_check_up{name="fine"}': 1,
    'http_check_up{name="no-http"}': 0,
    'http_check_up{name="no-name"}': 0,
    'http_check_failures_total{name="silent",reason="timeout"}': 1,
    'http_check_failures_total{name="nobody",reason="connect"}': 1,
    'http_check_failures_total{name="no-http",reason="http"}': 1,
  });
  expect(warnings).toContain('silent: no answer within 2000 ms');
});

describe('redirects', () => {
  async function site() {
    const seen: (string | undefined)[] = [];
    const elsewhere = await serve((request, response) => {
      seen.push(request.headers.authorization, request.headers['x-key'] as string | undefined);
      response.end('there');
    });
    const url = await serve((request, response) => {
      const location = { '/': '/two', '/two': '/three', '/three': '/two', '/away': elsewhere, '/odd': 'ftp://x/' };
      response.writeHead(302, { location: location[request.url as '/'] }).end();
    });
    return { url, seen };
  }

  test('are left alone, followed, or too many', async () => {
    const { url } = await site();
    const left = await check({ url });
    expect(left.samples).toMatchObject({ 'http_check_up{name="it"}': 1, 'http_check_status_code{name="it"}': 302 });
    const { warnings } = await check({ url, redirects: 3 });
    expect(warnings).toEqual([`it: more than 3 redirects; the last one came from ${url}`]);
    const odd = await check({ url: `${url}/odd`, redirects: 3 });
    expect(odd.warnings).toEqual([`it: ${url} redirects to ftp:, expected http or https`]);
  });

  test('to another server take no secrets along', async () => {
    const { url, seen } = await site();
    const target = { url: `${url.replace('//', '//me:secret@')}/away`, headers: { 'x-key': 'secret' }, redirects: 1 };
    const { samples } = await check(target);
    expect(samples).toMatchObject({ 'http_check_up{name="it"}': 1, 'http_check_status_code{name="it"}': 200 });
    expect(seen).toEqual([undefined, undefined]);
  });
});

describe('https', () => {
  test('tells until when the certificate is valid, and who issued it', async () => {
    const port = await serveSecure('server.pem', (_, response) => response.end('safe'));
    const { samples, warnings } = await check({ url: `https://localhost:${port}/`, ca });
    expect(warnings).toEqual([]);
    expect(samples).toMatchObject({ 'http_check_up{name="it"}': 1 });
    const remaining = samples['http_check_certificate_remaining_seconds{issuer="Tarsier Test CA",name="it"}'];
    expect(Math.abs((remaining ?? 0) - (Date.UTC(2126, 0, 1) - Date.now()) / 1000)).toBeLessThan(60);
    for (const phase of ['dns', 'connect', 'tls', 'first_byte', 'transfer'])
      expect(samples).toHaveProperty([`http_check_phase_seconds{name="it",phase="${phase}"}`]);
  });

  test.each([
    ['an issuer that nobody trusts', 'server.pem', {}, 'localhost'],
    ['an expired certificate', 'expired.pem', { ca }, 'localhost'],
  ])('with %s is down, sends nothing, and still tells of the certificate', async (_, certificate, trust, host) => {
    let asked = 0;
    const port = await serveSecure(certificate, (_, response) => {
      asked++;
      response.end();
    });
    const target = { url: `https://${host}:${port}/`, ...trust };
    const { samples, warnings } = await check(target);
    expect(samples).toMatchObject({
      'http_check_up{name="it"}': 0,
      'http_check_failures_total{name="it",reason="certificate"}': 1,
    });
    expect(samples).toHaveProperty(['http_check_certificate_remaining_seconds{issuer="Tarsier Test CA",name="it"}']);
    expect(warnings[0]).toMatch(/^it: the certificate is not trusted: [A-Z_]+$/u);
    expect(asked).toBe(0);
    const trusting = await check({ ...target, verifyTls: false });
    expect(trusting.samples).toMatchObject({ 'http_check_up{name="it"}': 1 });
  });

  test('spoken to a server that does not is a failure of TLS', async () => {
    const url = await serve((_, response) => response.end());
    const { samples } = await check({ url: url.replace('http:', 'https:') });
    expect(samples).toMatchObject({ 'http_check_failures_total{name="it",reason="tls"}': 1 });
  });
});

test('secrets of the address are sent, and shown nowhere', async () => {
  let authorization: string | undefined;
  const address = await serve((request, response) => {
    ({ authorization } = request.headers);
    response.writeHead(500).end();
  });
  const url = `${address.replace('//', '//me:s%2Fcret@')}/path?token=hidden`;
  const { scrape, warnings } = openPlugin(http, { targets: [{ url }] });
  const samples = await scrape();
  expect(authorization).toBe(`Basic ${Buffer.from('me:s/cret').toString('base64')}`);
  expect(samples).toMatchObject({ [`http_check_up{name="${address}/path"}`]: 0 });
  expect(JSON.stringify([samples, warnings])).not.toMatch(/cret|hidden/u);
});

test('a body that would stop a backtracking engine is judged all the same', async () => {
  const url = await serve((_, response) => response.end('a'.repeat(50_000)));
  const { samples } = await check({ url, bodyMatches: '^(a+)+$b' });
  expect(samples).toMatchObject({ 'http_check_failures_total{name="it",reason="body"}': 1 });
});

test('settings that are wrong are refused by name', () => {
  const open = (target: object) => () => openPlugin(http, { targets: [{ url: 'http://a/' }, target] });
  expect(open({ url: 'http://b/', bodyMatches: '(?=x)' })).toThrow(
    /^http\.targets\.1\.bodyMatches: expected a regular/u,
  );
  expect(open({ url: 'gopher://b/' })).toThrow(/^http\.targets\.1\.url: expected a URL/u);
  expect(open({ url: 'http://a/?x' })).toThrow('http.targets.1.name: "http://a" is what targets.0 is called');
  expect(open({ url: 'http://b/', status: ['6xx'] })).toThrow(
    /^http\.targets\.1\.status\.0: expected as in 200 or 2xx/u,
  );
});
