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

test('what does not fit into six milliseconds waits for the next frame', () => {
  const { queue, frame, work } = stage();
  const drawn: number[] = [];
  for (const i of [1, 2, 3]) {
    queue.request(() => {
      drawn.push(i);
      work(4);
    });
  }
  frame();
  expect(drawn).toEqual([1, 2]);
  frame();
  expect(drawn).toEqual([1, 2, 3]);
});

test('many charts are done within two frames, whatever the six milliseconds say', () => {
  const { queue, frames, frame, work } = stage();
  let drawn = 0;
  const counts: number[] = [];
  for (let i = 0; i < 40; i++) {
    queue.request(() => {
      drawn++;
      work(1);
    });
  }
  while (frames.length > 0) {
    frame();
    counts.push(drawn);
  }
  expect(counts).toEqual([20, 40]);
});

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
