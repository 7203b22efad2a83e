import { load } from 'js-yaml';
import { Output } from './output';

const value = {
  namespace: 'shop',
  secret: 'correct-horse\nbattery',
  objects: ['the objects', 12345, false, null, undefined],
  more: { from: undefined, to: { 'correct-horse': 'it is "correct-horse"' } },
};
const shown = {
  namespace: 'shop',
  secret: '(secret)\nbattery',
  objects: ['the (secret)', 12345, false, null, null],
  more: { to: { 'correct-horse': 'it is "(secret)"' } },
};

it.each([
  ['json', JSON.parse],
  ['yaml', load],
] as const)('a document of %s is one whatever the values of Secrets are: they are hidden within its texts', (format, parsed) => {
  let said = '';
  const sink = { write: (text: string) => (said += text), on: () => sink } as never;
  const output = new Output(sink, sink, {});
  const stringData = { a: 'namespace', b: 'objects', c: '12345', d: 'correct-horse', e: '": {\n' };
  output.hide({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' }, stringData });
  output.document(format, value);
  expect(parsed(said)).toEqual(shown);
});
