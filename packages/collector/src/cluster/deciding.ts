/** What a collector does to decide for a tenant: it gets ready from what is stored, and then looks at what comes. */
import type { UnixMs } from '@tarsier/protocol';
import type { Alerting } from '../alert/alerting.ts';
import type { RuleGroups } from '../alert/groups/rule-groups.ts';
import type { Pipeline } from '../alert/pipeline/pipeline.ts';
import type { PolicySweep } from '../alert/policy-sweep.ts';
import { checkpointVersion } from '../detect/checkpoint.ts';
import type { Detection } from '../detect/detection.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { LiveWindows } from '../ingest/live-window.ts';
import type { Storage } from '../storage/storage.ts';
import type { SamplesConsumer } from '../stored-samples.ts';
import type { TenantScope } from '../tenant.ts';
import type { Follower } from './follower.ts';
import type { Leadership, LeadershipDeps } from './leadership.ts';

export interface DecidingDeps {
  readonly ingest: Pick<Ingest, 'replay'>;
  readonly windows: Pick<LiveWindows, 'fill'>;
  readonly follower: Pick<Follower, 'seen'>;
  readonly alerting: Pick<Alerting, 'restore' | 'drop' | 'consume' | 'replay' | 'missed'>;
  readonly pipeline: Pick<Pipeline, 'restore' | 'drop'>;
  readonly ruleGroups: Pick<RuleGroups, 'reload' | 'has'>;
  readonly policySweep: Pick<PolicySweep, 'reading'>;
  readonly detection: Pick<Detection, 'restore' | 'consume' | 'takeRates' | 'drop'>;
  readonly storage: { readonly detectorStates: Pick<Storage['detectorStates'], 'list'> };
  /** Goes on with the anomalies that were open, once past samples were consumed again. */
  readonly resume: (scope: TenantScope) => Promise<void>;
  readonly onEvaluated: () => void;
  readonly now: () => UnixMs;
}

/** How far back the live windows, detectors and rules are rebuilt. */
export const replayMs = 15 * 60_000;
/**
 * Samples may come so long after their time: their agent tried in vain, where the former leader was, or its clock is
 * behind. Nobody may have looked at such that came after the former leader was last known to be there.
 */
const lateMs = 2 * 60_000;

export function createDeciding({
  ingest,
  windows,
  follower,
  alerting,
  pipeline,
  ruleGroups,
  policySweep,
  detection,
  storage,
  resume,
  onEvaluated,
  now,
}: DecidingDeps): Pick<LeadershipDeps, 'takeOver' | 'letGo' | 'deliver'> {
  return {
    async takeOver(scope, heldUntil) {
      await policySweep.reading(scope);
      await ruleGroups.reload();
      await pipeline.restore(scope);
      await alerting.restore(scope, ruleGroups.has);
      for await (const state of storage.detectorStates.list(scope, checkpointVersion)) detection.restore(scope, state);
      // Rules go on from their saved state: past samples must neither end an alert nor begin one.
      await ingest.replay([scope], now() - replayMs, [windows.fill, follower.seen, detection.consume, alerting.replay]);
      // What came while nobody decided has yet to be looked at; what a rule has seen counts for nothing.
      if (heldUntil !== undefined) {
        await ingest.replay([scope], Math.max(heldUntil - lateMs, now() - replayMs), [alerting.missed]);
      }
      // Those of the past are stored.
      detection.takeRates((of) => of.tenantId === scope.tenantId);
      await resume(scope);
    },
    async letGo(scope) {
      alerting.drop(scope);
      pipeline.drop(scope);
      detection.drop(scope);
      await ruleGroups.reload();
    },
    deliver(stored) {
      follower.seen(stored);
      detection.consume(stored);
      alerting.consume(stored);
      onEvaluated();
    },
  };
}

/**
 * A batch came again that was stored before. Whoever stored it, here or elsewhere, may have been broken off before it
 * was handed on: whoever decides looks at it unless it has seen it, and others tell of it once more.
 */
export function createKnownTaker(
  leadership: Pick<Leadership, 'holds' | 'consume'>,
  follower: Pick<Follower, 'hasSeen'>,
): SamplesConsumer {
  return (stored) => {
    if (!leadership.holds(stored.schema.scope) || !follower.hasSeen(stored)) leadership.consume(stored);
  };
}
