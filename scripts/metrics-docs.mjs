// Writes docs/metrics.md and docs/configuration.md from the services' declarations, the kit's common ones and prom-client's own.
//   npm run docs             writes the files
//   npm run docs -- --check  writes nothing, fails where a file is not what the declarations say
import { join } from 'node:path';
import { generate } from './generated-file.mjs';
import { configurationPage, metricsPage } from './reference-pages.mjs';
import { builtDeclaration, root, serviceNames } from './services.mjs';
import { loadTypeScript } from './typescript.mjs';

const { commonMetrics, peerMetrics } = await loadTypeScript('services/service-kit/src/metrics/common-metrics.ts');
const { createMetrics } = await loadTypeScript('services/service-kit/src/metrics/metrics.ts');
const { commonVariables } = await loadTypeScript('services/service-kit/src/config/common-variables.ts');
const services = serviceNames().map(builtDeclaration);

/** What the process and Node.js tell by themselves; some of it on Linux only, where the services run. */
function defaultMetrics(declared) {
  const { registry } = createMetrics({ service: '', version: '', revision: '' });
  const metrics = registry.getMetricsAsArray().filter(({ name }) => !declared.some((metric) => metric.name === name));
  return metrics.map(({ name, type, help, labelNames = [] }) => ({ name, type, help, labels: labelNames })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

const metrics = { common: Object.values(commonMetrics), peer: Object.values(peerMetrics), defaults: defaultMetrics(Object.values(commonMetrics)) };
generate(
  [
    { path: join(root, 'docs', 'metrics.md'), text: metricsPage(services, metrics) },
    { path: join(root, 'docs', 'configuration.md'), text: configurationPage(services, commonVariables) },
  ],
  'npm run docs',
);
// The default metrics keep timers and observers of their own
process.exit();
