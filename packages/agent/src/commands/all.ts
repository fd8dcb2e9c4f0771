import type { Command } from '../command.ts';
import { checkConfigCommand } from './check-config.ts';
import { enrolCommand } from './enrol.ts';
import { pluginsCommand } from './plugins.ts';
import { runCommand } from './run.ts';
import { installServiceCommand, uninstallServiceCommand } from './service.ts';
import { spoolCommand } from './spool.ts';
import { statusCommand } from './status.ts';
import { testCommand } from './test.ts';

/** In the order in which a person meets them. */
export const commands: readonly Command[] = [
  runCommand,
  enrolCommand,
  testCommand,
  pluginsCommand,
  statusCommand,
  spoolCommand,
  checkConfigCommand,
  installServiceCommand,
  uninstallServiceCommand,
];
