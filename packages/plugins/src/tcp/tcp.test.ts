import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';
import { expect, test } from 'vitest';
import { freePort, listen, serveTcp } from '../testing-servers.ts';
import { openPlugin } from '../testing.ts';
import { tcp } from './tcp.ts';

const certificate = (file: string): string =>
  readFileSync(new URL(`../http/testdata/${file}`, import.meta.url), 'utf8');
const host = '127.0.0.1';

test('a server that takes the connection and greets as expected is up', async () => {
  const port = await serveTcp((socket) => socket.write('220 mail.example ESMTP\r\n'));
  const { scrape, warnings } = openPlugin(tcp, { targets: [{ host, port, expect: '^220 ' }] });
  const samples = await scrape();
  expect(warnings).toEqual([]);
  const name = `127.0.0.1:${port}`;
  expect(samples).toMatchObject({ [`tcp_check_up{name="${name}"}`]: 1 });
  expect(samples[`tcp_check_duration_seconds{name="${name}"}`]).toBeGreaterThanOrEqual(
    samples[`tcp_check_connect_seconds{name="${name}"}`] ?? Number.NaN,
  );
});

test('what it is sent, it may answer in pieces', async () => {
  const port = await serveTcp((socket) => {
    socket.once('data', (asked) => {
      socket.write(`you said ${String(asked).slice(0, 2)}`);
      setImmediate(() => socket.write(`${String(asked).slice(2)}, bye`));
    });
  });
  const { scrape } = openPlugin(tcp, { targets: [{ name: 'echo', host, port, send: 'ping', expect: 'said ping' }] });
  expect(await scrape()).toMatchObject({ 'tcp_check_up{name="echo"}': 1 });
});

test('each that is down says why once, and hides no other', async () => {
  const { scrape, warnings } = openPlugin(tcp, {
    timeoutMs: 2_000,
    targets: [
      { name: 'fine', host, port: await serveTcp(() => {}) },
      { name: 'nobody', host, port: await freePort() },
      { name: 'silent', host, port: await serveTcp(() => {}), expect: 'hello' },
      { name: 'gone', host, port: await serveTcp((socket) => socket.end()), expect: 'hello' },
      { name: 'other', host, port: await serveTcp((socket) => socket.end('421 busy')), expect: '^220' },
      { name: 'loud', host, port: await serveTcp((socket) => socket.write('x'.repeat(200_000))), expect: 'hello' },
    ],
  });
  await scrape();
  expect(await scrape()).toMatchObject({
    'tcp_check_up{name="fine"}': 1,
    'tcp_check_up{name="nobody"}': 0,
    'tcp_check_failures_total{name="nobody",reason="connect"}': 2,
    'tcp_check_failures_total{name="silent",reason="timeout"}': 2,
    'tcp_check_failures_total{name="gone",reason="closed"}': 2,
    'tcp_check_failures_total{name="other",reason="answer"}': 2,
    'tcp_check_failures_total{name="loud",reason="answer"}': 2,
  });
  expect(warnings).toHaveLength(5);
  expect(warnings).toContain(
    'other: expected an answer like "^220", got string "421 busy": the server ended the connection',
  );
});

test('TLS is judged by its certificate', async () => {
  const server = createServer({ cert: certificate('server.pem'), key: certificate('server.key') }, (socket) =>
    socket.end('* OK ready'),
  );
  const port = await listen(server);
  const target = { host: 'localhost', port, tls: true, expect: 'OK' };
  const { scrape, warnings } = openPlugin(tcp, {
    targets: [
      { ...target, name: 'trusted', ca: certificate('ca.pem') },
      { ...target, name: 'unknown' },
    ],
  });
  const samples = await scrape();
  expect(samples).toMatchObject({ 'tcp_check_up{name="trusted"}': 1, 'tcp_check_up{name="unknown"}': 0 });
  expect(samples['tcp_check_certificate_remaining_seconds{issuer="Tarsier Test CA",name="unknown"}']).toBeGreaterThan(
    0,
  );
  expect(warnings).toEqual(['unknown: the certificate is not trusted: UNABLE_TO_VERIFY_LEAF_SIGNATURE']);
});
