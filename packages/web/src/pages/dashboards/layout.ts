/** What a person does when arranging panels: each gives the panels as they are afterwards. */
import type { Panel } from '@tarsier/protocol/api';
import { dashboardColumns, dashboardRows } from '@tarsier/protocol/elements';

type Panels = readonly Panel[];

const within = (value: number, most: number): number => Math.min(Math.max(value, 1), most);

export function replaced(panels: Panels, at: number, change: Partial<Panel>): Panels {
  return panels.map((panel, i) => (i === at ? { ...panel, ...change } : panel));
}

export function removed(panels: Panels, at: number): Panels {
  return panels.toSpliced(at, 1);
}

/** @param by  -1: it comes earlier; 1: later */
export function moved(panels: Panels, at: number, by: -1 | 1): Panels {
  const panel = panels[at];
  const to = at + by;
  if (panel === undefined || to < 0 || to >= panels.length) return panels;
  return panels.toSpliced(at, 1).toSpliced(to, 0, panel);
}

export function resized(panels: Panels, at: number, by: { readonly width?: number; readonly height?: number }): Panels {
  const panel = panels[at];
  if (panel === undefined) return panels;
  return replaced(panels, at, {
    width: within(panel.width + (by.width ?? 0), dashboardColumns),
    height: within(panel.height + (by.height ?? 0), dashboardRows),
  });
}
