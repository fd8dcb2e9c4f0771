/** `pnpm bench <name>`: runs bench/<name>/<name>.ts; bench/README.md says what each shows. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = new URL('../bench/', import.meta.url);
const names = readdirSync(fileURLToPath(folder), { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? entry.name : [],
);
const [name = ''] = process.argv.slice(2);

if (names.includes(name)) await import(new URL(`${name}/${name}.ts`, folder).href);
else {
  process.stderr.write(`expected one of ${names.join(', ')}, got ${name === '' ? 'nothing' : name}\n`);
  process.exitCode = 2;
}
