/**
 * The Model Context Protocol (2025-06-18) over HTTP, for AI agents: https://modelcontextprotocol.io/specification. It
 * keeps no sessions, answers with JSON, and can only read: a tool asks this very API as the one who called it, so that
 * scopes, limits and tenants hold as they do there.
 */
import { describeIssue, TarsierError } from '@tarsier/protocol';
import { Hono, type Context } from 'hono';
import { z } from 'zod';
import { sameOrigin, type Authenticate } from '../../tenancy/authenticate.ts';
import type { Limiter } from '../../tenancy/limiter.ts';
import { requireScope } from '../../tenancy/permissions.ts';
import type { AppEnv } from '../app-env.ts';
import { jsonBody } from '../json-body.ts';
import { inputSchemaOf, propertiesOf, tools, type Tool } from './tools.ts';

/** Newest first. */
const versions = ['2025-06-18', '2025-03-26'] as const;
const maxBodyBytes = 64 * 1024;
/** More than this a model can't make use of. */
const maxAnswerChars = 100_000;

const requestSchema = z.object({
  jsonrpc: z.literal('2.0'),
  /** Absent: nobody waits for an answer. */
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string().max(200),
  params: z.record(z.string(), z.unknown()).optional(),
});
type RpcRequest = z.infer<typeof requestSchema>;
const callSchema = z.object({
  name: z.string(),
  arguments: z.record(z.string(), z.unknown()).default({}),
});

const codes = { invalidRequest: -32_600, methodNotFound: -32_601, invalidParams: -32_602 } as const;

export interface McpDeps {
  readonly authenticate: Authenticate;
  readonly limiter: Pick<Limiter, 'request'>;
  readonly version: string;
  /** This very API. */
  readonly ask: (request: Request, env: AppEnv['Bindings']) => Response | Promise<Response>;
}

/** `POST /mcp`, with a key or a token that may read. */
export function mcpRoutes({ authenticate, limiter, version, ask }: McpDeps): Hono<AppEnv> {
  async function answer(c: Context<AppEnv>, { method, params }: RpcRequest): Promise<object> {
    switch (method) {
      case 'initialize': {
        const wanted = params?.['protocolVersion'];
        return {
          protocolVersion: versions.find((one) => one === wanted) ?? versions[0],
          capabilities: { tools: {} },
          serverInfo: { name: 'tarsier', title: 'Tarsier', version },
          instructions:
            'Reads the monitoring data of one tenant: metrics by PromQL, hosts, alerts, incidents, anomalies, jobs and costs. Times are Unix seconds or RFC 3339; lists go on with the cursor that they end with (next).',
        };
      }
      case 'ping':
        return {};
      case 'tools/list':
        return {
          tools: tools.map((tool) => ({
            name: tool.name,
            description: tool.description,
            inputSchema: inputSchemaOf(tool),
            annotations: { readOnlyHint: true, openWorldHint: false },
          })),
        };
      case 'tools/call': {
        const call = callSchema.safeParse(params);
        const tool = tools.find(({ name }) => name === call.data?.name);
        if (call.data === undefined || tool === undefined) {
          throw new RpcError(codes.invalidParams, `name: expected one of ${tools.map(({ name }) => name).join(', ')}`);
        }
        return callTool(c, tool, call.data.arguments);
      }
      default:
        throw new RpcError(codes.methodNotFound, `there is no ${method} here`);
    }
  }

  async function callTool(c: Context<AppEnv>, tool: Tool, args: Readonly<Record<string, unknown>>): Promise<object> {
    const known = Object.keys(propertiesOf(tool.input) ?? {});
    const unknown = Object.keys(args).find((name) => !known.includes(name));
    if (unknown !== undefined) return failed(`${unknown}: expected only ${known.join(', ')}`);
    const texts = Object.fromEntries(
      Object.entries(args).map(([name, value]) => [name, typeof value === 'number' ? String(value) : value]),
    );
    const checked = tool.input.safeParse(texts);
    if (!checked.success) return failed(describeIssue(checked.error, texts, 'arguments').message);
    const answers: Record<string, unknown> = {};
    for (const [name, path] of Object.entries(tool.reads(args))) {
      const response = await ask(asCaller(c, path), c.env);
      const body = (await response.json()) as Readonly<Record<string, unknown>>;
      if (!response.ok) return failed(reasonOf(body) ?? `refused with ${response.status}`);
      answers[name] = body;
    }
    const found = (answers[''] ?? answers) as Readonly<Record<string, unknown>>;
    const text = JSON.stringify(found);
    if (text.length > maxAnswerChars) {
      return failed(
        `the answer has ${text.length} characters, more than ${maxAnswerChars}: ask for fewer series or entries, a shorter time, or a longer step`,
      );
    }
    return { content: [{ type: 'text', text }], structuredContent: found, isError: false };
  }

  return (
    new Hono<AppEnv>()
      .post('/', async (c) => {
        const origin = c.req.header('origin');
        // A page that was made to talk to this address is not who it seems to be.
        if (origin !== undefined && !sameOrigin(origin, c.req.header('host'))) {
          throw new TarsierError('auth/origin', 'origin: pages of other sites may not ask here', { field: 'origin' });
        }
        const identity = await authenticate({ authorization: c.req.header('authorization') });
        requireScope(identity, 'read');
        const spoken = c.req.header('mcp-protocol-version');
        if (spoken !== undefined && !versions.some((one) => one === spoken)) {
          const message = `mcp-protocol-version: expected one of ${versions.join(', ')}`;
          throw new TarsierError('http/parameter', message, { field: 'mcp-protocol-version' });
        }
        const parsed = requestSchema.safeParse(await jsonBody(c, maxBodyBytes));
        if (!parsed.success) {
          const error = { code: codes.invalidRequest, message: 'expected one request of JSON-RPC 2.0' };
          return c.json({ jsonrpc: '2.0', id: null, error }, 400);
        }
        const { id } = parsed.data;
        // What a tool asks is counted there.
        if (parsed.data.method !== 'tools/call') await limiter.request(identity, false);
        if (id === undefined) return c.body(null, 202);
        try {
          return c.json({ jsonrpc: '2.0', id, result: await answer(c, parsed.data) });
        } catch (error) {
          if (!(error instanceof RpcError)) throw error;
          return c.json({ jsonrpc: '2.0', id, error: { code: error.code, message: error.message } });
        }
      })
      // There are no sessions to end and no messages that nobody has asked for.
      .on(['GET', 'DELETE'], '/', (c) => c.body(null, 405, { allow: 'POST' }))
  );
}

class RpcError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** A tool that could not do it says so to the model, which may do better the next time. */
function failed(message: string): object {
  return { content: [{ type: 'text', text: message }], isError: true };
}

/** As problems say it, and as Prometheus's API does. */
function reasonOf({ detail, error }: Readonly<Record<string, unknown>>): string | undefined {
  const reason = detail ?? error;
  return typeof reason === 'string' ? reason : undefined;
}

function asCaller(c: Context<AppEnv>, path: string): Request {
  return new Request(new URL(path, c.req.url), {
    headers: { authorization: c.req.header('authorization') ?? '', 'x-request-id': c.get('requestId') },
    signal: c.req.raw.signal,
  });
}
