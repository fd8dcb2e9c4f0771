import { css } from 'lit';

export const styles = css`
  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px 12px;
  }
  .bar h1 {
    margin-inline-end: auto;
    overflow-wrap: anywhere;
  }
  .panels {
    display: grid;
    grid-template-columns: repeat(12, minmax(0, 1fr));
    grid-auto-rows: 60px;
    gap: 12px;
  }
  .panel {
    display: flex;
    flex-direction: column;
    gap: 8px;
    min-width: 0;
    min-height: 0;
    grid-column: span var(--width);
    grid-row: span var(--height);
  }
  .panel tarsier-element-frame {
    display: block;
    flex: 1;
    min-height: 0;
    overflow: auto;
    border-radius: var(--_radius);
    /* What a chart has besides its plot: its name, times and legend. */
    --tarsier-chart-height: max(64px, calc(var(--height) * 72px - 128px));
  }
  .arranging .panel {
    padding: 8px;
    border: 1px dashed var(--_border-strong);
    border-radius: var(--_radius);
    grid-row: span calc(var(--height) + 1);
  }
  .tools {
    display: flex;
    flex-wrap: wrap;
    gap: 4px;
  }
  .tools .button {
    min-width: 32px;
    padding: 2px 8px;
  }
  form {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 220px), 1fr));
    align-items: end;
    gap: 10px;
    padding: 16px;
  }
  label {
    display: grid;
    gap: 3px;
    font-size: 13px;
    color: var(--_text-quiet);
  }
  .field {
    min-width: 0;
    width: 100%;
  }
  .list {
    display: grid;
    gap: 0;
  }
  .list li {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 4px 12px;
    padding: 12px 16px;
    border-bottom: 1px solid var(--_border);
  }
  .list li:last-child {
    border-bottom: 0;
  }
  .list a {
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  @media (max-width: 720px) {
    .panels {
      grid-template-columns: minmax(0, 1fr);
      grid-auto-rows: auto;
    }
    .panel,
    .arranging .panel {
      grid-column: auto;
      grid-row: auto;
    }
  }
`;
