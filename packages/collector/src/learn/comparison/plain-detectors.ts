/** What anything that is learnt has to beat: oddness of one value by all before it, NaN while too little is known. */

/** Distance from the mean of all so far, in standard deviations (Welford 1962). */
export function fixedSigma() {
  let [count, mean, squares] = [0, 0, 0];
  return {
    bytes: 24,
    judge(value: number) {
      const spread = count < 2 ? 0 : Math.sqrt(squares / (count - 1));
      const odd = spread > 0 ? Math.abs(value - mean) / spread : Number.NaN;
      count++;
      const distance = value - mean;
      mean += distance / count;
      squares += distance * (value - mean);
      return odd;
    },
  };
}

/** Distance from the value before, in mean distances so far. */
export function lastChange() {
  let [count, sum, former] = [0, 0, Number.NaN];
  return {
    bytes: 24,
    judge(value: number) {
      const change = Math.abs(value - former);
      former = value;
      if (Number.isNaN(change)) return Number.NaN;
      const odd = sum > 0 ? (change * count) / sum : Number.NaN;
      count++;
      sum += change;
      return odd;
    },
  };
}
