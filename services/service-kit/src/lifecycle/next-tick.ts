import { createHook } from 'node:async_hooks';

let kept: object | undefined;

/**
 * Keeps `process.nextTick` fast for the life of the process, at the price of one small object.
 *
 * Node.js makes an object for each tick. V8 knows its shape only while such an object lives, and when a major collection comes there is mostly
 * none: the code that makes them forgets what it learned and takes the slow way from then on. A tick then costs 0.30 µs instead of
 * 0.06, and a request has seven (docs/decisions/0017-next-tick.md). One tick object that stays alive keeps the shape.
 *
 * @returns false when Node.js doesn't show its tick objects any more; then nothing is lost but the speed
 */
export function keepTickShape(): boolean {
  const hook = createHook({
    init(_id, type, _trigger, resource: object) {
      if (type === 'TickObject') kept = resource;
    },
  });
  hook.enable();
  process.nextTick(() => undefined);
  hook.disable();
  return kept !== undefined;
}
