import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generatedMark } from '../charts/folder';
import { driftOf, writeFolder } from './folder-writer';

const none = { missing: [], changed: [], stale: [], foreign: [] };
const file = (text: string) => `${generatedMark}\n${text}\n`;

describe('an environment’s folder', () => {
  let folder: string;
  const files = new Map([
    ['kustomization.yaml', file('a: 1')],
    ['manifests/boat/service.yaml', file('b: 2')],
  ]);
  const path = (name: string) => join(folder, name);
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'berth-charts-')), 'local');
    writeFolder(folder, files);
  });
  afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

  it('holds what it should, and then has no drift', () => {
    expect(readFileSync(path('manifests/boat/service.yaml'), 'utf8')).toBe(file('b: 2'));
    expect(driftOf(folder, files)).toEqual(none);
  });

  it('is compared without a change', () => {
    writeFileSync(path('kustomization.yaml'), file('a: 3'));
    rmSync(path('manifests/boat/service.yaml'));
    writeFileSync(path('manifests/old.yaml'), file('c: 1'));
    expect(driftOf(folder, files)).toEqual({
      missing: ['manifests/boat/service.yaml'],
      changed: ['kustomization.yaml'],
      stale: ['manifests/old.yaml'],
      foreign: [],
    });
    expect(existsSync(path('manifests/old.yaml'))).toBe(true);
  });

  it('loses what is made no more, and the folders that this leaves empty', () => {
    writeFolder(folder, new Map([...files].slice(0, 1)));
    expect(existsSync(path('manifests'))).toBe(false);
    expect(existsSync(path('kustomization.yaml'))).toBe(true);
  });

  it('keeps what somebody else put there, and says so', () => {
    writeFileSync(path('manifests/mine.yaml'), 'kind: Mine\n');
    expect(writeFolder(folder, files)).toEqual({ ...none, foreign: ['manifests/mine.yaml'] });
    expect(existsSync(path('manifests/mine.yaml'))).toBe(true);
  });

  it('keeps what lies where synth writes nothing, such as another checkout', () => {
    writeFolder(path('checkout'), files);
    const foreign = [...files.keys()].map((name) => `checkout/${name}`);
    expect(writeFolder(folder, files)).toEqual({ ...none, foreign: expect.arrayContaining(foreign) as string[] });
    expect(driftOf(path('checkout'), files)).toEqual(none);
  });

  it('is not written to where nothing changed', () => {
    const long = new Date('2020-01-01');
    utimesSync(path('kustomization.yaml'), long, long);
    writeFolder(folder, files);
    expect(statSync(path('kustomization.yaml')).mtime).toEqual(long);
  });
});
