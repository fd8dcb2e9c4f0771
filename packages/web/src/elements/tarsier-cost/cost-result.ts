import type { ModelWords } from '../../i18n/models/en.ts';

/** What `cost_optimization` answers, as far as it is shown. Amounts are USD as decimal text. */
export interface CostResult {
  readonly score: number;
  readonly monthly: string;
  readonly saving: string;
  readonly arithmetic: string;
  readonly findings: readonly CostFinding[];
  readonly unpriced: readonly string[];
  readonly days: number;
}

export interface CostFinding {
  readonly kind: keyof ModelWords['cost']['kinds'];
  readonly subject: string;
  readonly advice: string;
  readonly monthly: string;
  readonly saving: string;
  readonly confidence: number;
  readonly arithmetic: string;
  readonly evidence: string;
}

/** Its shape has no version of its own: what is shown is looked for. */
export function readCost(result: unknown): CostResult | undefined {
  const isCost =
    typeof result === 'object' &&
    result !== null &&
    'findings' in result &&
    Array.isArray(result.findings) &&
    'saving' in result &&
    'score' in result;
  // Its other parts are the collector's own, made together with these.
  return isCost ? (result as unknown as CostResult) : undefined;
}
