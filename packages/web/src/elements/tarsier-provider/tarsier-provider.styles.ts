import { css } from 'lit';
import { contrast } from '../../styles/contrast.ts';

export const styles = css`
  :host {
    display: contents;
  }
  :host([theme='light']) {
    color-scheme: light;
  }
  :host([theme='dark']) {
    color-scheme: dark;
  }
  :host([theme='contrast']) {
    ${contrast}
  }
`;
