import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boatService } from '../test/synthesized';
import { readDeclarations } from './declarations';

describe('the declarations', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'berth-services-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const service = (name: string, declaration: object | null | undefined) => {
    mkdirSync(join(folder, name, 'dist'), { recursive: true });
    mkdirSync(join(folder, name, 'src'));
    writeFileSync(join(folder, name, 'service.ts'), '');
    writeFileSync(join(folder, name, 'src', 'main.ts'), '');
    if (declaration !== undefined) writeFileSync(join(folder, name, 'dist', 'service.json'), JSON.stringify(declaration));
  };

  it('are those of every folder with a service.ts, and of no other', () => {
    service('boat-service', boatService);
    service('a-service', { ...boatService, name: 'a-service' });
    mkdirSync(join(folder, 'service-kit'));
    // what a service that was removed leaves behind
    mkdirSync(join(folder, 'old-service', 'dist'), { recursive: true });
    writeFileSync(join(folder, 'old-service', 'dist', 'service.json'), '{}');
    expect(readDeclarations(folder).map(({ name }) => name)).toEqual(['a-service', 'boat-service']);
  });

  it.each([
    ['was not built', undefined, /services\/boat-service: it was not built: run npm run build/],
    ['has another name', { ...boatService, name: 'ship-service' }, /declares the name "ship-service": a service is called what its folder is called/],
    ['is half a declaration', { ...boatService, resources: undefined }, /service.ts: the declaration lacks "resources": give it; npm run typecheck says/],
    ['lacks an amount', { ...boatService, resources: { ...boatService.resources, memory: undefined } }, /resources lacks "memory": give it/],
    ['has one path for a list', { ...boatService, paths: '/boats' }, /services\/boat-service\/service.ts: paths is "\/boats": it must be a list/],
    ['has nothing for a store', { ...boatService, store: null }, /store is null: it must be an object with pathVariable, database/],
    ['has a misspelt member', { ...boatService, path: ['/boats'] }, /the declaration has "path", which nothing reads: there are name, port/],
    [
      'has a variable of a kind that there isn’t',
      { ...boatService, configuration: { BOATS: { kind: 'number', description: 'Boats' } } },
      /configuration\["BOATS"\].kind is "number": it must be "integer" or "flag" or "choice" or "text" or "url"/,
    ],
    [
      'has a check by a method that there isn’t',
      { ...boatService, checks: [{ name: 'a boat', steps: [{ service: 'boat-service', method: 'get', path: '/boats', status: 200 }] }] },
      /checks\[0\].steps\[0\].method is "get": it must be "GET" or/,
    ],
    [
      'says nothing of a metric',
      { ...boatService, metrics: [{ ...boatService.metrics[0], help: ' ' }] },
      /metrics\[0\].help is " ": it must be a text of more than white/,
    ],
    ['is no object', null, /services\/boat-service\/service.ts: the declaration is null/],
  ])('are refused when one %s', (_what, declaration, words) => {
    service('boat-service', declaration);
    expect(() => readDeclarations(folder)).toThrow(words);
  });

  it('are refused where no build would help', () => {
    service('boat-service', boatService);
    rmSync(join(folder, 'boat-service', 'src'), { recursive: true });
    expect(() => readDeclarations(folder)).toThrow(/services\/boat-service: it has a service.ts and no src\/main.ts, so it is never built: write one/);
  });

  it.each([
    [['0002-create-boats.ts', '0010-add-masts.ts', 'index.ts'], /store.schema is 2, and the last migration is 0010-add-masts.ts: give its number/],
    [['0002-create-boats.ts', '0002-create-boats.test.ts', 'index.ts'], undefined],
  ])('are refused when the schema is not the last of %j', (migrations, words) => {
    service('boat-service', { ...boatService, store: { ...boatService.store, schema: 2 } });
    const migrationsFolder = join(folder, 'boat-service', 'src', 'repository', 'migrations');
    mkdirSync(migrationsFolder, { recursive: true });
    for (const file of migrations) writeFileSync(join(migrationsFolder, file), '');
    if (words) expect(() => readDeclarations(folder)).toThrow(words);
    else expect(readDeclarations(folder)).toHaveLength(1);
  });

  it('are refused when what was built is broken', () => {
    service('boat-service', undefined);
    writeFileSync(join(folder, 'boat-service', 'dist', 'service.json'), '{"name":');
    expect(() => readDeclarations(folder)).toThrow(/services\/boat-service\/dist\/service.json: it is broken: run npm run build/);
  });

  it('are refused where there are none', () => {
    expect(() => readDeclarations(folder)).toThrow(/there is no service in it, which is a folder with a service.ts/);
    expect(() => readDeclarations(join(folder, 'nowhere'))).toThrow(/nowhere: it can't be read \(ENOENT\): name the folder with the services/);
  });
});
