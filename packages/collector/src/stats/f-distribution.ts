/**
 * The upper tail of Fisher's F distribution, as surprise: how large a ratio of two variances is.
 *
 * @param ratio  >= 0
 * @param over  degrees of freedom of the numerator, > 0
 * @param under  degrees of freedom of the denominator, > 0
 * @returns -log10 of the chance of a ratio as large, exact far beyond what a chance has room for
 */
export function surpriseOfRatio(ratio: number, over: number, under: number): number {
  const rest = under / (under + over * ratio);
  return -logBeta(rest, under / 2, over / 2) / Math.LN10;
}

/** Logarithm of the regularised incomplete beta function (DLMF 8.17), 0 < x <= 1. */
function logBeta(x: number, a: number, b: number): number {
  if (x >= 1) return 0;
  const front = a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b);
  // The fraction converges fast on one side; the other is what it leaves.
  if (x < (a + 1) / (a + b + 2)) return front + Math.log(fraction(x, a, b) / a);
  return Math.log1p(-Math.exp(front) * (fraction(1 - x, b, a) / b));
}

const mostTerms = 300;
const precision = 1e-14;
const tiny = 1e-300;

/** Continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method as of Thompson & Barnett 1986. */
function fraction(x: number, a: number, b: number): number {
  let ofNumerators = 1;
  let ofDenominators = nonZero(1 - ((a + b) * x) / (a + 1));
  ofDenominators = 1 / ofDenominators;
  let result = ofDenominators;
  for (let term = 1; term <= mostTerms; term++) {
    let change = 1;
    for (const coefficient of [
      (term * (b - term) * x) / ((a + 2 * term - 1) * (a + 2 * term)),
      (-(a + term) * (a + b + term) * x) / ((a + 2 * term) * (a + 2 * term + 1)),
    ]) {
      ofDenominators = 1 / nonZero(1 + coefficient * ofDenominators);
      ofNumerators = nonZero(1 + coefficient / ofNumerators);
      change = ofDenominators * ofNumerators;
      result *= change;
    }
    if (Math.abs(change - 1) < precision) break;
  }
  return result;
}

function nonZero(value: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}

/** Logarithm of the gamma function of numbers > 0 (Stirling's series, DLMF 5.11.1, from 10 on). */
function logGamma(value: number): number {
  let shifted = value;
  let product = 1;
  while (shifted < 10) product *= shifted++;
  const inverse = 1 / (shifted * shifted);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / shifted;
  return (shifted - 0.5) * Math.log(shifted) - shifted + 0.5 * Math.log(2 * Math.PI) + series - Math.log(product);
}
