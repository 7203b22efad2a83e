import { longAgo, sceneOf, told } from '../../testing/scenes';
import type { Cluster } from '../cluster/cluster';
import { askPods } from './ask-pods';
import { diagnose } from './diagnosis';
import type { Scene } from './scene';

const meta = (name: string, more = '') => `metadata: {name: ${name}, namespace: shop, uid: ${name}, creationTimestamp: ${longAgo}${more}}`;
const owned = (kind: string, name: string) => `ownerReferences: [{kind: ${kind}, name: ${name}, uid: ${name}}]`;

const deployment = (name: string, pod = 'containers: [{name: app}]') => `
apiVersion: apps/v1
kind: Deployment
${meta(name, ', generation: 1, annotations: {deployment.kubernetes.io/revision: "1"}')}
spec: {replicas: 1, template: {metadata: {labels: {app: ${name}}}, spec: {${pod}}}}
status: {observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, conditions: [{type: Available, status: "True"}]}`;
const replicaSet = (name: string) => `
apiVersion: apps/v1
kind: ReplicaSet
${meta(`${name}-1`, `, annotations: {deployment.kubernetes.io/revision: "1"}, ${owned('Deployment', name)}`)}`;
const podOf = (name: string, labels: string, owner: string, ports: string, status: string) => `
apiVersion: v1
kind: Pod
${meta(name, `, labels: {${labels}}, ${owner}`)}
spec: {containers: [{name: app, ports: [${ports}]}]}
status: {${status}}`;
const runs = `phase: Running, conditions: [{type: Ready, status: "True", lastTransitionTime: ${longAgo}}]`;
const service = (name: string, spec: string) => `
apiVersion: v1
kind: Service
${meta(name)}
spec: {selector: {app: ${name}}, ${spec}}`;
const slice = (name: string) => `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, namespace: shop, labels: {kubernetes.io/service-name: ${name}}}
endpoints: [{conditions: {ready: true}}]`;

/** A Deployment that runs, and its pod. */
const app = (name: string, { ports = '', pod = undefined as string | undefined, labels = `app: ${name}` } = {}) => [
  deployment(name, pod),
  replicaSet(name),
  podOf(`${name}-1-a`, labels, owned('ReplicaSet', `${name}-1`), ports, runs),
];
/** The pod of a Job, which its name sorts first. */
const jobPod = (phase: string, app = 'web') => podOf('a-migrate-x', `app: ${app}`, owned('Job', 'a-migrate'), '', `phase: ${phase}`);

const healthy = { state: 'healthy', causes: [], underWay: [] };

describe('a Job’s pod with the labels of the application', () => {
  const web = [...app('web', { ports: '{name: web, containerPort: 8080}', labels: 'app: web, part: server' }), slice('web')];
  const named = service('web', 'ports: [{port: 80, targetPort: web}]');

  it.each(['Succeeded', 'Failed', 'Running'])('that is %s says nothing of the ports to which the Service leads', (phase) => {
    expect(told(sceneOf([jobPod(phase), ...web, named]))).toEqual(healthy);
  });

  it.each(['Succeeded', 'Failed'])('that is %s is nobody whom policies have to let in', (phase) => {
    const policy = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
${meta('web')}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: []}`;
    const open = policy.replace('name: web', 'name: open').replace('app: web', 'part: server').replace('ingress: []', 'ingress: [{}]');
    const client = app('cli', { pod: 'containers: [{name: app, env: [{name: WEB_URL, value: "http://web:8080"}]}]' });
    expect(told(sceneOf([jobPod(phase), ...web, service('web', 'ports: [{port: 8080}]'), ...client, policy, open]))).toEqual(healthy);
  });

  it('changes nothing where no pod has the port', () => {
    const wrong = sceneOf([jobPod('Succeeded'), ...web, service('web', 'ports: [{port: 80, targetPort: wbe}]')]);
    expect(diagnose(wrong).causes.map(({ cause }) => cause)).toEqual([
      'its port 80 leads to "wbe", and no pod has a port of that name: its pods have web (8080)',
    ]);
  });
});

it('a Service whose only pod has ended is not told that it selects none', () => {
  const alone = podOf('web', 'app: web', 'ownerReferences: []', '', 'phase: Failed');
  expect(told(sceneOf([alone, service('web', 'ports: [{port: 80}]')])).causes).toEqual([]);
});

describe('an address in the configuration', () => {
  const causesOf = (value: string, more: readonly string[] = [], aliases = '') => {
    const pod = `containers: [{name: app, env: [{name: TARGET, value: ${JSON.stringify(value)}}]}]${aliases}`;
    return diagnose(sceneOf([...app('web', { pod }), ...more])).causes.map(({ cause }) => cause);
  };
  const headless = (name: string) => [service(name, 'clusterIP: None, ports: [{port: 6379}]'), slice(name)];

  it.each([
    's3://shop-backups/daily',
    'myapp://callback',
    'mongodb+srv://cluster',
    'http://+:8080',
    'http://*:80',
    'redis://$(PRIMARY):6379',
    'mongodb://one,two/shop',
    'http://[::1]:80',
  ])('that names no host of the network is none: %s', (value) => {
    expect(causesOf(value)).toEqual([]);
  });

  it.each(['redis://primary:6379', 'redis://Primary:6379'])('may name a host that the pod itself knows: %s', (value) => {
    expect(causesOf(value, [], ', hostAliases: [{ip: 10.0.0.1, hostnames: [primary]}]')).toEqual([]);
    expect(causesOf(value, [], ', hostAliases: [{ip: 10.0.0.1}]')).toEqual([expect.stringMatching(/there is no Service primary$/)]);
  });

  it.each(['redis://redis-0.shop:6379', 'redis://redis-0.shop.shop:6379', 'redis://redis-0.shop.shop.svc.cluster.local:6379'])(
    'may name a pod of a headless Service: %s',
    (value) => {
      expect(causesOf(value, headless('shop'))).toEqual([]);
    },
  );

  it.each(['redis://redis.shop:6379', 'redis://REDIS:6379', 'redis://redis.shop.svc:6379'])('may name a Service: %s', (value) => {
    expect(causesOf(value, [...headless('redis'), ...headless('shop')])).toEqual([]);
  });

  it.each([
    ['http://usr:8080', 'usr', []],
    ['http://usr', 'usr', headless('shop')],
    ['wss://usr', 'usr', []],
    ['postgresql+asyncpg://usr/shop', 'usr', []],
    ['redis://redis-0.shop:6379', 'redis-0.shop', []],
    ['redis://redis-0.shop:6379', 'redis-0.shop', [service('shop', 'ports: [{port: 6379}]'), slice('shop')]],
    ['redis://redis-0.shop.svc:6379', 'redis-0.shop.svc', headless('shop')],
  ])('that names no Service is told: %s', (value, host, more) => {
    expect(causesOf(value, more)).toEqual([`TARGET is ${value}, and there is no Service ${host}`]);
  });
});

describe('a port that no container says it has, and at which nothing takes a connection,', () => {
  const refusing = {
    connection: { call: () => Promise.resolve({ body: 'error trying to reach service: dial tcp 10.0.0.1:8125: connect: connection refused' }) },
  };
  const knockedAt = async (scene: Scene) => ({ ...scene, ...(await askPods(refusing as unknown as Cluster, scene, [])) });
  const causesOf = async (...services: readonly string[]) => {
    const scene = await knockedAt(sceneOf([...app('statsd'), ...services, slice('statsd'), slice('other')]));
    return diagnose(scene).causes.map(({ rule, subject }) => [rule, subject.name]);
  };
  const tcp = service('statsd', 'ports: [{port: 8125}]');
  const other = service('other', 'ports: [{port: 8125, protocol: UDP}]').replace('{app: other}', '{app: statsd}');

  it('is told of a Service that leads there', async () => {
    expect(await causesOf(tcp)).toEqual([['service-port', 'statsd']]);
    expect(await causesOf(other, tcp)).toEqual([['service-port', 'statsd']]);
  });

  it.each(['ports: [{port: 8125, protocol: UDP}]', 'clusterIP: None, ports: [{port: 8125}]', 'clusterIP: None, ports: [{port: 8125, targetPort: metrics}]'])(
    'is none of a Service by UDP or of a headless one: %s',
    async (spec) => {
      expect(await causesOf(service('statsd', spec))).toEqual([]);
    },
  );
});

describe('a connection to a port that the Service does not say it has', () => {
  const client = app('cli', { pod: 'containers: [{name: app, env: [{name: STATS_URL, value: "http://statsd:9102"}]}]' });
  const causesOf = (spec: string) => told(sceneOf([...client, ...app('statsd'), service('statsd', spec), slice('statsd')])).causes;

  it('is told', () => {
    expect(causesOf('ports: [{port: 8125}]')).toEqual([['peer-url', 'cli']]);
  });

  it.each(['clusterIP: None, ports: [{port: 8125}]', 'type: ExternalName, externalName: stats.example, ports: [{port: 8125}]'])(
    'works where the name stands for other addresses than its own: %s',
    (spec) => {
      expect(causesOf(spec)).toEqual([]);
    },
  );
});

it('policies are asked of the port to which a connection by TCP leads', () => {
  const policy = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
${meta('dns')}
spec: {podSelector: {matchLabels: {app: dns}}, policyTypes: [Ingress], ingress: [{ports: [{port: 5354}]}]}`;
  const client = app('cli', { pod: 'containers: [{name: app, env: [{name: DNS_URL, value: "tcp://dns:53"}]}]' });
  const both = service('dns', 'ports: [{port: 53, protocol: UDP, targetPort: 5353}, {port: 53, targetPort: 5354}]');
  expect(told(sceneOf([...client, ...app('dns', { ports: '{containerPort: 5354}' }), both, slice('dns'), policy]))).toEqual(healthy);
});
