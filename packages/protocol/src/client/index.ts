/** The REST API for programs. */
export {
  createClient,
  type Client,
  type ClientOptions,
  type ClientRequest,
  type ClientResponse,
  type PathOptions,
  type TokenSource,
} from './client.ts';
export { RequestError } from './request-error.ts';
export type { AnswerAt, CallAnswer, CallArguments, CallOptions, Method, OperationAt } from './types.ts';
