/** A rule that is not decided by each sample: it looks again and again, and its alerts follow from what it sees. */
import { describeError, TarsierError, type UnixMs } from '@tarsier/protocol';
import type { ExpressionRule, ForecastRule, RuleEvaluation } from '@tarsier/protocol/api';
import { AlertRuleRun, keyOf, type AlertSample } from '../groups/alert-rule-run.ts';
import { slotAt } from '../groups/rule-group.ts';
import type { Turns } from '../turns.ts';
import { asAlertingRule, asSamples, type SeenSample } from './seen.ts';
import { Watch, type OpenAlert, type RuleOutcome } from '../watch.ts';

export type PeriodicRule = ForecastRule | ExpressionRule;

/** Which series a rule sees at a time. @param firing  whether one of its alerts fires now */
export type Look = (at: UnixMs, firing: boolean) => Promise<readonly SeenSample[]>;

export interface PeriodicDeps {
  readonly look: Look;
  readonly turns: Turns;
  readonly now: () => UnixMs;
  /** An evaluation has ended. @param error  why there is no result, if there is none */
  readonly onEvaluated: (ms: number, error: unknown) => void;
  readonly onMissed: (evaluations: number) => void;
}

export class PeriodicWatch extends Watch {
  readonly rule: PeriodicRule;
  readonly #deps: PeriodicDeps;
  readonly #run: AlertRuleRun;
  /** The last time that it was due; a new one is due at once. */
  #slot: UnixMs | undefined;
  #looking: Promise<void> | undefined;
  #isGone = false;
  #evaluation: RuleEvaluation = { health: 'unknown', lastError: '', evaluationMs: 0, missed: 0 };

  constructor(rule: PeriodicRule, outcome: RuleOutcome, deps: PeriodicDeps) {
    super();
    this.rule = rule;
    this.#deps = deps;
    this.#run = new AlertRuleRun(rule.id, asAlertingRule(rule), outcome);
  }

  override get evaluation(): RuleEvaluation {
    return this.#evaluation;
  }

  get open(): readonly OpenAlert[] {
    return this.#run.open;
  }

  restore(alert: OpenAlert, now: UnixMs): void {
    this.#run.restore([alert], now);
  }

  endAll(now: UnixMs, why: string): void {
    this.#isGone = true;
    this.#run.endAll(now, why);
  }

  override leave(): void {
    this.#isGone = true;
  }

  override get lookedAt(): UnixMs {
    return this.#slot ?? 0;
  }

  tick(now: UnixMs): void {
    const { everyMs, id } = this.rule;
    const due = slotAt(id, everyMs, now);
    // A clock that was put back must not make it wait for the time that it showed.
    if (this.#slot === undefined || due < this.#slot) this.#slot = due - everyMs;
    if (due <= this.#slot || this.#looking !== undefined) return;
    const isSlow = this.#evaluation.evaluationMs > everyMs;
    const turn = this.#deps.turns.take({ began: now, intervalMs: everyMs, isSlow });
    if (turn === undefined) return;
    const missed = Math.round((due - this.#slot) / everyMs) - 1;
    if (missed > 0) {
      this.#evaluation = { ...this.#evaluation, missed: this.#evaluation.missed + missed, missedAt: due };
      this.#deps.onMissed(missed);
    }
    this.#slot = due;
    this.#looking = this.#evaluate(due).finally(() => {
      this.#deps.turns.giveBack(turn);
      this.#looking = undefined;
    });
  }

  override async settled(): Promise<void> {
    await this.#looking;
  }

  async #evaluate(at: UnixMs): Promise<void> {
    const began = this.#deps.now();
    let [samples, error]: [readonly AlertSample[], unknown] = [[], undefined];
    try {
      const firing = this.#run.open.some(({ state }) => state.kind === 'firing');
      samples = asSamples(this.rule, await this.#deps.look(at, firing));
      if (new Set(samples.map(({ labels }) => keyOf(labels))).size < samples.length) {
        throw new TarsierError('rules/evaluation', 'expected series that differ in more than their name');
      }
    } catch (cause) {
      error = cause;
    }
    if (this.#isGone) return;
    if (error === undefined) this.#run.evaluate(samples, at);
    const evaluationMs = this.#deps.now() - began;
    this.#evaluation = {
      ...this.#evaluation,
      health: error === undefined ? 'ok' : 'err',
      lastError: error === undefined ? '' : describeError(error),
      evaluatedAt: at,
      evaluationMs,
    };
    this.#deps.onEvaluated(evaluationMs, error);
  }
}
