import { buildWeb, webIsOutdated } from '../../scripts/web.ts';

/** Before all tests: two files that build it at once take each other's away. */
export async function setup(): Promise<void> {
  if (webIsOutdated()) await buildWeb();
}
