/** What a report says, by language. */
export const reportTexts = {
  en: {
    title: 'Week in review',
    of: (tenant: string, from: string, to: string) => `${tenant}, ${from} to ${to}`,
    figure: 'Figure',
    week: 'This week',
    before: 'Week before',
    incidents: 'Incidents',
    perDay: 'Incidents by day',
    useful: 'Called useful, of those judged',
    pages: 'Notifications',
    anomalies: 'Anomaly events',
    hosts: 'Hosts',
    cpu: 'Mean CPU load',
    cpuByHour: 'Mean CPU load by hour',
    llm: 'Spent on models',
    expected: 'Next week',
    expectation: (value: string, low: string, high: string, share: string) =>
      `About ${value} incidents are expected, ${low} to ${high} with ${share} confidence.`,
    better: 'Over the weeks before, this erred less than to say the last week again.',
    notBetter: 'Over the weeks before, this was no better than to say the last week again.',
    top: 'Incidents of the highest priority',
    none: 'None.',
    method:
      'Counts are of what is stored. The expectation is the mean of the weeks before with the larger of Poisson’s variance and theirs; the baseline is the last week.',
  },
  de: {
    title: 'Wochenbericht',
    of: (tenant: string, from: string, to: string) => `${tenant}, ${from} bis ${to}`,
    figure: 'Kennzahl',
    week: 'Diese Woche',
    before: 'Woche davor',
    incidents: 'Vorfälle',
    perDay: 'Vorfälle je Tag',
    useful: 'Als nützlich beurteilt, von den beurteilten',
    pages: 'Benachrichtigungen',
    anomalies: 'Auffälligkeiten',
    hosts: 'Hosts',
    cpu: 'Mittlere CPU-Last',
    cpuByHour: 'Mittlere CPU-Last je Stunde',
    llm: 'Für Modelle ausgegeben',
    expected: 'Nächste Woche',
    expectation: (value: string, low: string, high: string, share: string) =>
      `Erwartet werden etwa ${value} Vorfälle, ${low} bis ${high} mit ${share} Sicherheit.`,
    better: 'In den Wochen davor lag das näher als die jeweils letzte Woche.',
    notBetter: 'In den Wochen davor war das nicht besser als die jeweils letzte Woche.',
    top: 'Vorfälle mit der höchsten Priorität',
    none: 'Keine.',
    method:
      'Gezählt ist, was gespeichert ist. Die Erwartung ist das Mittel der Wochen davor mit der größeren aus Poissons und ihrer eigenen Varianz; verglichen wird mit der letzten Woche.',
  },
} as const;
export type ReportTexts = (typeof reportTexts)['en' | 'de'];
