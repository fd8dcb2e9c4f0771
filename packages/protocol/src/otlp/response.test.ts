import { expect, test } from 'vitest';
import { ProtobufReader } from '../protobuf.ts';
import { encodeExportResponse, encodeStatus, otlpEncodingOf, rpcCodes } from './index.ts';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

test('all taken: an empty message', () => {
  const all = { rejected: 0, message: '' };
  expect(encodeExportResponse('metrics', 'protobuf', all).byteLength).toBe(0);
  expect(text(encodeExportResponse('metrics', 'json', all))).toBe('{}');
});

test('partly taken: how many were not, and why', () => {
  const partly = { rejected: 300, message: 'zu viele – größer' };
  expect(JSON.parse(text(encodeExportResponse('traces', 'json', partly)))).toEqual({
    partialSuccess: { rejectedSpans: '300', errorMessage: 'zu viele – größer' },
  });
  const reader = new ProtobufReader(encodeExportResponse('metrics', 'protobuf', partly));
  expect([reader.next(), reader.field]).toEqual([true, 1]);
  const partial = reader.message();
  expect([partial.next(), partial.field, partial.int()]).toEqual([true, 1, 300]);
  expect([partial.next(), partial.field, partial.string()]).toEqual([true, 2, 'zu viele – größer']);
});

test('refused: a google.rpc.Status in the encoding of the request', () => {
  const status = { code: rpcCodes.invalidArgument, message: 'no' };
  expect(JSON.parse(text(encodeStatus('json', status)))).toEqual(status);
  const reader = new ProtobufReader(encodeStatus('protobuf', status));
  expect([reader.next(), reader.field, reader.int()]).toEqual([true, 1, 3]);
  expect([reader.next(), reader.field, reader.string(), reader.next()]).toEqual([true, 2, 'no', false]);
});

test.each([
  ['application/x-protobuf', 'protobuf'],
  ['Application/JSON; charset=utf-8', 'json'],
  ['text/plain', undefined],
  [undefined, undefined],
])('%s is %s', (contentType, encoding) => {
  expect(otlpEncodingOf(contentType)).toBe(encoding);
});
