import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { declareService } from '../declaration';
import { ConfigurationError, parseConfiguration } from './configuration';

const declaration = declareService({
  name: 'boat-service',
  port: 8123,
  description: 'Owns boats.',
  paths: [],
  configuration: {
    BOAT_DB_PATH: { kind: 'text', default: './boats.db', description: 'File' },
    BOAT_URL: { kind: 'url', schemes: ['http', 'https'], default: 'http://localhost:1', description: 'Peer' },
    BOAT_TIMEOUT_MS: { kind: 'integer', minimum: 10, maximum: 100, default: 50, description: 'Time' },
    BOAT_KIND: { kind: 'choice', choices: ['sail', 'motor'], default: 'sail', description: 'Kind' },
  },
  peers: [],
  store: { pathVariable: 'BOAT_DB_PATH', database: 'boatdb', schema: 1, schemaMinimum: 1 },
  metrics: [],
  resources: { cpu: '100m', cpuLimit: '1000m', memory: '256Mi', disk: '64Mi' },
  scaling: { maximumReplicas: 10, targetCpuPercent: 70 },
  checks: [],
  flows: [],
});

const parse = (env: Readonly<Record<string, string | undefined>>) => parseConfiguration(declaration, env);

function faultsOf(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  try {
    parse(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  let folder: string;
  const fileOf = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'berth-configuration-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('has the contract’s defaults where nothing is set', () => {
    expect(parse({})).toMatchObject({
      ...{ PORT: 8123, HOST: '0.0.0.0', LOG_LEVEL: 'info', SHUTDOWN_TIMEOUT_MS: 25_000, READINESS_REQUIRES_PEERS: false, DATABASE_POOL_SIZE: 10 },
      ...{ DATABASE_URL: undefined, RATE_LIMIT_PER_MINUTE: undefined, TRUST_PROXY: 0, MIGRATE_ON_START: true },
      ...{ BOAT_DB_PATH: './boats.db', BOAT_URL: 'http://localhost:1', BOAT_TIMEOUT_MS: 50, BOAT_KIND: 'sail' },
    });
  });

  it('takes an empty value as unset', () => {
    expect(parse({ PORT: '', BOAT_URL: '', DATABASE_URL: '', DATABASE_URL_FILE: '', RATE_LIMIT_PER_MINUTE: '' })).toEqual(parse({}));
  });

  it('parses each kind', () => {
    const env = { PORT: '0', READINESS_REQUIRES_PEERS: 'true', BOAT_KIND: 'motor', BOAT_URL: 'https://boats.example/base', BOAT_TIMEOUT_MS: '10' };
    expect(parse(env)).toMatchObject({ PORT: 0, READINESS_REQUIRES_PEERS: true, BOAT_KIND: 'motor', BOAT_URL: env.BOAT_URL, BOAT_TIMEOUT_MS: 10 });
  });

  const wrong: readonly (readonly [string, string])[] = [
    ...['-1', '65536', '80.5', '8e3', ' 80', '80x', '0x50', 'NaN', '99999999999999999999'].map((value) => ['PORT', value] as const),
    ...['9', '101', 'fast'].map((value) => ['BOAT_TIMEOUT_MS', value] as const),
    ...['1', 'TRUE', 'yes', 'on', ' true'].map((value) => ['READINESS_REQUIRES_PEERS', value] as const),
    ...['Sail', 'row', 'sail,motor'].map((value) => ['BOAT_KIND', value] as const),
    ...['localhost:8000', 'ftp://boats', '/boats', 'http//boats', '//boats'].map((value) => ['BOAT_URL', value] as const),
    ...['mysql://db/x', 'db.example', 'postgres'].map((value) => ['DATABASE_URL', value] as const),
    ...['0', '-5', '1.5'].map((value) => ['RATE_LIMIT_PER_MINUTE', value] as const),
    ...['-1', '11', 'all'].map((value) => ['TRUST_PROXY', value] as const),
    ...['http:localhost', 'http:/boats'].map((value) => ['BOAT_URL', value] as const),
    ...['postgres:foo', 'postgres:/db/x'].map((value) => ['DATABASE_URL', value] as const),
    ...[' 127.0.0.1', '127.0.0.1 ', 'a b', '\t'].map((value) => ['HOST', value] as const),
    ...[':memory:', ' :memory: ', 'file:boats.db', ' boats.db', 'boats.db '].map((value) => ['BOAT_DB_PATH', value] as const),
    ['LOG_LEVEL', 'loud'],
    ['SHUTDOWN_TIMEOUT_MS', '-1'],
    ['DATABASE_POOL_SIZE', '0'],
  ];

  it.each(wrong)('refuses %s=%s with its name and what it must be', (name, value) => {
    expect(faultsOf({ [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name} must (be|not) .+`)) as string]);
  });

  it('tells every fault at once', () => {
    const env = {
      PORT: 'x',
      LOG_LEVEL: 'loud',
      BOAT_URL: 'boats',
      BOAT_TIMEOUT_MS: '1',
      DATABASE_PASSWORD: 'secret',
      DATABASE_POOL_SIZE: '0',
      TRUST_PROXY: '-1',
    };
    const faults = faultsOf(env);
    expect(faults.map((fault) => /^\w+/.exec(fault)?.[0]).sort()).toEqual(Object.keys(env).sort());
    expect(new ConfigurationError(faults).message).toMatch(/^The configuration has 7 faults:\n( {2}- .+\n?){7}$/);
  });

  it('reads a secret from the file that NAME_FILE names, without the line end', () => {
    expect(parse({ DATABASE_URL_FILE: fileOf('url', 'postgres://db/boats\n') }).DATABASE_URL).toBe('postgres://db/boats');
    expect(parse({ DATABASE_URL: 'postgres://db/boats', DATABASE_PASSWORD_FILE: fileOf('password', 'pä$$ wörd\n') }).DATABASE_PASSWORD).toBe('pä$$ wörd');
  });

  it('refuses a secret that is given twice, a file that is not there, and a wrong value in a file', () => {
    expect(faultsOf({ DATABASE_URL: 'postgres://db/boats', DATABASE_URL_FILE: fileOf('twice', 'postgres://db/boats') })).toEqual([
      expect.stringMatching(/^DATABASE_URL and DATABASE_URL_FILE are both set/) as string,
    ]);
    expect(faultsOf({ DATABASE_URL_FILE: join(folder, 'missing') })).toEqual([expect.stringMatching(/^DATABASE_URL_FILE names a file.*ENOENT/) as string]);
    expect(faultsOf({ DATABASE_URL_FILE: folder })).toEqual([expect.stringMatching(/^DATABASE_URL_FILE names a file.*EISDIR/) as string]);
    expect(faultsOf({ DATABASE_URL_FILE: fileOf('wrong', 'mysql://u:hidden@db/boats') })).toEqual([expect.stringMatching(/^DATABASE_URL must be/) as string]);
  });

  it('never shows a secret’s value', () => {
    const faults = faultsOf({ DATABASE_URL: 'mysql://user:hidden@db/boats' });
    expect(faults.join()).not.toContain('hidden');
  });

  it.each(['postgres://u:TOP%99SECRET@db/boats', 'postgres://u%ff:SECRET@db/boats', 'postgres://u:SECRET@db/%80', 'postgres://u:SECRET%zz@db/boats'])(
    'refuses a database URL that can not be decoded, without showing it: %s',
    (url) => {
      const faults = faultsOf({ DATABASE_URL: url });
      expect(faults).toEqual([expect.stringMatching(/^DATABASE_URL must be percent-encoded/) as string]);
      expect(faults.join()).not.toContain('SECRET');
    },
  );

  it.each([
    'sslrootcert=/nope',
    'sslmode=verify-full&sslkey=/nope',
    'sslmode=verify',
    'sslnegotiation=now',
    'sslnegotiation=direct&sslmode=disable',
    'sslmode=verify-ca&uselibpqcompat=true',
  ])('refuses what the driver would throw on with every request: %s', (query) => {
    expect(faultsOf({ DATABASE_URL: `postgres://u:SECRET@db/boats?${query}` })).toEqual([expect.stringMatching(/^DATABASE_URL (?!.*SECRET).*ssl/) as string]);
  });

  it('takes every way to ask for encryption that the driver knows', () => {
    const ca = fileOf('ca.pem', '');
    for (const query of ['sslmode=require', 'sslmode=no-verify', 'uselibpqcompat=true&sslmode=require', `sslrootcert=${ca}`, 'sslmode=disable']) {
      expect(faultsOf({ DATABASE_URL: `postgres://u:p%40ss@db:5433/boats?${query}` })).toEqual([]);
    }
  });

  it('does not read NAME_FILE of what is no secret', () => {
    expect(parse({ PORT_FILE: fileOf('port', '9') }).PORT).toBe(8123);
  });
});
