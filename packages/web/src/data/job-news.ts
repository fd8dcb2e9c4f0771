import type { LiveMessage, LiveRequest } from '@tarsier/protocol/live';

/** A job as it is now, or one more point of the curves of the one whose points are wanted. */
export type JobNewsItem = Extract<LiveMessage, { readonly type: 'job' | 'job-progress' }>;

export interface JobFollower {
  /** Wants every point of that job's curves after a number; of none with undefined. */
  points(job: string | undefined, after?: number): void;
  close(): void;
}

/** Jobs as they change, over the live connection; nothing comes while there is none. */
export interface JobNews {
  follow(heard: (news: JobNewsItem) => void): JobFollower;
}

type Which = Extract<LiveRequest, { readonly type: 'jobs' }>['which'];

/** @param ask  tells the collector what is wanted, where one listens */
export function createJobNews(ask: (which: Which) => void) {
  const followers = new Set<{ readonly heard: (news: JobNewsItem) => void; job?: string | undefined; after: number }>();
  let asked = 'none';

  /** A connection follows the points of one job: of several that are wanted, of the one that was wanted last. */
  function wanted(): Which {
    const followed = [...followers].findLast(({ job }) => job !== undefined);
    if (followed?.job === undefined) return followers.size === 0 ? 'none' : 'all';
    return { job: followed.job, after: followed.after, others: true };
  }

  function changed(): void {
    const which = wanted();
    const key = typeof which === 'object' ? which.job : which;
    if (key === asked) return;
    asked = key;
    ask(which);
  }

  return {
    follow(heard: (news: JobNewsItem) => void): JobFollower {
      const follower: { readonly heard: typeof heard; job?: string | undefined; after: number } = { heard, after: 0 };
      followers.add(follower);
      changed();
      return {
        points(job, after = 0) {
          if (job !== follower.job) follower.after = after;
          follower.job = job;
          changed();
        },
        close() {
          followers.delete(follower);
          changed();
        },
      };
    },
    hear(news: JobNewsItem): void {
      for (const follower of [...followers]) {
        if (news.type === 'job-progress') {
          if (follower.job !== news.job) continue;
          follower.after = Math.max(follower.after, news.number);
        }
        follower.heard(news);
      }
    },
    /** A new connection knows of nothing: from where each one is. */
    askAgain(): void {
      const which = wanted();
      if (which !== 'none') ask(which);
    },
  };
}
