/** What several commands have in common: the settings, and what is wrong with them. */
import { text, type Arguments, type Program } from '../command.ts';
import { createConfigReader, type ReadConfig } from '../config/files.ts';
import { describeProblem, type AgentConfig } from '../config/config.ts';

export const configOption = { config: { type: 'string' } } as const;
export const jsonOption = { json: { type: 'boolean' } } as const;

export const configHelp = `  --config FILE   the settings; otherwise /etc/tarsier/agent.yaml or $XDG_CONFIG_HOME/tarsier/agent.yaml`;

/**
 * Settings that hold, for commands that need no key.
 *
 * @returns undefined after telling what is wrong with them
 */
export async function readableConfig(
  { values }: Arguments,
  program: Program,
): Promise<(ReadConfig & { readonly config: AgentConfig }) | undefined> {
  const read = await createConfigReader(program, { explicit: text(values['config']), needsKey: false })();
  const { config } = read;
  if (config !== undefined) return { ...read, config };
  tellProblems(read, program);
  return undefined;
}

export function tellProblems({ problems }: Pick<ReadConfig, 'problems'>, program: Pick<Program, 'tell'>): void {
  for (const problem of problems) program.tell(`${describeProblem(problem)}\n`);
}
