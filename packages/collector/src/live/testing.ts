import { decodeLiveFrame, type LiveFrame, type LiveMessage } from '@tarsier/protocol/live';
import { expect, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';

/** A client that keeps what it is sent. */
export async function connectTo(url: string, headers: Readonly<Record<string, string>> = {}) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live`, { headers });
  const messages: LiveMessage[] = [];
  const frames: LiveFrame[] = [];
  const closed = new Promise<number>((resolve) => {
    socket.on('close', resolve);
  });
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) frames.push(decodeLiveFrame(new Uint8Array(data)));
    else messages.push(JSON.parse(data.toString()));
  });
  onTestFinished(() => socket.terminate());
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const ofType = <T extends LiveMessage['type']>(type: T) =>
    messages.filter((message): message is Extract<LiveMessage, { type: T }> => message.type === type);
  const said = <T extends LiveMessage['type']>(type: T, least = 1) =>
    expect
      .poll(() => ofType(type).length, { timeout: 20_000 })
      .toBeGreaterThanOrEqual(least)
      .then(() => ofType(type));
  return {
    frames,
    messages,
    ofType,
    said,
    closed,
    say: (message: unknown) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    until: (check: () => boolean) => expect.poll(check).toBe(true),
  };
}
