import { PassThrough } from 'node:stream';
import { Output } from '../output/output';
import { confirmed } from './confirmed';

describe('asking for the name of a stack', () => {
  const ask = (typed: string, stop = new AbortController()) => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const said = Object.assign(new PassThrough(), { isTTY: true, columns: 80 }) as unknown as NodeJS.WriteStream;
    const world = { output: new Output(said, said, {}), signal: stop.signal };
    setTimeout(() => (typed === 'a signal' ? stop.abort() : typed === 'the end' ? input.end() : input.write(typed)), 20);
    return confirmed('shop', undefined, 'it stops working', 'nothing was removed', world, { input, output: said });
  };

  it('goes on when it is typed', async () => {
    await ask('shop\n');
  });

  it('is refused when another is typed', async () => {
    await expect(ask('shops\n')).rejects.toMatchObject({ exitCode: 3, message: '"shops" is not "shop": nothing was removed' });
  });

  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
    ['the end of the terminal', 'the end'],
    ['a signal', 'a signal'],
  ])('ends in one sentence at %s', async (_, typed) => {
    await expect(ask(typed)).rejects.toMatchObject({ exitCode: 2, message: 'nobody typed "shop": nothing was removed' });
  });
});
