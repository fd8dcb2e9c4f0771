import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createHost } from '../host/host.ts';
import { temporaryFolder } from '../testing-servers.ts';
import { parseAddress } from './address.ts';
import { openHttpDoor } from './http-door.ts';
import { createLineSocket } from './line-socket.ts';
import { postTo } from './testing.ts';

test.each([
  ['127.0.0.1:8125', { kind: 'tcp', host: '127.0.0.1', port: 8125 }],
  ['localhost:1', { kind: 'tcp', host: '127.0.0.1', port: 1 }],
  ['[::1]:4318', { kind: 'tcp', host: '::1', port: 4318 }],
  ['/run/x.sock', { kind: 'unix', path: '/run/x.sock' }],
  ['::1:4318', undefined],
  ['127.0.0.1', undefined],
  ['127.0.0.1:70000', undefined],
  ['example.org:80', undefined],
  ['run/x.sock', undefined],
])('%s as an address', (text, expected) => {
  expect(parseAddress(text)).toEqual(expected);
});

/** A door that answers with what came. */
async function openEcho(address = '127.0.0.1:0') {
  const host = createHost();
  const door = openHttpDoor(host, address);
  const route = door.value.route('/echo', {
    take: ({ body }) => ({ status: 200, body }),
    refuse: (status, message) => ({ status, body: message }),
  });
  await door.value.listening();
  return { host, door, route, port: door.value.port ?? 0 };
}

test.each([
  ['a page on the web', { origin: 'https://evil.example' }],
  ['a page from a file', { origin: 'null' }],
  ['a form or an image', { 'sec-fetch-site': 'cross-site' }],
  ['a page of the same site', { 'sec-fetch-site': 'same-origin' }],
  ['a page whose name was pointed to 127.0.0.1', { host: 'evil.example:4318' }],
  ['a name that only looks like an address', { host: '127.0.0.1.evil.example' }],
])('%s is refused', async (_, headers) => {
  const { door, port, route } = await openEcho();
  const { status } = await postTo(port, '/echo', 'x', headers);
  expect(status).toBe(403);
  expect(route.answers).toEqual(new Map([[403, 1]]));
  await door.release();
});

test.each([
  ['an address', { host: '127.0.0.1:4318' }],
  ['localhost', { host: 'LOCALHOST' }],
  ['an IPv6 address', { host: '[::1]:4318' }],
])('a program that calls it by %s is not', async (_, headers) => {
  const { door, port } = await openEcho();
  expect(await postTo(port, '/echo', 'x', headers)).toMatchObject({ status: 200, body: 'x' });
  await door.release();
});

test('a compressed body is taken, and one that would grow beyond bounds is not', async () => {
  const { door, port } = await openEcho();
  const gzip = { 'content-encoding': 'gzip' };
  expect(await postTo(port, '/echo', gzipSync('hello'), gzip)).toMatchObject({ status: 200, body: 'hello' });
  // 64 MiB in 64 KiB.
  expect(await postTo(port, '/echo', gzipSync(Buffer.alloc(64 * 1024 * 1024)), gzip)).toMatchObject({ status: 413 });
  expect(await postTo(port, '/echo', 'no gzip', gzip)).toMatchObject({ status: 400 });
  expect(await postTo(port, '/echo', 'x', { 'content-encoding': 'br' })).toMatchObject({ status: 415 });
  expect(await postTo(port, '/echo', 'x', { 'content-length': String(5 * 1024 * 1024) })).toMatchObject({
    status: 413,
  });
  expect(await postTo(port, '/other', 'x')).toMatchObject({ status: 404, body: expect.stringContaining('/echo') });
  await door.release();
});

test('of senders that never end their requests only so many are waited for, and others are asked to come again', async () => {
  const { door, port } = await openEcho();
  const slow = Array.from({ length: 8 }, () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('POST /echo HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nbegin');
    return socket;
  });
  await expect
    .poll(() => postTo(port, '/echo', 'x'), { timeout: 20_000 })
    .toMatchObject({
      status: 503,
      headers: expect.objectContaining({ 'retry-after': '1' }),
    });
  for (const socket of slow) socket.destroy();
  await expect.poll(() => postTo(port, '/echo', 'x'), { timeout: 20_000 }).toMatchObject({ status: 200 });
  await door.release();
});

test('plugins at one address share a listener, which ends with the last of them', async () => {
  const { host, door, port } = await openEcho('127.0.0.1:0');
  const second = openHttpDoor(host, '127.0.0.1:0');
  expect(second.value).toBe(door.value);
  second.value.route('/second', { take: () => ({ status: 204 }), refuse: (status) => ({ status }) });
  expect(() =>
    second.value.route('/echo', { take: () => ({ status: 204 }), refuse: (status) => ({ status }) }),
  ).toThrow("another plugin's already");
  await door.release();
  expect(await postTo(port, '/second', '')).toMatchObject({ status: 204 });
  await second.release();
  await expect(postTo(port, '/second', '')).rejects.toThrow('ECONNREFUSED');
});

test('an address that is taken is said, and tried again', async () => {
  const { door, port } = await openEcho();
  const other = openHttpDoor(createHost(), `127.0.0.1:${port}`);
  await expect(other.value.listening()).rejects.toThrow(`can not listen on 127.0.0.1:${port}`);
  await door.release();
  await other.value.listening();
  await other.release();
});

/** Writes to a socket and closes it. */
function write(path: string, ...pieces: readonly (string | Uint8Array)[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => {
      for (const piece of pieces) socket.write(piece);
      socket.end();
    });
    socket.on('error', reject).on('close', () => resolve());
  });
}

test('lines on a unix socket may come in any pieces, or in frames', async () => {
  const path = `${temporaryFolder()}/lines.sock`;
  const lines: string[] = [];
  const socket = createLineSocket({ path, onLines: (text) => lines.push(...text.split('\n')), onTooLong() {} });
  await socket.listening();
  await write(path, 'one\ntw', 'o\nthr', 'ee');
  await expect.poll(() => lines).toEqual(['one', 'two', 'three']);
  const frame = (text: string): Buffer => {
    const header = Buffer.alloc(4);
    header.writeUInt32LE(text.length);
    return Buffer.concat([header, Buffer.from(text)]);
  };
  const frames = Buffer.concat([frame('four\nfive'), frame('six')]);
  await write(path, frames.subarray(0, 3), frames.subarray(3, 9), frames.subarray(9));
  await expect.poll(() => lines.slice(3)).toEqual(['four', 'five', 'six']);
  await socket.close();
});

test('a line or a frame without end costs its connection, and no memory', async () => {
  const path = `${temporaryFolder()}/lines.sock`;
  let tooLong = 0;
  const socket = createLineSocket({ path, onLines() {}, onTooLong: () => void tooLong++ });
  await socket.listening();
  await write(path, 'x'.repeat(1_000_000)).catch(() => {});
  await expect.poll(() => tooLong).toBe(1);
  await socket.close();
});

test('a socket that a killed agent left is used again, and a file that is none is left alone', async () => {
  const folder = temporaryFolder();
  const options = { onLines() {}, onTooLong() {} };
  const first = createLineSocket({ path: `${folder}/a.sock`, ...options });
  await first.listening();
  const second = createLineSocket({ path: `${folder}/a.sock`, ...options });
  await expect(second.listening()).rejects.toThrow('can not listen on');
  await first.close();
  await second.listening();
  await second.close();
  const { writeFileSync, readFileSync } = await import('node:fs');
  writeFileSync(`${folder}/file`, 'precious');
  const third = createLineSocket({ path: `${folder}/file`, ...options });
  await expect(third.listening()).rejects.toThrow('can not listen on');
  expect(readFileSync(`${folder}/file`, 'utf8')).toBe('precious');
});
