import { quantity, quantityFaults } from './quantities';

it.each([
  ['1000m', '1'],
  ['1500m', '1500m'],
  ['2000m', '2'],
  ['256Mi', '256Mi'],
  ['1024Mi', '1Gi'],
  ['1536Mi', '1536Mi'],
  ['1048576Mi', '1Ti'],
  ['5Gi', '5Gi'],
])('%s is kept by the API server as %s', (given, kept) => expect(quantity(given).value).toBe(kept));

it.each(['', '0m', '1', '0.5', '-1m', '1M', '1000', '100 m', '1e3m'])('as CPU "%s" is refused', (cpu) => {
  expect(quantityFaults({ cpu: cpu as '1m' })).toEqual([expect.stringContaining('such as "250m"') as string]);
});
