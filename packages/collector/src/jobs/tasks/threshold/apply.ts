/** Puts what a job has proposed in place, as somebody would by hand: with a line in the audit log. */
import { TarsierError } from '@tarsier/protocol';
import type { JobContext } from '../../job-type.ts';

/** @returns whether it was; not when somebody has changed the threshold meanwhile */
export async function applyProposal({
  storage: { thresholds, audit, bus },
  scope,
  jobId,
  now,
  log,
}: JobContext): Promise<boolean> {
  const before = await thresholds.find(scope, jobId);
  // A former attempt has.
  if (before?.state === 'applied') return true;
  try {
    const applied = await thresholds.apply(scope, jobId, `job ${jobId}`);
    if (applied === undefined) return false;
    await audit.append(scope, {
      at: now,
      actor: { kind: 'system', name: `job ${jobId}` },
      action: 'threshold.tune apply',
      target: `/v1/threshold-proposals/${jobId}`,
      from: '',
      requestId: '',
      before: before ?? null,
      after: applied,
    });
    // Whoever evaluates the rule reads it again. Settings of detectors are read again now and then.
    if (applied.target.kind === 'rule') await bus.tell({ kind: 'rules', scope });
    return true;
  } catch (error) {
    if (!(error instanceof TarsierError) || !error.code.startsWith('thresholds/')) throw error;
    log('warn', 'not applied', { why: error.message });
    return false;
  }
}
