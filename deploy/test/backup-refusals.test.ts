import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { auditSince } from '../testing/audit';
import { berth, folderWith } from '../testing/berth-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

const sqlite = { kind: 'sqlite', container: 'app', backup: ['backup'], restore: ['restore'], references: [] };
const external = { kind: 'external-postgres', database: 'userdb', host: 'db.example', port: 5432, references: [] };

interface Case {
  /** The annotation of the deployed workload. @default {@link sqlite} */
  readonly annotation?: unknown;
  readonly image?: string;
  /** `FOLDER`, `NAMESPACE`, `ARCHIVE` and `NEW` (a folder that isn't there) stand for those of the test. */
  readonly args: readonly string[];
  /** What the archive's manifest says otherwise. */
  readonly archive?: object;
  /** What its one store says otherwise. */
  readonly store?: object;
  readonly isUndeployed?: boolean;
  readonly isDamaged?: boolean;
  readonly code: 1 | 2 | 3 | 4;
  readonly says: RegExp;
}

const where = ['FOLDER', '-n', 'NAMESPACE'];
const backup = ['backup', ...where, '--to', 'NEW'];
const restore = ['restore', ...where, '--from', 'ARCHIVE'];

const cases: Readonly<Record<string, Case>> = {
  'a backup without a place': { args: ['backup', ...where], code: 2, says: /required option '--to <folder>' not specified/ },
  'a backup to a file': { args: ['backup', ...where, '--to', 'FOLDER/a.yaml'], code: 2, says: /a\.yaml is there already: name a new folder/ },
  'a backup to nowhere': {
    args: ['backup', ...where, '--to', '/nowhere/at/all'],
    code: 2,
    says: /--to \/nowhere\/at\/all: no folder can be made there \(ENOENT\)/,
  },
  'a backup of what was never deployed': { isUndeployed: true, args: backup, code: 2, says: /is not deployed here: berth apply deploys it/ },
  'a backup of what says nothing of its data': {
    annotation: undefined,
    args: backup,
    code: 2,
    says: /says how its data are backed up: it would have the annotation/,
  },
  'a backup by an annotation that is none': {
    annotation: 'by hand',
    args: backup,
    code: 2,
    says: /Deployment\/.*\/app: its annotation berth\.dev\/backup is none/,
  },
  'a backup of a kind that this berth doesn’t know': {
    annotation: { kind: 'mysql' },
    args: backup,
    code: 2,
    says: /is none that this berth knows: take the berth that wrote the manifests/,
  },
  'a backup of a service that there isn’t': {
    args: [...backup, '--service', 'boats'],
    code: 2,
    says: /--service boats: the stack has no such store; there are app/,
  },
  'a backup of a database outside of the cluster': {
    annotation: external,
    args: backup,
    code: 2,
    says: /its database userdb is on db\.example:5432, outside of the cluster.*pg_dump/,
  },
  'a backup of what doesn’t run': {
    image: 'slow',
    args: backup,
    code: 1,
    says: /Deployment\/.*\/app has no pod whose container app runs: berth status says why/,
  },
  'a restore without an archive': { args: ['restore', ...where], code: 2, says: /required option '--from <folder>' not specified/ },
  'a restore from nowhere': { args: ['restore', ...where, '--from', '/nowhere'], code: 2, says: /--from \/nowhere: it is no folder that can be read/ },
  'a restore from what is no backup': { args: ['restore', ...where, '--from', 'FOLDER'], code: 2, says: /it is no backup, because it has no manifest\.json/ },
  'a restore from what is damaged': { isDamaged: true, args: restore, code: 3, says: /is damaged: app\.db has \d+ bytes, and had/ },
  'a restore of what was never deployed': { isUndeployed: true, args: restore, code: 2, says: /is not deployed here/ },
  'a restore of another stack’s backup': {
    archive: { stack: 'other' },
    args: restore,
    code: 3,
    says: /the backup is of .*\/other, and this is .*: say --any-stack/,
  },
  'a restore of another service’s backup': { store: { service: 'boats' }, args: restore, code: 3, says: /the backup has no store of app/ },
  'a restore onto another kind of store': {
    store: { kind: 'postgres' },
    args: restore,
    code: 3,
    says: /has its data in a SQLite file, and the backup is of PostgreSQL/,
  },
  'a restore of a newer schema': {
    store: { schema: 9 },
    args: restore,
    code: 3,
    says: /the backup has schema 9, and the deployed release knows 2: deploy the newer/,
  },
  'a restore from a newer berth’s archive': { archive: { format: 2 }, args: restore, code: 3, says: /was written by a newer berth, in format 2/ },
  'a restore over data that nobody agreed to': {
    args: [...restore, '--overwrite'],
    code: 3,
    says: /the data that are there are lost: say --confirm shop when that is meant/,
  },
  'a restore over another stack’s data': {
    args: [...restore, '--overwrite', '--confirm', 'prod'],
    code: 3,
    says: /--confirm says "prod", and the stack is "shop"/,
  },
  'a restore where the volume can’t be had': {
    image: 'slow',
    args: [...restore, '--timeout', '1s'],
    code: 4,
    says: /Pod\/.*\/berth-restore-app-\w+, which has the volume, does not run/,
  },
};

describeWithControlPlane('a backup or a restore that can’t be', (at) => {
  const temporary = mkdtempSync(join(tmpdir(), 'berth-refusals-'));
  afterAll(() => rmSync(temporary, { recursive: true }));
  let count = 0;

  function archiveOf(namespace: string, { archive = {}, store = {}, isDamaged = false }: Case): string {
    const folder = join(temporary, `archive-${count}`);
    const content = 'not read before the stack was looked at';
    const stored = { service: 'app', kind: 'sqlite', schema: 2, server: '', file: 'app.db', bytes: content.length, sha256: sum(content), tables: [], ...store };
    const made = { cluster: '', startedAt: '2026-01-01T00:00:00.000Z', finishedAt: '', berth: '' };
    const manifest = JSON.stringify({ format: 1, stack: 'shop', namespace, ...made, stores: [stored], ...archive });
    mkdirSync(folder);
    writeFileSync(join(folder, 'app.db'), isDamaged ? 'x' : content);
    writeFileSync(join(folder, 'manifest.json'), manifest);
    writeFileSync(join(folder, 'SHA256SUMS'), `${sum(content)}  app.db\n${sum(manifest)}  manifest.json\n`);
    return folder;
  }

  it.each(Object.entries(cases))(
    '%s is told with its cure, and nothing is changed or left',
    async (_, it) => {
      const { plane } = at();
      count++;
      const namespace = await at().namespace();
      const folder = folderWith({ 'a.yaml': deployment('annotation' in it ? it.annotation : sqlite, it.image ?? 'app:1') });
      const run = (...args: string[]) => berth(args, { kubeconfig: plane.kubeconfig });
      if (it.isUndeployed !== true) await run('apply', folder, '-n', namespace, '--timeout', it.image === 'slow' ? '1s' : '20s');
      const words: Readonly<Record<string, string>> = {
        FOLDER: folder,
        NAMESPACE: namespace,
        ARCHIVE: archiveOf(namespace, it),
        NEW: join(temporary, `new-${count}`),
      };
      const since = await auditSince(plane.auditLog);
      const { code, stderr, stdout } = await run(...it.args.map((arg) => arg.replace(/^(FOLDER|NAMESPACE|ARCHIVE|NEW)/, (word) => words[word]!)));
      expect({ code, stderr, stdout }).toEqual({ code: it.code, stderr: expect.stringMatching(it.says) as string, stdout: '' });
      expect(readdirSync(temporary).filter((name) => name.startsWith(`new-${count}`))).toEqual([]);
      const writes = (await since()).filter(({ user, verb, uri }) => user === 'admin' && uri.includes(namespace) && !['get', 'list'].includes(verb));
      // the lock, and the pod that would have held the volume
      expect(writes.filter(({ resource = '' }) => resource !== 'coordination.k8s.io/leases' && resource !== '/pods')).toEqual([]);
      expect(await plane.connect().list({ apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true }, namespace)).not.toContainEqual(
        expect.objectContaining({ metadata: expect.objectContaining({ name: expect.stringContaining('berth-restore-') as string }) as object }),
      );
      expect(existsSync(words['NEW']!)).toBe(false);
    },
    60_000,
  );
});

function sum(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function deployment(annotation: unknown, image: string): string {
  const labels = { app: 'app' };
  const annotations = { 'berth.dev/schema': '2', ...(annotation !== undefined && { 'berth.dev/backup': JSON.stringify(annotation) }) };
  return stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'app', annotations },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'app', image }] } } },
  });
}
