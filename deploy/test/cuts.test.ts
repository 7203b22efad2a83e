import { createCutter, type Cutter, everyCut, scenariosOf, spread } from '../testing/cut-commands';
import { type CuttingProxy, startCuttingProxy } from '../testing/cutting-proxy';
import { describeWithControlPlane } from '../testing/use-control-plane';

/** Every cut by BERTH_FULL=1; else this many of each command. */
const isFull = process.env['BERTH_FULL'] === '1';
const sample = 2;

const scenarios = scenariosOf((kind, name, release) => ({ name, image: kind === 'job' ? 'migrate:1' : `${name}:${release}` }));

describeWithControlPlane('a command that is cut', (at) => {
  let proxy: CuttingProxy;
  let cutter: Cutter;
  beforeAll(async () => {
    const { plane, namespace } = at();
    proxy = await startCuttingProxy(plane);
    cutter = createCutter({ proxy, cluster: plane.connect(), timeout: '60s', namespace });
  });
  afterAll(() => proxy?.close());

  describe.each(scenarios)('$name', (scenario) => {
    it(
      'ends in the same state when it is run again, wherever it was cut',
      async () => {
        const { writes, state } = await cutter.uncut(scenario);
        const cuts = everyCut(writes);
        const chosen = isFull ? cuts : spread(cuts, sample);
        for (const cut of chosen) {
          const place = `cut ${cut.when} write ${cut.atWrite} of ${writes} (${cut.how})`;
          const ended = await cutter.cutAndRunAgain(scenario, cut).catch((error: unknown) => {
            throw new Error(`${place}: ${(error as Error).message}`, { cause: error });
          });
          expect({ place, ended }).toEqual({ place, ended: state });
        }
        console.log(`measured · ${scenario.name} · writes ${writes}, cuts ${chosen.length} of ${cuts.length}`);
      },
      isFull ? 3_600_000 : 180_000,
    );
  });
});
