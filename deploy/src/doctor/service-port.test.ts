import { longAgo, now, sceneOf } from '../../testing/scenes';
import { verdictsOf } from './rules';
import { servicePort } from './rules/service-port';
import { askedPods } from './services';

const meta = (name: string, more = '') => `metadata: {name: ${name}, namespace: shop, uid: ${name}${more}}`;
const owner = (kind: string, name: string) => `ownerReferences: [{kind: ${kind}, name: ${name}, uid: ${name}}]`;
const pod = (name: string, made: string, owned: string, status = 'conditions: [{type: Ready, status: "True"}]') => `
apiVersion: v1
kind: Pod
${meta(name, `, creationTimestamp: "${made}", labels: {app: web}, ${owned}`)}
spec: {containers: [{name: app}]}
status: {phase: Running, ${status}}`;
const set = (name: string) => `
apiVersion: apps/v1
kind: ReplicaSet
${meta(name, `, ${owner('Deployment', 'web')}`)}`;
const service = `
apiVersion: v1
kind: Service
${meta('web')}
spec: {clusterIP: 10.0.0.1, selector: {app: web}, ports: [{port: 8080, targetPort: 3000}]}`;
const stray = pod('astray-1', longAgo, owner('Job', 'astray'));
const webs = [
  set('web-1'),
  set('web-2'),
  pod('web-1-a', longAgo, owner('ReplicaSet', 'web-1')),
  pod('web-2-a', new Date(now).toISOString(), owner('ReplicaSet', 'web-2')),
];

const told = (texts: readonly string[], closed: readonly string[]) => {
  const closedPorts = new Map(closed.map((name) => [`${name}:3000`, 'connection refused']));
  return verdictsOf(sceneOf([service, ...texts], { closedPorts }), [servicePort]).map(({ cause }) => cause);
};

it('one ready pod of each that makes some is asked, the newest: so an old release is no stranger', () => {
  const scene = sceneOf([
    service,
    stray,
    ...webs,
    pod('web-2-b', longAgo, owner('ReplicaSet', 'web-2'), 'conditions: []'),
    pod('alone', longAgo, 'annotations: {}'),
  ]);
  const asked = askedPods(scene.services[0]!, scene);
  expect(asked.map(({ metadata }) => metadata.name).toSorted()).toEqual(['alone', 'astray-1', 'web-2-a']);
});

it('a pod that doesn’t listen where others do is named, with who made it', () => {
  expect(told([stray, ...webs], ['astray-1'])).toEqual([
    'its port 8080 leads to 3000, where the pod astray-1 of Job/astray, which it selects too, does not listen: its other pods do',
  ]);
});

it('a port at which none listens is told of the Service', () => {
  expect(told(webs, ['web-2-a'])).toEqual(['its port 8080 leads to 3000, where nothing listens: its pods have none']);
  expect(told([stray, ...webs], ['astray-1', 'web-2-a'])).toEqual(['its port 8080 leads to 3000, where nothing listens: its pods have none']);
});

it('a port at which all listen is well', () => expect(told([stray, ...webs], [])).toEqual([]));
