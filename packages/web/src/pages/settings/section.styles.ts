import { css } from 'lit';
import { partStyles } from '../alerts/part.styles.ts';

/** What the parts of the settings have alike: cards, tables and forms as on the page of alerts. */
export const sectionStyles = [
  partStyles,
  css`
    .fields {
      display: grid;
      gap: 14px;
      max-width: 560px;
      padding: 20px;
    }
    .fields label {
      display: grid;
      gap: 4px;
      font-weight: 500;
    }
    .fields :is(select, input) {
      max-width: 100%;
      font-weight: 400;
    }
  `,
];
