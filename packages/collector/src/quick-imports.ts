/**
 * Imports inside drizzle-orm are resolved without asking Node what kind of module each is. Node reads the package.json
 * of a module's package whenever it is asked, and that one has 180 KB, for each of 108 modules: two fifths of the CPU
 * that a command takes to start. Must have run before the module that imports drizzle-orm is linked.
 */
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    const { parentURL = '' } = context;
    const inside = parentURL.includes('/node_modules/drizzle-orm/') && /^\.{1,2}\/.*\.js$/u.test(specifier);
    return inside
      ? { url: new URL(specifier, parentURL).href, format: 'module', shortCircuit: true }
      : next(specifier, context);
  },
});
