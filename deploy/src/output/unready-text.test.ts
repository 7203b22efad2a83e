import { Output } from './output';
import { unreadyText } from './unready-text';

const said: string[] = [];
const sink = { write: (text: string) => said.push(text), on: () => sink } as never;

it('cuts a long line of a log, and shows no beginning of a Secret’s value where it is cut', () => {
  const output = new Output(sink, sink, {});
  output.hide({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, stringData: { key: 'correct-horse-battery' } });
  const log = `first\n${'x'.repeat(490)}correct-horse-battery${'y'.repeat(16_000)}\nlast`;
  output.talk(unreadyText([{ reference: { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' }, log } as never], output));
  expect(said.join('')).toBe(`Last lines of Deployment/shop/web\n  first\n  ${'x'.repeat(490)}(secret)…\n  last\n\n`);
});
