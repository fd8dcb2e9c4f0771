/** What each function of `language/signatures.ts` does. A new one: its file here, its line there, a case in test/promql. */
import type { ScalarFunction, VectorFunction } from '../evaluate/call.ts';
import type { FunctionName } from '../language/signatures.ts';
import { absentFunctions } from './absent.ts';
import { convertFunctions, convertScalars } from './convert.ts';
import { histogramFunctions } from './histogram.ts';
import { info } from './info.ts';
import { labelFunctions } from './labels.ts';
import { mathFunctions, mathScalars } from './math.ts';
import { overTimeFunctions } from './over-time.ts';
import { rateFunctions } from './rate.ts';
import { timeFunctions, timeScalars } from './time.ts';
import { trendFunctions } from './trend.ts';

export const scalarFunctions: Readonly<Partial<Record<FunctionName, ScalarFunction>>> = {
  ...convertScalars,
  ...mathScalars,
  ...timeScalars,
};

export const vectorFunctions: Readonly<Partial<Record<FunctionName, VectorFunction>>> = {
  ...absentFunctions,
  ...convertFunctions,
  ...histogramFunctions,
  info,
  ...labelFunctions,
  ...mathFunctions,
  ...overTimeFunctions,
  ...rateFunctions,
  ...timeFunctions,
  ...trendFunctions,
};
