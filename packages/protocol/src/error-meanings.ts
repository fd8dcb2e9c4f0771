/** Every code that an error may have. docs/errors.md is made of it. */

export interface ErrorMeaning {
  /** Of the answer, where it answers a request. */
  readonly status?: number;
  readonly title: string;
  readonly remedy: string;
}

export const errorMeanings: Readonly<Record<string, ErrorMeaning>> = {
  'channels/address': {
    status: 400,
    title: 'The address of a channel is not on the public Internet',
    remedy: 'Use one that is, or have the operator allow it with `TARSIER_EGRESS_ALLOW`.',
  },
  'channels/secret': {
    status: 400,
    title: 'A hidden secret would be sent to another site',
    remedy: 'Enter it anew together with the new address.',
  },
  'auth/metrics': {
    status: 401,
    title: 'The metrics of the collector are for its operator',
    remedy: 'Ask from the same machine, or send the token of `TARSIER_METRICS_TOKEN`.',
  },
  'auth/missing': {
    status: 401,
    title: 'No key and no session',
    remedy: 'Send `authorization: Bearer KEY`, or sign in.',
  },
  'auth/unknown': {
    status: 401,
    title: 'The key or session is not known',
    remedy: 'It may be revoked or expired; make a new one.',
  },
  'auth/password': {
    status: 401,
    title: 'The e-mail address or the password is not right',
    remedy: 'Try again; an admin of the tenant can invite you anew.',
  },
  'auth/attempts': {
    status: 429,
    title: 'Too many tries to sign in',
    remedy: 'Wait as long as `retry-after` says.',
  },
  'auth/second-factor': {
    status: 401,
    title: 'A code of the second factor is needed',
    remedy: 'Ask again with the six digits that the authenticator shows, or with a recovery code.',
  },
  'auth/code': {
    status: 401,
    title: 'The code does not count',
    remedy: 'Each code counts once and for about a minute; wait for the next one, and look at the clock of the device.',
  },
  'auth/needs-second-factor': {
    status: 403,
    title: 'The tenant wants a second factor',
    remedy: 'Set one up with `POST /v1/account/totp`, or on the page after signing in.',
  },
  'auth/no-user': {
    status: 403,
    title: 'This is for users',
    remedy: 'Sign in as a user; a key, and who followed the link of a start, has no account.',
  },
  'auth/oidc-issuer': {
    status: 503,
    title: 'The issuer can not be asked',
    remedy: "Try again; the collector's log says what it answered.",
  },
  'auth/oidc-token': {
    status: 403,
    title: 'What the issuer says does not hold',
    remedy: "Sign in again; the collector's log says which check failed.",
  },
  'auth/oidc-state': {
    status: 403,
    title: 'The sign-in was begun elsewhere, or too long ago',
    remedy: 'Begin again on the page, in the same browser, within ten minutes.',
  },
  'auth/oidc-refused': {
    status: 403,
    title: 'The issuer let nobody in',
    remedy: 'Begin again, and agree there; or ask who runs the issuer.',
  },
  'auth/oidc-email': {
    status: 403,
    title: 'The issuer does not say an address that counts',
    remedy: 'It has to be verified there, and of nobody else here.',
  },
  'auth/oidc-uninvited': {
    status: 403,
    title: 'Nobody has invited you',
    remedy: 'Ask an admin of the tenant for an invitation to the same e-mail address.',
  },
  'config/oidc': {
    title: 'The file of issuers can not be read',
    remedy: 'The message names file and field: docs/security.md has an example.',
  },
  'tenants/move': {
    title: 'The tenant can not be moved',
    remedy: 'The message says why; the tenant is where it was, docs/scaling.md.',
  },
  'tenants/tier': { status: 400, title: 'There is no such tier', remedy: '`GET /v1/tiers` says which there are.' },
  'tenants/tier-used': { status: 409, title: 'The tier has tenants', remedy: 'Give them other tiers first.' },
  'tenants/name': { status: 409, title: 'There is a tenant of that name', remedy: 'Choose another name.' },
  'tenants/home': {
    status: 409,
    title: 'The first tenant stays',
    remedy: 'Its owners run the installation: it is neither suspended nor deleted.',
  },
  'tenants/in-use': {
    status: 409,
    title: 'The tenant is in use, or was a moment ago',
    remedy: 'Suspend it first, and delete it 15 seconds later.',
  },
  'account/totp': {
    status: 409,
    title: 'The second factor is not as this needs it',
    remedy: 'The message says whether it has to be set up, or turned off, first.',
  },
  'account/password': {
    status: 403,
    title: 'The password that was given is not right',
    remedy: 'Give the password that counts now.',
  },
  'users/last-owner': { status: 409, title: 'The tenant would have no owner', remedy: 'Make another owner first.' },
  'users/invitation': {
    status: 403,
    title: 'The invitation can not be used',
    remedy: 'Each works once, until it expires; ask for another.',
  },
  'auth/token': {
    status: 401,
    title: 'The token is not valid',
    remedy: 'Make a new one with `POST /v1/tokens` or `POST /v1/view-tokens`; they live for minutes.',
  },
  'auth/view-origin': {
    status: 403,
    title: 'The view token is for pages of another site',
    remedy: 'Make one with the origin of the page that shows it.',
  },
  'auth/scope': {
    status: 403,
    title: 'The key may not do this',
    remedy: 'Use a key of the scope that the message names.',
  },
  'auth/tenant': {
    status: 403,
    title: 'The key belongs to another tenant',
    remedy: 'Use a key of the tenant that the sender means.',
  },
  'auth/origin': {
    status: 403,
    title: 'A change by a session from another page',
    remedy: "Changes by a session come from the collector's own page; programs use a key.",
  },
  'auth/sign-in-code': {
    status: 403,
    title: 'The sign-in link can not be used any more',
    remedy: 'Each works once and for 15 minutes; a start of the collector prints a new one.',
  },
  'auth/host': { status: 403, title: 'The key may ship for another host only', remedy: 'Enrol each host on its own.' },
  'auth/database': {
    status: 503,
    title: 'The database does not answer',
    remedy: 'Try again; `/readyz` says when it is back.',
  },
  'backup/format': {
    title: 'That is no whole backup',
    remedy: 'Nothing was restored; take another one, or make it again.',
  },
  'backup/not-empty': {
    title: 'A backup goes into an empty database only',
    remedy: 'Set `DATABASE_URL` or `TARSIER_DATA` to one that is empty.',
  },
  'backup/version': {
    title: 'The backup is of another version of the collector',
    remedy: 'Restore it with the version that made it, then upgrade.',
  },
  'batch/column': {
    status: 400,
    title: 'A column of a batch can not be read',
    remedy: 'The sender is broken or of another version: docs/wire-format.md.',
  },
  'batch/column-length': {
    status: 400,
    title: 'A column has another length than the batch has rows',
    remedy: 'The sender is broken: docs/wire-format.md.',
  },
  'batch/compression': {
    status: 400,
    title: 'The payload is not zstd, or unpacks to too much',
    remedy: 'The sender is broken: docs/wire-format.md.',
  },
  'batch/field': {
    status: 400,
    title: 'A field of a batch has the wrong type or range',
    remedy: 'The message names it.',
  },
  'batch/malformed': {
    status: 400,
    title: 'The bytes are no batch',
    remedy: 'The sender is broken, or the body was changed on its way.',
  },
  'batch/rows': {
    status: 400,
    title: 'A batch has no rows, or too many',
    remedy: 'Send at most as many rows as the message says.',
  },
  'batch/schema': {
    status: 400,
    title: 'The schema of a batch can not be taken',
    remedy: 'The message names the series or metric.',
  },
  'batch/times': {
    status: 400,
    title: 'Times are not whole milliseconds in ascending order',
    remedy: "The sender's clock or code is broken.",
  },
  'batch/too-large': { status: 413, title: 'A batch is larger than it may be', remedy: 'Send smaller batches.' },
  'batch/trailing': { status: 400, title: 'There are bytes after the end of a batch', remedy: 'The sender is broken.' },
  'batch/truncated': {
    status: 400,
    title: 'A batch ends too early',
    remedy: 'The body was cut off on its way; it can be sent again.',
  },
  'batch/varint': { status: 400, title: 'A number of a batch is too long', remedy: 'The sender is broken.' },
  'batch/version': {
    status: 400,
    title: 'A batch of a version that is not known here',
    remedy: 'Upgrade the collector before the agents.',
  },
  'batch/width': { status: 400, title: 'A batch has too many series', remedy: 'Split it by plugin or host.' },
  'budgets/amounts': {
    status: 409,
    title: 'Amounts break what a rebalancing has to keep',
    remedy: 'Keep their sum and their bounds; `…/simulate` says what is broken.',
  },
  'budgets/changed': {
    status: 409,
    title: 'A budget was changed since the proposal was made',
    remedy: 'Make a new proposal with `budget.rebalance`.',
  },
  'budgets/state': {
    status: 409,
    title: 'The rebalancing is in no state for that',
    remedy: 'Only one that is not applied can be applied, and only one that is applied undone.',
  },
  'cluster/lease-lost': {
    status: 503,
    title: 'Another collector decides for the tenant now',
    remedy: 'Nothing: what was to be written is found out again there.',
  },
  'cluster/no-leader': {
    status: 503,
    title: 'No collector decides for the tenant just now',
    remedy: 'Try again in some seconds: another takes over. If that lasts, look at the logs of the collectors.',
  },
  'config/environment': {
    title: 'A setting can not be used',
    remedy: 'The message names the variable, what came and what was expected.',
  },
  'config/tls': {
    title: 'A certificate or key can not be read',
    remedy: 'Check the file that the message names, and who may read it.',
  },
  'config/web-root': {
    title: 'There is no page where it was said to be',
    remedy: 'Build the page, set `TARSIER_WEB_ROOT` to its folder, or leave it out to serve the API alone.',
  },
  'config/data-folder': {
    title: 'The data folder can not be made or written',
    remedy: 'Set `TARSIER_DATA` to a folder that the collector may write.',
  },
  'config/listen': {
    title: 'The collector can not listen there',
    remedy: 'Set `TARSIER_LISTEN`, or stop the other program.',
  },
  'detection/detector': {
    status: 400,
    title: 'A detector that there is not',
    remedy: '`GET /v1/detection/detectors` lists them.',
  },
  'enrol/in-use': {
    status: 409,
    title: 'The machine looks like a host whose samples still come',
    remedy: 'The message says what to do for a clone, and for a reinstallation.',
  },
  'enrol/name-taken': {
    status: 409,
    title: 'Another machine is enrolled under that name',
    remedy: 'Choose another name, or enrol with `--replace`.',
  },
  'enrol/renamed': {
    status: 409,
    title: 'The machine is enrolled under another name',
    remedy: 'Enrol without `--host`, or with `--as-new`.',
  },
  'enrol/token': {
    status: 401,
    title: 'The enrolment token can not be used',
    remedy: 'Make a new one: `tarsier-collector enrol-token create`.',
  },
  'forecast/history': {
    status: 400,
    title: 'The time to look back is shorter than the step',
    remedy: 'Choose a longer history or a shorter step.',
  },
  'forecast/too-many-series': {
    status: 400,
    title: 'The query gives more series than are forecast at once',
    remedy: 'Narrow the selector.',
  },
  'format/limit': { status: 400, title: 'A line or text is larger than it may be', remedy: 'Send it in parts.' },
  'format/syntax': { status: 400, title: 'A line can not be read', remedy: 'The message says which line and column.' },
  'http/aborted': { status: 400, title: 'The request ended before its body', remedy: 'Send it again.' },
  'http/body': {
    status: 400,
    title: 'The body is not as expected',
    remedy: '`field` says where; docs/openapi.json has the schema.',
  },
  'http/parameter': {
    status: 400,
    title: 'A parameter of the address is not as expected',
    remedy: '`field` says which one.',
  },
  'http/content-encoding': {
    status: 415,
    title: 'The body is packed in a way that is not known here',
    remedy: 'Use what the message lists.',
  },
  'http/content-type': {
    status: 415,
    title: 'The body is of another type than expected',
    remedy: 'Set `content-type` as the message says.',
  },
  'http/cursor': {
    status: 400,
    title: 'The cursor is not one of this list',
    remedy: 'Take `next` of the answer before, with the same filters.',
  },
  'http/idempotency-key': {
    status: 400,
    title: 'The idempotency key can not be used',
    remedy: '1 to 255 printable characters.',
  },
  'http/idempotency-reuse': {
    status: 422,
    title: 'The idempotency key was used for another request',
    remedy: 'Use a new key for each request that is meant to be made once.',
  },
  'http/idempotency-busy': {
    status: 409,
    title: 'The first request of this idempotency key is not answered yet',
    remedy: 'Try again in a second.',
  },
  'http/idempotency-secret': {
    status: 409,
    title: 'The request was made before; its secret is shown only once',
    remedy: 'Take the secret from the first answer, or make a new one with another key.',
  },
  'http/internal': {
    status: 500,
    title: 'Something went wrong in the collector',
    remedy: "Its log has the request's id; the request may be tried again.",
  },
  'http/json': { status: 400, title: 'The body is not JSON', remedy: 'Send UTF-8 JSON.' },
  'http/not-found': { status: 404, title: 'There is no such thing', remedy: 'Check the address and the id.' },
  'http/packed': {
    status: 400,
    title: 'The body can not be unpacked',
    remedy: 'It is not what `content-encoding` says.',
  },
  'http/precondition': {
    status: 412,
    title: 'It has changed since it was read',
    remedy: 'Read it again, and repeat the change with its new `etag`.',
  },
  'http/text': { status: 400, title: 'The body is not UTF-8', remedy: 'Send UTF-8.' },
  'http/stopping': {
    status: 503,
    title: 'The collector stops',
    remedy: 'Try again in a moment, here or at another collector; agents do it by themselves.',
  },
  'http/too-large': { status: 413, title: 'The body is larger than it may be', remedy: 'Send it in parts.' },
  'incidents/closed': {
    status: 409,
    title: 'The incident is closed',
    remedy: 'Nothing can be done about it any more.',
  },
  'ingest/busy': {
    status: 503,
    title: 'Too many batches wait to be stored',
    remedy: 'Agents keep theirs and come again by themselves.',
  },
  'ingest/database': {
    status: 503,
    title: 'The batch could not be stored',
    remedy: 'Send it again; it is stored once.',
  },
  'ingest/envelope': {
    status: 400,
    title: 'The envelope says other rows or times than the columns',
    remedy: 'The sender is broken.',
  },
  'ingest/in-future': { status: 400, title: 'Samples are from the future', remedy: "Set the sender's clock." },
  'ingest/schema-hash': {
    status: 400,
    title: 'The schema has another hash than the batch says',
    remedy: 'The sender is broken.',
  },
  'ingest/schema-unknown': {
    status: 409,
    title: 'The collector does not know what the columns are',
    remedy: 'Send the schema with the batch; agents do by themselves.',
  },
  'ingest/span': { status: 400, title: 'A batch spans too much time', remedy: 'Send shorter batches.' },
  'ingest/too-late': {
    status: 400,
    title: 'Samples are older than is accepted',
    remedy: '`TARSIER_MAX_AGE_HOURS` says how old; `/v1/import` takes older ones.',
  },
  'ingest/too-many-series': {
    status: 429,
    title: 'The tenant has as many series as it may',
    remedy: 'Delete hosts that are gone, drop labels, or raise the limit.',
  },
  'ingest/width': {
    status: 400,
    title: 'A batch has another number of columns than its schema',
    remedy: 'The sender is broken.',
  },
  'jobs/after': {
    status: 400,
    title: 'A job is to come after one that can not be waited for',
    remedy: 'Submit it after jobs that are there and have not failed.',
  },
  'jobs/budget': { title: 'A budget ended in the middle of a run', remedy: 'Raise the budget, and retry the job.' },
  'jobs/budgets': {
    title: 'There are no budgets that money could move between',
    remedy: 'Set at least two of the kind and period, with bounds that leave room.',
  },
  'jobs/cancelled': { title: 'Somebody cancelled the job', remedy: 'Submit it again, if that was a mistake.' },
  'jobs/cron': { status: 400, title: 'A cron expression can not be read', remedy: 'Use five or six fields.' },
  'jobs/failed': { title: 'A run failed', remedy: 'The message and the events of the job say why.' },
  'jobs/key': {
    status: 409,
    title: 'The key was used for another job',
    remedy: 'Use a key of its own for each job.',
  },
  'jobs/lost': { title: 'The lease of a run could not be held', remedy: 'Another worker takes the job over.' },
  'jobs/memory': { title: 'A run took more memory than its type may', remedy: 'Ask for less at once.' },
  'jobs/payload': {
    status: 400,
    title: 'The payload of a job is not as its type wants it',
    remedy: '`GET /v1/jobs/types` has the schemas.',
  },
  'jobs/result': { title: 'A result can not be stored', remedy: 'It has to be JSON of at most 4 MB.' },
  'jobs/state': {
    status: 409,
    title: 'The job is in no state for that',
    remedy: 'Look at the job: it may have ended meanwhile.',
  },
  'jobs/stopped': { title: 'The worker of a run was stopped', remedy: 'The job runs again by itself.' },
  'jobs/thread': { title: 'The thread of a run ended', remedy: 'The job is tried again; the log may have more.' },
  'jobs/time-zone': { status: 400, title: 'A time zone is not known', remedy: 'Use an IANA name.' },
  'jobs/timeout': { title: 'A run took longer than it may', remedy: 'Submit it with a longer `timeoutMs`.' },
  'jobs/type': { status: 400, title: 'There is no such job type', remedy: '`GET /v1/jobs/types` has all.' },
  'jobs/worker-lost': { title: 'The worker of a run is gone', remedy: 'The job is tried again by itself.' },
  'jobs/model': { title: 'There is no such model', remedy: 'Train it first; `GET /v1/models` has all.' },
  'jobs/series': { title: 'A query finds no series to work with', remedy: 'Look at the query and its time.' },
  'jobs/too-few-values': {
    title: 'Series are too short to learn from',
    remedy: 'Use a longer time, or smaller steps.',
  },
  'limit/requests': {
    status: 429,
    title: 'More requests per second than the tenant or key may make',
    remedy: 'Come again after `retry-after`; `ratelimit` says how many are left.',
  },
  'limit/samples': {
    status: 429,
    title: 'More samples per second than the tenant or key may send',
    remedy: 'Agents keep theirs and come again by themselves; measure less often, or have the limit raised.',
  },
  'limit/hosts': {
    status: 429,
    title: 'The tenant has as many hosts as it may',
    remedy: 'Delete hosts that are gone, or have the limit raised.',
  },
  'limit/bytes': {
    status: 429,
    title: 'The tenant has stored as many bytes as it may',
    remedy: 'Wait until older samples expire, delete hosts, or have the limit raised.',
  },
  'limit/subscriptions': {
    status: 429,
    title: 'The tenant has as many live subscriptions as it may',
    remedy: 'End some, or have the limit raised.',
  },
  'limit/jobs-waiting': {
    status: 429,
    title: 'The tenant has as many jobs waiting as it may',
    remedy: 'Wait until some have run, cancel some, or have the limit raised.',
  },
  'limit/money-day': {
    status: 429,
    title: "The tenant's jobs have cost what they may on a day",
    remedy: 'Wait until the next day begins (UTC), or have the limit raised. Jobs that wait are run then.',
  },
  'limit/money-month': {
    status: 429,
    title: "The tenant's jobs have cost what they may in a month",
    remedy: 'Wait until the next month begins (UTC), or have the limit raised. Jobs that wait are run then.',
  },
  'live/frame': {
    status: 400,
    title: 'A live frame can not be read',
    remedy: 'Collector and page are of different versions.',
  },
  'live/hello': { status: 400, title: '`hello` came twice', remedy: 'Send it once, as the first message.' },
  'live/internal': { status: 500, title: 'Something went wrong in the collector', remedy: 'Its log has more.' },
  'live/request': { status: 400, title: 'A live message is not as expected', remedy: 'docs/live.md has the messages.' },
  'live/subscriptions': {
    status: 429,
    title: 'A connection has as many subscriptions as it may',
    remedy: 'End one, or open another connection.',
  },
  'live/unavailable': {
    status: 503,
    title: 'The database does not answer',
    remedy: 'The client comes again by itself.',
  },
  'otlp/field': {
    status: 400,
    title: 'A field of an OTLP request has the wrong type',
    remedy: 'The sender is broken.',
  },
  'otlp/json': { status: 400, title: 'An OTLP request is not JSON', remedy: 'The sender is broken.' },
  'otlp/too-large': { status: 400, title: 'An OTLP request has more than it may', remedy: 'Send smaller requests.' },
  'protobuf/malformed': { status: 400, title: 'A protobuf message can not be read', remedy: 'The sender is broken.' },
  'protobuf/truncated': {
    status: 400,
    title: 'A protobuf message ends too early',
    remedy: 'The body was cut off on its way.',
  },
  'models/full': { title: 'The models of a tenant take all the room that they may', remedy: 'Delete old versions.' },
  'models/too-large': { title: 'A model is too large', remedy: 'Train it on fewer series, or for fewer steps.' },
  'query/canceled': {
    status: 400,
    title: 'Nobody waits for the answer any more',
    remedy: 'The client closed its connection.',
  },
  'query/database': { status: 503, title: 'The samples could not be read', remedy: 'Try again.' },
  'query/execution': {
    status: 422,
    title: 'The query can not be evaluated on these series',
    remedy: 'The message says why.',
  },
  'query/parameter': {
    status: 400,
    title: 'Parameters of a query do not fit together',
    remedy: '`field` says which one.',
  },
  'query/parse': { status: 400, title: 'The query can not be read', remedy: 'The message says where: docs/promql.md.' },
  'query/range': {
    status: 400,
    title: 'The time range or step can not be used',
    remedy: '`end` at or after `start`, a positive step.',
  },
  'query/regex': {
    status: 400,
    title: 'A regular expression can not be read',
    remedy: "RE2's syntax, without look-around and back-references.",
  },
  'query/timeout': {
    status: 503,
    title: 'The query took too long',
    remedy: 'Narrow it, use a larger step, or raise the limit.',
  },
  'query/too-long': { status: 422, title: 'The query or its answer is too long', remedy: 'Narrow it.' },
  'query/too-many-points': {
    status: 400,
    title: 'More points per series than may be asked for',
    remedy: 'Use a larger step.',
  },
  'query/too-many-samples': {
    status: 422,
    title: 'The query reads more samples than it may',
    remedy: 'Narrow it, use a larger step, or raise the limit.',
  },
  'query/too-many-series': {
    status: 422,
    title: 'The query reads more series than it may',
    remedy: 'Narrow the selector, or raise the limit.',
  },
  'receive/epoch': { status: 503, title: 'Batches were made too fast', remedy: 'Send again.' },
  'receive/host': { status: 400, title: "The host's name can not be used", remedy: '1 to 255 printable characters.' },
  'receive/precision': { status: 400, title: 'A precision that is not known', remedy: 'The message lists them.' },
  'receive/rejected': {
    status: 400,
    title: 'Some samples were not taken',
    remedy: 'The message counts them and gives the first reason.',
  },
  'recommendations/state': {
    status: 409,
    title: 'The recommendation is in no state for that',
    remedy: 'Look at it: it may have been followed or dismissed meanwhile.',
  },
  'remote-write/symbols': {
    status: 400,
    title: 'The symbols of a remote-write request do not fit',
    remedy: 'The sender is broken.',
  },
  'rules/body': {
    status: 400,
    title: 'A rule says what can not be',
    remedy: 'An expression has another type than is wanted, or a condition names no rule, or itself: see the field.',
  },
  'rules/evaluation': { status: 422, title: 'A rule can not be evaluated', remedy: 'The message says why.' },
  'rules/file': { status: 400, title: 'A rule file can not be read', remedy: 'The message says where.' },
  'rules/lab': {
    status: 400,
    title: 'Trying a rule would take too long',
    remedy: 'Look less often, or over less time.',
  },
  'rules/name': {
    status: 400,
    title: 'The name of a rule file can not be used',
    remedy: 'Up to 100 letters, digits, `.`, `_` or `-`.',
  },
  'rules/test-file': {
    title: 'A file of rule unit tests can not be read',
    remedy: 'The message says where; docs/guides/rule-files.md tells of the format.',
  },
  'rules/refused': { status: 400, title: 'What a rule records was refused', remedy: 'The message says why.' },
  'storage/busy': {
    status: 503,
    title: 'Others are changing the same',
    remedy: 'Try again; nothing was changed.',
  },
  'storage/compaction': { title: 'The thread that compacts ended', remedy: 'The log says why; it is started again.' },
  'storage/copy': {
    title: 'What the database copied out is not as it was asked for',
    remedy: 'Report it, with the message; nothing was changed.',
  },
  'storage/directory': {
    status: 503,
    title: 'It is not known which database a tenant is in',
    remedy: 'Try again; the operator looks whether the first database answers, and `TARSIER_DATABASES` names all.',
  },
  'storage/divided': {
    title: 'The command is of one database, and there are several',
    remedy: 'Run it for each of them, as the message says.',
  },
  'storage/foreign': {
    title: 'A database belongs to another installation',
    remedy: 'Give `TARSIER_DATABASES` an empty database, or take it out.',
  },
  'storage/moving': {
    status: 503,
    title: 'The tenant is being moved to another database',
    remedy: 'Try again in a moment; nothing was changed.',
  },
  'storage/initdb': { title: 'The embedded PostgreSQL could not be created', remedy: 'The message ends with its log.' },
  'storage/locked': {
    title: 'Another collector uses the data folder',
    remedy: 'Stop that one, or set `TARSIER_DATA`.',
  },
  'storage/role': {
    title: 'Tenants can not be kept apart in this database',
    remedy: 'An administrator runs the two statements of the message, once.',
  },
  'storage/no-citus': {
    title: 'The tables can not be distributed here',
    remedy:
      'Install Citus 11 or newer on every node and `CREATE EXTENSION citus;` in this database, or go without: docs/scaling.md.',
  },
  'storage/migration-lock': {
    title: 'Tables can not be migrated while somebody else holds them',
    remedy:
      'End the transaction that the message names, or wait for it; then start again. What needed that table was not changed.',
  },
  'storage/newer': {
    title: 'A newer Tarsier has migrated the database, and this one can not go on with it',
    remedy: 'Upgrade the collector, or restore a backup of before.',
  },
  'storage/no-account': {
    title: 'There is no unprivileged account for PostgreSQL',
    remedy: 'Run the collector as another user than root.',
  },
  'storage/no-postgres': { title: 'There are no PostgreSQL binaries for this platform', remedy: 'Set `DATABASE_URL`.' },
  'storage/postgres-start': {
    title: 'The embedded PostgreSQL did not start',
    remedy: 'The message ends with its log.',
  },
  'storage/schema': {
    title: 'The stored schema can not be read',
    remedy: 'The database was changed by something else.',
  },
  'storage/unreachable': {
    title: 'The database can not be reached or migrated',
    remedy: 'Check `DATABASE_URL`; the message ends with the reason.',
  },
  'thresholds/changed': {
    status: 409,
    title: 'A threshold is no longer what it was when another one was proposed',
    remedy: 'Submit threshold.tune again: it looks at what is in place now.',
  },
  'thresholds/guard-rail': {
    status: 409,
    title: 'A guard rail does not allow that threshold',
    remedy: 'Rules of severity page may only be made more sensitive; change the rule itself if you mean it.',
  },
  'thresholds/state': {
    status: 409,
    title: 'A proposal was applied already, or was not applied',
    remedy: '`GET /v1/threshold-proposals/{id}` shows its state.',
  },
  'usage/weight': { title: 'A weight is no number from 0.01 to 1000', remedy: 'Give one.' },
  'usage/command': { title: 'There is no such command', remedy: '`tarsier-collector --help` lists them.' },
  'usage/expires-in': { title: 'A time that can not be used', remedy: 'As in 30m, 1h or 7d.' },
  'usage/file': { title: 'A file that is missing', remedy: 'Name one, or - for standard input or output.' },
  'usage/host': { title: 'A host that there is not', remedy: 'The tenant’s hosts are at `/v1/hosts`.' },
  'usage/hours': {
    title: 'A number of hours that can not be used',
    remedy: 'A number in the range that the message says.',
  },
  'usage/limit': {
    title: 'A limit that can not be used',
    remedy: 'A number in the range that the message says, or `default`.',
  },
  'usage/revoke': { title: 'No key to revoke', remedy: '`key list` shows which there are.' },
  'usage/scope': { title: 'A scope that there is not', remedy: 'ingest, read, write or admin.' },
  'usage/tenant': { title: 'A tenant that there is not', remedy: '`--tenant` names one that was made before.' },
  'usage/uses': {
    title: 'A number of uses that can not be used',
    remedy: 'A number in the range that the message says.',
  },
};
