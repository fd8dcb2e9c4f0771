import type { Nanos } from '@tarsier/protocol';

/** Something that could cost less. */
export interface Finding {
  readonly kind: 'idle-host' | 'over-provisioned' | 'uncached-prompts' | 'failed-calls' | 'long-context' | 'dear-model';
  /** A host, or an agent and its model. */
  readonly subject: string;
  readonly advice: string;
  /** A month of it costs so much now, and so much less afterwards. */
  readonly monthly: Nanos;
  readonly saving: Nanos;
  /** How sure that is, 0 to 1: what it is made of is said in `evidence`. */
  readonly confidence: number;
  readonly arithmetic: string;
  readonly evidence: string;
}

/** Hours of a month, as prices by the hour are compared: 365 days in twelve parts. */
export const monthHours = 730;
