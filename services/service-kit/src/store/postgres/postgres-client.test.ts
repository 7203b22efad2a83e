import { clientConfig, toIsoTime } from './postgres-client';

it.each([
  ['2026-03-01 12:00:00+00', '2026-03-01T12:00:00.000Z'],
  ['2026-03-01 12:00:00.5+00', '2026-03-01T12:00:00.500Z'],
  ['2026-03-01 12:00:00.05+00', '2026-03-01T12:00:00.050Z'],
  ['2026-03-01 12:00:00.123+00', '2026-03-01T12:00:00.123Z'],
  ['2026-03-01 12:00:00.123456+00', '2026-03-01T12:00:00.123Z'],
  ['2026-03-01 17:30:00.1+05:30', '2026-03-01T12:00:00.100Z'],
  ['2026-03-01 07:00:00-05', '2026-03-01T12:00:00.000Z'],
])('reads PostgreSQL’s time %s as %s', (text, iso) => {
  expect(toIsoTime(text)).toBe(iso);
});

it.each([
  ['sslmode=require', 'sslmode=verify-full'],
  ['sslmode=prefer', 'sslmode=verify-full'],
  ['sslmode=verify-ca&sslrootcert=%2Fca.pem', 'sslmode=verify-full&sslrootcert=%2Fca.pem'],
  ['sslmode=no-verify', 'sslmode=no-verify'],
  ['uselibpqcompat=true&sslmode=require', 'uselibpqcompat=true&sslmode=require'],
])('gives the driver for %s the mode that it means, by its own name', (query, given) => {
  const { connectionString } = clientConfig({ url: `postgres://u:p%40ss@db:5433/boats?${query}`, password: undefined, applicationName: 'boats' });
  const settings = new URLSearchParams({ options: '-c DateStyle=ISO -c TimeZone=UTC -c client_connection_check_interval=250' });
  expect(connectionString).toBe(`postgres://u:p%40ss@db:5433/boats?${given}&${settings.toString()}`);
});
