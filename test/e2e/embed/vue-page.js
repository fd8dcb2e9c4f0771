/** Somebody's page in Vue: elements are known by their prefix, properties are set where they exist. */
import '@tarsier/web/chart';
import { createApp, h, ref } from 'vue';

const { collector, tokenUrl } = globalThis.shop;
globalThis.cursors = [];
const shown = ref(true);
globalThis.leave = () => (shown.value = false);

const app = createApp({
  render: () =>
    shown.value
      ? h('tarsier-provider', { src: collector, 'token-url': tokenUrl, range: '5m' }, [
          h('tarsier-chart', {
            label: 'CPU',
            selector: 'cpu_busy_ratio{cpu="all"}',
            thresholds: [{ value: 0.9, label: 'busy' }],
            onTarsierCursor: ({ detail }) => globalThis.cursors.push(detail.values),
          }),
        ])
      : h('p', 'gone'),
});
app.config.compilerOptions.isCustomElement = (tag) => tag.startsWith('tarsier-');
app.mount('#app');
