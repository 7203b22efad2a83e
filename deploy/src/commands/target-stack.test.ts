import { folderWith } from '../../testing/berth-process';
import { Output } from '../output/output';
import { targetStack } from './target-stack';

const secret = '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "stringData": {"key": "CANARY-one-99"}}';

it.each([{}, { namespace: 'other' }, { namespace: 'other', name: 'one' }])('values of a folder’s Secrets are hidden, with the flags %j', async (flags) => {
  let said = '';
  const sink = { write: (text: string) => (said += text), on: () => sink } as never;
  const output = new Output(sink, sink, {});
  await targetStack(folderWith({ 'secret.json': secret }), flags, { target: {} } as never, { output } as never);
  output.data('it prints CANARY-one-99');
  expect(said).toBe('it prints (secret)\n');
});
