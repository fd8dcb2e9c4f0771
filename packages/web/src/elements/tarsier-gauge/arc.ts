const centre = { x: 60, y: 62 } as const;

const radius = 50;

function at(share: number, radius: number): string {
  const angle = Math.PI * (1 - share);
  return `${(centre.x + radius * Math.cos(angle)).toFixed(2)} ${(centre.y - radius * Math.sin(angle)).toFixed(2)}`;
}

/** A stretch of a half circle as an SVG path; 0 is its left end, 1 its right. */
export function arc(from: number, to: number): string {
  return `M${at(from, radius)}A${radius} ${radius} 0 0 1 ${at(to, radius)}`;
}

/** A line across the half circle, and a little beyond it on both sides. */
export function tick(share: number): string {
  return `M${at(share, radius - 8)}L${at(share, radius + 8)}`;
}

/** Where a value stands between two bounds, 0 to 1. */
export function part(value: number, min: number, max: number): number {
  return max > min ? Math.min(1, Math.max(0, (value - min) / (max - min))) : 0;
}
