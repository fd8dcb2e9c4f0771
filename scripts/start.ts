/** `pnpm start`: collector, agent and page on this host, with one URL to open. `--watch` restarts on changes. */
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { nodeFlags } from '../packages/collector/src/node-flags.ts';
import { startChild, type Child } from './child.ts';
import { buildWeb, serveStories, webIsOutdated, webRoot, type Stories } from './web.ts';

const leastNode = [22, 18] as const;
const readySchema = z.object({ ready: z.object({ url: z.string(), signIn: z.string(), ingestKey: z.string() }) });

interface Running {
  readonly collector: Child;
  readonly agent: Child;
  readonly signIn: string;
}

process.exitCode = await main(process.argv.includes('--watch'));

async function main(watching: boolean): Promise<number> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < leastNode[0] || (major === leastNode[0] && minor < leastNode[1])) {
    say(
      `Tarsier needs Node.js ${leastNode.join('.')} or newer, this is ${process.versions.node}; "npx -y pnpm@12 start" brings its own`,
    );
    return 2;
  }
  const interrupted = nextSignal();
  const stories: Stories[] = [];
  try {
    return await runUntil(interrupted, watching, stories);
  } finally {
    for (const one of stories) await one.close();
  }
}

/** @param stories  gets those that are served */
async function runUntil(interrupted: Promise<NodeJS.Signals>, watching: boolean, stories: Stories[]): Promise<number> {
  const dataFolder = resolve(process.env['TARSIER_DATA'] ?? 'tarsier-data');
  for (let first = true; ; first = false) {
    if (webIsOutdated()) {
      say('building the page …');
      if ((await Promise.race([buildWeb(), interrupted])) !== undefined) {
        say('stopped; the next start builds it');
        // A build can not be told to stop.
        process.exit(0);
      }
    }
    const running = await start(dataFolder, interrupted);
    if (running === 'interrupted') return 0;
    if (running === undefined) return 1;
    if (first) welcome(running, dataFolder);
    if (first && watching) {
      const served = await serveStories();
      stories.push(served);
      say(`Each element in all of its states: ${served.url}`);
    }
    const over = new AbortController();
    const changed = watching ? nextChange(over.signal) : new Promise<never>(() => {});
    const died = Promise.race(
      [running.collector, running.agent].map(async (child) => ({ child, how: await child.exited })),
    );
    const what = await Promise.race([interrupted.then(() => 'interrupted' as const), changed, died]);
    if (typeof what === 'object') say(`the ${what.child.name} ended by itself (${what.how}); its last lines are above`);
    if (what === 'interrupted') say('stopping …');
    if (what === 'changed') say('a source changed; starting again …');
    over.abort();
    await stop(running, interrupted);
    const isInterrupted = (await Promise.race([interrupted, Promise.resolve()])) !== undefined;
    if (what === 'changed' && !isInterrupted) continue;
    say('stopped; the data is kept');
    return typeof what === 'object' ? 1 : 0;
  }
}

/** @returns undefined when the collector says why it did not start */
async function start(
  dataFolder: string,
  interrupted: Promise<NodeJS.Signals>,
): Promise<Running | 'interrupted' | undefined> {
  const environment = { ...process.env, TARSIER_DATA: dataFolder, TARSIER_LOG: process.env['TARSIER_LOG'] ?? 'warn' };
  const collector = startChild(
    'collector',
    'packages/collector/src/main.ts',
    ['serve', '--ready-json'],
    { ...environment, TARSIER_WEB_ROOT: process.env['TARSIER_WEB_ROOT'] ?? webRoot },
    nodeFlags,
  );
  // PostgreSQL takes its time to begin, or to recover.
  const line = await Promise.race([collector.firstLine, interrupted.then(() => 'interrupted' as const)]);
  if (line === 'interrupted') {
    say('stopping …');
    await stop({ collector }, interrupted);
    say('stopped; the data is kept');
    return line;
  }
  if (line === undefined) {
    await collector.exited;
    say('the collector did not start; the line above says why');
    return undefined;
  }
  const { ready } = readySchema.parse(JSON.parse(line));
  const agent = startChild('agent', 'packages/agent/src/main.ts', ['run'], {
    ...environment,
    TARSIER_URL: ready.url,
    TARSIER_KEY: ready.ingestKey,
    TARSIER_STATE: process.env['TARSIER_STATE'] ?? resolve(dataFolder, 'agent'),
  });
  return { collector, agent, signIn: ready.signIn };
}

/** The agent first: what it sampled last still reaches the collector. A second signal kills both. */
async function stop(
  { collector, agent }: Pick<Running, 'collector'> & Partial<Running>,
  interrupted: Promise<NodeJS.Signals>,
): Promise<void> {
  const stopped = new AbortController();
  const inAHurry = interrupted.then(() => nextSignal(stopped.signal));
  void inAHurry.then(() => {
    agent?.kill();
    collector.kill();
  });
  agent?.stop();
  await agent?.exited;
  collector.stop();
  await collector.exited;
  stopped.abort();
}

function welcome({ signIn }: Running, dataFolder: string): void {
  say('');
  say('Tarsier measures this host each second. See it here (the link signs you in once, within 15 minutes):');
  say('');
  say(`  ${signIn}`);
  say('');
  const below = relative('.', dataFolder) || '.';
  say(`Data is kept in ${below.startsWith('..') ? dataFolder : below}. Ctrl-C stops everything.`);
  openBrowser(signIn);
}

function openBrowser(url: string): void {
  const wanted = process.env['TARSIER_NO_OPEN'] !== '1' && process.env['CI'] === undefined && process.stdout.isTTY;
  const hasDisplay =
    process.platform === 'darwin' ||
    process.env['DISPLAY'] !== undefined ||
    process.env['WAYLAND_DISPLAY'] !== undefined;
  if (!wanted || !hasDisplay) return;
  const opener = spawn(process.platform === 'darwin' ? 'open' : 'xdg-open', [url], { stdio: 'ignore', detached: true });
  // Without a browser the printed link is all there is to do.
  opener.on('error', () => {});
  opener.unref();
}

/** @param over  aborted: nobody waits for it any more */
function nextSignal(over?: AbortSignal): Promise<NodeJS.Signals> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  return new Promise((resolvePromise) => {
    const forget = (): void => {
      for (const signal of signals) process.off(signal, heed);
    };
    function heed(signal: NodeJS.Signals): void {
      forget();
      resolvePromise(signal);
    }
    if (over?.aborted === true) return;
    for (const signal of signals) process.on(signal, heed);
    over?.addEventListener('abort', forget, { once: true });
  });
}

/** @param over  aborted: nobody waits for it any more */
function nextChange(over: AbortSignal): Promise<'changed'> {
  const folder = fileURLToPath(new URL('../packages/', import.meta.url));
  return new Promise((resolvePromise) => {
    const watcher = watch(folder, { recursive: true, signal: over }, (_, file) => {
      if (file === null || !/[\\/]src[\\/]|index\.html$/u.test(file)) return;
      watcher.close();
      // An editor writes several files at once.
      setTimeout(() => resolvePromise('changed'), 200);
    });
  });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
