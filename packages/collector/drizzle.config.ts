import { defineConfig } from 'drizzle-kit';

// The tool wants a default export. Paths are from the workspace root, where `pnpm db:generate` runs it.
export default defineConfig({
  dialect: 'postgresql',
  schema: ['./packages/collector/src/storage/schema.ts', './packages/collector/src/storage/jobs/schema.ts'],
  out: './packages/collector/drizzle',
});
