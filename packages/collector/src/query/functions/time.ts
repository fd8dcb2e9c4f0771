/** What time it is: of the evaluation, of samples, and on the calendar (UTC). */
import type { ScalarFunction, VectorFunction } from '../evaluate/call.ts';
import { timeOf, type Steps } from '../evaluate/steps.ts';
import { repeated } from '../evaluate/value.ts';
import { LabelSet } from '../label-set.ts';
import { mapValues } from './map.ts';

function secondsOfSteps(steps: Steps): Float64Array {
  return Float64Array.from({ length: steps.count }, (_, step) => timeOf(steps, step) / 1000);
}

/** Of the samples themselves where the argument is a selector, else of the evaluation. */
const timestamp: VectorFunction = async (context) => {
  const times = context.sampleTimes(0);
  if (times !== undefined) return times;
  const seconds = secondsOfSteps(context.steps);
  return mapValues(await context.vector(0), (_, step) => seconds[step] ?? 0);
};

/** Of each value, as Unix seconds; without an argument of the evaluation. NaN where there is no such day. */
function calendar(part: (date: Date) => number): VectorFunction {
  const ofSeconds = (seconds: number): number => part(new Date(Math.trunc(seconds) * 1000));
  return async (context) => {
    if (context.call.args.length > 0) return mapValues(await context.vector(0), ofSeconds);
    const { steps } = context;
    return [
      {
        labels: LabelSet.empty,
        dropName: false,
        values: secondsOfSteps(steps).map(ofSeconds),
        present: new Uint8Array(steps.count).fill(1),
      },
    ];
  };
}

const dayMs = 86_400_000;

export const timeFunctions = {
  timestamp,
  minute: calendar((date) => date.getUTCMinutes()),
  hour: calendar((date) => date.getUTCHours()),
  day_of_week: calendar((date) => date.getUTCDay()),
  day_of_month: calendar((date) => date.getUTCDate()),
  day_of_year: calendar((date) => {
    const midnight = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
    return (midnight - Date.UTC(date.getUTCFullYear(), 0, 1)) / dayMs + 1;
  }),
  days_in_month: calendar((date) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()),
  month: calendar((date) => date.getUTCMonth() + 1),
  year: calendar((date) => date.getUTCFullYear()),
} satisfies Readonly<Record<string, VectorFunction>>;

export const timeScalars = {
  time: ({ steps }) => secondsOfSteps(steps),
  start: ({ steps, times }) => repeated(times.start / 1000, steps.count),
  end: ({ steps, times }) => repeated(times.end / 1000, steps.count),
  range: ({ steps, times }) => repeated((times.end - times.start) / 1000, steps.count),
  step: ({ steps, times }) => repeated(times.stepMs / 1000, steps.count),
} satisfies Readonly<Record<string, ScalarFunction>>;
