import { expect, test } from 'vitest';
import { createFrameQueue } from './frame.ts';

function stage() {
  const frames: (() => void)[] = [];
  let time = 0;
  const queue = createFrameQueue({ requestFrame: (run) => void frames.push(run), now: () => time });
  return { queue, frames, work: (ms: number) => (time += ms), frame: () => frames.shift()?.() };
}

test('many charts share one frame, and asking twice draws once', () => {
  const { queue, frames, frame } = stage();
  const drawn: string[] = [];
  const a = (): void => void drawn.push('a');
  const b = (): void => void drawn.push('b');
  for (const draw of [a, b, a]) queue.request(draw);
  expect(frames).toHaveLength(1);
  frame();
  expect(drawn).toEqual(['a', 'b']);
});

test.each([
  { ms: 0.5, counts: [40] },
  { ms: 1, counts: [32, 40] },
  { ms: 10, counts: [20, 40] },
])(
  '40 charts of $ms ms: what does not fit into 32 ms waits for the next frame, and that is the last',
  ({ ms, counts }) => {
    const { queue, frames, frame, work } = stage();
    let drawn = 0;
    const seen: number[] = [];
    for (let i = 0; i < 40; i++) {
      queue.request(() => {
        drawn++;
        work(ms);
      });
    }
    while (frames.length > 0) {
      frame();
      seen.push(drawn);
    }
    expect(seen).toEqual(counts);
  },
);

test('what asks anew while it is drawn waits for the next frame', () => {
  const { queue, frames, frame } = stage();
  let drawn = 0;
  const draw = (): void => {
    drawn++;
    if (drawn === 1) queue.request(draw);
  };
  queue.request(draw);
  frame();
  expect([drawn, frames.length]).toEqual([1, 1]);
});

test('a chart that left is not drawn', () => {
  const { queue, frame } = stage();
  const draw = (): void => expect.unreachable();
  queue.request(draw);
  queue.cancel(draw);
  frame();
});
