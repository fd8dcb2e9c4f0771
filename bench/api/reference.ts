/** The reference data: a fleet's day at ten seconds, and what a tenant has besides after some months. */
import { randomUUID } from 'node:crypto';
import { encodePayload } from '@tarsier/protocol';
import { schemaHash, zstdCompress } from '@tarsier/protocol/zstd';
import { silentLog } from '../../packages/collector/src/log.ts';
import { openEmbedded } from '../../packages/collector/src/storage/embedded/embedded.ts';
import { storageOnDatabase, type Storage } from '../../packages/collector/src/storage/storage.ts';
import { testAlert, testOutcome } from '../../packages/collector/src/storage/testing-incidents.ts';
import { createHost } from '../fleet.ts';

export const width = 200;
const stepMs = 10_000;
const rows = 60;
const hourMs = 3_600_000;
const counts = { incidents: 500, anomalies: 2_000, events: 500, audit: 2_000 } as const;

export interface Reference {
  readonly startMs: number;
  readonly endMs: number;
}

/** Written as the storage benchmark does, past HTTP: as if it had come in as it was measured, and been compacted. */
export async function writeReference(dataFolder: string, hosts: number, hours: number): Promise<Reference> {
  const embedded = await openEmbedded({ dataFolder, use: 'own', log: silentLog });
  const storage = await storageOnDatabase({ ...embedded.connection, database: 'postgres' }, Date.now);
  try {
    const endMs = Math.floor(Date.now() / hourMs) * hourMs;
    const startMs = endMs - hours * hourMs;
    await writeSamples(storage, hosts, { startMs, endMs });
    await writeHistory(storage, hosts, endMs);
    return { startMs, endMs };
  } finally {
    await storage.close();
    await embedded.close();
  }
}

async function writeSamples(storage: Storage, count: number, { startMs, endMs }: Reference): Promise<void> {
  const scope = await storage.tenants.ensure('default');
  for (let at = startMs; at <= endMs; at += hourMs) await storage.ensurePartitions(at);
  const hosts = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const host = createHost(index, width, startMs, { rows, stepMs });
      const { hostId, hash } = await storage.series.register(scope, host.name, schemaHash(host.schema), host.schema);
      return { host, hostId, hash };
    }),
  );
  const compactor = storage.createCompactor(silentLog);
  let seq = 0;
  for (let t0 = startMs; t0 < endMs; t0 += rows * stepMs, seq++) {
    await storage.batches.insert(
      hosts.map(({ host, hostId, hash }) => ({
        scope,
        hostId,
        epoch: startMs,
        seq,
        t0: t0 + stepMs,
        t1: t0 + rows * stepMs,
        rows,
        schemaHash: hash,
        payload: encodePayload(host.nextRows(t0 + stepMs), zstdCompress),
      })),
    );
    if ((t0 + rows * stepMs) % hourMs === 0) await compactor.run(t0 + rows * stepMs + 20 * 60_000);
  }
  await storage.usage.measure(scope, Date.now());
}

/** What only happens, and can not be made over the API. */
async function writeHistory(storage: Storage, hosts: number, endMs: number): Promise<void> {
  const scope = await storage.tenants.ensure('default');
  const hostOf = (index: number): string => `bench-${String(index % hosts).padStart(4, '0')}`;
  const ago = (index: number, of: number): number => endMs - Math.floor((index / of) * 86_400_000);
  for (let index = 0; index < counts.incidents; index++) {
    const at = ago(index, counts.incidents);
    const host = hostOf(index);
    // The newest tenth is still open.
    const alert = testAlert(`a${String(index).padStart(31, '0')}`, at, {
      host,
      // As its series has them: a chart draws no other.
      labels: { device: 'd2', host },
      metric: 'bench_2',
      state:
        index < counts.incidents / 10
          ? { kind: 'firing', since: at, value: 1 }
          : { kind: 'resolved', since: at, value: 1, resolvedAt: at + 600_000 },
    });
    await storage.alerts.save(scope, [alert]);
    await storage.incidents.save(scope, testOutcome(alert, [], at));
  }
  const anomaly = (index: number, of: number) => ({
    id: randomUUID(),
    host: hostOf(index),
    start: ago(index, of),
    end: ago(index, of) + 300_000,
    peakAt: ago(index, of) + 60_000,
    reason: 'bench_2 was 9, usual was 1',
  });
  await storage.anomalies.save(
    scope,
    Array.from({ length: counts.anomalies }, (_, index) => ({
      ...anomaly(index, counts.anomalies),
      metric: 'bench_2',
      labels: { device: 'd2', host: hostOf(index) },
      detector: 'zscore',
      peakScore: 7,
      value: 9,
      expected: 1,
    })),
  );
  await storage.anomalyEvents.save(
    scope,
    Array.from({ length: counts.events }, (_, index) => ({
      ...anomaly(index, counts.events),
      peakSurprise: 6,
      peakRatio: 0.3,
      detectors: ['zscore'],
      seriesCount: 12,
      contributors: [],
    })),
  );
  for (let index = 0; index < counts.audit; index++) {
    await storage.audit.append(scope, {
      at: ago(index, counts.audit),
      actor: { kind: 'user', name: 'ann@shop.example' },
      action: 'PUT /v1/silences/{id}',
      target: `/v1/silences/${index}`,
      from: '127.0.0.1',
      requestId: randomUUID(),
      before: { comment: 'before' },
      after: { comment: 'after' },
    });
  }
}
