/** A template that can't be read, or not be filled in. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}
