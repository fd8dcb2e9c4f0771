import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { describeError, TarsierError } from '@tarsier/protocol';
import { enrolResponse, type EnrolRequest } from '@tarsier/protocol/api';
import { RequestError } from '@tarsier/protocol/client';
import type { z } from 'zod';
import { exitCodes, text, type Arguments, type Command, type Program } from '../command.ts';
import { enrolmentFile, readEnrolment, requireStateFolder, writeEnrolment } from '../enrolment/enrolment.ts';
import { assignedIdentity, machineIdentity } from '../enrolment/identity.ts';
import { clientOver } from '../shipping/client-over.ts';
import { createPoster } from '../shipping/post.ts';
import { configHelp, configOption, jsonOption, readableConfig } from './settings.ts';

const timeoutMs = 15_000;

export const enrolCommand: Command = {
  name: 'enrol',
  summary: "get this host's own key from a collector, for a one-time token",
  help: `tarsier-agent enrol --token-file FILE [--url URL] [--host NAME] [--as-new] [--replace]

Gives the collector a one-time token and gets a key that is good for this host alone. Who runs the collector makes
tokens: tarsier-collector enrol-token create. The key is kept in the state folder, readable by the agent's user only; a
running agent takes it within seconds. Enrolling again gives a new key and ends the former one. A host that was
installed anew comes back as the host it was. TARSIER_MACHINE_ID in the environment
says which machine it is, where the machine says nothing: in containers.

  --token-file FILE   where the token is; - for standard input. Or TARSIER_ENROL_TOKEN in the environment
  --token TOKEN       the token itself; other users of this machine may see it while the command runs
  --url URL           the collector; otherwise as in the settings
  --host NAME         the name for this host; otherwise the name it has
  --as-new            be another host than the one that the collector takes this machine for: for clones, and for
                      containers beside each other
  --replace           take the name although another machine is enrolled by it, whose key then ends
${configHelp}
  --json              { tenant, host, url, returning, file }

Exit codes: 0 enrolled, 1 refused or no answer, 2 wrong arguments or settings.
`,
  options: {
    ...configOption,
    ...jsonOption,
    token: { type: 'string' },
    'token-file': { type: 'string' },
    url: { type: 'string' },
    host: { type: 'string' },
    'as-new': { type: 'boolean' },
    replace: { type: 'boolean' },
  },
  async run(args, program) {
    const { values } = args;
    const read = await readableConfig(args, program);
    if (read === undefined) return exitCodes.usage;
    const { state } = read.config;
    const former = readEnrolment(state);
    const url = text(values['url']) ?? read.config.url;
    const token = await tokenFrom(args, program);
    if (isInTheClear(url)) program.tell(`warning: ${url} is not encrypted: the key can be read on the way\n`);

    const asNew = values['as-new'] === true;
    const machine = machineIdentity({ environment: program.environment });
    const known = asNew || machine.assigned !== undefined ? undefined : former?.identity.assigned;
    const saysNothing = Object.keys(machine).length === 0;
    const identity = known !== undefined ? { assigned: known } : asNew || saysNothing ? assignedIdentity() : machine;
    const chosen = text(values['host']) ?? (read.config.host === former?.host ? undefined : read.config.host);
    const request: EnrolRequest = {
      host: chosen ?? hostname(),
      named: chosen !== undefined && chosen !== hostname(),
      identity,
      replace: values['replace'] === true,
      ...(former === undefined || asNew ? {} : { currentKey: former.key }),
    };
    requireStateFolder(state);
    const { tenant, host, key, returning } = await post(url, token, request);
    writeEnrolment(
      state,
      { url, tenant, host, key, identity: { ...machine, ...identity }, enrolledAt: Date.now() },
      program.uid,
    );
    const file = enrolmentFile(state);
    if (values['json'] === true)
      program.print(`${JSON.stringify({ tenant, host, url, returning, file }, undefined, 2)}\n`);
    else
      program.print(
        `This machine is enrolled as ${host} at ${url}: ${returning ? 'it was known there, and its series go on' : 'a new host'}. Its key is in ${file}.\nA running agent takes the key within seconds; otherwise start one with tarsier-agent run, or tarsier-agent install-service.\n`,
      );
    return exitCodes.done;
  },
};

async function tokenFrom({ values }: Arguments, program: Program): Promise<string> {
  const file = text(values['token-file']);
  const given =
    text(values['token']) ??
    (file === '-'
      ? await program.readStdin()
      : file === undefined
        ? program.environment['TARSIER_ENROL_TOKEN']
        : await tokenIn(file));
  const token = given?.trim() ?? '';
  // What came is not shown: it may be a token all the same.
  if (/^tsr_enrol_[\w-]+$/u.test(token)) return token;
  throw new TarsierError(
    'usage/token',
    `expected a token (tsr_enrol_…) in --token-file, TARSIER_ENROL_TOKEN or --token, got ${token === '' ? 'nothing' : 'something else'}`,
  );
}

async function tokenIn(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new TarsierError('usage/token', `--token-file: ${describeError(cause)}`, { cause });
  }
}

async function post(url: string, token: string, request: EnrolRequest): Promise<z.infer<typeof enrolResponse>> {
  if (!/^https?:/u.test(url) || !URL.canParse('/v1/enrol', url))
    throw new TarsierError('usage/url', `--url: expected the collector, as in https://tarsier.example, got ${url}`);
  const poster = createPoster(new URL('/v1/enrol', url));
  try {
    const answer = await clientOver(poster, token, timeoutMs).call('POST /v1/enrol', { body: request });
    const { data } = enrolResponse.safeParse(answer);
    if (data === undefined) throw new TarsierError('enrol/answer', `${url} is no Tarsier collector, by its answer`);
    return data;
  } catch (cause) {
    if (!(cause instanceof RequestError)) throw cause;
    if (cause.status === 0) {
      throw new TarsierError('enrol/unreachable', `${url} does not answer; is it the collector's address?`, { cause });
    }
    if (cause.code !== 'client/http') throw new TarsierError(cause.code, cause.message);
    throw new TarsierError('enrol/answer', `${url} answered ${cause.status}; is it a Tarsier collector?`);
  } finally {
    poster.close();
  }
}

function isInTheClear(url: string): boolean {
  return (
    URL.canParse(url) &&
    new URL(url).protocol === 'http:' &&
    !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/u.test(new URL(url).hostname)
  );
}
