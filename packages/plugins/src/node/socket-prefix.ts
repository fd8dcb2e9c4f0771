/**
 * Abstract sockets of Linux: they need no folder that both sides may enter, and go with their process. Whoever shares the
 * network namespace may read them, so that there is nothing in a report that is worth a secret.
 */
export const socketPrefix = 'tarsier-node-';
