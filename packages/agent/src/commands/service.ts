import { execFile } from 'node:child_process';
import { existsSync, lstatSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describeError, TarsierError } from '@tarsier/protocol';
import { exitCodes, text, type Arguments, type Command, type Program } from '../command.ts';
import { configPlaces, createConfigReader, defaultStateFolder } from '../config/files.ts';
import { closedToOthers, removeService, unitFile, writeService } from '../service/service-files.ts';
import { systemdUnit, unitName } from '../service/systemd-unit.ts';
import { configHelp, configOption, tellProblems } from './settings.ts';

const run = promisify(execFile);
const rootOption = { root: { type: 'string' } } as const;
const boardFile = '/sys/class/dmi/id/product_uuid';

export const installServiceCommand: Command = {
  name: 'install-service',
  summary: 'make a service of the agent that starts with the host (systemd)',
  help: `tarsier-agent install-service [--config FILE] [--print] [--root DIR]

Writes ${unitFile('/')}, has it start with the host, and starts it. The service runs as a user of its own
with no privileges, may read what everybody may, and writes only its state. docs/guides/install-agent.md says what
plugins need that want more, and how macOS and Windows do it. Enrol this host first.

${configHelp}
  --print         only print the unit
  --root DIR      write below this folder and start nothing: for images

Exit codes: 0 done, 1 failed, 2 wrong arguments or settings.
`,
  options: { ...configOption, ...rootOption, print: { type: 'boolean' } },
  async run({ values }, program) {
    const config = text(values['config']);
    const unit = systemdUnit({
      executable: program.executable,
      script: program.script,
      config: config === undefined ? undefined : resolve(config),
      boardFile: existsSync(boardFile) ? boardFile : undefined,
    });
    if (values['print'] === true) {
      program.print(unit);
      return exitCodes.done;
    }
    const root = rootFor({ values }, program);
    for (const path of [program.executable, program.script]) checkReadable(path);
    if (root === '/') {
      const read = await createConfigReader(program, { explicit: config })();
      if (read.config === undefined) {
        tellProblems(read, program);
        return exitCodes.usage;
      }
      if (read.file !== undefined) checkReadable(read.file);
    }
    writeService(root, unit);
    program.print(`${unitFile(root)} is written.\n`);
    if (!systemdRuns(root)) {
      program.print('systemd does not run here; the agent starts with the next boot.\n');
      return exitCodes.done;
    }
    await systemctl('daemon-reload');
    await systemctl('restart', unitName);
    program.print('The agent runs. See how it does: tarsier-agent status, and journalctl -u tarsier-agent\n');
    return exitCodes.done;
  },
};

export const uninstallServiceCommand: Command = {
  name: 'uninstall-service',
  summary: 'stop and remove what install-service made',
  help: `tarsier-agent uninstall-service [--root DIR]

Stops the service and removes its unit. Settings, key and spool stay, and it says where they are.

  --root DIR      as for install-service

Exit codes: 0 done, 1 failed or there was no service, 2 wrong arguments.
`,
  options: rootOption,
  async run(args, program) {
    const root = rootFor(args, program);
    if (systemdRuns(root) && existsSync(unitFile(root))) await systemctl('disable', '--now', unitName);
    removeService(root);
    if (systemdRuns(root)) await systemctl('daemon-reload');
    program.print(`${unitFile(root)} is removed.\n`);
    const kept = [...configPlaces(program), defaultStateFolder(program)]
      .map((path) => join(root, path))
      .filter(isThere);
    if (kept.length > 0)
      program.print(
        `What stays, with the key and the batches that wait: ${kept.join(', ')}. Remove it by hand if this host is not to come back, and end its key on the collector: tarsier-collector key revoke --host NAME\n`,
      );
    return exitCodes.done;
  },
};

function rootFor({ values }: Pick<Arguments, 'values'>, program: Program): string {
  const root = text(values['root']);
  if (program.platform !== 'linux') {
    throw new TarsierError(
      'service/platform',
      `services are made here for Linux with systemd; docs/guides/install-agent.md has the one for ${program.platform === 'darwin' ? 'macOS' : program.platform === 'win32' ? 'Windows' : program.platform}`,
    );
  }
  if (root !== undefined) return resolve(root);
  if (program.uid !== 0) throw new TarsierError('usage/root', 'a service is made by root: run it with sudo');
  return '/';
}

/** The service's user gets to files as everybody does. */
function checkReadable(file: string): void {
  const closed = closedToOthers(file);
  if (closed === undefined) return;
  throw new TarsierError(
    'service/unreadable',
    `the service's user can not read ${file}: ${closed} is closed to others. Programs belong in a folder that everybody may enter, as /opt or /usr/local; secrets of the settings in files of their own (\${file:…})`,
  );
}

function systemdRuns(root: string): boolean {
  return root === '/' && existsSync('/run/systemd/system');
}

async function systemctl(...args: readonly string[]): Promise<void> {
  try {
    await run('systemctl', args);
  } catch (cause) {
    throw new TarsierError('service/systemctl', `systemctl ${args.join(' ')} failed: ${describeError(cause)}`, {
      cause,
    });
  }
}

/** Also a link that leads nowhere, as systemd leaves it for a state folder. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
