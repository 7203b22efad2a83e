import { execFileSync } from 'node:child_process';
import type { Server } from 'node:http';
import { sayMeasured } from '../../services/service-kit/testing/load-client';
import { describeOnCluster, kubectl, kubectlSaid } from './cluster';
import { common, type Fault, faults } from './doctor-faults';
import { deployment } from './doctor-objects';
import { isOwnAddress, startRegistry } from './doctor-registry';
import { doctor, folderOf, freshNamespace, listOf, promisedMs, removeNamespace, saidIn, toldBy, until } from './doctor-stacks';

const namespace = 'doctor-faults';
const minutes = 60_000;

/** Whether the node is this machine, so that its `localhost:5000` is ours. */
const nodeIsHere =
  process.env['BERTH_E2E'] === '1' &&
  isOwnAddress(execFileSync('kubectl', ['get', 'nodes', '-o', 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}'], { encoding: 'utf8' }));
const usesRegistry = ({ objects }: Fault) => JSON.stringify(objects).includes('localhost:5000');
const logged = faults.flatMap(({ name, logs }) => (logs ? [name] : []));
const tried = faults.filter((fault) => nodeIsHere || !usesRegistry(fault));

describeOnCluster('doctor on what is broken for real, side by side', () => {
  const times: number[] = [];
  let registry: Server | undefined;
  let said: readonly string[] = [];

  beforeAll(async () => {
    await freshNamespace(namespace);
    if (nodeIsHere) {
      registry = await startRegistry();
      // its image on the node: then only a tag of it can be wrong
      const warm = deployment('warm', { container: { image: 'localhost:5000/shop/web:1' } });
      await kubectlSaid(['apply', '-f', '-'], listOf(namespace, [warm]));
    }
    await kubectlSaid(['apply', '-f', '-'], listOf(namespace, [...common, ...tried.flatMap(({ objects }) => objects)]));
    await kubectl('delete', 'configmap', 'finalizer', '-n', namespace, '--wait=false');
    if (nodeIsHere) {
      await until('the image on the node', async () => (await kubectl('get', 'nodes', '-o', 'json')).includes('localhost:5000/shop/web:1'));
      await kubectl('delete', 'deployment', 'warm', '-n', namespace);
    }
  }, 3 * minutes);
  afterAll(async () => {
    await kubectl('patch', 'configmap', 'finalizer', '-n', namespace, '--type=json', '-p', '[{"op":"remove","path":"/metadata/finalizers"}]').catch(
      () => undefined,
    );
    await removeNamespace(namespace);
    await new Promise((closed) => (registry === undefined ? closed(undefined) : registry.close(closed)));
    sayMeasured('doctor', { runs: times.length, longestMs: Math.round(Math.max(...times)) });
  }, 3 * minutes);

  it.each(tried)(
    '$name is $rule, and nothing else',
    async ({ name, objects, seen, rule, cause, evidence, followers = [] }) => {
      await until(`${name} is seen (${seen.source})`, async () => {
        if (said.some((line) => seen.test(line))) return true;
        said = await saidIn(namespace, logged);
        return said.some((line) => seen.test(line));
      });
      const folder = folderOf(name, namespace, objects);
      const run = await doctor([folder, '-o', 'json']);
      times.push(run.ms);
      const { causes } = toldBy(run);
      expect(causes.map((each) => `${each.rule} ${each.object}: ${each.cause}`)).toEqual([expect.stringMatching(cause)]);
      expect(causes[0]).toMatchObject({ rule });
      expect(causes[0]!.evidence.join('\n')).toMatch(evidence);
      expect(causes[0]!.next[0]).toMatch(/^(kubectl|berth|docker|kind|npm) /);
      const short = (object: string) => object.replace(`/${namespace}/`, '/');
      expect(causes[0]!.followers.map(({ object }) => short(object))).toEqual(expect.arrayContaining([...followers]));
      expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 4, stderr: '' });
      expect(run.ms).toBeLessThan(promisedMs);
      expect(run.stdout).not.toMatch(/wrong-password-of-the-shop|right-password/);
    },
    3 * minutes,
  );

  it('all of them at once, by their namespace, are as many causes', async () => {
    const run = await doctor(['-n', namespace]);
    expect(run.code).toBe(4);
    expect(run.ms).toBeLessThan(promisedMs);
    for (const word of ['the till is locked', 'OOMKilled', 'shop-usr', 'cashier']) expect(run.stdout).toContain(word);
  });
});
