import { type Images, withImages } from './images';
import type { KubernetesObject } from './kubernetes-object';

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const manifest = (object: Partial<KubernetesObject>) => ({
  place: 'a.yaml:1',
  object: { apiVersion: 'v1', kind: 'Deployment', metadata: { name: 'a' }, ...object },
});
const pod = (image: string, init?: string) => ({
  containers: [{ name: 'a', image }],
  ...(init === undefined ? {} : { initContainers: [{ name: 'i', image: init }] }),
});
const imagesOf = (objects: readonly { object: KubernetesObject }[]) => JSON.stringify(objects).match(/(?<="image":")[^"]+/g);

it('are put into containers and init containers of whatever makes pods, by the last part of their repository', () => {
  const set = [
    manifest({ spec: { template: { spec: pod('ghcr.io/x/web:1', 'postgres:17') } } }),
    manifest({ kind: 'CronJob', spec: { jobTemplate: { spec: { template: { spec: pod('registry.example:5000/web:1') } } } } }),
    manifest({ kind: 'Pod', spec: pod('web@sha256:abc') }),
    manifest({ kind: 'Service', spec: { ports: [] } }),
  ];
  const image = `other.example/web:2@${digest('b')}`;
  expect(imagesOf(withImages(set, { web: image }))).toEqual([image, 'postgres:17', image, image]);
  expect(imagesOf(set)).toEqual(['ghcr.io/x/web:1', 'postgres:17', 'registry.example:5000/web:1', 'web@sha256:abc']);
});

it('are left where their name is one that every object of JavaScript has', () => {
  const set = ['x/constructor:1', 'x/web:1'].map((image) => manifest({ spec: { template: { spec: pod(image) } } }));
  expect(imagesOf(withImages(set, { web: 'x/web:2' }))).toEqual(['x/constructor:1', 'x/web:2']);
});

it('are refused where two were mixed up', () => {
  const set = ['web:1', 'shop/worker:1'].map((image) => manifest({ spec: { template: { spec: pod(image) } } }));
  expect(() => withImages(set, { web: 'ghcr.io/x/worker:2' })).toThrow(
    '"ghcr.io/x/worker:2" is no image of web but of worker, which runs here too: look for two that were mixed up',
  );
  expect(imagesOf(withImages(set, { web: 'ghcr.io/x/mirrored-web:2' }))).toEqual(['ghcr.io/x/mirrored-web:2', 'shop/worker:1']);
});

it.each<readonly [string, string, Images, RegExp]>([
  ['a name that nothing runs', 'web:1', { wep: 'wep:2' }, /nothing here runs an image called "wep"/],
  ['an image without a version', 'web:1', { web: 'web' }, /"web" can't be deployed as web: name an image by a tag other than latest/],
  ['an image that is the latest', 'web:1', { web: 'web:latest' }, /a tag other than latest/],
  ['an image that is none', 'web:1', { web: 'a b:1' }, /can't be deployed/],
  ['an image without a name', 'web:1', { web: '' }, /"" can't be deployed as web/],
  ['half a digest', 'web:1', { web: 'web@sha256:12' }, /can't be deployed as web/],
  ['a tag for a digest', `web@${digest('a')}`, { web: 'web:2' }, /"web:2" has no digest, and what it replaces has one/],
  ['one that was never released', `web@${digest('0')}`, {}, /web was never released, so it has no image yet: name one with --images/],
])('%s is refused', (_what, image, images, words) => {
  expect(() => withImages([manifest({ spec: { template: { spec: pod(image) } } })], images)).toThrow(words);
});
