/** ExportTraceServiceRequest, as far as the calls of AI models and APIs need it: names, times, attributes, status. */
import { attributes } from './attributes.ts';
import { many, message, one, optional, renamed, type MessageOf } from './codec.ts';
import {
  decodeRequest,
  resource,
  scope,
  type OtlpDecodeOptions,
  type OtlpResource,
  type OtlpScope,
} from './request.ts';
import { nanosAsFractionalMs, string, uint } from './scalars.ts';

const span = {
  name: one(5, string, ''),
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: one(6, uint, 0),
  startMs: renamed('startTimeUnixNano', one(7, nanosAsFractionalMs, 0)),
  endMs: renamed('endTimeUnixNano', one(8, nanosAsFractionalMs, 0)),
  attributes: attributes(9),
  /** Code 0: unset, 1: ok, 2: error. */
  status: optional(15, message({ message: one(2, string, ''), code: one(3, uint, 0) })),
};

const request = message({
  resourceSpans: many(
    1,
    message({
      resource: optional(1, resource),
      scopeSpans: many(2, message({ scope: optional(1, scope), spans: many(2, message(span)) })),
    }),
  ),
});

export interface OtlpSpan extends MessageOf<typeof span> {
  readonly resource: OtlpResource;
  readonly scope: OtlpScope;
}

/**
 * Takes hostile bytes. Events and links are passed over.
 *
 * @throws {OtlpError} `otlp/json`, `otlp/field`, `otlp/too-large`
 * @throws {ProtobufError}
 */
export function decodeSpans(body: Uint8Array, options: OtlpDecodeOptions): OtlpSpan[] {
  return decodeRequest(request, body, options).resourceSpans.flatMap(({ resource: from, scopeSpans }) => {
    const resource = from ?? { attributes: new Map() };
    return scopeSpans.flatMap(({ scope: by, spans }) => {
      const scope = by ?? { name: '', version: '' };
      return spans.map((each) => ({ resource, scope, ...each }));
    });
  });
}
