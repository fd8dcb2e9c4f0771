// Before anything is painted: who chose dark sees no light page first. What it reads, src/app/preferences.ts keeps.
try {
  const { theme } = JSON.parse(localStorage.getItem('tarsier-preferences') ?? '{}');
  if (['light', 'dark', 'contrast'].includes(theme)) document.documentElement.dataset.theme = theme;
} catch {
  // A private window, or nothing that was kept: as the browser has it.
}
