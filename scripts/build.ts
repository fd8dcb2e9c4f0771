import { buildWeb, webRoot } from './web.ts';

/** Builds what has to be built: the page. Everything else runs from its sources. */
await buildWeb();
process.stdout.write(`built ${webRoot}\n`);
