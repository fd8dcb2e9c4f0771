import type { Log } from '../../log.ts';
import { createEngine, type Engine } from '../../query/engine.ts';
import { createQuery, type Query } from '../../query/query.ts';
import { createStorageReader } from '../../query/storage-reader.ts';
import { createTenantLimits } from '../../query/tenant-limits.ts';
import type { Storage } from '../../storage/storage.ts';

/** What jobs read with. */
export interface JobRooms {
  readonly storage: Storage;
  readonly query: Query;
  readonly engine: Engine;
}

export function createJobRooms(storage: Storage, log: Log, now: () => number): JobRooms {
  const query = createQuery({ storage });
  const engine = createEngine({
    reader: createStorageReader({ query }),
    log,
    now,
    limitsOf: createTenantLimits({ storage, now }),
  });
  return { storage, query, engine };
}
