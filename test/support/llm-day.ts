/** A day of two agents of a model in Prometheus's text format, of which one caches its prompts. */
export function dayOfTokens(): string {
  const now = Date.now();
  const lines = ['plain', 'caching'].flatMap((agent) =>
    Array.from({ length: 97 }, (_, at) => {
      const time = now - (96 - at) * 900_000;
      const labels = `agent="${agent}",provider="acme",model="large"`;
      const cached = agent === 'caching' ? 9_000 * at : 0;
      return `llm_tokens_total{${labels},type="input"} ${10_000 * at - cached} ${time}
llm_tokens_total{${labels},type="cached"} ${cached} ${time}
llm_calls_total{${labels}} ${at} ${time}`;
    }),
  );
  return `# TYPE llm_tokens_total counter\n# TYPE llm_calls_total counter\n${lines.join('\n')}\n`;
}
