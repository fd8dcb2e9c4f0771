/** What a runbook's page is called, from its title: `Disk filling` → `disk-filling`. */
export function runbookName(title: string): string {
  return title.toLowerCase().replaceAll(/[^a-z0-9]+/gu, '-');
}
