import fc from 'fast-check';
import { planStack } from '../src/apply/apply';
import type { Cluster } from '../src/cluster/cluster';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import { prepare } from '../src/manifests/prepare';
import { contentOf, type FieldChange, hidden } from '../src/plan/field-changes';
import type { PlannedObject } from '../src/plan/plan';
import type { Stack } from '../src/stack/stack';
import { applyObjects } from '../testing/in-process';
import { objectsOf, shops } from '../testing/random-shops';
import { describeWithControlPlane } from '../testing/use-control-plane';

const changesets = process.env['BERTH_FULL'] === '1' ? 100 : 12;

/** A path of a change as steps: members and, in brackets, names or indices of list elements. */
function stepsOf(path: string): string[] {
  return [...path.matchAll(/\[("(?:[^"\\]|\\.)*")\]|\[([^\]]*)\]|([^.[\]]+)/g)].map(([, quoted, bracketed, plain]) =>
    quoted === undefined ? (bracketed === undefined ? plain! : `@${bracketed}`) : (JSON.parse(quoted) as string),
  );
}

interface Named {
  readonly name: string;
}

/** Whether a change is one of the order of named things, which it tells by their names. */
function isOrder(list: unknown, from: unknown, to: unknown): from is readonly string[] {
  return Array.isArray(list) && Array.isArray(from) && Array.isArray(to) && typeof (list[0] as Partial<Named> | undefined)?.name === 'string';
}

/** Puts an announced change into a copy of what was there, by steps that share nothing with the code under test. */
function put(root: unknown, { path, from, to }: FieldChange): void {
  const steps = stepsOf(path);
  let at = root as Record<string, unknown>;
  for (const [i, step] of steps.entries()) {
    const isLast = i === steps.length - 1;
    const key = step.startsWith('@') ? keyIn(at as unknown as unknown[], step.slice(1)) : step;
    if (!isLast) {
      at = at[key] as Record<string, unknown>;
      continue;
    }
    const list = at[key] as readonly Named[];
    if (isOrder(list, from, to)) {
      const names = list.map(({ name }) => name);
      expect({ path, is: names.filter((name) => from.includes(name)) }).toEqual({ path, is: from });
      const inOrder = (to as readonly string[]).map((name) => list.find((element) => element.name === name)!);
      at[key] = list.map((element) => ((to as readonly string[]).includes(element.name) ? inOrder.shift() : element));
      continue;
    }
    expect({ path, is: at[key] }).toEqual({ path, is: from });
    if (to !== undefined) at[key] = to;
    else if (Array.isArray(at)) at.splice(Number(key), 1);
    else delete at[key];
  }
}

function keyIn(list: readonly unknown[], name: string): string {
  const index = list.findIndex((element) => (element as { name?: string }).name === name);
  return String(index >= 0 ? index : /^\d+$/.test(name) ? Number(name) : list.length);
}

/** Where among those that stay a new element stands is no matter of a plan. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted).sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([member, inner]) => [member, sorted(inner)]));
}

/** What a Deployment's controller writes beside its status. */
function withoutRollout(object: KubernetesObject): unknown {
  const content = structuredClone(contentOf(object)) as { metadata: { annotations?: Record<string, string> } };
  delete content.metadata.annotations?.['deployment.kubernetes.io/revision'];
  if (Object.keys(content.metadata.annotations ?? {}).length === 0) delete content.metadata.annotations;
  return content;
}

describeWithControlPlane('a plan', (at) => {
  let cluster: Cluster;
  beforeAll(() => void (cluster = at().plane.connect()));
  afterAll(() => cluster?.connection.close());

  const planOf = async (stack: Stack, objects: readonly KubernetesObject[]) => {
    const manifests = objects.map((object, i) => ({ object, place: `object ${i + 1}` }));
    return (await planStack(cluster, stack, await prepare(manifests, stack, cluster.discovery, undefined), {})).plan;
  };
  const live = async ({ location }: PlannedObject) => (await cluster.get(location))!;

  it(
    `of ${changesets} random changes says every field that apply changes, and no other`,
    async () => {
      let fields = 0;
      await fc.assert(
        fc.asyncProperty(shops, shops, async (first, second) => {
          const stack = { name: 'shop', namespace: await at().namespace() };
          await applyObjects(cluster, stack, objectsOf(first));
          expect((await planOf(stack, objectsOf(first))).objects.filter(({ action }) => action !== 'unchanged')).toEqual([]);
          const plan = await planOf(stack, objectsOf(second));
          const before = await Promise.all(plan.objects.map(live));
          await applyObjects(cluster, stack, objectsOf(second));
          const after = await Promise.all(plan.objects.map(live));
          for (const [i, { changes, object }] of plan.objects.entries()) {
            fields += changes.length;
            if (object.kind === 'Secret') {
              expect(JSON.stringify(changes)).not.toMatch(/secret-value|c2VjcmV0/);
              for (const { from, to } of changes) expect([hidden, undefined]).toEqual(expect.arrayContaining([from, to]));
              continue;
            }
            const announced = withoutRollout(before[i]!);
            for (const change of changes) put(announced, change);
            expect(sorted(announced)).toEqual(sorted(withoutRollout(after[i]!)));
          }
          expect((await planOf(stack, objectsOf(second))).objects.filter(({ action }) => action !== 'unchanged')).toEqual([]);
        }),
        { numRuns: changesets, ...(process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) }) },
      );
      console.log(`measured · plans · changesets ${changesets}, fields ${fields}`);
      expect(fields).toBeGreaterThan(changesets);
    },
    changesets * 20_000,
  );
});
