import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createHost } from '../host/host.ts';
import { temporaryFolder } from '../testing-servers.ts';
import { openPlugin, type OpenPlugin, type Samples } from '../testing.ts';
import { exec } from './exec.ts';

const node = process.execPath;

/** Opens the plugin on commands; `pass` lets all intervals pass, `ended` scrapes until a run has ended. */
function open(...commands: readonly object[]): OpenPlugin & { pass(): void; ended(): Promise<Samples> } {
  let passedMs = 0;
  const host = createHost();
  const opened = openPlugin(exec, { commands }, { ...host, now: () => host.now() + passedMs });
  return Object.assign(opened, {
    pass() {
      passedMs += 86_400_000;
    },
    async ended() {
      for (;;) {
        const samples = await opened.scrape();
        if (Object.keys(samples).length > 0) return samples;
      }
    },
  });
}

async function runOnce(command: object): Promise<{ readonly samples: Samples; readonly warnings: readonly string[] }> {
  const opened = open({ name: 'it', ...command });
  const samples = await opened.scrape();
  await opened.close();
  return { samples, warnings: opened.warnings };
}

/** A check of Debian's monitoring-plugins 2.3.3, as it once ended. */
function captured(check: string, exitCode: number): object {
  const file = fileURLToPath(new URL(`testdata/${check}.txt`, import.meta.url));
  const script =
    'process.stdout.write(require("fs").readFileSync(process.argv[1])); process.exitCode = +process.argv[2]';
  return { command: [node, '-e', script, file, String(exitCode)], format: 'nagios' };
}

test.each([
  ['check_load', 1, { state: 1, values: ['label="load1",name="it"} 3.29', 'label="load5",name="it"} 4.49'] }],
  [
    'check_disk',
    0,
    { state: 0, values: ['_bytes{label="/",name="it"} 25723666432', '_bytes{label="/dev",name="it"} 0'] },
  ],
  ['check_procs', 0, { state: 0, values: ['{label="procs",name="it"} 111'] }],
  ['check_swap', 2, { state: 2, values: ['_bytes{label="swap",name="it"} 0'] }],
  [
    'check_ping',
    0,
    { state: 0, values: ['_seconds{label="rta",name="it"} 0.000038', '_ratio{label="pl",name="it"} 0'] },
  ],
  [
    'check_http',
    0,
    { state: 0, values: ['_seconds{label="time",name="it"} 0.006308', '_bytes{label="size",name="it"} 662'] },
  ],
  ['check_tcp', 2, { state: 2, values: ['_seconds{label="time",name="it"} 0.000167'] }],
  [
    'check_file_age',
    2,
    { state: 2, values: ['_seconds{label="age",name="it"} 1103', '_bytes{label="size",name="it"} 1480'] },
  ],
  ['check_dummy', 3, { state: 3, values: [] }],
])('%s of monitoring-plugins is its state and its values in base units', async (check, exitCode, expected) => {
  const { samples } = await runOnce(captured(check, exitCode));
  const values = Object.entries(samples).map(([series, value]) => `${series} ${value}`);
  expect(samples).toMatchObject({
    'nagios_state{name="it"}': expected.state,
    'exec_up{name="it"}': 1,
    'exec_exit_code{name="it"}': exitCode,
    'exec_bad_lines{name="it"}': 0,
  });
  for (const value of expected.values) {
    expect(values).toContainEqual(expect.stringMatching(/^nagios_value/u));
    expect(values.filter((line) => line.startsWith('nagios_value') && line.endsWith(value))).toHaveLength(1);
  }
});

test('thresholds of a check are there to be drawn beside its values', async () => {
  const { samples } = await runOnce(captured('check_disk', 0));
  expect(Object.entries(samples).filter(([series]) => series.includes('label="/",'))).toEqual([
    ['nagios_value_bytes{label="/",name="it"}', 25_723_666_432],
    ['nagios_bound_bytes{bound="warning_high",label="/",name="it"}', 243_497_277_849],
    ['nagios_bound_bytes{bound="critical_high",label="/",name="it"}', 257_024_904_396],
    ['nagios_bound_bytes{bound="min",label="/",name="it"}', 0],
    ['nagios_bound_bytes{bound="max",label="/",name="it"}', 270_552_530_944],
  ]);
  const ranges = await runOnce({
    command: ['/bin/sh', '-c', 'echo "OK | a=1c;~:5;@-2:3"'],
    format: 'nagios',
    labels: { team: 'x' },
  });
  expect(Object.entries(ranges.samples).filter(([series]) => series.includes('label="a"'))).toEqual([
    ['nagios_value_total{label="a",name="it",team="x"}', 1],
    ['nagios_bound{bound="warning_high",label="a",name="it",team="x"}', 5],
    ['nagios_bound{bound="critical_inside_low",label="a",name="it",team="x"}', -2],
    ['nagios_bound{bound="critical_inside_high",label="a",name="it",team="x"}', 3],
  ]);
});

test('the log tells of a check when its state changes, in its words', async () => {
  const script =
    'date +%s%N > "$1.new"; n=$(cat "$1" 2>/dev/null || echo 0); echo $((n + 1)) > "$1"; case $n in 0) echo "FINE"; exit 0;; 1|2) echo "BROKEN | a=1"; exit 2;; *) echo "FINE AGAIN"; exit 0;; esac';
  const command = ['/bin/sh', '-c', script, 'sh', `${temporaryFolder()}/count`];
  const { scrape, ended, warnings, pass, close } = open({ name: 'it', command, format: 'nagios' });
  const states: unknown[] = [];
  for (let run = 0; run < 4; run++) {
    states.push((await ended())['nagios_state{name="it"}']);
    expect(await scrape()).toEqual({});
    pass();
  }
  await close();
  expect(states).toEqual([0, 2, 2, 0]);
  expect(warnings).toEqual(['it: CRITICAL: BROKEN', 'it: OK: FINE AGAIN']);
});

test.each([
  [
    'json',
    '{"name":"a_total","value":3,"labels":{"host":"h"}}\n{"name":"b_bytes","value":1.5}\n',
    ['a_total{exported_host="h"}', 'b_bytes'],
  ],
  ['influx', 'm,t=x a=1i,b=2.5,c="text"\n', ['m_a{t="x"}', 'm_b{t="x"}']],
  ['prometheus', '# TYPE a counter\na{b="c"} 1\nd 2 1764000000000\n', ['a{b="c"}', 'd']],
])('%s is read, under the names and labels that the program says', async (format, text, series) => {
  const { samples, warnings } = await runOnce({
    command: [node, '-e', `process.stdout.write(${JSON.stringify(text)})`],
    format,
  });
  expect(warnings).toEqual([]);
  expect(Object.keys(samples).filter((name) => !name.startsWith('exec_'))).toEqual(series);
  expect(samples).toMatchObject({ 'exec_up{name="it"}': 1, 'exec_exit_code{name="it"}': 0 });
});

test('a line that is not understood costs only itself, but the run was not as it should be', async () => {
  const text = '{"name":"a","value":1}\n{"nmae":"b"}\n';
  const { samples, warnings } = await runOnce({ command: ['/bin/sh', '-c', `printf '%s' '${text}'`], format: 'json' });
  expect(samples).toMatchObject({ a: 1, 'exec_up{name="it"}': 0, 'exec_bad_lines{name="it"}': 1 });
  expect(warnings).toEqual([expect.stringContaining('it: line 2, column 2: expected one of name, value')]);
});

test.each([
  ['ends with an error', 'echo half; echo "no route" >&2; exit 4', 'expected exit code 0, got 4: no route'],
  ['is killed', 'kill -9 $$', 'it was ended by a signal'],
  ['hangs', 'sleep 60', 'no end within 500 ms'],
  ['says too much', 'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done', 'more than 2048 bytes of output'],
  ['prints another format', 'echo "<html>"', 'line 1, column 1: expected a metric name, got "<html>"'],
])('a program that %s is down, and the log says why once', async (_, script, warning) => {
  const command = { command: ['/bin/sh', '-c', script], timeoutSeconds: 0.5, maxOutputBytes: 2048 };
  const { ended, warnings, pass, close } = open({ ...command, name: 'it', format: 'prometheus' });
  for (let run = 0; run < 2; run++) {
    expect(await ended()).toMatchObject({ 'exec_up{name="it"}': 0 });
    pass();
  }
  await close();
  expect(warnings).toEqual([expect.stringContaining(warning)]);
});

test('a check that does not end, or that there is not, is UNKNOWN', async () => {
  const hangs = await runOnce({ command: ['/bin/sh', '-c', 'sleep 60'], format: 'nagios', timeoutSeconds: 0.3 });
  expect(hangs.samples).toMatchObject({ 'nagios_state{name="it"}': 3, 'exec_up{name="it"}': 0 });
  const missing = await runOnce({ command: ['/no/such/check'], format: 'nagios' });
  expect(missing.samples).toMatchObject({ 'nagios_state{name="it"}': 3, 'exec_up{name="it"}': 0 });
  expect(missing.warnings).toEqual([expect.stringContaining('/no/such/check can not be run')]);
});

test('it sees the environment, the folder and the user that it was given, and no others', async () => {
  const folder = temporaryFolder();
  const script = `
    const labels = { cwd: process.cwd(), variables: Object.keys(process.env).toSorted().join(), own: process.env.OWN };
    console.log(JSON.stringify({ name: 'it', value: process.getuid(), labels }));`;
  const { samples } = await runOnce({
    command: [node, '-e', script],
    format: 'json',
    directory: folder,
    environment: { OWN: 'x' },
    pass: ['PATH', 'THERE_IS_NO_SUCH'],
    user: String(process.getuid?.()),
  });
  expect(samples[`it{cwd="${folder}",own="x",variables="LC_ALL,OWN,PATH"}`]).toBe(process.getuid?.());
});

test('arguments are words, whatever is in them', async () => {
  const { samples } = await runOnce({
    command: [
      node,
      '-p',
      'JSON.stringify({ name: "it", value: 1, labels: { word: process.argv[1] } })',
      '$(id); `id` "',
    ],
    format: 'json',
  });
  expect(samples['it{word="$(id); `id` \\""}']).toBe(1);
});

test('a user that there is not is said by name', async () => {
  const { warnings } = await runOnce({ command: ['/bin/true'], format: 'json', user: 'no-such-user' });
  expect(warnings).toEqual(['it: user: expected one of /etc/passwd, got "no-such-user"']);
});

test('a program that takes long holds up no other, and its samples come when it has ended', async () => {
  const file = `${temporaryFolder()}/go`;
  const wait = `while [ ! -e "${file}" ]; do sleep 0.05; done; echo 'slow 1'`;
  const { scrape, ended, close } = open(
    { name: 'slow', command: ['/bin/sh', '-c', wait], format: 'prometheus' },
    { name: 'quick', command: ['/bin/sh', '-c', "echo 'quick 1'"], format: 'prometheus' },
  );
  const first = await scrape();
  expect(first).toMatchObject({ quick: 1 });
  expect(first).not.toHaveProperty('slow');
  writeFileSync(file, '');
  expect(await ended()).toMatchObject({ slow: 1 });
  await close();
});

test('settings that can not be are refused by their names', () => {
  const command = ['/bin/true'];
  const refused = (settings: object) => () => exec.checkConfig({ commands: [settings] });
  expect(refused({ command: 'ls | wc', format: 'json' })).toThrow('exec.commands.0.command');
  expect(refused({ command: [], format: 'json' })).toThrow('exec.commands.0.command');
  expect(refused({ command })).toThrow('exec.commands.0.format');
  expect(refused({ command, format: 'json', directory: 'here' })).toThrow('exec.commands.0.directory');
  expect(refused({ command, format: 'json', pass: ['A=B'] })).toThrow('exec.commands.0.pass');
  expect(() => open({ command, format: 'json' }, { command, format: 'json' })).toThrow('exec.commands.1.name');
});
