/** What each queue has to be able to do to be measured. */
export interface MeasuredQueue {
  readonly name: string;
  /** How it is set up, in a few words. */
  readonly conditions: string;
  /** Jobs that have finished, and jobs that no worker here takes. */
  ballast(finished: number, waiting: number): Promise<void>;
  /** Submits so many no-op jobs, as the queue does it for many at once. */
  enqueue(count: number): Promise<void>;
  /** Runs what waits; resolves when so many were run and are finished in the database. */
  drain(count: number): Promise<void>;
  /** Has a worker wait for single jobs. */
  startWorker(): Promise<void>;
  /** Submits one; resolves with how long until it ran, ms. */
  submitAndStart(): Promise<number>;
  /** The same where the worker is in the process that submits, and that makes a difference. */
  submitAndStartHere?(): Promise<number>;
  stop(): Promise<void>;
}
