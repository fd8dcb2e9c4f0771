import { syncBuiltinESMExports } from 'node:module';
import { TarsierError } from '@tarsier/protocol';
import { placeOf } from './stray-log.ts';

/**
 * From now on `process.exit` throws and says where it was called: plugins run in this process, and one that ended it
 * would take along what the others have measured and is not yet on the disk.
 */
export function refuseExit(process: Pick<NodeJS.Process, 'exit'>): void {
  process.exit = function exit(code): never {
    const error = new Error();
    Error.captureStackTrace(error, exit);
    const call = `process.exit(${code ?? ''}) at ${placeOf(error)}`;
    throw new TarsierError('plugin/exit', `${call}: a plugin can not end the agent; it should throw an error`);
  };
  // For those that import it by its name.
  syncBuiltinESMExports();
}
