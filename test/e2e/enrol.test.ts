import { execFile } from 'node:child_process';
import { cp, readFile, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect, test } from 'vitest';
import { databaseEnvironment } from '../support/database.ts';
import { eventually, freePort, killAll, run, temporaryFolder } from '../support/processes.ts';
import { createApi, createKey, startCollector } from '../support/tarsier.ts';

const folder = await temporaryFolder();
const data = `${folder.path}/data`;
afterEach(killAll);
afterAll(() => folder.remove());

const root = fileURLToPath(new URL('../../', import.meta.url));
const agentMain = 'packages/agent/src/main.ts';

/** As an operator types it. */
function type(script: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const env = {
      ...process.env,
      XDG_CONFIG_HOME: folder.path,
      TARSIER_DATA: data,
      ...databaseEnvironment(data),
      ...environment,
    };
    execFile(process.execPath, [script, ...args], { cwd: root, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}
const collector = (...args: readonly string[]) => type('packages/collector/src/main.ts', args);
const newToken = async (...args: readonly string[]) =>
  (await collector('enrol-token', 'create', '--tenant', 'default', ...args)).stdout;

test('a host is enrolled with a token, gets a new key while it runs, and is out once its key is revoked', async () => {
  const { url } = await startCollector(data, await freePort());
  const api = createApi(url, await createKey(data, 'read'));
  // Agents pause ten seconds between batches, and their connections are kept meanwhile.
  const { headers } = await fetch(new URL('/healthz', url));
  expect(Number(/timeout=(\d+)/u.exec(headers.get('keep-alive') ?? '')?.[1])).toBeGreaterThan(60);
  const token = await newToken('--expires-in', '10m');
  expect(token).toMatch(/^tsr_enrol_[\w-]{32}\n$/u);

  const state = `${folder.path}/agent`;
  await writeFile(`${folder.path}/token`, token);
  const enrol = (...args: readonly string[]) =>
    type(agentMain, ['enrol', '--url', url, ...args], { TARSIER_STATE: state, TARSIER_MACHINE_ID: 'board 1' });
  const enrolled = await enrol('--token-file', `${folder.path}/token`, '--host', 'e2e-1');
  expect(enrolled.stderr).toBe('');
  expect(enrolled.stdout).toContain(`This machine is enrolled as e2e-1 at ${url}: a new host.`);
  const file = `${state}/enrolment.json`;
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(state)).mode & 0o777).toBe(0o700);
  const keyIn = async () => (JSON.parse(await readFile(file, 'utf8')) as { key: string }).key;
  const firstKey = await keyIn();

  // Used up, as the message says; nothing of it is in any output.
  const again = await enrol('--token-file', `${folder.path}/token`);
  expect(again).toMatchObject({ code: 1, stdout: '' });
  expect(again.stderr).toBe('tarsier-agent: token: it was used by e2e-1; make a new one\n');

  const agent = run(agentMain, ['run'], {
    TARSIER_STATE: state,
    TARSIER_MACHINE_ID: 'board 1',
    XDG_CONFIG_HOME: folder.path,
    TARSIER_INTERVAL_MS: '200',
    TARSIER_FLUSH_MS: '400',
  });
  const points = async () =>
    (await api.samples('system_uptime_seconds{host="e2e-1"}', Date.now() - 120_000, Date.now()))[0]?.points.length ?? 0;
  await eventually(async () => (await points()) > 5 || undefined);

  // A new key for a host that is measured: the running agent has the former one to show, and takes the new one.
  const rotated = await enrol('--token', (await newToken()).trim(), '--json');
  expect(JSON.parse(rotated.stdout)).toEqual({ tenant: 'default', host: 'e2e-1', url, returning: true, file });
  expect(await keyIn()).not.toBe(firstKey);
  await eventually(async () => agent.stderr.find((line) => line.includes('changed="key"')));
  const before = await points();
  await eventually(async () => (await points()) > before + 5 || undefined);
  expect(agent.stderr.join('\n')).not.toContain('401');

  // Another machine with a copy of this state folder is told that it is another.
  const copy = `${folder.path}/copy`;
  await cp(state, copy, {
    recursive: true,
    filter: (source) => !source.endsWith('.sock') && !source.includes('spool'),
  });
  const cloned = await type(agentMain, ['run'], { TARSIER_STATE: copy, TARSIER_MACHINE_ID: 'board 2' });
  expect(cloned.code).toBe(2);
  expect(cloned.stderr).toContain('this is not the machine that was enrolled as e2e-1');

  // And one that looks just the same is refused while the host is measured.
  const twin = await type(agentMain, ['enrol', '--url', url, '--token', (await newToken()).trim()], {
    TARSIER_STATE: `${folder.path}/twin`,
    TARSIER_MACHINE_ID: 'board 1',
  });
  expect(twin.code).toBe(1);
  expect(twin.stderr).toContain('this machine looks like e2e-1, whose samples still come');

  const keys = await collector('key', 'list', '--tenant', 'default');
  expect(keys.stdout).toMatch(/^[0-9a-f]{12} {2}ingest +e2e-1 +tsr_….{4} .* in use +host e2e-1$/mu);
  expect((await collector('key', 'revoke', '--tenant', 'default', '--host', 'e2e-1')).code).toBe(0);
  await eventually(async () => agent.stderr.find((line) => line.includes('401')));
  const status = await type(agentMain, ['status'], { TARSIER_STATE: state });
  expect(status.stdout).toMatch(/^Queue +[1-9]\d* batch/mu);
  expect(status.stdout).toContain('401');
  const output = [...agent.stderr, status.stdout, enrolled.stdout, rotated.stdout, keys.stdout].join('\n');
  for (const secret of [token.trim(), firstKey, await keyIn()]) expect(output).not.toContain(secret);
  expect(await agent.end('SIGTERM')).toBe(0);
});

test('commands around keys say what is wrong with what they got', async () => {
  await startCollector(data, await freePort());
  const stderrOf = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await collector(...args);
    expect([code, stdout]).toEqual([2, '']);
    return stderr;
  };
  expect(await stderrOf('enrol-token', 'create', '--expires-in', 'soon')).toContain(
    '--expires-in: expected up to 30 days, as in 30m, 1h or 7d, got soon',
  );
  expect(await stderrOf('enrol-token', 'create', '--uses', '0')).toContain(
    '--uses: expected a number from 1 to 10000, got 0',
  );
  expect(await stderrOf('key', 'revoke')).toContain('expected either --id or --host');
  expect(await stderrOf('key', 'revoke', '--host', 'nobody')).toContain('there is no key in use for host nobody');
  expect(await stderrOf('key', 'creat')).toContain('key create, key list, key rotate, key revoke, enrol-token create');
});
