import { Output } from '../output/output';
import { logLine } from './log-line';
import { LogView } from './log-view';
import { openLog } from './read-log';

const time = '2026-11-28T12:08:18.767356643Z';
const written = Buffer.concat([Buffer.from('fffe', 'hex'), Buffer.from(' é "correct-horse-é" '), Buffer.from([0x80, 0x0a])]);

/** What stdout gets of a log, in pieces of a few bytes. */
async function shown(format: 'json' | 'table'): Promise<Buffer> {
  const got: Buffer[] = [];
  const sink = { write: (text: string, encoding: BufferEncoding) => got.push(Buffer.from(text, encoding)) > 0, on: () => sink } as never;
  const output = new Output(sink, sink, {});
  output.hide({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, stringData: { key: 'correct-horse-é' } });
  const view = new LogView(output, format);
  const answer = Buffer.concat([Buffer.from(`${time} `), written]);
  const pieces = Array.from({ length: Math.ceil(answer.length / 3) }, (_, i) => answer.subarray(i * 3, i * 3 + 3));
  const source = view.sourceOf({ metadata: { name: 'web' }, spec: { containers: [{ name: 'web' }] } } as never, 'web');
  const streams = { follow: () => Promise.resolve(pieces) } as never;
  const where = { namespace: 'shop', pod: 'web', container: 'web' };
  for await (const { lines } of await openLog(streams, where, {}, new AbortController().signal))
    await view.show(lines.map((raw) => ({ source, line: logLine(raw)! })));
  return Buffer.concat(got);
}

it('gives a line as JSON byte for byte as the container wrote it, but for values of Secrets', async () => {
  const expected = Buffer.concat([Buffer.from('fffe', 'hex'), Buffer.from(' é "(secret)" '), Buffer.from([0x80, 0x0a])]);
  expect((await shown('json')).toString('hex')).toBe(expected.toString('hex'));
});

it('gives it in columns as text', async () => {
  expect((await shown('table')).toString()).toBe('12:08:18.767       web \ufffd\ufffd é "(secret)" \ufffd\n');
});
