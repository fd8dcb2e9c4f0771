import type { Alert, Labels } from '@tarsier/protocol';
import { alertLabels } from './pipeline/alert-labels.ts';

export interface FiringAlert {
  readonly alert: Alert;
  readonly labels: Labels;
}

/** A tenant's alerts that fire, of all rules, for those that look at what others say. */
export class FiringAlerts {
  readonly #alerts = new Map<string, FiringAlert>();

  note(alert: Alert): void {
    if (alert.state.kind === 'firing') this.#alerts.set(alert.id, { alert, labels: alertLabels(alert) });
    else this.#alerts.delete(alert.id);
  }

  /** Those of a rule, by its name or its id. */
  of(rule: string): readonly FiringAlert[] {
    return [...this.#alerts.values()].filter(({ alert }) => alert.name === rule || alert.ruleId === rule);
  }
}
