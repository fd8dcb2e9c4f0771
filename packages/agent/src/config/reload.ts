/** Takes changed settings while the agent runs: read whole, checked first, and the former ones kept when they do not hold. */
import { isDeepStrictEqual } from 'node:util';
import type { Plugin } from '@tarsier/plugins';
import { describeError, type UnixMs } from '@tarsier/protocol';
import type { ConfigReader, ReadConfig } from './files.ts';
import { describeProblem, type AgentConfig } from './config.ts';
import type { Log } from '../log.ts';

export interface ReloadState {
  readonly file: string | undefined;
  /** When the settings in use were read. */
  readonly readAt: UnixMs;
  /** The last change, when it was not taken: what is wrong with it. */
  readonly refused: { readonly at: UnixMs; readonly problems: readonly string[] } | undefined;
}

export interface Reloader {
  readonly state: ReloadState;
  /** Resolves when the settings are in use, or refused. One after the other. */
  reload(why: string): Promise<void>;
}

export function createReloader({
  first,
  read,
  agent,
  onRead,
  log,
  now = Date.now,
}: {
  readonly first: ReadConfig & { readonly config: AgentConfig };
  readonly read: ConfigReader;
  /** @returns names of the plugins that were swapped; @throws when the settings can't be taken: all is then as before */
  readonly agent: { reconfigure(config: AgentConfig, plugins: readonly Plugin[]): Promise<readonly string[]> };
  /** What was read, also when it is refused; `config` is what is in use. */
  readonly onRead: (read: ReadConfig, config: AgentConfig) => void;
  readonly log: Log;
  readonly now?: () => UnixMs;
}): Reloader {
  let { config } = first;
  let state: ReloadState = { file: first.file, readAt: now(), refused: undefined };
  let swapped: readonly string[] = [];
  let queue: Promise<void> = Promise.resolve();

  async function reload(why: string): Promise<void> {
    let found: ReadConfig;
    try {
      found = await read();
    } catch (error) {
      refuse(why, [describeError(error)]);
      return;
    }
    const next = found.config;
    const problems = next === undefined ? found.problems.map(describeProblem) : await takeOver(next, found.plugins);
    if (next === undefined || problems.length > 0) refuse(why, problems);
    else {
      const changed = new Set([...changesBetween(config, next), ...swapped.map((name) => `plugins.${name}`)]);
      config = next;
      state = { file: found.file, readAt: now(), refused: undefined };
      log.info('settings are read again', { why, file: found.file, changed: [...changed].join(', ') || 'nothing' });
    }
    onRead(found, config);
  }

  async function takeOver(next: AgentConfig, plugins: readonly Plugin[]): Promise<readonly string[]> {
    try {
      swapped = await agent.reconfigure(next, plugins);
      return [];
    } catch (error) {
      return [describeError(error)];
    }
  }

  function refuse(why: string, problems: readonly string[]): void {
    state = { ...state, refused: { at: now(), problems } };
    log.error('changed settings are not taken; the former ones stay', { why, problems });
  }

  return {
    get state() {
      return state;
    },
    reload(why) {
      queue = queue.then(() => reload(why));
      return queue;
    },
  };
}

/** Names of the settings that differ; never their values. */
function changesBetween(before: AgentConfig, after: AgentConfig): string[] {
  const { plugins: pluginsBefore, ...restBefore } = before;
  const { plugins: pluginsAfter, ...restAfter } = after;
  return [
    ...differing(restBefore, restAfter),
    ...differing(pluginsBefore, pluginsAfter).map((name) => `plugins.${name}`),
  ];
}

function differing(before: object, after: object): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !isDeepStrictEqual(Reflect.get(before, name), Reflect.get(after, name)));
}
