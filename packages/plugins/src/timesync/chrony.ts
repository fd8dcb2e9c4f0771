export interface ChronyState {
  /** This host's clock less the true time, seconds: positive when it is fast. */
  readonly offsetSeconds: number;
  readonly stratum: number;
  /** How far the true time may be away, seconds. */
  readonly rootDistanceSeconds: number;
  readonly frequencyPpm: number;
  readonly isSynchronized: boolean;
}

/**
 * One line of `chronyc -c tracking`: reference id, name, stratum, reference time, system time, last offset, RMS offset,
 * frequency, residual frequency, skew, root delay, root dispersion, update interval, leap status (chronyc(1)).
 *
 * @returns undefined when it is none
 */
export function parseTracking(text: string): ChronyState | undefined {
  const fields = text.trim().split(',');
  if (fields.length < 14) return undefined;
  const at = (index: number): number => Number(fields[index] ?? Number.NaN);
  return {
    // As chrony has it, what is to be added to the clock: positive when it is slow.
    offsetSeconds: 0 - at(4),
    stratum: at(2),
    // RFC 5905, section 11.2: half of the way there and back, and what has gathered since.
    rootDistanceSeconds: at(10) / 2 + at(11),
    frequencyPpm: at(7),
    isSynchronized: fields[13] !== 'Not synchronised',
  };
}
