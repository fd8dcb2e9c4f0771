/** What each operation takes and answers, from the schemas that the collector checks it with: there is nothing to drift. */
import type { z } from 'zod';
import type { RawContent } from '../api/operation.ts';
import type { OperationKey, Operations, ParametersOf } from '../api/operations.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** What every request may have. */
export interface Common {
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
  /** Gets what an answer says besides, such as its etag. */
  readonly heard?: (headers: Pick<Headers, 'get'>) => void;
}

type Params<K extends OperationKey> = K extends `${string}{${string}` ? { readonly params: ParametersOf<K> } : unknown;

type Query<K extends OperationKey> = Operations[K] extends { readonly query: infer S extends z.ZodType }
  ? Partial<z.input<S>> extends z.input<S>
    ? { readonly query?: z.input<S> }
    : { readonly query: z.input<S> }
  : unknown;

type Body<K extends OperationKey> = Operations[K] extends { readonly body: infer S }
  ? S extends z.ZodType
    ? { readonly body: z.input<S> }
    : S extends RawContent
      ? { readonly body: string | Uint8Array<ArrayBuffer>; readonly type: S['types'][number] }
      : unknown
  : unknown;

/** What a call of an operation says. */
export type CallOptions<K extends OperationKey> = Common & Params<K> & Query<K> & Body<K>;

/** Left out where there is nothing to say. */
export type CallArguments<K extends OperationKey> =
  Partial<CallOptions<K>> extends CallOptions<K> ? [options?: CallOptions<K>] : [options: CallOptions<K>];

/** JSON as it was parsed, nothing, or the response itself where the answer is a file. */
export type CallAnswer<K extends OperationKey> = K extends OperationKey
  ? Operations[K] extends { readonly answer: infer S }
    ? S extends z.ZodType
      ? z.output<S>
      : Response
    : undefined
  : never;

/** `/v1/jobs/{}/events`, of a path whose parts are filled in as of one in braces. */
type Normal<Path extends string> = Path extends `${infer Plain}?${string}`
  ? Normal<Plain>
  : Path extends `${infer Part}/${infer Rest}`
    ? `${NormalPart<Part>}/${Normal<Rest>}`
    : NormalPart<Path>;
type NormalPart<Part extends string> = string extends Part ? '{}' : Part extends `{${string}}` ? '{}' : Part;

type NormalKey<K> = K extends `${infer M} ${infer Path}` ? `${M} ${Normal<Path>}` : never;
type ByNormalKey = { readonly [K in OperationKey as NormalKey<K>]: K };

/** The operation of a path as it is sent; never where the compiler can't tell. */
export type OperationAt<M extends string, Path extends string> = string extends Path
  ? never
  : `${M} ${Normal<Path>}` extends infer Key extends keyof ByNormalKey
    ? ByNormalKey[Key]
    : never;

/** What a path answers: unknown where the compiler can't tell which operation it is. */
export type AnswerAt<M extends string, Path extends string> = [OperationAt<M, Path>] extends [never]
  ? unknown
  : CallAnswer<OperationAt<M, Path>>;
