import { decodeLiveFrame, type LiveMessage } from '@tarsier/protocol/live';
import { expect, test } from 'vitest';
import { storedSeries } from '../detect/testing.ts';
import { createLiveWindows } from '../ingest/live-window.ts';
import { silentLog } from '../log.ts';
import { createLiveSession } from './session.ts';

const metric = { name: 'busy', kind: 'gauge', unit: '', help: '' } as const;

test('a client that reads too slowly gets a gap and a fresh start, and costs no more memory meanwhile', async () => {
  let now = 1_000_000;
  const windows = createLiveWindows();
  const sent: (string | Uint8Array)[] = [];
  let buffered = 0;
  const session = createLiveSession({
    transport: { send: (message) => sent.push(message), bufferedAmount: () => buffered, close() {} },
    windows,
    identify: () => Promise.resolve({ tenantId: 1, tenant: 'one' }),
    log: silentLog,
    now: () => now,
  });
  await session.receive('{"type":"hello"}');
  await session.receive('{"type":"sub","id":1,"selector":"busy","windowMs":60000}');
  const schema = storedSeries([0], { t0: now, metric }).schema;
  const tick = (): void => {
    now += 1000;
    const stored = storedSeries([now], { t0: now, metric });
    windows.consume({ ...stored, schema });
  };
  tick();
  const before = sent.length;
  buffered = 2 * 1024 * 1024;
  for (let second = 0; second < 20; second++) tick();
  expect(sent.length).toBe(before);
  buffered = 0;
  tick();
  const [gap, snap] = sent.slice(before);
  // The session's own message, as it was typed there.
  expect(JSON.parse(String(gap)) as LiveMessage).toEqual({ type: 'gap', id: 1, from: 1_002_000, to: now });
  if (!(snap instanceof Uint8Array)) throw new Error('expected a frame');
  const frame = decodeLiveFrame(snap);
  expect(frame.kind).toBe('snap');
  expect(frame.groups[0]?.times).toHaveLength(22);
  tick();
  expect(sent.length).toBe(before + 3);
  session.end();
  tick();
  expect(sent.length).toBe(before + 3);
});
