/** `pnpm generate:web`: the manifest, the tables and the React wrappers of the elements of packages/web. */
import { writeFileSync } from 'node:fs';
import { webFiles } from './web-manifest.ts';
import { webFolder } from './web.ts';

for (const [path, text] of webFiles()) writeFileSync(webFolder + path, text);
