#!/usr/bin/env node
import { createRequire } from 'node:module';
import { createPlugin, type Versions } from './create.ts';

const usage = `create-tarsier-plugin: makes a working Tarsier plugin in a folder of its own

  pnpm create tarsier-plugin NAME       (or: npm create tarsier-plugin NAME)

NAME is the plugin's name (mail-queue), or that of its package (@acme/tarsier-mail-queue).

Exit codes: 0 done, 1 not made, 2 wrong arguments.
`;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...others] = argv;
  if (name === '--help' || name === '-h') {
    process.stdout.write(usage);
    return 0;
  }
  if (name === undefined || others.length > 0) {
    process.stderr.write(`expected one name, got ${argv.length === 0 ? 'none' : argv.join(' ')}\n\n${usage}`);
    return 2;
  }
  const created = await createPlugin(name, process.cwd(), neededVersions());
  if (created.kind === 'refused') {
    process.stderr.write(`${created.why}\n`);
    return 1;
  }
  const { names, files } = created;
  process.stdout.write(`${files.map((file) => `  ${file}\n`).join('')}
${names.package} is made. Next:

  cd ${names.folder}
  npm install
  npm test
  npx tarsier-agent test ${names.plugin} --config agent.yaml

src/${names.plugin}.ts is where to change what it measures.
`);
  return 0;
}

/** The versions that this package was made and tested with: its own development dependencies. */
function neededVersions(): Versions {
  const manifest: unknown = createRequire(import.meta.url)('../package.json');
  // Our own package.json.
  return (manifest as { readonly devDependencies: Versions }).devDependencies;
}
