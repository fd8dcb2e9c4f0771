/**
 * Storage on an embedded PostgreSQL of its own, where ingest, compaction and retention all run at once and all the
 * time: what storage-kills.ts kills. Hours are sealed as soon as they are over, in steps of a few batches.
 */
import '../../../packages/collector/src/quick-imports.ts';
import { silentLog } from '../../../packages/collector/src/log.ts';
import { minuteMs } from '../../../packages/collector/src/storage/hours.ts';
import { retention, type Answer, type Order, type StoredSeries } from './messages.ts';

const { defaultPolicy } = await import('../../../packages/collector/src/storage/compaction/compactor.ts');
const { seriesKey, toNewBatch } = await import('../../../packages/collector/src/storage/compaction/testing.ts');
const { openStorage } = await import('../../../packages/collector/src/storage/storage.ts');

const [dataFolder = '', startMs = '0'] = process.argv.slice(2);
let now = Number(startMs);
const storage = await openStorage({ databaseUrl: undefined, dataFolder, log: silentLog, now: () => now });
const scope = await storage.tenants.ensure('default');
await storage.ensurePartitions(now);
const compactor = storage.createCompactor(silentLog, {
  ...defaultPolicy,
  coldMs: 0,
  sealAfterMs: 0,
  settleMs: 0,
  resealAfterMs: 0,
  limits: { batches: 3, samples: 1e5, bytes: 1e5 },
});

function tell(answer: Answer): void {
  // A parent that has ended needs no answer.
  if (process.connected) process.send?.(answer);
}

async function series(): Promise<readonly StoredSeries[]> {
  const all = await storage.series.candidates(scope, []);
  const range = { from: 0, to: now };
  const samples = await storage.samples.read(scope, all, range);
  const minutes = await storage.samples.rollups(scope, all, minuteMs, range);
  return all.map((row) => ({
    key: seriesKey(row),
    kind: row.kind,
    samples: samples.get(row.seriesId),
    minutes: minutes.get(row.seriesId),
  }));
}

async function carryOut(order: Order): Promise<Answer['result']> {
  switch (order.kind) {
    case 'put': {
      const batches = await Promise.all(order.batches.map((batch) => toNewBatch(storage, scope, batch)));
      const inserted = await storage.batches.insert(batches);
      // The host was deleted after its schema was looked up: ingest registers it anew, and so does this.
      return inserted.includes('unknown-host') ? carryOut(order) : undefined;
    }
    case 'delete':
      await storage.deletions.deleteHost(scope, order.host);
      // Ends what a kill cut short.
      await storage.deletions.sweep();
      return undefined;
    case 'advance':
      now = order.now;
      await storage.ensurePartitions(now);
      await storage.dropExpired(now, retention);
      return undefined;
    case 'read':
      return series();
  }
}

process.on('message', (order: Order) => {
  carryOut(order).then(
    (result) => tell({ id: order.id, ...(result === undefined ? {} : { result }) }),
    (error: unknown) => tell({ id: order.id, error: String(error) }),
  );
});
process.once('disconnect', () => void storage.close().then(() => process.exit()));

async function work(): Promise<never> {
  for (let round = 0; ; round++) {
    const hosts = await storage.hosts.list(scope);
    const keys = hosts.map(({ hostId }) => ({ tenantId: scope.tenantId, hostId }));
    const flushed = round % 2 === 0 ? await compactor.flush(keys, now) : 0;
    const { sealedHours } = await compactor.run(now);
    const dropped = await storage.dropExpired(now, retention);
    tell({ id: 0, did: { sealedHours, flushed, dropped } });
  }
}
tell({ id: 0 });
await work();
