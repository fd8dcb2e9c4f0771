import { z } from 'zod';
import { many, next, pageParameters, type Operation } from './operation.ts';

const pageQuery = z.object(pageParameters);

/** Exported for the types of who uses it. */
export interface Of<Scope extends Operation['scope'], Status extends Operation['status']> {
  readonly summary: string;
  readonly tag: string;
  readonly scope: Scope;
  readonly status: Status;
}

/** What people make, change and delete: a list, and each by its id. */
type ResourceOperations<Name extends string, New extends z.ZodType, Stored extends z.ZodType> = {
  readonly [K in `GET /v1/${Name}`]: Of<'read', 200> & {
    readonly query: typeof pageQuery;
    readonly answer: z.ZodType<{ readonly [K in Name]: readonly z.output<Stored>[] } & { readonly next?: string }>;
  };
} & {
  readonly [K in `POST /v1/${Name}`]: Of<'write', 201> & { readonly body: New; readonly answer: Stored };
} & {
  readonly [K in `GET /v1/${Name}/{id}`]: Of<'read', 200> & { readonly answer: Stored };
} & {
  readonly [K in `PUT /v1/${Name}/{id}`]: Of<'write', 200> & { readonly body: New; readonly answer: Stored };
} & {
  readonly [K in `DELETE /v1/${Name}/{id}`]: Of<'write', 204>;
};

/** @param one  `a silence`; @param all  `Silences, oldest first` */
export function resourceOperations<
  const Name extends string,
  New extends z.ZodType,
  Stored extends z.ZodType<{ readonly id: string }>,
>(
  name: Name,
  {
    one,
    all,
    body,
    stored,
  }: { readonly one: string; readonly all: string; readonly body: New; readonly stored: Stored },
): ResourceOperations<Name, New, Stored> {
  // Who is on call mutes what is known.
  const also = name === 'silences' ? ({ onCall: true } as const) : {};
  const operations = {
    [`GET /v1/${name}`]: {
      summary: all,
      tag: name,
      scope: 'read',
      query: pageQuery,
      status: 200,
      answer: z.object({ [name]: many(stored), next }),
    },
    [`POST /v1/${name}`]: {
      summary: `Makes ${one}`,
      tag: name,
      scope: 'write',
      ...also,
      body,
      status: 201,
      answer: stored,
    },
    [`GET /v1/${name}/{id}`]: { summary: `Shows ${one}`, tag: name, scope: 'read', status: 200, answer: stored },
    [`PUT /v1/${name}/{id}`]: {
      summary: `Replaces ${one}`,
      tag: name,
      scope: 'write',
      ...also,
      body,
      status: 200,
      answer: stored,
    },
    [`DELETE /v1/${name}/{id}`]: { summary: `Deletes ${one}`, tag: name, scope: 'write', ...also, status: 204 },
  } satisfies Record<string, Operation>;
  // Computed names are but strings to the compiler.
  return operations as unknown as ResourceOperations<Name, New, Stored>;
}

/** What is stored of a new one. */
export function withId<T extends z.ZodType>(schema: T) {
  return z.intersection(schema, z.object({ id: z.string() }));
}
