import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { decodeEnvelope, decodePayload, decodeSchema, type BatchEnvelope } from '@tarsier/protocol';
import { zstdDecompress } from '@tarsier/protocol/zstd';
import { expect, onTestFinished, test, vi } from 'vitest';

// Each starts several programs, and a busy machine takes seconds for one.
vi.setConfig({ testTimeout: 180_000 });

const main = fileURLToPath(new URL('main.ts', import.meta.url));
/** Of the environment, what a program needs to start, and to start quickly. */
const { PATH, NODE_COMPILE_CACHE } = process.env;
const slow = { timeout: 30_000, interval: 100 };

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tarsier-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command of tarsier-agent that ends by itself; nothing of this machine's settings counts. */
function command(
  folder: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const env = {
    PATH,
    NODE_COMPILE_CACHE,
    HOME: folder,
    XDG_CONFIG_HOME: folder,
    TARSIER_STATE: join(folder, 'state'),
    ...environment,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { env, cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** A collector that takes everything and says so, and an agent that runs with a settings file. */
async function startAgent(folder: string, file: string) {
  const batches: BatchEnvelope[] = [];
  const schemas = new Map<string, string[]>();
  const server = createServer((request, response) => {
    // An agent's account of its samples is for collectors that keep it.
    if (request.method === 'PUT') return void request.resume().on('end', () => response.writeHead(404).end());
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const batch = decodeEnvelope(Buffer.concat(chunks));
      const hash = Buffer.from(batch.schemaHash).toString('hex');
      if (batch.schema !== undefined) {
        const { metrics, series } = decodeSchema(batch.schema);
        schemas.set(
          hash,
          series.map(({ metric }) => metrics[metric]?.name ?? ''),
        );
      }
      if (!schemas.has(hash)) {
        response.writeHead(409).end();
        return;
      }
      batches.push(batch);
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  const env = {
    PATH,
    NODE_COMPILE_CACHE,
    HOME: folder,
    TARSIER_STATE: join(folder, 'state'),
    TARSIER_URL: `http://127.0.0.1:${port}`,
    TARSIER_KEY: 'tsr_secret-of-a-test',
    TARSIER_HOST: 'cli-test',
  };
  const child = spawn(process.execPath, [main, 'run', '--config', file, '--until-stdin-ends'], {
    env,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const logged: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => logged.push(line));
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
    server.closeAllConnections();
    server.close();
  });
  /** Ticks at which a metric had a sample. */
  function ticksOf(metric: string): number[] {
    return batches.flatMap((batch) => {
      const names = schemas.get(Buffer.from(batch.schemaHash).toString('hex')) ?? [];
      const { times, present } = decodePayload(batch.payload, zstdDecompress);
      const columns = names.flatMap((name, column) => (name === metric ? [column] : []));
      return [...times].filter((_, row) => columns.some((column) => present?.[column * times.length + row] !== 0));
    });
  }
  return { child, exited, logged, batches, ticksOf, status: () => command(folder, ['status', '--config', file]) };
}

const longestGap = (ticks: readonly number[]): number =>
  ticks.reduce((longest, tick, index) => Math.max(longest, index === 0 ? 0 : tick - (ticks[index - 1] ?? tick)), 0);

test('settings that change are taken at once and without a gap; those that do not hold are refused, and said so', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'agent.yaml');
  const settings = (more: string): string => `intervalMs: 200\nflushMs: 400\n${more}`;
  writeFileSync(file, settings('plugins: { load: false }\n'));
  const { child, exited, logged, batches, ticksOf, status } = await startAgent(folder, file);
  const logs = (text: string): number => logged.filter((line) => line.includes(text)).length;
  await expect.poll(() => ticksOf('memory_used_bytes').length, slow).toBeGreaterThan(5);
  expect(ticksOf('load_average')).toEqual([]);

  // As an editor saves: another file takes its name.
  writeFileSync(`${file}.new`, settings('plugins: { cpu: { perCpu: false } }\n'));
  renameSync(`${file}.new`, file);
  await expect.poll(() => ticksOf('load_average').length, slow).toBeGreaterThan(5);
  expect(logs('settings are read again why="a file changed"')).toBe(1);
  expect(logged.at(-1)).toContain('changed="plugins.load, plugins.cpu"');

  writeFileSync(file, settings('plugins:\n  cpu:\n    perCpu: maybe\n  laod: {}\n'));
  await expect.poll(() => logs('changed settings are not taken'), slow).toBe(1);
  const { stdout, code } = await status();
  expect(code).toBe(0);
  expect(stdout).toContain(`Settings   ${file}, read`);
  expect(stdout).toContain('are not taken; the former ones stay:');
  expect(stdout).toContain(`${file}:5:13: plugins.cpu.perCpu: expected true or false, got string "maybe"`);
  expect(stdout).toContain(`${file}:6:3: plugins.laod: there is no such plugin; did you mean load?`);
  expect(stdout).toMatch(/^load +ok /mu);

  writeFileSync(file, settings('plugins: { cpu: { perCpu: true } }\n'));
  await expect.poll(() => logs('settings are read again'), slow).toBe(2);
  child.kill('SIGHUP');
  await expect.poll(() => logs('settings are read again why="SIGHUP"'), slow).toBe(1);
  expect(logged.at(-1)).toContain('changed="nothing"');
  const before = ticksOf('memory_used_bytes').length;
  await expect.poll(() => ticksOf('memory_used_bytes').length, slow).toBeGreaterThan(before + 5);
  child.stdin.end();
  expect(await exited).toBe(0);

  expect(new Set(batches.map(({ epoch }) => epoch)).size).toBe(1);
  expect(batches.map(({ seq }) => seq)).toEqual(batches.map((_, seq) => seq));
  // What kept its settings has every tick that there was; what was swapped lacks one at most.
  const ticks = ticksOf('agent_ticks_missed_total');
  expect(ticksOf('memory_used_bytes')).toEqual(ticks);
  const cpu = ticksOf('cpu_cores');
  expect(ticks.filter((tick) => !cpu.includes(tick)).length).toBeLessThanOrEqual(2);
  expect(longestGap(cpu)).toBeLessThanOrEqual(longestGap(ticks) + 200);
  expect(logged.join('\n')).not.toContain('tsr_secret-of-a-test');
});

test('a swap of links, as Kubernetes makes it, is seen, and so is a change of a file that the settings read', async () => {
  const folder = temporaryFolder();
  const version = (name: string, content: string): void => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'agent.yaml'), content);
  };
  version('..v1', 'log: ${file:level}\nplugins: { load: false }\n');
  version('..v2', 'log: ${file:level}\nplugins: { load: false, cpu: false }\n');
  writeFileSync(join(folder, 'level'), 'info\n');
  symlinkSync('..v1', join(folder, '..data'));
  symlinkSync(join('..data', 'agent.yaml'), join(folder, 'agent.yaml'));
  const { logged } = await startAgent(folder, join(folder, 'agent.yaml'));
  await expect.poll(() => logged.join('\n'), slow).toContain('measuring');
  symlinkSync('..v2', join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  await expect.poll(() => logged.join('\n'), slow).toContain('changed="plugins.cpu"');
  writeFileSync(join(folder, 'level'), 'debug\n');
  await expect.poll(() => logged.join('\n'), slow).toContain('changed="log"');
  await expect.poll(() => logged.join('\n'), slow).toContain('batch spooled');
});

test('status says when no agent runs, and tells of one that does to its user alone', async () => {
  const folder = temporaryFolder();
  const none = await command(folder, ['status']);
  expect(none).toMatchObject({ code: 1, stdout: '' });
  expect(none.stderr).toBe(
    `tarsier-agent: no agent runs here: nobody listens at ${join(folder, 'state', 'agent.sock')}\n`,
  );
  const asJson = await command(folder, ['status', '--json']);
  expect(JSON.parse(asJson.stdout)).toMatchObject({ error: { code: 'status/none' } });

  const file = join(folder, 'agent.yaml');
  writeFileSync(file, 'intervalMs: 200\nflushMs: 400\n');
  const { child, exited, batches, status } = await startAgent(folder, file);
  await expect.poll(() => batches.length, slow).toBeGreaterThan(2);
  expect(statSync(join(folder, 'state', 'agent.sock')).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'state')).mode & 0o777).toBe(0o700);
  const report: unknown = JSON.parse((await command(folder, ['status', '--json'])).stdout);
  expect(report).toMatchObject({
    pid: child.pid,
    settings: { file },
    agent: {
      host: 'cli-test',
      ship: { shipped: expect.any(Number), refused: 0 },
      spool: { waiting: expect.any(Number) },
    },
    recent: [],
  });
  expect((await status()).stdout).toMatch(/^Collector +http:\/\/127\.0\.0\.1:\d+; last took a batch \d/mu);

  // Killed, it leaves its socket behind, which is no agent; the next one takes its place.
  child.kill('SIGKILL');
  await exited;
  expect((await command(folder, ['status'])).code).toBe(1);
  const next = await startAgent(folder, file);
  await expect.poll(async () => (await next.status()).code, slow).toBe(0);
  next.child.kill('SIGTERM');
  expect(await next.exited).toBe(0);
  expect((await command(folder, ['status'])).code).toBe(1);
});

test('test measures without a key and without sending, and fails when a plugin does', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'bad.yaml'), 'timeoutMs: 10\nplugins: { network: { exclude: "(" } }\n');
  const { code, stdout } = await command(folder, ['test', 'load', 'cpu', '--json']);
  expect(code).toBe(0);
  const { plugins } = JSON.parse(stdout) as {
    plugins: { plugin: string; samples: { name: string; labels: object; value: number }[] }[];
  };
  expect(plugins.map(({ plugin }) => plugin)).toEqual(['cpu', 'load']);
  expect(plugins[0]?.samples).toContainEqual({
    name: 'cpu_busy_ratio',
    labels: { cpu: 'all' },
    kind: 'gauge',
    unit: 'ratio',
    value: expect.any(Number),
  });
  const asText = await command(folder, ['test', 'load']);
  expect(asText.stdout).toMatch(/^load: 3 samples in [\d.]+ ms\n {2}load_average\{window="1m"\} +[\d.]+\n/u);
  expect(asText.stdout).toContain('3 samples of ');
  const failing = await command(folder, ['test', 'network', '--config', 'bad.yaml']);
  expect(failing.code).toBe(1);
  expect(failing.stdout).toContain('network: failed: ');
});

const external = (value: number, before = ''): string => `
  import { definePlugin } from '@tarsier/plugins';
  import { z } from 'zod';
  export const mine = definePlugin({
    name: 'mine', summary: 'A plugin of a test.', config: z.object({ times: z.number().default(1).describe('Factor.') }),
    metrics: { mine_answer: { kind: 'gauge', unit: '', help: 'The answer.' } },
    create: ({ config }) => ({ scrape(out) { ${before} out.gauge('mine_answer', ${value} * config.times); } }),
  });`;

test('a plugin from outside is checked as the others, runs in a thread when told to, and is begun anew when its file changes', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'agent.yaml');
  writeFileSync(join(folder, 'mine.ts'), external(1));
  writeFileSync(file, 'plugins:\n  - ./mine.ts: { time: 2 }\n  - ./none.ts\n  - cpu\nisolate: [mien, cpu]\n');
  const check = await command(folder, ['--check-config', '--config', file], { TARSIER_KEY: 'tsr_k' });
  expect(check.stdout.split('\n')).toEqual([
    `${file}:2:18: plugins.0../mine.ts.time: there is no such option; did you mean times?`,
    expect.stringContaining(`${file}:3:5: plugins.1: ./none.ts: there is no such file (`),
    `${file}:5:11: isolate.0: expected a plugin from outside; there is no plugin mien; did you mean mine?`,
    `${file}:5:17: isolate.1: expected a plugin from outside; cpu is built in`,
    '',
  ]);
  const fast = 'intervalMs: 200\nflushMs: 400\nisolate: [mine]\n';
  writeFileSync(file, `${fast}plugins: { ./mine.ts: { times: 2 }, cpu: false }\n`);
  expect((await command(folder, ['test', 'mine', '--config', file])).stdout).toMatch(/^ {2}mine_answer +2$/mu);
  const { ticksOf, logged } = await startAgent(folder, file);
  await expect.poll(() => ticksOf('mine_answer').length, slow).toBeGreaterThan(2);
  writeFileSync(join(folder, 'mine.ts'), external(10));
  await expect.poll(() => logged.join('\n'), slow).toContain('changed="plugins.mine"');
  const before = ticksOf('mine_answer').length;
  await expect.poll(() => ticksOf('mine_answer').length, slow).toBeGreaterThan(before + 2);
});

test('a plugin that fails where nobody waits for it is told of by its file, once, and costs no other a sample', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'agent.yaml');
  const stray = "void Promise.reject(new Error('let go')); setTimeout(() => { throw new Error('too late'); });";
  writeFileSync(join(folder, 'mine.ts'), external(1, stray));
  writeFileSync(file, 'intervalMs: 200\nflushMs: 400\nplugins:\n  - ./mine.ts\n  - load\n');
  const { ticksOf, logged, child, exited } = await startAgent(folder, file);
  await expect.poll(() => ticksOf('load_average').length, slow).toBeGreaterThan(5);
  expect(child.exitCode).toBe(null);
  const errors = logged.filter((line) => line.includes(' error '));
  expect(errors).toEqual([
    expect.stringMatching(/why="let go" at=".*mine\.ts/u),
    expect.stringMatching(/why="too late" at=".*mine\.ts/u),
  ]);
  expect(ticksOf('agent_stray_errors_total').length).toBeGreaterThan(0);
  child.stdin.end();
  expect(await exited).toBe(0);
});

test('test prints what was measured, then what failed where nobody waits for it, and fails', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'agent.yaml');
  writeFileSync(join(folder, 'mine.ts'), external(1, "void Promise.reject(new Error('let go'));"));
  writeFileSync(file, 'plugins:\n  - ./mine.ts\n  - load\n');
  const { code, stdout, stderr } = await command(folder, ['test', '--config', file]);
  expect([code, stderr]).toEqual([1, '']);
  expect(stdout).toMatch(/^ {2}mine_answer +1$/mu);
  expect(stdout).toMatch(/^load: 3 samples /mu);
  expect(stdout).toMatch(/\nFailed where nothing waited for it: let go, at .*mine\.ts.*\n$/u);
  const asJson = await command(folder, ['test', 'mine', '--config', file, '--json']);
  expect(asJson.code).toBe(1);
  expect(JSON.parse(asJson.stdout)).toMatchObject({
    plugins: [{ plugin: 'mine', samples: [{ name: 'mine_answer', value: 1 }] }],
    strays: [{ why: 'let go', at: expect.stringContaining('mine.ts') }],
  });
});

test('an agent whose ticks end by a failure that nothing waited for sends what it has and ends with 1, to be begun anew', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'agent.yaml');
  // What fails is the agent's own call of it, after the tick in which this was put there.
  const sabotage = `const real = setTimeout;
    globalThis.setTimeout = (...all) => {
      if (new Error().stack.includes('scheduler.ts')) throw new Error('no more ticks');
      return real(...all);
    };`;
  writeFileSync(join(folder, 'mine.ts'), external(1, sabotage));
  writeFileSync(file, 'intervalMs: 200\nflushMs: 60000\nplugins: [./mine.ts]\n');
  const { logged, exited, batches } = await startAgent(folder, file);
  expect(await exited).toBe(1);
  expect(logged.join('\n')).toContain('why="no more ticks"');
  expect(batches).not.toEqual([]);
  expect(logged.join('\n')).toContain('no tick comes any more; the agent ends, to be begun anew');
});

test('a plugin that would end the process fails by its name and line, and the agent measures on', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'agent.yaml');
  writeFileSync(join(folder, 'mine.ts'), `import { exit } from 'node:process';${external(1, 'exit(3);')}`);
  writeFileSync(join(folder, 'late.ts'), external(1, 'setTimeout(() => process.exit());').replace("'mine'", "'late'"));
  writeFileSync(file, 'intervalMs: 200\nflushMs: 400\nplugins:\n  - ./mine.ts\n  - ./late.ts\n  - load\n');
  const { ticksOf, logged, child } = await startAgent(folder, file);
  await expect.poll(() => ticksOf('load_average').length, slow).toBeGreaterThan(5);
  expect(child.exitCode).toBe(null);
  const refused = (call: string, name: string) =>
    expect.stringMatching(`${call} at .*${name}.*: a plugin can not end the agent; it should throw an error`);
  expect(logged).toContainEqual(refused('plugin="mine" why="process.exit\\(3\\)', 'mine.ts'));
  expect(logged).toContainEqual(refused('process.exit\\(\\)', 'late.ts'));

  writeFileSync(join(folder, 'mine.ts'), 'process.exit(0);');
  const check = await command(folder, ['--check-config', '--config', file], { TARSIER_KEY: 'tsr_k' });
  expect(check.code).toBe(2);
  expect(check.stdout).toContain('./mine.ts: could not be loaded: process.exit(0) at ');
});

test('where the key can not be kept no token is used up for one', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  let asked = 0;
  const server = createServer((request, response) => {
    asked++;
    request.resume().on('end', () => response.writeHead(500).end());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  const state = join(folder, 'file', 'state');
  const args = ['enrol', '--url', `http://127.0.0.1:${port}`, '--token', 'tsr_enrol_once'];
  const { code, stderr } = await command(folder, args, { TARSIER_STATE: state });
  expect([code, stderr]).toEqual([2, expect.stringContaining(`${join(state, 'enrolment.json')} can not be written: `)]);
  expect(asked).toBe(0);
});

test('plugins lists what works here and why not, describes options and metrics, and prints settings that hold', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'agent.yaml'), 'plugins: { load: false }\n');
  const list = await command(folder, ['plugins', '--config', 'agent.yaml']);
  expect(list.stdout).toMatch(/^PLUGIN +EVERY +HERE +WHAT IT MEASURES, OR WHY NOT\n/u);
  expect(list.stdout).toMatch(/^cpu +1 s +yes +Where the time/mu);
  expect(list.stdout).toMatch(/^load +1 s +no +left out by the settings$/mu);
  const described = await command(folder, ['plugins', 'describe', 'cpu']);
  expect(described.stdout).toMatch(/^ {2}perCpu +true +Also each core/mu);
  expect(described.stdout).toMatch(/^ {2}cpu_busy_ratio +gauge +ratio +Share of time/mu);

  const defaults = await command(folder, ['plugins', 'config']);
  writeFileSync(join(folder, 'defaults.yaml'), `key: tsr_k\n${defaults.stdout}`);
  expect(await command(folder, ['--check-config', '--config', 'defaults.yaml'])).toMatchObject({ code: 0, stderr: '' });
});

test('a spool is inspected and verified while it waits, and dropped only when asked twice', async () => {
  const folder = temporaryFolder();
  const environment = {
    TARSIER_KEY: 'tsr_k',
    TARSIER_URL: 'http://127.0.0.1:1',
    TARSIER_INTERVAL_MS: '100',
    TARSIER_FLUSH_MS: '200',
  };
  const env = { PATH, NODE_COMPILE_CACHE, HOME: folder, TARSIER_STATE: join(folder, 'state'), ...environment };
  const child = spawn(process.execPath, [main, 'run'], { env, stdio: 'ignore' });
  const exited = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const inspect = async () => {
    const { stdout } = await command(folder, ['spool', 'inspect', '--json']);
    return stdout === '' ? 0 : (JSON.parse(stdout) as { waiting: number }).waiting;
  };
  await expect.poll(inspect, slow).toBeGreaterThan(2);
  expect(await command(folder, ['spool', 'drop', '--yes'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('another agent works with'),
  });
  child.kill('SIGTERM');
  await exited;
  expect((await command(folder, ['spool', 'verify'])).stdout).toMatch(/: \d+ batches, all whole\.\n$/u);
  expect((await command(folder, ['spool', 'inspect'])).stdout).toMatch(/^Waiting +\d+ batches of \d+$/mu);
  expect(await command(folder, ['spool', 'drop'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('say --yes to drop them'),
  });
  expect(await command(folder, ['spool', 'drop', '--yes'])).toMatchObject({ code: 0 });
  expect(await inspect()).toBe(0);
});

test.runIf(process.platform === 'linux')(
  'install-service prints the unit that it would write, and writes nothing',
  async () => {
    const folder = temporaryFolder();
    const { code, stdout, stderr } = await command(folder, ['install-service', '--print', '--config', 'mine.yaml']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^ExecStart=.*main\.ts"? run --config .*mine\.yaml"?$/mu);
    const none = await command(folder, ['uninstall-service', '--root', folder]);
    expect(none.code).toBe(1);
    expect(none.stderr).toMatch(/there is no service: |docs\/guides\/install-agent\.md has the one for/u);
  },
);

test.each([
  [['statsu'], 2, 'there is no command statsu; did you mean status?; see tarsier-agent --help'],
  [['run', '--confg', 'x'], 2, 'there is no option --confg, did you mean --config?; see tarsier-agent run --help'],
  [['run', 'now'], 2, 'run takes options only, got now'],
  [['run', '--config', 'none.yaml'], 2, 'none.yaml: the settings can not be read: ENOENT'],
  [['test', 'cup'], 2, 'there is no plugin cup; did you mean cpu?'],
  [['plugins', 'describe'], 2, 'expected one plugin to describe, got 0'],
  [['spool'], 2, 'expected inspect, verify or drop, got nothing'],
  [['spool', 'inspect'], 1, 'there is no spool; no agent has run with these settings'],
  [['enrol'], 2, 'expected a token (tsr_enrol_…) in --token-file, TARSIER_ENROL_TOKEN or --token, got nothing'],
  [['run'], 2, 'key: expected a key: enrol this host with tarsier-agent enrol, or set key or TARSIER_KEY, got nothing'],
])('%j ends with %i and says: %s', async (args, code, message) => {
  const ended = await command(temporaryFolder(), args);
  expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) });
});

test.each([
  [['--help']],
  [['run', '--help']],
  [['enrol', '-h']],
  [['plugins', '--help']],
  [['status', '--help']],
  [['spool', '--help']],
  [['test', '--help']],
  [['install-service', '--help']],
  [['uninstall-service', '--help']],
])('%j explains itself, exit codes included', async (args) => {
  const { code, stdout, stderr } = await command(temporaryFolder(), args);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('Exit codes: 0 ');
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(130);
});
