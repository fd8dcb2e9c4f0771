/** The versions that are used of detectors that jobs have trained, for those that watch samples as they come. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { binMs } from '../detect/chosen/raised.ts';
import type { TrainedDetector } from '../detect/chosen/trained-detector.ts';
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';

const kindPrefix = 'detector:';
/** What `detector.train` keeps beside a detector. */
const parametersSchema = z.object({ stepMs: z.number(), channels: z.array(z.string()) });
/** Characters of a key in the ids of what is found. */
const keyLength = 6;

export function createTrainedDetectors({ models }: Pick<Storage, 'models'>) {
  /** By tenant: what was read stays while it is used. */
  const known = new Map<number, ReadonlyMap<string, TrainedDetector>>();

  return {
    /** Those that learnt from what is seen live: means of ten seconds. */
    async of(scope: TenantScope): Promise<readonly TrainedDetector[]> {
      const former = known.get(scope.tenantId);
      const made = new Map<string, TrainedDetector>();
      for (const { name, version, kind, parameters } of await models.used(scope, kindPrefix)) {
        const parsed = parametersSchema.safeParse(parameters);
        if (!parsed.success || parsed.data.stepMs !== binMs) continue;
        const id = `${name}@${version}`;
        const key = createHash('sha256').update(id).digest('hex').slice(0, keyLength);
        const data = former?.get(id)?.body ?? (await models.load(scope, name, version))?.data;
        if (data === undefined) continue;
        // The driver hands out Node's Buffer.
        const body = new Uint8Array(data);
        made.set(id, { key, kind: kind.slice(kindPrefix.length), channels: parsed.data.channels, body });
      }
      known.set(scope.tenantId, made);
      return [...made.values()];
    },
  };
}
