import { Sightings } from './sightings';

it('counts from when a thing was first seen, each for itself, and anew when it was away for long', () => {
  const sightings = new Sightings();
  expect([0, 15_000, 54_000].map((now) => sightings.see('one', now))).toEqual([0, 15_000, 54_000]);
  expect(sightings.see('other', 60_000)).toBe(0);
  expect([94_000, 95_000].map((now) => sightings.see('one', now))).toEqual([0, 1_000]);
});
