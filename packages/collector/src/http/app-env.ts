import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Identity } from '../tenancy/authenticate.ts';

/** What a request carries through the routes. */
export interface AppEnv {
  readonly Bindings: {
    /** Node's own request; absent when the app is called without a server. */
    readonly incoming?: IncomingMessage;
    /** And its answer. */
    readonly outgoing?: ServerResponse;
  };
  readonly Variables: {
    /** Set for every `/v1` route. */
    identity: Identity;
    /** Names the request in its answer and in the log. */
    requestId: string;
    /** To be called when it is done, so that the tenant's next one may begin. */
    endTurn?: () => void;
  };
}
