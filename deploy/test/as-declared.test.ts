import fc from 'fast-check';
import { ApiError } from '../src/cluster/api-error';
import type { Cluster } from '../src/cluster/cluster';
import { type Prepared, prepare } from '../src/manifests/prepare';
import { isAsDeclared } from '../src/plan/as-declared';
import { changesBetween } from '../src/plan/field-changes';
import { ownsTheSame } from '../src/plan/managed-fields';
import { applyObjects } from '../testing/in-process';
import { objectsOf, type Shop, shops } from '../testing/random-shops';
import { describeWithControlPlane } from '../testing/use-control-plane';

const rounds = process.env['BERTH_FULL'] === '1' ? 150 : 15;

describeWithControlPlane('what is as its manifest says', (at) => {
  let cluster: Cluster;
  beforeAll(() => void (cluster = at().plane.connect()));
  afterAll(() => cluster?.connection.close());

  /** What the server says of the same question. */
  const wouldChange = async ({ location, object }: Prepared): Promise<boolean> => {
    const live = (await cluster.get(location))!;
    try {
      const next = await cluster.apply(location, object, { dryRun: true });
      return changesBetween(live, next).length > 0 || !ownsTheSame(live, next);
    } catch (error) {
      if (error instanceof ApiError) return true;
      throw error;
    }
  };

  /** Another manager takes what it wants, where the two together are valid. */
  const meddle = async ({ location, object }: Prepared): Promise<void> => {
    try {
      await cluster.apply(location, object, { manager: 'another', force: true });
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 422) throw error;
    }
  };

  it(
    `is told without asking the server, and never wrongly, in ${rounds} random sets, with another manager in half of them`,
    async () => {
      const told = { unchanged: 0, byItself: 0, changed: 0 };
      await fc.assert(
        fc.asyncProperty(shops, shops, shops, fc.boolean(), async (first, second, others, meddled) => {
          const stack = { name: 'shop', namespace: await at().namespace() };
          const preparedOf = (shop: Shop) =>
            prepare(
              objectsOf(shop).map((object, i) => ({ object, place: `object ${i}` })),
              stack,
              cluster.discovery,
              undefined,
            );
          await applyObjects(cluster, stack, objectsOf(first));
          if (meddled) for (const prepared of await preparedOf(others)) await meddle(prepared);
          for (const prepared of [...(await preparedOf(first)), ...(await preparedOf(second))]) {
            const isAs = isAsDeclared((await cluster.get(prepared.location))!, prepared.object);
            const changes = await wouldChange(prepared);
            if (isAs && changes) throw new Error(`${prepared.reference.kind} is not as declared, and was said to be: ${JSON.stringify(prepared.object)}`);
            told.changed += Number(changes);
            told.unchanged += Number(!changes);
            told.byItself += Number(isAs);
          }
        }),
        { numRuns: rounds, ...(process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) }) },
      );
      console.log(
        `measured · as declared · rounds ${rounds}, changed ${told.changed}, unchanged ${told.unchanged}, of them told without a dry run ${told.byItself}`,
      );
      expect(told.changed).toBeGreaterThan(rounds);
      expect(told.byItself).toBeGreaterThan(told.unchanged / 2);
    },
    rounds * 10_000,
  );
});
