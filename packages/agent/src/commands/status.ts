import { TarsierError } from '@tarsier/protocol';
import { exitCodes, text, type Command } from '../command.ts';
import { createConfigReader } from '../config/files.ts';
import { statusInWords, type StatusReport } from '../status/report.ts';
import { askStatus } from '../status/socket.ts';
import { configHelp, configOption, jsonOption } from './settings.ts';

export const statusCommand: Command = {
  name: 'status',
  summary: 'how the agent on this host does',
  help: `tarsier-agent status [--config FILE] [--json]

Asks the running agent: what waits, when the collector last took something, what each plugin costs, which settings are
in use, and what went wrong lately. The socket is in the state folder; only root and the agent's user may ask.

${configHelp}
  --json          for programs; times are Unix milliseconds

Exit codes: 0 an agent runs, 1 none does or it does not answer, 2 wrong arguments or settings.
`,
  options: { ...configOption, ...jsonOption },
  async run(args, program) {
    // Settings that do not hold are a reason to ask.
    const { state } = await createConfigReader(program, { explicit: text(args.values['config']), needsKey: false })();
    // Both ends are this program; a state folder belongs to one version of it.
    const report = (await askStatus(state, program.platform).catch((error: unknown) => {
      if (error instanceof TarsierError && args.values['json'] === true)
        program.print(`${JSON.stringify(error.toJSON())}\n`);
      throw error;
    })) as StatusReport;
    program.print(
      args.values['json'] === true ? `${JSON.stringify(report, undefined, 2)}\n` : statusInWords(report, Date.now()),
    );
    return exitCodes.done;
  },
};
