import { isRaw, operations, problemSchema, problemType, type Operation } from '@tarsier/protocol/api';
import { isDeepStrictEqual } from 'node:util';

/** Where an operation's path is at a request's. */
const patterns = Object.entries<Operation>(operations).map(([key, operation]) => {
  const [method = '', path = ''] = key.split(' ');
  return { key, method, path: new RegExp(`^${path.replaceAll(/\{\w+\}/gu, '[^/]+')}$`, 'u'), operation };
});

/**
 * What an answer to a request under `/v1` has that its operation does not say, if anything. Runs on a copy.
 *
 * @returns a sentence, or undefined when all is as described
 */
export async function contractProblem(request: Request, answer: Response): Promise<string | undefined> {
  const { pathname } = new URL(request.url);
  const found = patterns.filter(({ method, path }) => method === request.method && path.test(pathname));
  // The one with the fewest parameters is what the router chooses.
  const [first] = found.toSorted((a, b) => b.path.source.length - a.path.source.length);
  const exact = found.find(({ key }) => key === `${request.method} ${pathname}`) ?? first;
  if (exact === undefined) return undefined;
  const { key, operation } = exact;
  if (operation.foreign === true) return undefined;
  const { status } = answer;
  const type = answer.headers.get('content-type');
  if (status >= 400) {
    if (type !== problemType) return `${key} refused with ${status} as ${type}, not as a problem`;
    const problem = problemSchema.strict().safeParse(await answer.clone().json());
    return problem.success
      ? undefined
      : `${key} refused with ${status} and a problem that is none: ${problem.error.message}`;
  }
  if (status === 304 || status === 204) {
    return status === 304 || operation.status === 204 ? undefined : `${key} answered 204, not ${operation.status}`;
  }
  if (status !== operation.status) return `${key} answered ${status}, not ${operation.status}`;
  const { answer: schema } = operation;
  if (schema === undefined || isRaw(schema)) return undefined;
  const json: unknown = await answer.clone().json();
  const parsed = schema.safeParse(json);
  if (!parsed.success) return `${key} answered what its schema does not allow: ${parsed.error.message}`;
  // What a schema does not name it leaves out.
  return isDeepStrictEqual(parsed.data, json)
    ? undefined
    : `${key} answered more than its schema names: ${JSON.stringify(json)}`;
}
