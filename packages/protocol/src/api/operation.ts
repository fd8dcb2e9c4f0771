/** What one operation of the REST API takes and answers: routes, the OpenAPI document and clients are made from it. */
import { z } from 'zod';

/** Who may: anybody, one who has any key or session, or one of that scope; `operator` is for those who run it for all. */
export type OperationScope = 'public' | 'any' | 'ingest' | 'read' | 'write' | 'admin' | 'operator';

/** Bytes or text, where a body or an answer is not JSON. */
export interface RawContent {
  /** Media types, as in `content-type`. */
  readonly types: readonly string[];
}

export interface Operation {
  /** What it does, in a few words. */
  readonly summary: string;
  /** What there is to know besides. */
  readonly description?: string;
  /** The resource that it is about. */
  readonly tag: string;
  readonly scope: OperationScope;
  /** Parameters of the address, after `?`. */
  readonly query?: z.ZodType;
  /** Those that may be given more than once; they are lists. */
  readonly repeated?: readonly string[];
  readonly body?: z.ZodType | RawContent;
  /** Of a JSON body that may be larger than others. */
  readonly maxBodyBytes?: number;
  readonly status: 101 | 200 | 201 | 204;
  /** Of a 200 or 201. */
  readonly answer?: z.ZodType | RawContent;
  /** Statuses of refusals besides those that its scope, parameters and body imply. */
  readonly refusals?: readonly (404 | 409 | 412 | 422)[];
  /** The answer holds a secret that is shown only once: it is not kept to be given again. */
  readonly secret?: true;
  /** It changes nothing, although its method could. */
  readonly readOnly?: true;
  /** Also with a view token, which then sees the series of its selectors alone. */
  readonly view?: true;
  /** Also for users who are on call. */
  readonly onCall?: true;
  /** Of users only owners. */
  readonly owner?: true;
  /** Its refusals are of another protocol than problem+json. */
  readonly foreign?: true;
}

/** `GET /v1/incidents/{id}`. */
export type OperationName = `${'GET' | 'POST' | 'PUT' | 'DELETE'} /v1/${string}`;

/** Keeps each operation's own type. */
export function defineOperations<const T extends Readonly<Record<OperationName, Operation>>>(operations: T): T {
  return operations;
}

export function isRaw(content: z.ZodType | RawContent): content is RawContent {
  return 'types' in content;
}

/** A list in parts: how long a part is, and where the next one begins. */
export const pageParameters = {
  limit: z.coerce.number().int().min(1).max(1_000).default(100).describe('Most entries of an answer.'),
  cursor: z
    .string()
    .max(1_000)
    .exactOptional()
    .describe('`next` of the answer before: goes on where that ended. Opaque; for the same filters only.'),
};

/** Absent at the end of a list. */
export const next = z.string().exactOptional().describe('`cursor` of the next part; absent at the end.');

/** Unix ms. */
export const unixMs = z.number().describe('Unix time, ms.');
export const day = z.iso.date('expected a day, as in 2026-11-30');
export const labels = z.record(z.string(), z.string());
export const many = <T extends z.ZodType>(schema: T) => z.array(schema).readonly();
