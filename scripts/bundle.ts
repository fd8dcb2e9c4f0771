/**
 * The agent as a program: one file instead of some hundred, because memory is what an agent must not take. Loading
 * module by module, with all of every library, takes it 30 MiB more (`pnpm bench agent`).
 */
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const agent = fileURLToPath(new URL('../packages/agent/', import.meta.url));

/** `dist/main.js` and `dist/worker.js`, beside what the compiler made. */
export async function bundleAgent(): Promise<void> {
  // Loaded only when there is something to build: it takes 150 MB.
  const { build } = await import('vite');
  await build({
    configFile: false,
    root: agent,
    logLevel: 'warn',
    plugins: [lazyBuiltins, asciiOnly],
    ssr: { noExternal: true },
    build: {
      ssr: true,
      outDir: 'dist',
      emptyOutDir: false,
      target: 'node22',
      minify: true,
      // What is inside is others' work as well.
      license: { fileName: 'LICENSES.md' },
      rolldownOptions: {
        input: { main: 'src/main.ts', worker: 'src/external/worker.ts' },
        output: { entryFileNames: '[name].js', chunkFileNames: 'main-[name].js', keepNames: true },
      },
    },
  });
}

/** Parts of Node.js that are large, and that many agents never use. */
const lazy = new Set(
  ['child_process', 'crypto', 'dgram', 'dns', 'dns/promises', 'http', 'https', 'net', 'tls', 'worker_threads'].map(
    (name) => `node:${name}`,
  ),
);

/**
 * An `import` of node:http makes every lazy part of it, fetch and WebSocket included: 10 MiB. Here a part of Node.js is
 * fetched without that, and a large one only once something of it is used: it stands behind the prototype of an empty
 * object, which is what the bundler's imports look at.
 */
const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  enforce: 'pre',
  resolveId: (id) => (isBuiltin(id) && id !== 'node:module' ? `\0${id.startsWith('node:') ? id : `node:${id}`}` : null),
  load(id) {
    if (!id.startsWith('\0node:')) return null;
    const name = id.slice(1);
    const builtin = `process.getBuiltinModule(${JSON.stringify(name)})`;
    return lazy.has(name)
      ? `module.exports = Object.create(new Proxy({}, { get: (_, key) => key === 'then' ? undefined : ${builtin}[key] }));`
      : `module.exports = ${builtin};`;
  },
};

/** One character beyond Latin-1, and V8 keeps two bytes for each of the whole file. */
const asciiOnly: Plugin = {
  name: 'ascii-only',
  generateBundle(_, files) {
    for (const file of Object.values(files)) {
      if (file.type !== 'chunk') continue;
      file.code = file.code.replaceAll(/[^\0-\x7f]/gu, (character) =>
        Array.from(
          { length: character.length },
          (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`,
        ).join(''),
      );
    }
  },
};
