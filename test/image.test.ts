import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithDocker, docker, inspect } from './docker';
import { freePorts } from '../services/service-kit/testing/free-ports';

const minutes = 60_000;

describeWithDocker('the image', () => {
  const image = 'berth-test/user-service';
  const base = 'node:24-bookworm-slim';
  const buildOf = (service: string, ...args: string[]) => docker(['build', '--quiet', '--build-arg', `SERVICE=${service}`, ...args, '.']);
  const build = (...args: string[]) => buildOf('user-service', ...args);
  const started: string[] = [];

  beforeAll(() => build('--tag', image, '--build-arg', 'VERSION=1.2.3', '--build-arg', 'REVISION=abc1234'), 10 * minutes);
  afterAll(async () => {
    if (started.length > 0) await docker(['rm', '--force', '--volumes', ...started]);
  }, minutes);

  /** Runs a container and gives the base URL once it is ready. */
  async function serve(args: readonly string[], of = image, containerPort = 8000): Promise<string> {
    const [port] = await freePorts(1);
    started.push(await docker(['run', '--detach', '--publish', `127.0.0.1:${port}:${containerPort}`, ...args, of]));
    const url = `http://127.0.0.1:${port}`;
    for (let left = 200; left > 0; left--) {
      const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
      if (answer?.ok) return url;
      await sleep(50);
    }
    throw new Error(`not ready after 10 s; its log:\n${await docker(['logs', started.at(-1)!])}`);
  }

  it(
    'serves with no volume and no variable',
    async () => {
      const url = await serve([]);
      const answer = await fetch(`${url}/api/v1/users`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"email":"a@example.com","name":"A"}',
      });
      expect(answer.status).toBe(201);
      expect(await (await fetch(`${url}/version`)).json()).toMatchObject({ name: 'user-service', version: '1.2.3' });
      expect((await fetch(`${url}/docs`)).status).toBe(200);
    },
    minutes,
  );

  it(
    'serves on a read-only root, as another port says, with nothing but its own rights, and becomes healthy',
    async () => {
      await serve(['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges', '--env', 'PORT=9000'], image, 9000);
      const id = started.at(-1)!;
      for (let left = 100; left > 0 && (await inspect(id)).State.Health.Status !== 'healthy'; left--) await sleep(200);
      expect((await inspect(id)).State.Health.Status).toBe('healthy');
      await docker(['stop', id]);
      expect((await inspect(id)).State.ExitCode).toBe(0);
    },
    minutes,
  );

  it('tells what it is by its labels, and its user by number', async () => {
    const { Config } = await inspect(image);
    expect(Config.Labels).toMatchObject({
      'org.opencontainers.image.title': 'user-service',
      'org.opencontainers.image.version': '1.2.3',
      'org.opencontainers.image.revision': 'abc1234',
      'org.opencontainers.image.licenses': 'Apache-2.0',
    });
    expect(Config.User).toMatch(/^[1-9]\d{4,}:[1-9]\d{4,}$/);
    expect(Object.keys(Config.Volumes)).toEqual(['/home/appuser/app/data']);
  });

  it(
    'adds at most 40 MB to its base, and no file that production does not need',
    async () => {
      expect((await inspect(image)).Size - (await inspect(base)).Size).toBeLessThan(40_000_000);
      const files = (await docker(['run', '--rm', '--entrypoint', 'find', image, '/home/appuser', '-type', 'f'])).split('\n');
      expect(files.filter((file) => /\.(ts|map|md|c|cc|h|gyp)$|esbuild|typescript|jest/.test(file))).toEqual([]);
      expect(files.filter((file) => file.endsWith('.node'))).toHaveLength(1);
    },
    minutes,
  );

  it(
    'shares every layer of its base with the other service, which adds no more',
    async () => {
      const other = await buildOf('order-service');
      const [shared, ...services] = await Promise.all([base, image, other].map(inspect));
      const layers = shared!.RootFS.Layers;
      for (const { RootFS, Size } of services) {
        expect(RootFS.Layers.slice(0, layers.length)).toEqual(layers);
        expect(Size - shared!.Size).toBeLessThan(40_000_000);
      }
    },
    10 * minutes,
  );

  it(
    'runs as no root, with no build tools and no cache of npm',
    async () => {
      const look =
        'id -u; command -v gcc g++ cc make python3 git curl; find / -xdev \\( -name _cacache -o -name node-gyp -path "/home/*" \\) 2>/dev/null; ls -A /tmp; true';
      const run = (of: string, user: string) => docker(['run', '--rm', '--user', user, '--entrypoint', 'sh', of, '-c', look]);
      expect(await docker(['run', '--rm', '--entrypoint', 'id', image, '-u'])).toBe('10001');
      // as root everywhere can be looked into
      expect(await run(image, '0')).toBe('0');
    },
    minutes,
  );

  it(
    'finds its compile cache warm on a read-only root',
    async () => {
      const run = [
        'run',
        '--rm',
        '--read-only',
        '--env',
        'NODE_DEBUG_NATIVE=COMPILE_CACHE',
        '--entrypoint',
        'sh',
        image,
        '-c',
        'node dist/main.js migrate 2>&1',
      ];
      expect(await docker(run)).toMatch(/code cache for CommonJS \/home\/appuser\/app\/dist\/main\.js was accepted/);
    },
    minutes,
  );

  it(
    'has the same layers when it is built again',
    async () => {
      const id = await build('--no-cache');
      const again = await inspect(id);
      expect(again.RootFS.Layers).toEqual((await inspect(image)).RootFS.Layers);
      await docker(['rmi', id]);
    },
    10 * minutes,
  );
});
