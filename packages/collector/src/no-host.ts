/**
 * Whose series are no host's: what rules record, and shares of what is unusual. They have exactly the labels that they
 * are recorded with, `host` among them or not, so that they can be put together with what they were made of. No sender
 * can name it.
 */
export const noHost = '';
