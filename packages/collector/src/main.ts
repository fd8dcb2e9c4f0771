/** `tarsier-collector`: what program.ts does, sooner. */
import './quick-imports.ts';

await import('./program.ts');
