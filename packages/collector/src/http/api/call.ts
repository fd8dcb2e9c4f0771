import type { Answer, Body, OperationKey, Operations, ParametersOf, Query } from '@tarsier/protocol/api';
import type { Context } from 'hono';
import type { Identity } from '../../tenancy/authenticate.ts';
import type { TenantScope } from '../../tenant.ts';
import type { AppEnv } from '../app-env.ts';
import type { After } from './change.ts';

/** A request to an operation, checked. */
export interface Call<K extends OperationKey> {
  readonly tenant: TenantScope;
  readonly identity: Identity;
  /** Of the path. */
  readonly params: ParametersOf<K>;
  readonly query: Query<K>;
  readonly body: Body<K>;
  /** A body that is not JSON, of an operation that changes something. */
  readonly raw: Uint8Array | undefined;
  /** Once the change holds; at once where nothing is changed. */
  readonly after: After;
  readonly signal: AbortSignal;
  readonly c: Context<AppEnv>;
}

/** What an operation answers: its JSON, nothing where it has none, or a response of its own where it is no JSON. */
export type Answered<K extends OperationKey> = Operations[K] extends { readonly answer: infer A }
  ? A extends { readonly types: readonly string[] }
    ? Response
    : Answer<K>
  : void;

export type Handle<K extends OperationKey> = (call: Call<K>) => Answered<K> | Promise<Answered<K>>;

/** How an operation that changes something is done. */
export interface Change<K extends OperationKey> {
  /** What is there now, as a client sees it; undefined where there is nothing. */
  readonly current: (call: Call<K>) => Promise<unknown>;
  readonly handle: Handle<K>;
  /** It is done elsewhere, in transactions of its own, and noted after it. */
  readonly apart?: true;
}

/** Where rooms' routes are put. */
export interface Api {
  on<K extends OperationKey>(operation: K, does: Handle<K> | Change<K>): void;
}
