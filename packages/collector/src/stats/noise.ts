import { nextRandomState, randomOf } from './random.ts';

/** Noise of a standard normal distribution, the same at every run (Box and Muller 1958). */
export function createNoise(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = nextRandomState(state);
    return randomOf(state);
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
