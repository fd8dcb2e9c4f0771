interface Which {
  readonly id?: string;
  readonly kind?: 'jobs' | 'job-type';
  readonly target?: string;
}

/** What a test sets aside for a month of jobs. @param amount  1e-9 USD */
export function monthOf(amount: number, { id = 'all', kind = 'jobs', target = '*' }: Which = {}) {
  return { id, kind, target, period: 'month', weight: 1, automatic: false, amount } as const;
}
