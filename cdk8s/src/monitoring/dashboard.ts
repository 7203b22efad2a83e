/** A Grafana dashboard, as far as ours use it: https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/ */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly [member: string]: unknown;
}

/** One panel before it has its place. */
export interface Panel {
  readonly title: string;
  readonly description: string;
  readonly unit: 'reqps' | 'percentunit' | 's' | 'short' | 'ops' | 'bytes' | 'cores';
  /** PromQL with the legend of its series. */
  readonly queries: readonly (readonly [expression: string, legend: string])[];
}

const [panelWidth, panelHeight, columns] = [12, 8, 2];

/** Lays panels out in two columns. */
export function dashboardOf(uid: string, title: string, panels: readonly Panel[]): Dashboard {
  return {
    uid,
    title,
    tags: ['berth'],
    schemaVersion: 39,
    editable: false,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: { list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' }] },
    panels: panels.map((panel, index) => laidOut(panel, index)),
  };
}

function laidOut({ title, description, unit, queries }: Panel, index: number): Record<string, unknown> {
  const datasource = { type: 'prometheus', uid: '${datasource}' };
  return {
    id: index + 1,
    type: 'timeseries',
    title,
    description,
    datasource,
    gridPos: { x: (index % columns) * panelWidth, y: Math.floor(index / columns) * panelHeight, w: panelWidth, h: panelHeight },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets: queries.map(([expr, legendFormat], query) => ({ refId: String.fromCharCode(65 + query), datasource, expr, legendFormat })),
  };
}
