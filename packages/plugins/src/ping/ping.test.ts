import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing-servers.ts';
import { openPlugin } from '../testing.ts';
import { parsePing } from './ping-output.ts';
import { ping } from './ping.ts';

const captured = new URL('testdata/', import.meta.url);

test.each([
  ['iputils-20221126-reached', { sent: 3, received: 3, roundTrip: { min: 22e-6, avg: 25e-6, max: 28e-6 } }],
  ['iputils-20221126-lost', { sent: 3, received: 0 }],
  ['iputils-20221126-unreachable', { sent: 3, received: 0 }],
  ['busybox-1.35.0-reached', { sent: 3, received: 3, roundTrip: { min: 43e-6, avg: 65e-6, max: 85e-6 } }],
  ['busybox-1.35.0-lost', { sent: 3, received: 0 }],
])('%s is understood', (name, expected) => {
  expect(parsePing(readFileSync(new URL(`${name}.txt`, captured), 'utf8'))).toEqual(expected);
});

test('what is no summary is none', () => {
  expect(parsePing('ping: no.such.invalid: Name or service not known')).toBeUndefined();
});

/** A program that says what iputils said, by the name of the host, and writes down how it was called. */
function programThatSays(folder: string): string {
  const file = join(folder, 'ping');
  writeFileSync(
    file,
    `#!${process.execPath}
const { appendFileSync, readFileSync } = require('node:fs');
const host = process.argv.at(-1);
appendFileSync(${JSON.stringify(join(folder, 'calls'))}, process.argv.slice(2).join(' ') + '\\n');
if (host === 'nowhere') { console.error('ping: nowhere: Name or service not known'); process.exit(2); }
process.stdout.write(readFileSync(new URL('iputils-20221126-' + host + '.txt', ${JSON.stringify(captured.href)})));
process.exitCode = host === 'reached' ? 0 : 1;
`,
  );
  chmodSync(file, 0o755);
  return file;
}

test('hosts that answer are up; of one that does not, the loss is told, and of one that is not known, why', async () => {
  const folder = temporaryFolder();
  const { scrape, warnings } = openPlugin(ping, {
    program: programThatSays(folder),
    targets: [{ host: 'reached' }, { host: 'lost' }, { host: 'nowhere' }],
  });
  await scrape();
  expect(await scrape()).toEqual({
    'ping_up{name="reached"}': 1,
    'ping_loss_ratio{name="reached"}': 0,
    'ping_round_trip_seconds{name="reached",statistic="min"}': 22e-6,
    'ping_round_trip_seconds{name="reached",statistic="avg"}': 25e-6,
    'ping_round_trip_seconds{name="reached",statistic="max"}': 28e-6,
    'ping_up{name="lost"}': 0,
    'ping_loss_ratio{name="lost"}': 1,
    'ping_up{name="nowhere"}': 0,
  });
  expect(warnings.toSorted()).toEqual([
    'lost: none of 3 packets came back',
    'nowhere: ping: nowhere: Name or service not known',
  ]);
  expect(readFileSync(join(folder, 'calls'), 'utf8')).toMatch(
    /^-n -q -c 3 -i 0\.2 (-W 1 )?-- (reached|lost|nowhere)$/mu,
  );
});

test('where there is no ping program that is said, and is no crash', async () => {
  const { scrape, warnings } = openPlugin(ping, { program: '/no/such/ping', targets: [{ host: '127.0.0.1' }] });
  expect(await scrape()).toEqual({ 'ping_up{name="127.0.0.1"}': 0 });
  expect(warnings[0]).toMatch(/^127\.0\.0\.1: \/no\/such\/ping can not be run/u);
});

test('no host can be an option of the program', () => {
  expect(() => openPlugin(ping, { targets: [{ host: '-f' }] })).toThrow(/^ping\.targets\.0\.host: expected a name/u);
});
