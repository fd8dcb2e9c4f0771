/**
 * Whose series are no host's: what rules record. They have exactly the labels of the rule's result, `host` among them
 * or not, so that they can be put together with what it was made of. No sender can name it.
 */
export const noHost = '';
