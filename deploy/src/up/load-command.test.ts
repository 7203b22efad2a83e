import { loadCommandFor } from './load-command';

it.each([
  ['kind-berth', undefined, 'kind load docker-image --name berth'],
  ['kind-a-b', undefined, 'kind load docker-image --name a-b'],
  ['minikube', undefined, 'minikube image load'],
  ['docker-desktop', undefined, undefined],
  ['anything', 'k3d image import', 'k3d image import'],
  ['kind-berth', 'mine', 'mine'],
])('an image comes to %s, told %s, by %s', (context, given, expected) => expect(loadCommandFor(context, given)).toBe(expected));

it.each(['production', 'minikube-2', 'my-kind-cluster'])('to %s it comes by what a person says', (context) =>
  expect(() => loadCommandFor(context, undefined)).toThrow(
    `nobody knows how an image comes to the nodes of the context "${context}": say it with --load-command`,
  ),
);
