const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

/** A round step, ms, with about one value per 1.5 pixels. */
export function stepFor(spanMs: number, pixels: number): number {
  const wanted = spanMs / 1000 / Math.max(100, pixels / 1.5);
  return (steps.find((step) => step >= wanted) ?? Math.ceil(wanted / 86_400) * 86_400) * 1000;
}
