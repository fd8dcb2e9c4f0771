const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** A stretch of time in words, in its largest whole unit: `8 s`, `12 min`, `3 h`, `2 d`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}\u00a0s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}\u00a0min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}\u00a0h`;
  return `${Math.floor(seconds / 86_400)}\u00a0d`;
}

/** How long ago; the first seconds are `now`, so that a live value does not count up and down. */
export function formatAge(time: number, now: number): string {
  return now - time < 5000 ? 'now' : `${formatDuration(now - time)} ago`;
}

/** Clock time, with the date when it was not in the last 12 hours. */
export function formatMoment(time: number, now: number): string {
  return (Math.abs(now - time) < 43_200_000 ? clock : day).format(time);
}
