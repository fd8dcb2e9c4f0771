/** What a receiver answers: always in the encoding of the request. */
import { ByteWriter } from '../bytes.ts';
import type { OtlpEncoding } from './request.ts';

export const otlpContentTypes: Readonly<Record<OtlpEncoding, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};

/** @returns undefined for any other type: the answer is then 415 */
export function otlpEncodingOf(contentType: string | undefined): OtlpEncoding | undefined {
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  return type === 'application/x-protobuf' ? 'protobuf' : type === 'application/json' ? 'json' : undefined;
}

export type OtlpSignal = 'metrics' | 'traces';

const rejectedNames: Readonly<Record<OtlpSignal, string>> = { metrics: 'rejectedDataPoints', traces: 'rejectedSpans' };

/**
 * The body of a 200: ExportMetricsServiceResponse or ExportTraceServiceResponse.
 *
 * @param rejected  points or spans that were not taken and need not be sent again
 * @param message   why; with 0 rejected it is a warning, and '' is none
 */
export function encodeExportResponse(
  signal: OtlpSignal,
  encoding: OtlpEncoding,
  { rejected, message }: { readonly rejected: number; readonly message: string },
): Uint8Array {
  const complete = rejected === 0 && message === '';
  if (encoding === 'json') {
    const partialSuccess = { [rejectedNames[signal]]: String(rejected), errorMessage: message };
    return utf8(JSON.stringify(complete ? {} : { partialSuccess }));
  }
  const response = new ByteWriter();
  if (complete) return response.view();
  const partial = new ByteWriter();
  writeVarint(partial, 1, rejected);
  writeBytes(partial, 2, utf8(message));
  writeBytes(response, 1, partial.view());
  return response.view();
}

/** Codes of google.rpc.Status that a receiver uses. */
export const rpcCodes = { invalidArgument: 3, resourceExhausted: 8, unavailable: 14 } as const;

/** The body of an answer of 400 or more: google.rpc.Status. */
export function encodeStatus(
  encoding: OtlpEncoding,
  { code, message }: { readonly code: number; readonly message: string },
): Uint8Array {
  if (encoding === 'json') return utf8(JSON.stringify({ code, message }));
  const status = new ByteWriter();
  writeVarint(status, 1, code);
  writeBytes(status, 2, utf8(message));
  return status.view();
}

function writeVarint(writer: ByteWriter, field: number, value: number): void {
  writer.varint(field * 8);
  writer.varint(value);
}

function writeBytes(writer: ByteWriter, field: number, bytes: Uint8Array): void {
  writer.varint(field * 8 + 2);
  writer.varint(bytes.byteLength);
  writer.raw(bytes);
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
