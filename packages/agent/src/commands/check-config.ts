import { exitCodes, text, type Command } from '../command.ts';
import { createConfigReader } from '../config/files.ts';
import { describeProblem } from '../config/config.ts';
import { counted, durationInWords } from '../words.ts';
import { configHelp, configOption, jsonOption } from './settings.ts';

export const checkConfigCommand: Command = {
  name: 'check-config',
  summary: 'say everything that is wrong with the settings (also: --check-config)',
  help: `tarsier-agent check-config [--config FILE] [--json]

Reads the settings as run would, and prints every problem with its place, what came and what was expected.

${configHelp}
  --json          problems as JSON: source, line, column, field, message

Exit codes: 0 no problem, 2 problems.
`,
  options: { ...configOption, ...jsonOption },
  async run({ values }, program) {
    const read = createConfigReader(program, { explicit: text(values['config']) });
    const { config, problems, file, plugins } = await read();
    if (values['json'] === true) program.print(`${JSON.stringify({ file: file ?? null, problems }, undefined, 2)}\n`);
    else if (config === undefined) for (const problem of problems) program.print(`${describeProblem(problem)}\n`);
    else {
      const on = plugins.filter(({ name }) => config.plugins[name] !== false).length;
      program.print(
        `${file ?? 'There is no settings file; the environment'}: no problems. It measures ${config.host} every ${durationInWords(config.intervalMs)} with ${counted(on, 'plugin')} and ships to ${config.url}.\n`,
      );
    }
    return config === undefined ? exitCodes.usage : exitCodes.done;
  },
};
