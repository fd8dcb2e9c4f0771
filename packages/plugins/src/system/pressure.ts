/** /proc/pressure/* (kernel: Documentation/accounting/psi.rst). */
export interface Pressure {
  /** `some`: at least one task waited; `full`: all did. */
  readonly share: string;
  /** Mean share of the last ten seconds, 0 to 1. */
  readonly last10s: number;
  readonly totalSeconds: number;
}

export function parsePressure(text: string): Pressure[] {
  return Array.from(text.matchAll(/^(some|full) avg10=([\d.]+) .*total=(\d+)$/gmu), ([, share = '', avg10, total]) => ({
    share,
    last10s: Number(avg10) / 100,
    totalSeconds: Number(total) / 1e6,
  }));
}
