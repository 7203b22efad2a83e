import type * as grafana from '@grafana/schema';
import type { Options as TimeSeriesOptions } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import { contentHash } from '../hash';

/** A type of Grafana's schema as JSON has it: an enumeration's members are their values. */
type Json<Type> = Type extends string ? `${Type}` : Type extends object ? { [Member in keyof Type]: Json<Type[Member]> } : Type;

/** A Grafana dashboard, checked against Grafana's own schema. */
export type Dashboard = Json<grafana.Dashboard>;

/** One panel before it has its place. */
export interface Panel {
  readonly title: string;
  readonly description: string;
  readonly unit: 'reqps' | 'percentunit' | 's' | 'short' | 'ops' | 'bytes' | 'binBps' | 'cores';
  /** PromQL with the legend of its series. */
  readonly queries: readonly (readonly [expression: string, legend: string])[];
}

const [panelWidth, panelHeight, columns] = [12, 8, 2];

const options: Json<TimeSeriesOptions> = {
  legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
  tooltip: { mode: 'multi', sort: 'desc' },
};

/** What is the same in every environment: a dashboard's name in addresses, and its title. */
export interface DashboardName {
  readonly name: string;
  readonly title: string;
}

/** Lays panels out in two columns. One Grafana shows several environments, so uid and title say the namespace. */
export function dashboardOf(namespace: string, { name, title }: DashboardName, panels: readonly Panel[]): Dashboard {
  return {
    // neither of the two has an underscore, so no other two make the same
    uid: uidOf(`${namespace}_${name}`),
    title: `${title} (${namespace})`,
    tags: ['berth'],
    schemaVersion: 39,
    editable: false,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: { list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' }] },
    panels: panels.map((panel, index) => laidOut(panel, index)),
  };
}

/** Characters that Grafana takes: https://grafana.com/docs/grafana/latest/developers/http_api/dashboard/ */
const longestUid = 40;

/** The name itself where it fits; else its beginning, and a hash that tells it from others that begin so. */
function uidOf(name: string): string {
  const hash = contentHash(name);
  return name.length <= longestUid ? name : `${name.slice(0, longestUid - hash.length - 1)}-${hash}`;
}

function laidOut({ title, description, unit, queries }: Panel, index: number): Json<grafana.Panel<Record<string, unknown>>> {
  const datasource = { type: 'prometheus', uid: '${datasource}' };
  return {
    id: index + 1,
    type: 'timeseries',
    title,
    description,
    datasource,
    gridPos: { x: (index % columns) * panelWidth, y: Math.floor(index / columns) * panelHeight, w: panelWidth, h: panelHeight },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options,
    targets: queries.map(([expr, legendFormat], query) => ({ refId: String.fromCharCode(65 + query), datasource, expr, legendFormat })),
  };
}
