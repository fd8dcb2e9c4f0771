import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeLiveFrame, encodeLiveFrame, type LiveFrame } from './live.ts';

const frame: LiveFrame = {
  kind: 'delta',
  id: 3,
  groups: [
    {
      times: Float64Array.of(1_764_000_000_000, 1_764_000_001_000),
      columns: [
        { ref: 1, values: Float64Array.of(0.25, 0.3) },
        { ref: 900, values: Float64Array.of(Number.NaN, 7) },
      ],
    },
    { times: new Float64Array(), columns: [] },
  ],
};

test('a frame reaches the page as it left the collector, gaps included', () => {
  expect(decodeLiveFrame(encodeLiveFrame(frame))).toEqual(frame);
});

test('a second of fifty series costs the page a few hundred bytes', () => {
  const columns = Array.from({ length: 50 }, (_, ref) => ({
    ref,
    values: Float64Array.of(Math.round(ref * 137) / 10_000),
  }));
  const bytes = encodeLiveFrame({
    kind: 'delta',
    id: 1,
    groups: [{ times: Float64Array.of(1_764_000_000_000), columns }],
  });
  expect(bytes.byteLength).toBeLessThan(300);
});

test('a cut or changed frame is a frame or a clear error', () => {
  const whole = encodeLiveFrame(frame);
  fc.assert(
    fc.property(
      fc.nat(whole.byteLength - 1),
      fc.integer({ min: 0, max: 255 }),
      fc.nat(whole.byteLength),
      (at, byte, end) => {
        const bytes = whole.slice(0, end);
        bytes[at] = byte;
        try {
          decodeLiveFrame(bytes);
        } catch (error) {
          expect(error).toMatchObject({ name: 'BatchError' });
        }
      },
    ),
  );
});
