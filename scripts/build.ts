/**
 * `pnpm build [web | packages]`: the page, and JavaScript with types of what is published. The workspace itself runs
 * from its sources; `node --conditions=tarsier-built packages/agent/dist/main.js` runs what was built.
 */
import { buildPackages, builtPackages, buildWebTypes } from './packages.ts';
import { buildWeb, webRoot } from './web.ts';

const [what = 'all'] = process.argv.slice(2);
if (what === 'all' || what === 'web') {
  await buildWeb();
  process.stdout.write(`built ${webRoot}\n`);
}
if (what === 'all' || what === 'packages') {
  await buildPackages();
  await buildWebTypes();
  process.stdout.write(`built ${builtPackages.map((name) => `packages/${name}/dist`).join(', ')}\n`);
}
