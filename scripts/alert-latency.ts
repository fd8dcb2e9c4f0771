/**
 * `pnpm test:alert-latency [HOSTS] [ALERTS]`: from a sample to its notification, over a real collector and a real receiver, at
 * one sample a second of each host. Every alert is an incident of its own, begins at a moment of its own, and is told
 * by itself; prints `p50 … ms, p99 … ms`. Fails when p99 is 2 s or more, or one is lost or told twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeEnvelope, encodePayload, encodeSchema } from '@tarsier/protocol';
import { schemaHash, zstdCompress } from '@tarsier/protocol/zstd';
import { freePort, temporaryFolder } from '../test/support/processes.ts';
import { createApi, createKey, startCollector } from '../test/support/tarsier.ts';
import { startWebhookReceiver } from '../test/support/webhook-receiver.ts';

const [hosts = 100, alerts = 200] = process.argv.slice(2).map(Number);
const most = 2_000;
const schema = encodeSchema({
  metrics: [{ name: 'app_errors_ratio', kind: 'gauge', unit: 'ratio', help: '' }],
  series: Array.from({ length: 8 }, (_, kind) => ({ metric: 0, labels: { kind: String(kind) } })),
});
const hash = schemaHash(schema);

const folder = await temporaryFolder();
const receiver = await startWebhookReceiver();
const collector = await startCollector(folder.path, await freePort());
try {
  const api = createApi(collector.url, await createKey(folder.path, 'admin'));
  await api.post('/v1/channels', {
    kind: 'webhook',
    name: 'ops',
    url: receiver.url,
    rateLimit: { count: 10_000, perMs: 3_600_000 },
  });
  await api.post('/v1/routes', { name: 'all', groupBy: ['host', 'kind'], togetherMs: 0 });
  await api.post('/v1/rules', {
    kind: 'threshold',
    name: 'Errors',
    selector: 'app_errors_ratio',
    op: '>',
    value: 0.5,
  });
  const failing = new Map<string, Set<number>>();
  const sampledAt = new Map<string, number>();
  let seq = 0;
  const ship = async (host: string): Promise<void> => {
    const now = Date.now();
    const bad = failing.get(host) ?? new Set<number>();
    for (const kind of bad) if (!sampledAt.has(`${host}/${kind}`)) sampledAt.set(`${host}/${kind}`, now);
    const values = Float64Array.from({ length: 8 }, (_, kind) => (bad.has(kind) ? 0.9 : 0.1));
    const payload = encodePayload({ times: Float64Array.of(now), width: 8, values }, zstdCompress);
    const body = encodeEnvelope({
      host,
      epoch: 1,
      seq: seq++,
      schemaHash: hash,
      schema,
      t0: now,
      t1: now,
      rows: 1,
      payload,
    });
    const response = await fetch(`${collector.url}/v1/ingest`, {
      method: 'POST',
      body: new Uint8Array(body),
      headers: { authorization: `Bearer ${collector.ingestKey}`, 'content-type': 'application/vnd.tarsier.batch' },
    });
    if (response.status !== 204) throw new Error(`ingest answered ${response.status}: ${await response.text()}`);
  };
  let running = true;
  let shipped = 0;
  const agents = Array.from({ length: hosts }, async (_, index) => {
    // Not all at the same moment of the second.
    await sleep((index * 1_000) / hosts);
    for (let next = Date.now(); running; next += 1_000) {
      await ship(`web-${index}`);
      shipped++;
      await sleep(Math.max(0, next + 1_000 - Date.now()));
    }
  });
  // That hosts are new is not what is measured.
  while (shipped < 5 * hosts) await sleep(100);
  const heardAt = new Map<string, number[]>();
  let read = 0;
  const listen = (): void => {
    for (; read < receiver.received.length; read++) {
      const { because, alert } = receiver.received[read] as {
        readonly because: string;
        readonly alert: { readonly host: string; readonly labels: { readonly kind: string } };
      };
      if (because !== 'first') continue;
      const key = `${alert.host}/${alert.labels.kind}`;
      heardAt.set(key, [...(heardAt.get(key) ?? []), Date.now()]);
    }
  };
  const listening = setInterval(listen, 5);
  const chosen = Array.from({ length: Math.min(alerts, hosts * 8) }, (_, index) => index);
  for (const index of chosen) {
    const host = `web-${index % hosts}`;
    failing.set(host, (failing.get(host) ?? new Set<number>()).add(Math.floor(index / hosts)));
    await sleep(100);
  }
  await sleep(5_000);
  clearInterval(listening);
  listen();
  running = false;
  await Promise.all(agents);
  const latencies = [...sampledAt].flatMap(([key, at]) =>
    (heardAt.get(key) ?? []).slice(0, 1).map((heard) => heard - at),
  );
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? Infinity;
  const lost = chosen.length - latencies.length;
  const twice = [...heardAt.values()].filter((times) => times.length > 1).length;
  process.stdout.write(
    `${hosts} hosts, ${hosts * 8} series at 1 s, ${chosen.length} alerts: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms; ${lost} lost, ${twice} told twice\n`,
  );
  if (at(0.99) >= most || lost > 0 || twice > 0) process.exitCode = 1;
} finally {
  await collector.end('SIGTERM');
  receiver.close();
  await folder.remove();
}
