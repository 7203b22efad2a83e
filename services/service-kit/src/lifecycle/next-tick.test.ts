import { createHook } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { keepTickShape } from './next-tick';

/** Makes ten tick objects and tells how many of them outlive a major collection. */
async function ticksThatOutlive(duringThem: () => void): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const seen: WeakRef<object>[] = [];
  const hook = createHook({
    init(_id, type, _trigger, resource: object) {
      if (type === 'TickObject') seen.push(new WeakRef(resource));
    },
  }).enable();
  for (let i = 0; i < 10; i++) process.nextTick(() => undefined);
  duringThem();
  hook.disable();
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  return seen.filter((tick) => tick.deref() !== undefined).length;
}

it('keeps one tick object alive, where a major collection leaves none', async () => {
  expect(await ticksThatOutlive(() => undefined)).toBe(0);
  let shown: boolean | undefined;
  expect(await ticksThatOutlive(() => (shown = keepTickShape()))).toBe(1);
  expect(shown).toBe(true);
});
