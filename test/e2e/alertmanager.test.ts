import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { testBatch } from '../../packages/collector/src/ingest/testing.ts';
import { needs, outcomeOf } from '../support/debian-program.ts';
import { eventually, freePort, temporaryFolder } from '../support/processes.ts';
import { createApi, createKey, startCollector } from '../support/tarsier.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';

const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing.toReversed()) await close();
});

const folder = await temporaryFolder();
closing.push(folder.remove);
const collector = await startCollector(folder.path, await freePort());
closing.push(() => collector.end('SIGTERM'));
const key = await createKey(folder.path, 'write');
const api = createApi(collector.url, key);

const created = z.looseObject({ id: z.string() });
/** Go writes 12.69Z where Node.js writes 12.690Z: times are compared, not their texts. */
const time = z.iso.datetime().transform((text) => Date.parse(text));
const told = z.looseObject({
  status: z.string(),
  alerts: z.array(
    z.looseObject({
      status: z.string(),
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()),
      startsAt: time,
      endsAt: time,
    }),
  ),
});
const silencesListed = z.object({
  silences: z.array(z.looseObject({ matchers: z.array(z.string()), from: z.string().optional() })),
});
const listed = z.object({
  alerts: z.array(z.object({ state: z.looseObject({ since: z.number(), resolvedAt: z.number().optional() }) })),
});

/** Debian's Alertmanager on a port of its own; it tells a receiver of what it is told. */
async function startAlertmanager() {
  const receiver = await startWebhookReceiver();
  closing.push(receiver.close);
  const config = join(folder.path, 'alertmanager.yml');
  await writeFile(
    config,
    `route: { receiver: all, group_by: [alertname], group_wait: 0s, group_interval: 1s }
receivers: [{ name: all, webhook_configs: [{ url: '${receiver.url}', send_resolved: true }] }]\n`,
  );
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(
    'prometheus-alertmanager',
    [
      `--config.file=${config}`,
      `--storage.path=${join(folder.path, 'alertmanager')}`,
      `--web.listen-address=${url.slice('http://'.length)}`,
      '--cluster.listen-address=',
      '--log.level=error',
    ],
    { stdio: 'ignore' },
  );
  const exited = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  closing.push(() => {
    child.kill('SIGTERM');
    return exited;
  });
  await eventually(() =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok || undefined,
      () => undefined,
    ),
  );
  return { url, received: () => receiver.received.map((body) => told.parse(body)) };
}

let seq = 0;
/** Some samples up to now. */
const see = async (busy: number): Promise<void> => {
  const answer = await fetch(`${collector.url}/v1/ingest`, {
    method: 'POST',
    body: new Uint8Array(testBatch({ endMs: Date.now(), seq: seq++, busy: () => busy })),
    headers: { authorization: `Bearer ${collector.ingestKey}`, 'content-type': 'application/vnd.tarsier.batch' },
  });
  expect(answer.status).toBe(204);
};

test('a real Alertmanager gets an alert with its labels and its beginning, and is told of its end', async (context) => {
  await needs(context, 'prometheus-alertmanager', 'prometheus-alertmanager');
  const alertmanager = await startAlertmanager();
  await api.post('/v1/channels', { kind: 'alertmanager', name: 'central', url: alertmanager.url });
  await api.post('/v1/rules', {
    kind: 'threshold',
    name: 'Very busy',
    severity: 'critical',
    selector: 'cpu_busy_ratio{cpu="all"}',
    op: '>',
    value: 0.6,
    runbookUrl: 'https://runbooks.example/busy',
  });
  await see(0.7);
  const fires = await eventually(async () => alertmanager.received().find(({ status }) => status === 'firing'));
  const ours = async () => listed.parse(await api.get('/v1/alerts?limit=100')).alerts.map(({ state }) => state);
  const [{ since } = { since: 0 }] = await ours();
  expect(fires.alerts).toMatchObject([
    {
      status: 'firing',
      labels: { alertname: 'Very busy', severity: 'critical', host: 'web-1', cpu: 'all' },
      annotations: {
        summary: expect.stringContaining('above 60 %'),
        runbook_url: 'https://runbooks.example/busy',
      },
      startsAt: since,
    },
  ]);
  await see(0.1);
  const ends = await eventually(async () => alertmanager.received().find(({ status }) => status === 'resolved'));
  const [{ resolvedAt } = { resolvedAt: 0 }] = await ours();
  expect(ends.alerts).toMatchObject([
    {
      status: 'resolved',
      labels: { alertname: 'Very busy', host: 'web-1' },
      startsAt: since,
      endsAt: resolvedAt,
    },
  ]);

  // What is silenced there is told nowhere else either, and shown with where it is from.
  const amtool = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await outcomeOf('amtool', [`--alertmanager.url=${alertmanager.url}`, ...args]);
    expect(code, stderr).toBe(0);
    return stdout.trim();
  };
  const foreign = async () => {
    const { silences } = silencesListed.parse(await api.get('/v1/silences?limit=100'));
    return silences.filter(({ from }) => from === 'central').map(({ matchers }) => matchers);
  };
  const id = await amtool('silence', 'add', 'alertname=Very busy', '-d', '2h', '-c', 'new disk', '-a', 'ann');
  await eventually(async () => (await foreign()).length === 1 || undefined);
  expect(await foreign()).toEqual([['alertname="Very busy"']]);
  await see(0.7);
  const unsent = async () => JSON.stringify(await api.get('/v1/notifications/unsent?reason=silenced'));
  await eventually(async () => (await unsent()).includes('Very busy on web-1 fires') || undefined);
  expect(await unsent()).toContain('of central by ann');
  await see(0.1);
  await amtool('silence', 'expire', id);
  await eventually(async () => (await foreign()).length === 0 || undefined);
});

test('amtool makes, lists and ends silences here, and sees what fires and what is silenced', async (context) => {
  await needs(context, 'amtool', 'prometheus-alertmanager');
  const credentials = join(folder.path, 'http.yml');
  await writeFile(credentials, `basic_auth: { username: amtool, password: ${key} }\n`);
  const amtool = async (...args: readonly string[]): Promise<readonly string[]> => {
    const { code, stdout, stderr } = await outcomeOf('amtool', [
      `--alertmanager.url=${collector.url}/alertmanager`,
      `--http.config.file=${credentials}`,
      ...args,
    ]);
    expect(code, stderr).toBe(0);
    return stdout.split('\n').filter((line) => line !== '');
  };
  const rule = { kind: 'threshold', name: 'Disk filling', severity: 'page', op: '>', value: 0.6 };
  created.parse(await api.post('/v1/rules', { ...rule, selector: 'cpu_busy_ratio' }));
  await see(0.8);
  const names = async (...args: readonly string[]) =>
    (await amtool('alert', 'query', '-o', 'extended', ...args))
      .slice(1)
      .map((line) => /alertname="(.*?)"/u.exec(line)?.[1]);
  await eventually(async () => (await names('alertname=Disk filling')).length === 1 || undefined);

  const [id = ''] = await amtool(
    'silence',
    'add',
    'alertname=~Disk.*',
    'host=web-1',
    '-d',
    '2h',
    '-c',
    'new disk',
    '-a',
    'ann',
  );
  expect(id).toMatch(/^\S+$/u);
  expect(await amtool('silence', 'query', '-q')).toEqual([id]);
  expect((await amtool('silence', 'query'))[1]).toMatch(
    new RegExp(`^${id} +alertname=~"Disk.*" host="web-1" +.* UTC +ann +new disk`, 'u'),
  );
  expect(await amtool('silence', 'query', '-q', 'host=other')).toEqual([]);
  expect(await names('alertname=Disk filling')).toEqual([]);
  expect(await names('--silenced', 'alertname=Disk filling')).toEqual(['Disk filling']);
  expect(await api.get('/v1/silences')).toMatchObject({
    silences: [{ id, matchers: ['alertname=~"Disk.*"', 'host="web-1"'], createdBy: 'ann', comment: 'new disk' }],
  });

  const [changed = ''] = await amtool('silence', 'update', id, '-d', '3h', '-c', 'two disks');
  expect(changed).toMatch(new RegExp(`^ID|^${id}`, 'u'));
  await amtool('silence', 'expire', id);
  expect(await amtool('silence', 'query', '-q')).toEqual([]);
  expect(await amtool('silence', 'query', '-q', '--expired')).toEqual([id]);
  expect(await names('alertname=Disk filling')).toEqual(['Disk filling']);
  expect(await amtool('cluster', 'show')).toContainEqual(expect.stringContaining('disabled'));
});
