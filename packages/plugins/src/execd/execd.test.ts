import { readFileSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { createHost } from '../host/host.ts';
import { isRunning, temporaryFolder } from '../testing-servers.ts';
import { openPlugin, type OpenPlugin, type Samples } from '../testing.ts';
import { execd } from './execd.ts';

const timeout = 30_000;

/** Opens the plugin on one program; `pass` lets time pass. */
function open(command: readonly string[], settings: object = {}): OpenPlugin & { pass(ms: number): void } {
  let passedMs = 0;
  const host = createHost();
  const program = { name: 'it', format: 'json', ...settings, command };
  const opened = openPlugin(execd, { programs: [program] }, { ...host, now: () => host.now() + passedMs });
  onTestFinished(() => opened.close());
  return Object.assign(opened, {
    pass(ms: number) {
      passedMs += ms;
    },
  });
}

function shell(script: string, settings: object = {}): ReturnType<typeof open> {
  return open(['/bin/sh', '-c', script], settings);
}

function node(script: string, settings: object = {}): ReturnType<typeof open> {
  return open([process.execPath, '-e', script], settings);
}

test.each([
  ['json', '{"name":"a_total","value":3,"labels":{"b":"c"}}', 'a_total{b="c"}', 3],
  ['influx', 'm,b=c x=3i,text="t" 1764000000000000000', 'm_x{b="c"}', 3],
  ['prometheus', '# TYPE a counter\na{b="c"} 3', 'a{b="c"}', 3],
])('what a program prints as %s comes with the next tick', async (format, text, series, value) => {
  const { scrape, warnings } = shell(`echo '${text}'; exec sleep 600`, { format });
  await expect.poll(scrape, { timeout }).toMatchObject({ [series]: value, 'execd_up{name="it"}': 1 });
  expect(await scrape()).not.toHaveProperty([series]);
  expect(warnings).toEqual([]);
});

test('it is asked by a line break, once in its interval', async () => {
  const script = `n=0; while read -r line; do n=$((n + 1)); echo '{"name":"asked","value":'$n'}'; done`;
  const { scrape, pass } = shell(script, { signal: 'newline', intervalSeconds: 10 });
  await expect.poll(scrape, { timeout }).toMatchObject({ asked: 1 });
  expect(await scrape()).not.toHaveProperty('asked');
  pass(10_000);
  await expect.poll(scrape, { timeout }).toMatchObject({ asked: 2 });
});

test('one that ends is started again, later each time, and the log says how it ended', async () => {
  const { scrape, warnings, pass } = shell('echo "no database" >&2; exit 3');
  const restarts = async (): Promise<number | undefined> => (await scrape())['execd_restarts_total{name="it"}'];
  await expect.poll(async () => (await scrape(), warnings.length), { timeout }).toBe(2);
  for (const [index, delayMs] of [1000, 2000, 4000, 8000].entries()) {
    pass(delayMs - 900);
    expect(await restarts()).toBe(index);
    pass(900);
    expect(await restarts()).toBe(index + 1);
    await expect.poll(() => warnings.filter((line) => line.includes('ended')).length, { timeout }).toBe(index + 2);
  }
  expect(warnings.slice(0, 4).toSorted()).toEqual([
    'it: ended with exit code 3; it is started again in 1 s',
    'it: ended with exit code 3; it is started again in 2 s',
    'it: says: no database',
    'it: says: no database',
  ]);
});

test('one that there is not is tried again, and is down meanwhile', async () => {
  const { scrape, warnings } = open(['/no/such/program']);
  await expect
    .poll(async () => (await scrape(), warnings), { timeout })
    .toEqual([
      expect.stringMatching(/^it: \/no\/such\/program can not be run: .*ENOENT; it is started again in 1 s$/u),
    ]);
  expect(await scrape()).toMatchObject({ 'execd_up{name="it"}': 0, 'execd_restarts_total{name="it"}': 0 });
});

test('a bad line, or one without end, costs only itself; the log is told of a few', async () => {
  const script = `
    process.stdout.write('x'.repeat(200000) + '\\n');
    for (let line = 0; line < 20; line++) console.log('{"nmae":1}');
    console.log('{"name":"good","value":1}');
    setInterval(() => {}, 1000);`;
  const { scrape, warnings } = node(script);
  let samples: Samples = {};
  const seen = async (): Promise<Samples> => (samples = { ...samples, ...(await scrape()) });
  await expect.poll(seen, { timeout }).toMatchObject({
    good: 1,
    'execd_lines_total{name="it"}': 22,
    'execd_bad_lines_total{name="it"}': 21,
  });
  expect(warnings).toHaveLength(5);
  expect(warnings.slice(0, 2)).toEqual([
    'it: line 1, column 65537: expected a line of up to 65536 characters, got 65537',
    expect.stringMatching(/^it: line 2, column 2: expected one of name/u),
  ]);
});

test('one that floods us has to wait, and nothing that it said is lost', async () => {
  const script = `
    let line = 0;
    const more = () => {
      while (line < 100000) if (!process.stdout.write('{"name":"n","value":' + ++line + '}\\n')) return;
      setInterval(() => {}, 1000);
    };
    process.stdout.on('drain', more);
    more();`;
  const { scrape } = node(script);
  await expect
    .poll(async () => (await scrape())['execd_lines_total{name="it"}'], { timeout, interval: 20 })
    .toBe(100_000);
});

test.each([
  [
    'when it is asked to, it may still write its last words',
    "process.on('SIGTERM', () => { require('fs').writeFileSync(FILE, 'bye'); process.exit(); });",
    'bye',
  ],
  ['although it does not want to', "process.on('SIGTERM', () => {});", 'ready'],
])('closing ends it, and what it started: %s', async (_, onTerm, last) => {
  const file = `${temporaryFolder()}/state`;
  const script = `
    const FILE = ${JSON.stringify(file)};
    const child = require('child_process').spawn('/bin/sh', ['-c', 'trap "" TERM; while :; do sleep 1; done']);
    require('fs').writeFileSync(FILE, 'ready');
    ${onTerm}
    console.log(JSON.stringify({ name: 'pid', value: process.pid }));
    console.log(JSON.stringify({ name: 'child', value: child.pid }));
    setInterval(() => {}, 1000);`;
  const { scrape, close } = node(script);
  let samples: Samples = {};
  await expect
    .poll(async () => Object.keys((samples = { ...samples, ...(await scrape()) })), { timeout })
    .toEqual(expect.arrayContaining(['pid', 'child']));
  const { pid = 0, child = 0 } = samples;
  expect([isRunning(pid), isRunning(child)]).toEqual([true, true]);
  await close();
  await expect.poll(() => [isRunning(pid), isRunning(child)], { timeout }).toEqual([false, false]);
  expect(readFileSync(file, 'utf8')).toBe(last);
});

test('it sees only the environment that it was given, and its settings are checked', async () => {
  const file = `${temporaryFolder()}/environment`;
  const { scrape } = shell(`env > ${file}.new; mv ${file}.new ${file}; exec sleep 600`, {
    pass: [],
    environment: { OWN: 'x', PATH: process.env['PATH'] ?? '' },
  });
  writeFileSync(file, '');
  await scrape();
  const names = (): string[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.split('=')[0] ?? '');
  await expect.poll(names, { timeout }).toEqual(expect.arrayContaining(['LC_ALL', 'OWN', 'PATH']));
  expect(names()).not.toContain('HOME');
  expect(() => execd.checkConfig({ programs: [{ command: ['x'], format: 'nagios' }] })).toThrow(
    'execd.programs.0.format',
  );
});
