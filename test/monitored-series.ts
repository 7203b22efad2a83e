import { type Manifest, objectsOf } from '../cdk8s/test/synthesized';

/** What an alert or a panel asks Prometheus for: a name and the labels that it selects or groups by. */
export interface MonitoredSeries {
  /** The services that are asked about. */
  readonly services: readonly string[];
  readonly name: string;
  readonly labels: readonly string[];
}

/** Labels that Prometheus itself puts on what it scrapes. */
const scrapeLabels = ['job', 'pod', 'namespace', 'instance'];

/** Everything that the rendered alerts and dashboards ask for; `up` is Prometheus' own. */
export function monitoredSeries(): MonitoredSeries[] {
  const objects = objectsOf('production');
  return [...objects.flatMap(alertsIn), ...objects.flatMap(panelsIn)].flatMap(seriesIn).filter(({ name }) => name !== 'up');
}

function alertsIn({ kind, spec }: Manifest): string[] {
  if (kind !== 'PrometheusRule') return [];
  return (spec as { groups: { rules: { expr: string }[] }[] }).groups.flatMap(({ rules }) => rules.map(({ expr }) => expr));
}

function panelsIn({ metadata, data }: Manifest): string[] {
  if (!metadata.name.startsWith('dashboard-')) return [];
  const { panels } = JSON.parse(Object.values(data!)[0]!) as { panels: { targets: { expr: string }[] }[] };
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
}

function seriesIn(expression: string): MonitoredSeries[] {
  const grouped = [...expression.matchAll(/by \(([^)]*)\)/g)].flatMap(([, labels]) => labels!.split(', '));
  return [...expression.matchAll(/([a-z0-9_]+)\{([^}]*)\}/g)].map(([, name, selector]) => {
    const selected = [...selector!.matchAll(/(\w+)(?:=~|!~|!=|=)"([^"]*)"/g)].map(([, label, value]) => ({ label: label!, value: value! }));
    return {
      services: selected.find(({ label }) => label === 'job')?.value.split('|') ?? [],
      name: name!,
      labels: [...new Set([...grouped, ...selected.map(({ label }) => label)])].filter((label) => !scrapeLabels.includes(label)),
    };
  });
}
