import { likeness, similarity, type EventShape } from './look-alikes.ts';

/** What somebody said of an event with that shape. */
export interface Judged {
  readonly verdict: 'useful' | 'noise';
  readonly shape: EventShape;
}

/** Each noise asks look-alikes to be thirty times as rare, each useful one lets them be three times as common. */
const steps = { noise: 1.5, useful: -0.5 } as const;
const most = 6;
const least = -1;

/** @returns what is added to the surprise that an event of the shape needs to be told; 0 where nothing was said */
export function feedbackOffset(shape: EventShape, judged: readonly Judged[]): number {
  let offset = 0;
  for (const one of judged) {
    if (similarity(shape, one.shape) >= likeness) offset += steps[one.verdict];
  }
  return Math.max(least, Math.min(most, offset));
}
