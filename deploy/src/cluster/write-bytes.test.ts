import { PassThrough } from 'node:stream';
import { writeBytes } from './write-bytes';

it('leaves no listener behind, however often the other side was slow', async () => {
  const target = new PassThrough({ highWaterMark: 10 });
  const counts = () => ['drain', 'close', 'error'].map((event) => target.listenerCount(event));
  const before = counts();
  for (let n = 0; n < 100; n++) {
    const writing = writeBytes(target, Buffer.alloc(100));
    target.read();
    await writing;
  }
  expect(counts()).toEqual(before);
});

it('waits no longer for what is closed', async () => {
  const target = new PassThrough({ highWaterMark: 10 });
  const writing = writeBytes(target, Buffer.alloc(100));
  target.destroy();
  await writing;
  await writeBytes(target, Buffer.alloc(100));
});
