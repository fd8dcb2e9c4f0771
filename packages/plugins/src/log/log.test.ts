import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createHost } from '../host/host.ts';
import { temporaryFolder } from '../testing-servers.ts';
import { openPlugin } from '../testing.ts';
import { log } from './log.ts';

const errors = { name: 'errors', pattern: 'ERROR' };

function setUp() {
  const folder = temporaryFolder();
  const path = join(folder, 'app.log');
  const host = createHost({ stateFolder: join(folder, 'state') });
  return {
    folder,
    path,
    open(target: object = {}, config: object = {}) {
      const targets = [{ name: 'app', path, patterns: [errors], from: 'beginning', ...target }];
      const opened = openPlugin(log, { ...config, targets }, host);
      return {
        ...opened,
        /** Lines, and those with an error, since it was opened. */
        async counts(): Promise<[lines: number | undefined, matches: number | undefined]> {
          const samples = await opened.scrape();
          return [samples['log_lines_total{name="app"}'], samples['log_matches_total{name="app",pattern="errors"}']];
        },
      };
    },
  };
}

test('lines and matches are counted from the start on, none before the first one came', async () => {
  const { path, open } = setUp();
  writeFileSync(path, 'ERROR of yesterday\n');
  const { scrape } = open({ from: 'end' });
  expect(await scrape()).toEqual({
    'log_up{name="app"}': 1,
    'log_lines_total{name="app"}': 0,
    'log_matches_total{name="app",pattern="errors"}': 0,
    'log_read_bytes_total{name="app"}': 0,
    'log_skipped_bytes_total{name="app"}': 0,
  });
  appendFileSync(path, 'ERROR one\r\nfine\nERROR two\n');
  expect(await scrape()).toMatchObject({
    'log_lines_total{name="app"}': 3,
    'log_matches_total{name="app",pattern="errors"}': 2,
    'log_read_bytes_total{name="app"}': 26,
  });
});

test('a line is one only when its end has come, in whatever pieces it was written', async () => {
  const { path, open } = setUp();
  writeFileSync(path, 'one\nER');
  const { counts } = open();
  expect(await counts()).toEqual([1, 0]);
  appendFileSync(path, 'ROR in pieces');
  expect(await counts()).toEqual([1, 0]);
  appendFileSync(path, '\n');
  expect(await counts()).toEqual([2, 1]);
});

test('what was half written when it was first looked at is no line', async () => {
  const { path, open } = setUp();
  writeFileSync(path, 'old\nhalf an ERR');
  const { counts } = open({ from: 'end' });
  await counts();
  appendFileSync(path, 'OR\nERROR\n');
  expect(await counts()).toEqual([1, 1]);
});

test('named groups become labels, and only so many of them', async () => {
  const { path, open } = setUp();
  const patterns = [{ name: 'requests', pattern: '"(?P<method>[A-Z]+) \\S+" (?P<status>\\d)\\d\\d' }];
  writeFileSync(path, '"GET /a" 200\n"GET /b" 204\n"POST /a" 502\n"PUT /a" 201\n"DELETE /a" 404\nnoise\n');
  const { scrape } = open({ patterns }, { maxSeries: 2 });
  expect(await scrape()).toMatchObject({
    'log_matches_total{method="GET",name="app",pattern="requests",status="2"}': 2,
    'log_matches_total{method="POST",name="app",pattern="requests",status="5"}': 1,
    'log_matches_total{method="other",name="app",pattern="requests",status="other"}': 2,
  });
});

describe('rotation', () => {
  test('by rename: the rest of the old file and all of the new one', async () => {
    const { path, open } = setUp();
    writeFileSync(path, 'ERROR 1\n');
    const { counts } = open();
    expect(await counts()).toEqual([1, 1]);
    appendFileSync(path, 'ERROR 2\n');
    renameSync(path, `${path}.1`);
    // The writer has not yet opened the new file.
    appendFileSync(`${path}.1`, 'ERROR 3\n');
    expect(await counts()).toEqual([3, 3]);
    appendFileSync(`${path}.1`, 'ERROR 4\n');
    writeFileSync(path, 'ERROR 5\n');
    expect(await counts()).toEqual([5, 5]);
  });

  test('by rename, of a file whose last line was never ended', async () => {
    const { path, open } = setUp();
    writeFileSync(path, 'one\nERROR at the crash');
    const { counts } = open();
    expect(await counts()).toEqual([1, 0]);
    renameSync(path, `${path}.1`);
    writeFileSync(path, 'new\n');
    for (let look = 0; look < 5; look++) await counts();
    expect(await counts()).toEqual([3, 1]);
  });

  test('by copying and emptying', async () => {
    const { path, open } = setUp();
    writeFileSync(path, 'ERROR 1\nfine\n');
    const { counts } = open();
    expect(await counts()).toEqual([2, 1]);
    truncateSync(path);
    appendFileSync(path, 'ERROR 2\n');
    expect(await counts()).toEqual([3, 2]);
  });

  test('by emptying, when it has grown beyond where it was since', async () => {
    const { path, open } = setUp();
    writeFileSync(path, '10:00 ERROR\n');
    const { counts } = open();
    expect(await counts()).toEqual([1, 1]);
    truncateSync(path);
    appendFileSync(path, '11:00 ERROR\n11:01 ERROR\n');
    expect(await counts()).toEqual([3, 3]);
  });

  test('by date in the name', async () => {
    const { folder, open } = setUp();
    writeFileSync(join(folder, 'app-01.log'), 'ERROR 1\n');
    const { counts } = open({ path: join(folder, 'app-*.log') });
    expect(await counts()).toEqual([1, 1]);
    appendFileSync(join(folder, 'app-01.log'), 'ERROR 2\n');
    writeFileSync(join(folder, 'app-02.log'), 'ERROR 3\n');
    expect(await counts()).toEqual([3, 3]);
  });

  test('away and back: a file that is gone is said to be, and is read again when it comes', async () => {
    const { path, open } = setUp();
    const { scrape, counts, warnings } = open();
    expect(await scrape()).toMatchObject({ 'log_up{name="app"}': 0 });
    await scrape();
    expect(warnings).toEqual(['app: there is no such file']);
    writeFileSync(path, 'ERROR\n');
    expect(await counts()).toEqual([1, 1]);
    rmSync(path);
    expect(await scrape()).toMatchObject({ 'log_up{name="app"}': 0, 'log_lines_total{name="app"}': 1 });
  });
});

describe('after a restart', () => {
  test('it goes on where it was, with what came meanwhile, also to a file that was rotated away', async () => {
    const { path, open } = setUp();
    writeFileSync(path, 'ERROR 1\n');
    const before = open();
    expect(await before.counts()).toEqual([1, 1]);
    await before.close();
    appendFileSync(path, 'ERROR 2\n');
    renameSync(path, `${path}.1`);
    writeFileSync(path, 'ERROR 3\nERROR 4\n');
    const { counts } = open({ from: 'end' });
    expect(await counts()).toEqual([3, 3]);
  });

  test('a file that was emptied meanwhile is read whole', async () => {
    const { path, open } = setUp();
    writeFileSync(path, 'first ERROR\n');
    const before = open();
    await before.counts();
    await before.close();
    writeFileSync(path, 'ERROR again\nERROR again\n');
    expect(await open().counts()).toEqual([2, 2]);
  });
});

test('of a flood the newest part is read, and the rest counted', async () => {
  const { path, open } = setUp();
  const line = `${'x'.repeat(99)}\n`;
  writeFileSync(path, line.repeat(10_000));
  appendFileSync(path, 'ERROR at last\n');
  const { scrape } = open({}, { maxBytes: 100_000 });
  const samples = await scrape();
  expect(samples['log_matches_total{name="app",pattern="errors"}']).toBe(1);
  const [read = 0, skipped = 0] = [
    samples['log_read_bytes_total{name="app"}'],
    samples['log_skipped_bytes_total{name="app"}'],
  ];
  expect(read).toBe(100_000);
  expect(read + skipped).toBe(1_000_014);
  expect(samples['log_lines_total{name="app"}']).toBe(1_000);
});

test('a line without end is cut, and does not hide what comes after it', async () => {
  const { path, open } = setUp();
  writeFileSync(path, `ERROR ${'x'.repeat(200_000)}`);
  appendFileSync(path, '\nERROR\n');
  expect(await open().counts()).toEqual([2, 2]);
});

test('encodings: bytes that are no UTF-8, and two bytes a character with the mark of their order', async () => {
  const { path, open } = setUp();
  writeFileSync(path, Buffer.from('\uFEFFERROR Öl\r\nਊ fine\r\n', 'utf16le'));
  expect(await open({ encoding: 'utf16le', patterns: [{ name: 'errors', pattern: '^ERROR Öl$' }] }).counts()).toEqual([
    2, 1,
  ]);
  writeFileSync(path, Buffer.from('ERROR \xd6l\n', 'latin1'));
  expect(await open({ encoding: 'latin1', patterns: [{ name: 'errors', pattern: 'Öl$' }] }).counts()).toEqual([1, 1]);
  appendFileSync(path, Buffer.from('ERROR \xd6l\n', 'latin1'));
  expect(await open().counts()).toEqual([1, 1]);
});

test('positions are kept for the agent alone', async () => {
  const { folder, path, open } = setUp();
  writeFileSync(path, 'one\n');
  await open().scrape();
  expect(JSON.parse(readFileSync(join(folder, 'state', 'log.json'), 'utf8'))).toMatchObject({ app: [{ offset: 4 }] });
});

test('damaged positions are told to the log, and the files are begun anew', async () => {
  const { folder, path, open } = setUp();
  mkdirSync(join(folder, 'state'));
  writeFileSync(join(folder, 'state', 'log.json'), '{"app":');
  writeFileSync(path, 'ERROR\n');
  const { counts, warnings } = open();
  expect(await counts()).toEqual([1, 1]);
  expect(warnings).toEqual([expect.stringMatching(/^positions of before the start can not be read/u)]);
});

test('a folder is no log, and a group that can be no label is refused', async () => {
  const { folder, open } = setUp();
  mkdirSync(join(folder, 'sub'));
  const { scrape, warnings } = open({ path: join(folder, 'sub') });
  expect(await scrape()).toMatchObject({ 'log_up{name="app"}': 0 });
  expect(warnings).toEqual(['app: there is no such file']);
  expect(() => open({ patterns: [{ name: 'x', pattern: '(?P<host>.)' }] })).toThrow(
    /^log\.targets\.0\.patterns\.0\.pattern: the group host can not be a label of its own/u,
  );
});
