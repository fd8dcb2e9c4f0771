import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { lintKeymap } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { PromQLExtension } from '@prometheus-io/codemirror-promql';
import { css, html, LitElement } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { SourceController } from '../../controllers/source-context.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { promqlClient } from './promql-client.ts';

const highlight = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--_series-5)' },
  { tag: tags.operatorKeyword, color: 'var(--_series-5)' },
  { tag: tags.function(tags.variableName), color: 'var(--_accent)' },
  { tag: tags.string, color: 'var(--_ok)' },
  { tag: tags.number, color: 'var(--_warning)' },
  { tag: tags.labelName, color: 'var(--_info)' },
  { tag: tags.comment, color: 'var(--_text-quiet)', fontStyle: 'italic' },
  { tag: tags.invalid, color: 'var(--_critical)' },
]);

const theme = EditorView.theme({
  '&': { backgroundColor: 'var(--_surface)', color: 'var(--_text)', fontSize: '14px' },
  '&.cm-focused': { outline: '2px solid var(--_focus)', outlineOffset: '1px' },
  '.cm-content': { fontFamily: 'var(--_font-mono)', padding: '8px 4px', caretColor: 'var(--_text)', minHeight: '22px' },
  '.cm-cursor': { borderLeftColor: 'var(--_text)' },
  '.cm-placeholder': { color: 'var(--_text-quiet)' },
  '.cm-tooltip': {
    backgroundColor: 'var(--_surface)',
    color: 'var(--_text)',
    border: '1px solid var(--_border-strong)',
    borderRadius: '6px',
  },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--_accent-soft)', color: 'var(--_text)' },
  '.cm-completionDetail': { color: 'var(--_text-quiet)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--_accent-soft) !important',
  },
});

/**
 * A field for PromQL with completion of metrics, labels, values and functions, and mistakes underlined as one types.
 * Enter runs, Shift-Enter makes a line, Tab leaves the field.
 *
 * @fires tarsier-run - the query is to be run; `detail.query` is its text
 */
export class QueryEditor extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: block;
        min-width: 0;
      }
      .editor {
        border: 1px solid var(--_border-strong);
        border-radius: 6px;
        background: var(--_surface);
      }
    `,
  ];

  /** The query's text. */
  @property() value = '';
  /** The field's name. */
  @property({ attribute: false }) label = '';

  #editor: EditorView | undefined;
  readonly #source = new SourceController(this);

  constructor() {
    super();
    this.addController(this.#source);
  }

  protected override updated(changed: PropertyValues<this>): void {
    const parent = this.renderRoot.querySelector('.editor');
    if (this.#editor === undefined && parent !== null && this.#source.value !== undefined) this.#create(parent);
    if (changed.has('value') && this.#editor !== undefined) this.#set(this.value);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#editor?.destroy();
    this.#editor = undefined;
  }

  #create(parent: Element): void {
    const { value: source } = this.#source;
    if (source === undefined) return;
    const promql = new PromQLExtension().setComplete({ remote: promqlClient(source.api), maxMetricsMetadata: 5_000 });
    this.#editor = new EditorView({
      parent,
      // The styles belong into this shadow root, as adopted sheets, which a strict policy allows.
      ...(this.renderRoot instanceof ShadowRoot ? { root: this.renderRoot } : {}),
      state: EditorState.create({
        doc: this.value,
        extensions: [
          history(),
          bracketMatching(),
          closeBrackets(),
          autocompletion({ icons: false }),
          promql.asExtension(),
          syntaxHighlighting(highlight),
          theme,
          placeholder('sum by (host) (rate(network_received_bytes_total[1m]))'),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': this.label }),
          keymap.of([
            ...completionKeymap,
            { key: 'Enter', run: () => this.#run(), shift: () => false },
            { key: 'Mod-Enter', run: () => this.#run() },
            ...closeBracketsKeymap,
            ...historyKeymap,
            ...lintKeymap,
            ...defaultKeymap,
          ]),
        ],
      }),
    });
  }

  #run(): boolean {
    const query = this.text.trim();
    this.dispatchEvent(new CustomEvent('tarsier-run', { detail: { query }, bubbles: true, composed: true }));
    return true;
  }

  /** What is in the field now, run or not. */
  get text(): string {
    return this.#editor?.state.doc.toString() ?? this.value;
  }

  #set(text: string): void {
    const editor = this.#editor;
    if (editor === undefined || text === this.text) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
  }

  override focus(): void {
    this.#editor?.focus();
  }

  override render(): TemplateResult {
    return html`<div class="editor"></div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-query-editor': QueryEditor;
  }
}
