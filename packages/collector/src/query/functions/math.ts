/** Functions of single numbers. */
import type { ScalarFunction, VectorFunction } from '../evaluate/call.ts';
import { hasSamples, repeated } from '../evaluate/value.ts';
import { mapped, mapValues } from './map.ts';

/** Half up, also below zero; to a multiple of `nearest`, by its inverse so that tenths stay tenths. */
const round: VectorFunction = async (context) => {
  const nearest = context.call.args.length > 1 ? await context.scalar(1) : repeated(1, context.steps.count);
  return mapValues(await context.vector(0), (value, step) => {
    const inverse = 1 / (nearest[step] ?? 1);
    return Math.floor(value * inverse + 0.5) / inverse;
  });
};

/** As C and Go have it: an infinity decides, whatever the other is, NaN included. */
function larger(a: number, b: number): number {
  return a === Infinity || b === Infinity ? Infinity : Math.max(a, b);
}

function smaller(a: number, b: number): number {
  return a === -Infinity || b === -Infinity ? -Infinity : Math.min(a, b);
}

const clampMin: VectorFunction = async (context) => {
  const least = await context.scalar(1);
  return mapValues(await context.vector(0), (value, step) => larger(least[step] ?? 0, value));
};

const clampMax: VectorFunction = async (context) => {
  const most = await context.scalar(1);
  return mapValues(await context.vector(0), (value, step) => smaller(most[step] ?? 0, value));
};

/** Nothing where the bounds are the wrong way round. */
const clamp: VectorFunction = async (context) => {
  const [least, most] = [await context.scalar(1), await context.scalar(2)];
  return mapValues(await context.vector(0), (value, step) => larger(least[step] ?? 0, smaller(most[step] ?? 0, value)))
    .map((series) => ({
      ...series,
      present: series.present.map((is, step) => ((least[step] ?? 0) > (most[step] ?? 0) ? 0 : is)),
    }))
    .filter(hasSamples);
};

const ofTwo =
  (evaluate: (a: number, b: number) => number): ScalarFunction =>
  async (context) => {
    const [left, right] = [await context.scalar(0), await context.scalar(1)];
    return left.map((value, step) => evaluate(value, right[step] ?? 0));
  };

export const mathFunctions = {
  abs: mapped(Math.abs),
  acos: mapped(Math.acos),
  acosh: mapped(Math.acosh),
  asin: mapped(Math.asin),
  asinh: mapped(Math.asinh),
  atan: mapped(Math.atan),
  atanh: mapped(Math.atanh),
  ceil: mapped(Math.ceil),
  clamp,
  clamp_max: clampMax,
  clamp_min: clampMin,
  cos: mapped(Math.cos),
  cosh: mapped(Math.cosh),
  deg: mapped((value) => (value * 180) / Math.PI),
  exp: mapped(Math.exp),
  floor: mapped(Math.floor),
  ln: mapped(Math.log),
  log10: mapped(Math.log10),
  log2: mapped(Math.log2),
  rad: mapped((value) => (value * Math.PI) / 180),
  round,
  sgn: mapped(Math.sign),
  sin: mapped(Math.sin),
  sinh: mapped(Math.sinh),
  sqrt: mapped(Math.sqrt),
  tan: mapped(Math.tan),
  tanh: mapped(Math.tanh),
};

export const mathScalars = {
  max_of: ofTwo(larger),
  min_of: ofTwo(smaller),
  pi: ({ steps }) => repeated(Math.PI, steps.count),
} satisfies Readonly<Record<string, ScalarFunction>>;
