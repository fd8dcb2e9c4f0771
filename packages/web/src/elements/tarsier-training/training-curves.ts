import type { JobEvent } from '@tarsier/protocol';

const lossNames = ['loss', 'trainingLoss', 'validationLoss'] as const;
const risingNames = ['accuracy', 'skill'] as const;

interface NamedCurve<Name> {
  readonly name: Name;
  readonly x: number[];
  readonly y: number[];
}

export interface TrainingCurves {
  /** What a step is. */
  readonly steps: 'epoch' | 'rows';
  readonly losses: readonly NamedCurve<(typeof lossNames)[number]>[];
  /** What should go up. */
  readonly rising: readonly NamedCurve<(typeof risingNames)[number]>[];
}

/** Curves of the newest phase of a training; undefined while nothing was told. */
export function trainingCurves(events: readonly JobEvent[]): TrainingCurves | undefined {
  let points: Readonly<Record<string, number>>[] = [];
  let steps: 'epoch' | 'rows' = 'epoch';
  for (const event of events) {
    const metrics = event.kind === 'progress' ? event.metrics : undefined;
    const step = metrics?.['epoch'] ?? metrics?.['rows'];
    if (metrics === undefined || step === undefined) continue;
    steps = metrics['epoch'] === undefined ? 'rows' : 'epoch';
    // Steps that begin anew are another training: the back-test came first, or an attempt was lost.
    if (step <= (points.at(-1)?.[steps] ?? -Infinity)) points = [];
    points.push(metrics);
  }
  if (points.length === 0) return undefined;
  const curves = <Name extends string>(names: readonly Name[]): NamedCurve<Name>[] =>
    names.flatMap((name) => {
      const known = points.filter((point) => Number.isFinite(point[name]));
      if (known.length === 0) return [];
      return [{ name, x: known.map((point) => point[steps] ?? 0), y: known.map((point) => point[name] ?? NaN) }];
    });
  return { steps, losses: curves(lossNames), rising: curves(risingNames) };
}
