import { BlockList, isIP } from 'node:net';
import { labelsOf } from '../constructs/labels';
import { namespaceOf } from '../constructs/restricted-namespace';
import type { Environment, ExternalPostgres, PodsElsewhere } from '../environment';
import { environmentShape } from '../environment-shape';
import { annotationChecks, hostName, isObjectName, labelChecks, longestLabel, namespaceName, objectName, selectorChecks } from '../kubernetes-names';
import { repeated } from '../repeated';
import { brokenRules, type Check, cidr, integer, oneOf, type Rule } from '../value-rules';

const longestName = longestLabel - namespaceOf('').length;

/** Why environments can't be told apart, or can't name a folder and a namespace. */
export function environmentNameFaults(environments: readonly Environment[]): string[] {
  const names = environments.filter(isNamed).map(({ name }) => name);
  const faults = [
    ...(environments.length > 0 ? [] : ['there is no environment, so every manifest would be removed: write one']),
    ...environments.flatMap((one, index) => (isNamed(one) ? [] : [`environments[${index}] has no name: write an environment with one, or leave it out`])),
    ...names
      .filter((name) => !isObjectName(name, longestName))
      .map((name) => {
        const what = `the name "${name}" can't name an environment's folder and its namespace berth-<name>`;
        return `${what}: use lower-case letters, digits and dashes, beginning with a letter, ${longestName} characters at most`;
      }),
    ...names.filter((name) => name === 'constructor').map(() => "an environment can't be called constructor: cdk8s mistakes the name, choose another"),
    ...repeated(names).map((name) => `two environments are called "${name}", and one would overwrite the other's folder: give one another name`),
  ];
  return faults.map((fault) => `cdk8s/src/environments.ts: ${fault}`);
}

/** Whether it can be told apart from others: nothing checks what a list holds when synth runs. */
function isNamed(environment: Environment | undefined | null): environment is Environment {
  return typeof environment?.name === 'string';
}

/** What keeps an environment's constructs from being built at all; each names its own place. */
export function unbuildableFaults(environment: Environment): string[] {
  if (!isNamed(environment)) return environmentNameFaults([environment]);
  return [...environmentNameFaults([environment]), ...environmentShape.faults('', environment).map((fault) => `${environment.name}: ${fault}`)];
}

/** What no cluster would take of an environment's plain values, whatever the services. */
export function environmentFaults(environment: Environment): string[] {
  const { name, images, store, strategy, ingress, monitoring, overrides } = environment;
  const contradictions = store.kind === 'external-postgres' ? externalFaults(store) : [];
  const broken = brokenRules([
    ...(isProduction(name) ? ([['images.kind', images.kind, byDigest]] as const) : []),
    ['strategy', strategy, oneOf('Recreate', 'RollingUpdate')],
    ...storeChecks(store),
    ...(ingress ? ingressChecks(ingress) : []),
    ...(monitoring ? monitoringChecks(monitoring) : []),
    ...Object.entries(overrides).map(([service, { maximumReplicas }]) => [`overrides["${service}"].maximumReplicas`, maximumReplicas, integer(1)] as const),
  ]);
  return [...broken, ...contradictions];
}

/** `production`, and what is called like a part of it, such as `production-eu`. */
function isProduction(name: string): boolean {
  return /^production(-|$)/.test(name);
}

const byDigest = { ...oneOf('released'), words: '"released" in production: by digest, because a tag may name another image tomorrow' };

/** PostgreSQL's bounds: `SELECT min_val, max_val FROM pg_settings WHERE name = 'max_connections'`. */
const connections = integer(1, 262_143);

const storageClass = { ...objectName, words: `${objectName.words}, or left out for the cluster's own default` };

function storeChecks(store: Environment['store']): readonly Check[] {
  switch (store.kind) {
    case 'sqlite':
      return [['store.storageClass', store.storageClass, storageClass]];
    case 'postgres-server':
      return [
        ['store.storageClass', store.storageClass, storageClass],
        ['store.maxConnections', store.maxConnections, connections],
      ];
    case 'cloud-native-postgres':
      return [
        ['store.storageClass', store.storageClass, storageClass],
        ['store.maxConnections', store.maxConnections, connections],
        ...podsChecks('store.operator', store.operator),
      ];
    case 'external-postgres':
      return [
        ['store.host', store.host, host],
        ['store.port', store.port, integer(1, 65_535)],
        ['store.cidr', store.cidr, cidr],
        ['store.sslMode', store.sslMode, oneOf('verify-full', 'no-verify')],
        ['store.maxConnections', store.maxConnections, connections],
      ];
  }
}

const host: Rule = {
  words: "a host's name in lower case or its address, alone, without scheme, user or path",
  holds: (value) => (isIP(String(value)) > 0 && !String(value).includes('%')) || (hostName.holds(value) && !/^[\d.]+$/.test(String(value))),
};

const loopback = ['127.0.0.0/8', '::1/128'];

/** Unspecified, link-local, multicast, broadcast: https://www.rfc-editor.org/rfc/rfc6890#section-2.2 */
const unreachable = ['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '255.255.255.255/32', '::/128', 'fe80::/10', 'ff00::/8'];

/** Whether one of the ranges holds an address, or all addresses that have its first bits. */
function hold(ranges: readonly string[], address: string, bits = Infinity): boolean {
  const family = (of: string) => (isIP(of) === 6 ? 'ipv6' : 'ipv4');
  return ranges.some((range) => {
    const [first = '', itsBits] = range.split('/');
    const list = new BlockList();
    list.addSubnet(first, Number(itsBits), family(first));
    return Number(itsBits) <= bits && list.check(address, family(address));
  });
}

/** What contradicts itself of a server outside of the cluster. */
function externalFaults({ host: name, cidr: range }: ExternalPostgres): string[] {
  const isAddress = isIP(name) > 0;
  const cure = 'give the name or address that the cluster reaches the server by';
  if (/(^|\.)localhost$/.test(name) || (isAddress && hold(loopback, name))) return [`store.host is "${name}", which is each pod itself: ${cure}`];
  if (isAddress && hold(unreachable, name)) return [`store.host is "${name}", which is no one server's address: ${cure}`];
  if (!cidr.holds(range)) return [];
  const [address = '', bits] = range.split('/');
  if (hold([...loopback, ...unreachable], address, Number(bits)))
    return [`store.cidr is "${range}", in which no server can be reached from a pod: give the addresses behind store.host`];
  return !isAddress || hold([range], name)
    ? []
    : [`store.host is "${name}" and store.cidr "${range}" doesn't hold it, so every pod would be cut off: correct one of them`];
}

function ingressChecks({ className, tlsSecret, annotations = {}, controller }: NonNullable<Environment['ingress']>): readonly Check[] {
  return [
    ['ingress.className', className, objectName],
    ['ingress.tlsSecret', tlsSecret, objectName],
    ...annotationChecks('ingress.annotations', annotations),
    ['ingress.annotations["kubernetes.io/ingress.class"]', annotations['kubernetes.io/ingress.class'], byClassName],
    ...podsChecks('ingress.controller', controller),
  ];
}

/** The API server refuses an Ingress that has both. */
const byClassName: Rule = { words: 'left out: "className" says it', holds: () => false };

const pageFolder: Rule = {
  words: 'the URL of a folder: beginning with https://, with no slash at its end, and without ? and #',
  holds: (value) => typeof value === 'string' && /^https:\/\/[^\s?#]*[^\s?#/]$/.test(value) && value.length <= 2_000 && URL.canParse(value),
};

function monitoringChecks({ prometheus, operators }: NonNullable<Environment['monitoring']>): readonly Check[] {
  return [
    ...podsChecks('monitoring.prometheus', prometheus),
    ...(operators
      ? [
          ...labelChecks('monitoring.operators.labels', operators.labels),
          ...ownLabelChecks('monitoring.operators.labels', operators.labels),
          ...ownLabelChecks('monitoring.operators.dashboardLabels', operators.dashboardLabels),
          ...selectorChecks('monitoring.operators.dashboardLabels', operators.dashboardLabels, "Grafana's sidecar would find no dashboard"),
          ['monitoring.operators.runbooks', operators.runbooks, pageFolder] as const,
        ]
      : []),
  ];
}

/** Labels that every object has already: another value would make it an object of something else. */
function ownLabelChecks(where: string, labels: Readonly<Record<string, string>>): readonly Check[] {
  return Object.keys(labelsOf('', 'server')).map((key): Check => [`${where}["${key}"]`, labels[key], bySynth]);
}

const bySynth: Rule = { words: 'left out: synth sets it itself', holds: () => false };

function podsChecks(where: string, { namespace, labels }: PodsElsewhere): readonly Check[] {
  return [[`${where}.namespace`, namespace, namespaceName], ...selectorChecks(`${where}.labels`, labels, 'every pod of the namespace would be meant')];
}
