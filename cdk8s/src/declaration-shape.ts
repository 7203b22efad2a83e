import type {
  CheckDeclaration,
  CheckStep,
  FlowDeclaration,
  FlowStep,
  MetricDeclaration,
  PeerDeclaration,
  ResourcesDeclaration,
  ScalingDeclaration,
  ServiceDeclaration,
  StoreDeclaration,
  Variable,
} from '@berth/service-kit/declaration';
import { anything, byKind, flag, listOf, number, objectOf, recordOf, text, textSuchAs, word, words } from './shapes';

/** Amounts as {@link ResourcesDeclaration} has them. */
export const [cpu, memory] = [textSuchAs('250m'), textSuchAs('256Mi')];

/** What one container is given. */
export const resources = objectOf<ResourcesDeclaration>({ cpu, cpuLimit: cpu, memory, disk: memory });

const optionalText = { optional: text };
const variableBase = { description: words, secret: { optional: flag } };

const variable = byKind<Variable>({
  integer: { ...variableBase, minimum: number, maximum: number, default: { optional: number } },
  flag: { ...variableBase, default: flag },
  choice: { ...variableBase, choices: listOf(text), default: text },
  text: { ...variableBase, spaceless: { optional: flag }, default: optionalText },
  url: { ...variableBase, schemes: listOf(text), default: optionalText },
});

const metric = objectOf<MetricDeclaration>({ name: text, type: word('counter', 'gauge', 'histogram'), help: words, labels: listOf(text) });

const method = word('GET', 'POST', 'PUT', 'PATCH', 'DELETE');

const checkStep = objectOf<CheckStep>({
  service: text,
  method,
  path: text,
  body: { optional: recordOf(anything) },
  status: number,
  keep: { optional: recordOf(words) },
  cleanUp: { optional: flag },
});

/** A declaration as its type has it. What is judged later may rely on it. */
export const declarationShape = objectOf<ServiceDeclaration>(
  {
    name: text,
    port: number,
    description: words,
    paths: listOf(text),
    configuration: recordOf(variable),
    peers: listOf(objectOf<PeerDeclaration>({ name: text, urlVariable: text })),
    store: objectOf<StoreDeclaration>({ pathVariable: text, database: text, schema: number, schemaMinimum: number, schemaOldest: { optional: number } }),
    metrics: listOf(metric),
    resources,
    scaling: objectOf<ScalingDeclaration>({ maximumReplicas: number, targetCpuPercent: number }),
    checks: listOf(objectOf<CheckDeclaration>({ name: words, steps: listOf(checkStep) })),
    flows: listOf(objectOf<FlowDeclaration>({ name: text, title: words, steps: listOf(objectOf<FlowStep>({ service: text, method, route: text })) })),
  },
  'the declaration',
);
