/** Series with a fault of known size: what power is measured on. */
import { createNoise } from '@tarsier/collector/detect';

/** Steps of a season, a day, and its amplitude; noise has a standard deviation of 1. */
const period = 144;
const amplitude = 5;
const mean = 50;
/** Steps that a fault lasts, but for a spike. */
export const faultSteps = period;

interface Step {
  /** From the first one of the fault; negative before it. */
  readonly since: number;
  /** The season, without a fault. */
  readonly wave: (shift?: number) => number;
  readonly noise: number;
}

export interface Fault {
  readonly name: string;
  /** What the sizes are sizes of. */
  readonly unit: string;
  readonly sizes: readonly number[];
  readonly isSeasonal: boolean;
  /** The value at a step of a fault of that size; undefined where there is no sample. */
  readonly value: (step: Step, size: number, before: number) => number | undefined;
}

const sigma = 'standard deviations of the noise';

export const faults: readonly Fault[] = [
  { name: 'nothing', unit: '(false alarms)', sizes: [0], isSeasonal: false, value: ({ noise }) => mean + noise },
  {
    name: 'nothing in a season',
    unit: '(false alarms)',
    sizes: [0],
    isSeasonal: true,
    value: ({ noise, wave }) => wave() + noise,
  },
  {
    name: 'level shift',
    unit: sigma,
    sizes: [1, 2, 3, 5],
    isSeasonal: false,
    value: ({ noise }, size) => mean + noise + size,
  },
  {
    name: 'spike',
    unit: `${sigma}, for one step`,
    sizes: [3, 4, 5, 8],
    isSeasonal: false,
    value: ({ noise, since }, size) => mean + noise + (since === 0 ? size : 0),
  },
  {
    name: 'drift',
    unit: `${sigma}, at its end`,
    sizes: [1, 2, 4, 8],
    isSeasonal: false,
    value: ({ noise, since }, size) => mean + noise + (size * since) / faultSteps,
  },
  {
    name: 'variance change',
    unit: 'times the standard deviation',
    sizes: [0.25, 0.5, 1.5, 2, 3],
    isSeasonal: false,
    value: ({ noise }, size) => mean + noise * size,
  },
  {
    name: 'level shift in a season',
    unit: sigma,
    sizes: [1, 2, 3, 5],
    isSeasonal: true,
    value: ({ noise, wave }, size) => wave() + noise + size,
  },
  {
    name: 'spike in a season',
    unit: `${sigma}, for one step`,
    sizes: [3, 4, 5, 8],
    isSeasonal: true,
    value: ({ noise, wave, since }, size) => wave() + noise + (since === 0 ? size : 0),
  },
  {
    name: 'seasonality break',
    unit: 'of a period, by which it is late',
    sizes: [0.1, 0.2, 0.3, 0.5],
    isSeasonal: true,
    value: ({ noise, wave }, size) => wave(size * period) + noise,
  },
  {
    name: 'missing season',
    unit: 'of its amplitude, that is missing',
    sizes: [0.25, 0.5, 0.75, 1],
    isSeasonal: true,
    value: ({ noise, wave }, size) => mean + (1 - size) * (wave() - mean) + noise,
  },
  {
    name: 'standstill',
    unit: 'equal values',
    sizes: [2, 5, 20],
    isSeasonal: false,
    value: ({ noise, since }, size, before) => (since < size ? before : mean + noise),
  },
  {
    name: 'silence',
    unit: 'samples that are missing',
    sizes: [1, 2, 3, 10],
    isSeasonal: false,
    value: ({ noise, since }, size) => (since < size ? undefined : mean + noise),
  },
];

/** Values of a series, step by step, the same at every run; undefined where there is none. */
export function createSeries(isSeasonal: boolean, seed: number) {
  const noise = createNoise(seed);
  let before = mean;
  let at = 0;
  return {
    quiet(): number {
      const wave = waveAt(at++);
      return (before = (isSeasonal ? wave : mean) + noise());
    },
    faulty(fault: Fault, size: number, since: number): number | undefined {
      const now = at++;
      return fault.value({ since, noise: noise(), wave: (shift = 0) => waveAt(now - shift) }, size, before);
    },
  };
}

function waveAt(step: number): number {
  return mean + amplitude * Math.sin((2 * Math.PI * step) / period);
}
