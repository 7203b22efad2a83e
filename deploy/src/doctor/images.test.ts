import { parse } from 'yaml';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import { otherTags, partsOf } from './images';
import { bytesText, quantity } from './quantity';
import { emptyScene } from './scene';
import { similarTo } from './similar';

it.each([
  ['web', 'docker.io', 'web', 'latest'],
  ['web:1', 'docker.io', 'web', '1'],
  ['shop/web:1', 'docker.io', 'shop/web', '1'],
  ['localhost:5000/shop/web', 'localhost:5000', 'localhost:5000/shop/web', 'latest'],
  ['ghcr.io/shop/web:1@sha256:aa', 'ghcr.io', 'ghcr.io/shop/web', '1'],
])('%s is of the registry %s', (image, registry, repository, tag) => {
  expect(partsOf(image)).toEqual({ registry, repository, tag });
});

it('a node’s images tell which tags a repository has; those without a name tell nothing', () => {
  const node = parse(
    '{apiVersion: v1, kind: Node, metadata: {name: a}, status: {images: [{names: null}, {names: [docker.io/library/web:1, docker.io/library/web@sha256:aa]}, {names: [other:1]}]}}',
  ) as KubernetesObject;
  const scene = { ...emptyScene, nodes: [node] };
  expect(otherTags(scene, 'web:2')).toEqual(['web:1']);
  expect(otherTags(scene, 'webb:2')).toEqual([]);
});

it('quantities are numbers, and bytes are written as people do', () => {
  expect(['100m', '2', '1Gi', '1G', '1e3', undefined].map(quantity)).toEqual([0.1, 2, 2 ** 30, 1e9, 1000, 0]);
  expect([2 ** 30, 1.5 * 2 ** 40, 512].map(bytesText)).toEqual(['1Gi', '1.5Ti', '512']);
});

it('the word that was probably meant is found, and no other', () => {
  expect(similarTo('user-servcie', ['order-service', 'user-service'])).toBe('user-service');
  expect(similarTo('till', ['order-service', 'user-service'])).toBeUndefined();
});
