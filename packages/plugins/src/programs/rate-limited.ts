/** Hands on at most `most` messages in `windowMs`; what it held back is counted in the next one. */
export function createRateLimited(
  tell: (message: string) => void,
  { most, windowMs, now }: { readonly most: number; readonly windowMs: number; readonly now: () => number },
): (message: string) => void {
  let windowEnds = Number.NEGATIVE_INFINITY;
  let told = 0;
  let heldBack = 0;
  return (message) => {
    if (now() >= windowEnds) {
      windowEnds = now() + windowMs;
      told = 0;
    }
    if (told >= most) {
      heldBack++;
      return;
    }
    told++;
    tell(heldBack === 0 ? message : `${message} (${heldBack} more before that)`);
    heldBack = 0;
  };
}
