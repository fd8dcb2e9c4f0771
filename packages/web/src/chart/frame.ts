/**
 * One animation frame for everything that draws. Charts drain in the order they asked, as many as 32 ms allow, or as it
 * takes to be done within two: each frame has a price of its own, for all canvases of the page, drawn or not (100 charts
 * over 4 frames: 1.5 times the CPU of one; over 30: 2.3 times). A longer task would keep a click waiting; more frames, on
 * a machine that is busy anyway, would make it busier.
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

const longestMs = 32;
const mostFrames = 2;

export function createFrameQueue({ requestFrame, now }: FrameClock): FrameQueue {
  const waiting = new Set<() => void>();
  let scheduled = false;
  /** How many are drawn in a frame at least. */
  let share = 0;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    requestFrame(drain);
  }

  function drain(): void {
    scheduled = false;
    const started = now();
    share = Math.max(share, Math.ceil(waiting.size / mostFrames));
    let drawn = 0;
    // Those that ask anew while they are drawn wait for the next frame.
    for (const draw of [...waiting]) {
      if (!waiting.delete(draw)) continue;
      // One chart that fails must not keep the others from drawing.
      try {
        draw();
      } catch (error) {
        reportError(error);
      }
      drawn++;
      if (drawn >= share && now() - started >= longestMs) break;
    }
    if (waiting.size > 0) schedule();
    else share = 0;
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
