import { chmod } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, onTestFailed, test } from 'vitest';
import { testBatch } from '../../packages/collector/src/ingest/testing.ts';
import { silentLog } from '../../packages/collector/src/log.ts';
import { openEmbedded } from '../../packages/collector/src/storage/embedded/embedded.ts';
import { eventually, freePort, killAll, temporaryFolder } from '../support/processes.ts';
import { embeddedEnvironment } from '../support/database.ts';
import { createApi, createKey, startCollector, type RunningCollector } from '../support/tarsier.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';

const folder = await temporaryFolder();
const dataFolder = `${folder.path}/pg`;
await chmod(folder.path, 0o755);
const postgres = await openEmbedded({ dataFolder, use: 'own', log: silentLog });
const environment = {
  ...embeddedEnvironment(postgres.connection),
  TARSIER_LEASE_SECONDS: '3',
};
const receiver = await startWebhookReceiver();
afterAll(async () => {
  killAll();
  receiver.close();
  await postgres.close();
  await folder.remove();
});

const file = `groups:
- name: file
  interval: 1s
  rules:
  - alert: OfFile
    expr: cpu_busy_ratio{cpu="all"} > 0.5
`;

/** A page that is open at a collector, and the alerts that it shows. */
async function openPage(url: string, key: string): Promise<{ readonly alerts: Set<string>; close(): void }> {
  const alerts = new Set<string>();
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live`);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'hello', token: key })));
    socket.addEventListener('error', () => reject(new Error('the live feed does not answer')));
    socket.addEventListener('message', ({ data }) => {
      if (typeof data !== 'string') return;
      const message = JSON.parse(data) as {
        readonly type: string;
        readonly alert?: { readonly name: string; readonly state: { readonly kind: string } };
      };
      if (message.type === 'welcome') resolve();
      if (message.alert !== undefined) alerts.add(`${message.alert.name} ${message.alert.state.kind}`);
    });
  });
  return { alerts, close: () => socket.close() };
}

/** What was told, as `<alert> <reason>`, each notification once. */
function told(): readonly string[] {
  const messages = receiver.received as readonly {
    readonly because: string;
    readonly alert: { readonly name: string };
  }[];
  return messages.map(({ alert, because }) => `${alert.name} ${because}`);
}

test(
  'of two collectors one decides; when it dies or stands still, the other goes on, and nobody is told twice',
  { timeout: 240_000 },
  async () => {
    const start = async (name: string) => startCollector(`${folder.path}/${name}`, await freePort(), environment);
    let a = await start('a');
    const b = await start('b');
    onTestFailed(() => {
      process.stdout.write(`${['a:', ...a.stderr, 'b:', ...b.stderr, 'told:', ...told()].join('\n')}\n`);
    });
    const key = await createKey(`${folder.path}/a`, 'admin', environment);
    const [first, second] = [createApi(a.url, key), createApi(b.url, key)];
    await first.post('/v1/channels', { kind: 'webhook', name: 'ops', url: receiver.url });
    // Each of its own, so that what is told is plain.
    await second.post('/v1/routes', { name: 'all', togetherMs: 0 });
    // Rules and files that come in at the one that does not decide.
    await second.post('/v1/rules', {
      kind: 'threshold',
      name: 'Busy',
      selector: 'cpu_busy_ratio{cpu="all"}',
      op: '>',
      value: 0.5,
    });
    await fetch(`${b.url}/v1/rule-files/f.yaml`, {
      method: 'PUT',
      body: file,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/yaml' },
    });
    let seq = 0;
    const ship = async (to: RunningCollector, busy: number): Promise<void> => {
      const response = await fetch(`${to.url}/v1/ingest`, {
        method: 'POST',
        body: new Uint8Array(testBatch({ seq: seq++, busy: () => busy })),
        headers: { authorization: `Bearer ${to.ingestKey}`, 'content-type': 'application/vnd.tarsier.batch' },
      });
      expect(response.status).toBe(204);
    };
    /** Ships once a second until something has been told so often. */
    const shipUntil = (to: RunningCollector, busy: number, count: number): Promise<true> =>
      eventually(async () => {
        await ship(to, busy);
        await sleep(700);
        return told().length >= count ? true : undefined;
      });

    await second.post('/v1/rules', {
      kind: 'expression',
      name: 'Looked at',
      expr: 'cpu_busy_ratio > 2',
      everyMs: 1_000,
    });
    const page = await openPage(b.url, key);

    // Samples land at the one that does not decide.
    await shipUntil(b, 0.9, 2);
    expect(told().toSorted()).toEqual(['Busy first', 'OfFile first']);

    // And whoever looks there sees what the other has decided.
    await eventually(async () => (page.alerts.size >= 2 ? true : undefined));
    expect([...page.alerts].toSorted()).toEqual(['Busy firing', 'OfFile firing']);
    page.close();
    const evaluations = await eventually(async () => {
      const answer = (await second.get('/v1/rule-evaluations')) as {
        evaluations: Record<string, { health: string; evaluatedAt?: number }>;
      };
      const [one] = Object.values(answer.evaluations).filter(({ evaluatedAt }) => evaluatedAt !== undefined);
      return one;
    });
    expect(evaluations.health).toBe('ok');
    expect(await second.get('/v1/rule-files')).toMatchObject({
      files: [{ name: 'f.yaml', groups: [{ name: 'file', rules: 1, failing: 0, evaluatedAt: expect.any(Number) }] }],
    });
    const rules = (await second.get('/prometheus/api/v1/rules?type=alert')) as {
      data: { groups: { name: string; rules: { name: string; health: string; state: string }[] }[] };
    };
    expect(rules.data.groups.find(({ name }) => name === 'file')?.rules).toMatchObject([
      { name: 'OfFile', health: 'ok', state: 'firing' },
    ]);
    const { incidents } = (await second.get('/v1/incidents?status=open')) as {
      incidents: { id: string; title: string }[];
    };
    const busy = incidents.find(({ title }) => title.startsWith('Busy'));
    expect(await second.post(`/v1/incidents/${busy?.id ?? ''}/acknowledge`, { by: 'ann' })).toMatchObject({
      acknowledged: { by: 'ann' },
    });

    await a.end('SIGKILL');
    const tookOver = async (api: typeof first): Promise<true> =>
      eventually(
        async () =>
          await api.post(`/v1/incidents/${busy?.id ?? ''}/comment`, { by: 'ann', text: 'who decides?' }).then(
            () => true as const,
            () => undefined,
          ),
      );
    for (let second = 0; second < 6; second++) {
      await ship(b, 0.9);
      await sleep(1_000);
    }
    await tookOver(second);
    expect(told()).toHaveLength(2);

    a = await start('a');
    // It ends at the one that came back, and is told by the one that decides since.
    await shipUntil(a, 0.1, 4);
    expect(told().slice(2).toSorted()).toEqual(['Busy resolved', 'OfFile resolved']);

    // One that stands still and goes on is no leader any more, and knows it before it writes.
    process.kill(b.pid, 'SIGSTOP');
    await sleep(5_000);
    process.kill(b.pid, 'SIGCONT');
    await ship(b, 0.9);
    await ship(a, 0.9);
    await sleep(3_000);
    const all = (await createApi(a.url, key).get('/v1/alerts?state=firing')) as { alerts: { name: string }[] };
    expect(all.alerts.map(({ name }) => name).toSorted()).toEqual(['Busy', 'OfFile']);
    const { notifications } = (await createApi(a.url, key).get('/v1/notifications')) as {
      notifications: { id: string }[];
    };
    // They fire again sooner than the cooldown is over: nobody is told, by either.
    expect([notifications.length, told().length]).toEqual([4, 4]);
    expect(await a.end('SIGTERM')).toBe(0);
    expect(await b.end('SIGTERM')).toBe(0);
  },
);
