/**
 * `pnpm test:promtool`: Debian's promtool asks a collector, and a recording rule goes on through a kill. Needs Debian's
 * prometheus; ends with `N passed, N failed`.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testBatch } from '../packages/collector/src/ingest/testing.ts';
import { eventually, freePort, temporaryFolder } from '../test/support/processes.ts';
import { createKey, startCollector } from '../test/support/tarsier.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const counts = { passed: 0, failed: 0 };
const check = (what: string, got: string, expected: RegExp): void => {
  const passes = expected.test(got);
  counts[passes ? 'passed' : 'failed']++;
  say(passes ? `passed ${what}` : `failed ${what}: expected ${String(expected)}, got ${JSON.stringify(got)}`);
};

const folder = await temporaryFolder();
const port = await freePort();
const rules = `groups:
- name: busy
  interval: 1s
  rules:
  - record: host:busy:percent
    expr: max by (host) (cpu_busy_ratio) * 100
  - record: up_to_now
    expr: time()
`;
let collector = await startCollector(folder.path, port);
try {
  const key = await createKey(folder.path, 'write');
  const server = `http://any:${key}@127.0.0.1:${port}/prometheus`;
  const promtool = async (...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)('promtool', args)).stdout.trim();
  const request = (path: string, method: string, credential: string, body: BodyInit): Promise<Response> =>
    fetch(`${collector.url}${path}`, {
      method,
      body,
      headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/vnd.tarsier.batch' },
    });

  const endMs = Math.floor(Date.now() / 1000) * 1000;
  const end = String(endMs / 1000);
  await request('/v1/ingest', 'POST', collector.ingestKey, new Uint8Array(testBatch({ endMs })));

  check(
    'query instant',
    await promtool('query', 'instant', server, `cpu_busy_ratio{host="web-1"} * 100`, `--time=${end}`),
    new RegExp(`^\\{cpu="all", host="web-1"\\} => 9 @\\[${end}\\]$`, 'u'),
  );
  check(
    'query instant of a scalar',
    await promtool('query', 'instant', server, '1 + 1'),
    /^scalar: 2 @\[\d+(\.\d+)?\]$/u,
  );
  check(
    'query range',
    await promtool(
      'query',
      'range',
      server,
      'cpu_busy_ratio',
      `--start=${endMs / 1000 - 2}`,
      `--end=${end}`,
      '--step=1s',
    ),
    /^cpu_busy_ratio\{cpu="all", host="web-1"\} =>\n0\.07 @\[\d+\]\n0\.08 @\[\d+\]\n0\.09 @\[\d+\]$/u,
  );
  check(
    'query series',
    await promtool('query', 'series', '--match={host="web-1"}', server),
    /^\{__name__="cpu_busy_ratio", cpu="all", host="web-1"\}\n\{__name__="sent_bytes_total", host="web-1", interface="eth0"\}$/u,
  );
  check('query labels', await promtool('query', 'labels', server, '__name__'), /^cpu_busy_ratio\nsent_bytes_total$/u);
  const refused = await promtool('query', 'instant', server, 'sum(').catch((error: Error) => error.message);
  check('query instant of what is no query', refused, /bad_data: invalid parameter "query": 1:5: parse error/u);

  const file = join(folder.path, 'rules.yaml');
  await writeFile(file, rules);
  check('check rules', await promtool('check', 'rules', file), /SUCCESS: 2 rules found/u);
  const put = await request('/v1/rule-files/busy.yaml', 'PUT', key, rules);
  check('the same file is put', await put.text(), /"recording":2/u);
  const recorded = async (): Promise<readonly string[]> => {
    const lines = (await promtool('query', 'instant', server, 'up_to_now[10m]')).split('\n');
    return lines.filter((line) => line.includes('@'));
  };
  await eventually(async () => (await recorded()).length >= 3 || undefined);
  await collector.end('SIGKILL');
  const before = endMs;
  collector = await startCollector(folder.path, port);
  const atRestart = (await recorded()).length;
  await eventually(async () => (await recorded()).length >= atRestart + 3 || undefined);
  const samples = await recorded();
  const times = samples.map((line) => line.replace(/^.*@\[(.*)\]$/u, '$1'));
  check('a rule goes on after a kill, and each time is there once', String(times.length - new Set(times).size), /^0$/u);
  const ascending = times.every((time, index) => index === 0 || Number(time) > Number(times[index - 1]));
  check('in order, since the rule was put', String(ascending && Number(times[0]) * 1000 >= before), /^true$/u);
  check(
    'what is recorded has the labels of the result',
    await promtool('query', 'series', '--match={__name__=~"up_to_now|host:.*"}', server),
    /^\{__name__="host:busy:percent", host="web-1"\}\n\{__name__="up_to_now"\}$/u,
  );
} finally {
  await collector.end('SIGTERM');
  await folder.remove();
}
say(`${counts.passed} passed, ${counts.failed} failed`);
if (counts.failed > 0) process.exitCode = 1;
