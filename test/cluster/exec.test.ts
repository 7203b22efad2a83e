import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PassThrough, Readable, Writable } from 'node:stream';
import type { Cluster } from '../../deploy/src/cluster/cluster';
import { exec } from '../../deploy/src/cluster/exec';
import { describeOnCluster, kubectl } from './cluster';
import { applied, connected, madeNamespace, removeNamespace } from './connected';
import { hardenedPod } from './probe-pod';

const namespace = 'streams-exec';
const where = { namespace, pod: 'probe', container: 'probe' };
const mebibyte = 1024 * 1024;

describeOnCluster('a command in a container', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await connected();
    await madeNamespace(namespace, hardenedPod({ name: 'probe', namespace, labels: {} }));
    await kubectl('wait', '-n', namespace, 'pod/probe', '--for=condition=Ready', '--timeout=60s');
  }, 120_000);
  afterAll(async () => {
    cluster.connection.close();
    await removeNamespace(namespace);
  }, 120_000);

  const run = async (command: readonly string[], stdin?: Readable) => {
    const stdout = new Digest();
    const result = await exec(cluster.connection, where, command, { stdout, ...(stdin && { stdin }) });
    return { ...result, stdout: stdout.text, bytes: stdout.bytes, hash: stdout.hash };
  };

  it('tells what it printed, and that it succeeded', async () => {
    expect(await run(['echo', 'a word', '$HOME', '"'])).toMatchObject({ exitCode: 0, stdout: 'a word $HOME "\n', stderr: '' });
  });

  it('tells its exit code and what it complained of', async () => {
    expect(await run(['sh', '-c', 'echo out; echo oh no >&2; exit 42'])).toMatchObject({ exitCode: 42, stdout: 'out\n', stderr: 'oh no\n' });
  });

  it('has an empty stdin where none is given, and sees the end of one that is', async () => {
    expect(await run(['cat'])).toMatchObject({ exitCode: 0, stdout: '' });
    expect(await run(['wc', '-c'], Readable.from([]))).toMatchObject({ exitCode: 0, stdout: '0\n' });
    expect(await run(['wc', '-c'], Readable.from([Buffer.from('four')]))).toMatchObject({ exitCode: 0, stdout: '4\n' });
  });

  it('takes 50 MB in and gives them back, each byte as it was', async () => {
    const piece = randomBytes(mebibyte);
    const expected = createHash('sha256');
    for (let i = 0; i < 50; i++) expected.update(piece);
    const result = await run(['cat'], Readable.from(Array<Buffer>(50).fill(piece)));
    expect(result).toMatchObject({ exitCode: 0, bytes: 50 * mebibyte, hash: expected.digest('hex') });
  }, 120_000);

  it('that fails before its input ends tells its exit code when it reads the rest', async () => {
    const input = Readable.from(Array<Buffer>(20).fill(Buffer.alloc(mebibyte, 'x')));
    const result = await run(['sh', '-c', 'head -c 5; echo no space left >&2; cat >/dev/null; exit 9'], input);
    expect(result).toMatchObject({ exitCode: 9, stdout: 'xxxxx', stderr: 'no space left\n' });
  }, 60_000);

  it('keeps the first 64 KiB of its complaints', async () => {
    const { exitCode, stderr } = await run(['sh', '-c', 'yes complaint | head -c 1000000 >&2; exit 3']);
    expect({ exitCode, isLong: stderr.length >= 64 * 1024, isShort: stderr.length < 128 * 1024 }).toEqual({ exitCode: 3, isLong: true, isShort: true });
  });

  it('that isn’t there is told', async () => {
    await expect(run(['no-such-program'])).rejects.toThrow(/the command could not be run: .*no-such-program/);
  });

  it('in a pod or a container that isn’t there is told', async () => {
    const stdout = new PassThrough();
    await expect(exec(cluster.connection, { ...where, pod: 'nobody' }, ['true'], { stdout })).rejects.toMatchObject({
      code: 404,
      message: /pods "nobody" not found/,
    });
    await expect(exec(cluster.connection, { ...where, container: 'nobody' }, ['true'], { stdout })).rejects.toThrow(/container nobody is not valid|not found/);
  });

  it('whose pod is deleted meanwhile is told as broken off, with what it had said', async () => {
    await madePod('short-lived');
    const stdout = new PassThrough();
    const running = exec(cluster.connection, { ...where, pod: 'short-lived' }, ['sh', '-c', 'echo halfway >&2; echo on; sleep 60'], { stdout });
    const outcome = running.then(
      (result) => `ended with ${result.exitCode}`,
      (error: Error) => error.message,
    );
    await new Promise((resolve) => stdout.once('data', resolve));
    await kubectl('delete', '-n', namespace, 'pod/short-lived', '--grace-period=0', '--force');
    // SIGKILL by the node is an exit code, a vanished connection is a broken one
    expect(await outcome).toMatch(/ended with 137|broke before the command in it had ended: .*halfway/);
  }, 60_000);

  it('waits for a slow reader, and keeps nothing meanwhile', async () => {
    const slow = new Slow();
    const before = process.memoryUsage().rss;
    const running = exec(cluster.connection, where, ['sh', '-c', 'head -c 300000000 /dev/zero'], { stdout: slow });
    await sleep(3_000);
    const grown = process.memoryUsage().rss - before;
    slow.hurry();
    expect(await running).toMatchObject({ exitCode: 0 });
    expect(slow.bytes).toBe(300_000_000);
    expect(grown).toBeLessThan(40 * mebibyte);
  }, 120_000);

  const madePod = async (name: string) => {
    await applied(hardenedPod({ name, namespace, labels: {} }));
    await kubectl('wait', '-n', namespace, `pod/${name}`, '--for=condition=Ready', '--timeout=60s');
  };
});

/** Takes everything; keeps its number, its hash and the beginning. */
class Digest extends Writable {
  bytes = 0;
  text = '';
  private readonly digest = createHash('sha256');

  get hash(): string {
    return this.digest.copy().digest('hex');
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.bytes += chunk.length;
    this.digest.update(chunk);
    if (this.text.length < 1_000) this.text += chunk.toString();
    done();
  }
}

/** A reader that takes a piece every 100 ms, until it is told to hurry. */
class Slow extends Writable {
  bytes = 0;
  private isSlow = true;

  hurry(): void {
    this.isSlow = false;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.bytes += chunk.length;
    if (this.isSlow) setTimeout(done, 100);
    else done();
  }
}
