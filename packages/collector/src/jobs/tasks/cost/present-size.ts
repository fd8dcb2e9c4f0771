/**
 * PromQL for shares, by host, of what each has at the end: it may have had another size before, of which its plugins
 * told the shares. As they were told, where no size is known.
 *
 * @param size  the metric that tells how much there is of it
 */
export function ofPresentSize(shares: string, size: string): string {
  const then = `max by (host) (max_over_time(${size}[5m]))`;
  return `(${shares}) * on (host) (${then} / max by (host) (last_over_time(${size}[30m] @ end()))) or (${shares})`;
}
