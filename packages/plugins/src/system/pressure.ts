/** /proc/pressure/* (kernel: Documentation/accounting/psi.rst). */
export interface Pressure {
  /** `some`: at least one task waited; `full`: all did. */
  readonly share: string;
  /** Mean share of the last ten seconds, 0 to 1. */
  readonly last10s: number;
  readonly totalSeconds: number;
}

/** A line is `some avg10=0.00 avg60=0.00 avg300=0.00 total=12345`. */
export function parsePressure(text: string): Pressure[] {
  return text.split('\n').flatMap((line) => {
    const space = line.indexOf(' avg10=');
    const total = line.indexOf(' total=');
    if (space < 0 || total < 0) return [];
    return {
      share: line.slice(0, space),
      last10s: Number.parseFloat(line.slice(space + ' avg10='.length)) / 100,
      totalSeconds: Number(line.slice(total + ' total='.length)) / 1e6,
    };
  });
}
