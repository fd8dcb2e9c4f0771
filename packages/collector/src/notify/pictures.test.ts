import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newChannelSchema } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { createEgress } from './egress/egress.ts';
import { exampleMessage } from './example.ts';
import { createSender } from './send.ts';

const at = Date.UTC(2026, 10, 24, 10);
const png = Uint8Array.from({ length: 300 }, (_, index) => index % 256);
const received: { readonly path: string; readonly form: Record<string, unknown> }[] = [];

/** Takes what it gets as a browser's form, with a parser that is not ours. */
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    const type = request.headers['content-type'] ?? '';
    const form = await new Response(Buffer.concat(chunks), { headers: { 'content-type': type } }).formData();
    received.push({ path: request.url ?? '', form: Object.fromEntries(form) });
    response.end();
  });
});
await new Promise<void>((resolve) => {
  server.listen(0, '127.0.0.1', resolve);
});
afterAll(() => server.close());
// A server that listens on a port has an address with one.
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const sender = createSender({
  egress: createEgress({ allow: ['127.0.0.1'] }),
  illustrate: () => Promise.resolve({ alt: 'a disk', address: undefined, png: () => Buffer.from(png) }),
});
const send = (channel: unknown) =>
  sender.send({
    tenantId: 1,
    id: 'n1',
    channel: { ...newChannelSchema.parse(channel), id: 'c' },
    message: exampleMessage(at),
    createdAt: at,
  });

function last(): (typeof received)[number] {
  return received.at(-1) ?? { path: '', form: {} };
}

async function expectPicture(field: unknown): Promise<void> {
  if (!(field instanceof File)) throw new Error(`expected a file, got ${String(field)}`);
  expect([field.name, field.type]).toEqual(['chart.png', 'image/png']);
  expect(new Uint8Array(await field.arrayBuffer())).toEqual(png);
}

// https://discord.com/developers/docs/reference#uploading-files
test('Discord gets the picture itself where nobody can fetch it', async () => {
  await send({ kind: 'discord', name: 'ops', url: `${url}/api/webhooks/1/x` });
  const { path, form } = last();
  expect(path).toBe('/api/webhooks/1/x');
  expect(Object.keys(form)).toEqual(['payload_json', 'files[0]']);
  expect(JSON.parse(String(form['payload_json']))).toMatchObject({
    embeds: [{ title: '[FIRING warning] Test of this channel on example-1', image: { url: 'attachment://chart.png' } }],
    allowed_mentions: { parse: [] },
  });
  await expectPicture(form['files[0]']);
});

// https://core.telegram.org/bots/api#sendphoto
test('Telegram gets the picture itself where nobody can fetch it, with what it is about', async () => {
  await send({ kind: 'telegram', name: 'ops', botToken: '1:x', chatId: '-100', apiUrl: url });
  const { path, form } = last();
  expect(path).toBe('/bot1:x/sendPhoto');
  const { photo, ...texts } = form;
  expect(texts).toEqual({
    chat_id: '-100',
    caption: expect.stringMatching(/^\[FIRING warning\] Test of this channel on example-1\n[\s\S]*above 0\.9/u),
    disable_notification: 'false',
  });
  await expectPicture(photo);
});
