/**
 * Frequencies of the sizes of numbers that are spread exponentially, one model for each half octave of their mean: a
 * column of a few dozen numbers names one in a byte, where a table of its own would be as long as the numbers.
 *
 * Encoder and decoder must come to the same table on every machine, so only +, -, × and √ are used, which IEEE 754
 * rounds in one way.
 */

/** As in `pack-whole.ts`: 16 sizes of one number, then four to an octave up to 2^53. */
const exactSymbols = 16;
export const modelSymbols = exactSymbols + 4 * 49;
export const modelCount = 96;

/** exp(-1) and exp(-√½): what is left of an exponential with mean 1, or √2, after one step. */
const firstDecays = [0.367_879_441_171_442_3, 0.493_068_691_395_239_8] as const;

const made = new Map<number, Uint16Array>();

/**
 * @param model  0 to {@link modelCount} - 1: numbers of mean about 2^(model / 2)
 * @param total  what the frequencies add up to
 */
export function modelFrequencies(model: number, total: number): Uint16Array {
  let frequencies = made.get(model);
  if (frequencies === undefined) made.set(model, (frequencies = makeFrequencies(model, total)));
  return frequencies;
}

function makeFrequencies(model: number, total: number): Uint16Array {
  let decay: number = firstDecays[model % 2] ?? 0;
  for (let octave = 1; octave <= model >> 1; octave++) decay = Math.sqrt(decay);
  // What lies at or above each symbol's least number.
  const above = new Float64Array(modelSymbols + 1);
  let rest = 1;
  for (let symbol = 0; symbol < exactSymbols; symbol++, rest *= decay) above[symbol] = rest;
  // rest = decay^16; an octave up is its square, a quarter of the way there a fourth of its exponent more.
  let quarter = decay * decay * decay * decay;
  for (let symbol = exactSymbols; symbol < modelSymbols; rest *= rest, quarter *= quarter) {
    for (let part = rest, end = symbol + 4; symbol < end; symbol++, part *= quarter) above[symbol] = part;
  }
  const frequencies = new Uint16Array(modelSymbols);
  const spare = total - modelSymbols;
  let sum = 0;
  let largest = 0;
  for (let symbol = 0; symbol < modelSymbols; symbol++) {
    // Every size stays possible, however unlikely.
    const frequency = 1 + Math.floor(((above[symbol] ?? 0) - (above[symbol + 1] ?? 0)) * spare);
    frequencies[symbol] = frequency;
    sum += frequency;
    if (frequency > (frequencies[largest] ?? 0)) largest = symbol;
  }
  frequencies[largest] = (frequencies[largest] ?? 0) + total - sum;
  return frequencies;
}
