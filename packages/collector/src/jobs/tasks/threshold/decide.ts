/** Which of the thresholds that look best may be proposed. */
import { isCrossedLess, type GuardRail } from '@tarsier/protocol/api';
import { railsOf } from '../../../learn/tuning/guard-rails.ts';
import { sumOf } from './evaluate.ts';
import type { TuningSession } from './session.ts';

export interface Decided {
  /** The present one where no other may be. */
  readonly arm: number;
  readonly rails: readonly GuardRail[];
  /** Share of what it tells that people could have judged, 0 to 1. */
  readonly support: number;
  /** Why others may not be, by arm. */
  readonly against: ReadonlyMap<number, string>;
}

/** Without these a threshold is not even proposed; the others decide whether it may be applied. */
const musts: ReadonlySet<GuardRail['name']> = new Set(['page-severity', 'no-new-miss', 'not-silent', 'step']);

/**
 * @param advantages  of each arm, over the present one
 * @param maxStep  share of the range that is tried
 */
export async function decide(session: TuningSession, advantages: readonly number[], maxStep: number): Promise<Decided> {
  const { tuned, values, present, training, heldOut, heldOutFrom, incidents, earnedIn } = session;
  const { op } = tuned.target;
  const severity = tuned.target.kind === 'rule' ? tuned.target.severity : 'warning';
  const episodes = [...training, ...heldOut];
  const judged = incidents.filter(({ verdict }) => verdict !== 'unjudged');
  const range = (values.at(-1) ?? 0) - (values[0] ?? 0);
  const theirs = await earnedIn(episodes, present);
  const against = new Map<number, string>();

  async function look(arm: number): Promise<Pick<Decided, 'rails' | 'support'>> {
    const own = await earnedIn(episodes, arm);
    const caught = new Set(own.flatMap((one) => one.caught));
    const alarms = sumOf(own, 'alarms');
    const support = alarms === 0 ? 1 : sumOf(own, 'judgeable') / alarms;
    const rails = railsOf({
      op,
      severity,
      present: tuned.present,
      proposed: values[arm] ?? tuned.present,
      step: { most: maxStep, wanted: range === 0 ? 0 : Math.abs((values[arm] ?? 0) - tuned.present) / range },
      newlyMissed: theirs.flatMap((one) => one.caught).filter((id) => !caught.has(id)),
      alarms: { present: sumOf(theirs, 'alarms'), proposed: alarms },
      support,
      judged: { all: judged.length, heldOut: judged.filter(({ from }) => from >= heldOutFrom).length },
    });
    return { rails, support };
  }

  for (const arm of values.keys()) {
    if (severity === 'page' && isCrossedLess(op, tuned.present, values[arm] ?? tuned.present)) {
      against.set(arm, 'severity page may only be told of more');
    }
  }
  const better = [...values.keys()]
    .filter((arm) => arm !== present && (advantages[arm] ?? 0) > 0 && !against.has(arm))
    .toSorted((a, b) => (advantages[b] ?? 0) - (advantages[a] ?? 0));
  for (const arm of better) {
    const looked = await look(arm);
    const broken = looked.rails.find(({ name, held }) => musts.has(name) && !held);
    if (broken === undefined) return { arm, ...looked, against };
    against.set(arm, broken.why);
  }
  return { arm: present, ...(await look(present)), against };
}
