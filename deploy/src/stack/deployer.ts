import { execFile } from 'node:child_process';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import type { Cluster } from '../cluster/cluster';
import { nameOfUser } from './lock';
import type { RevisionNotes } from './revisions';

/** Who deploys, and what: as the cluster knows the user, and Git the folder. */
export async function deployer(cluster: Cluster, folder: string): Promise<Pick<RevisionNotes, 'by' | 'git'>> {
  const [by, git] = await Promise.all([whoAmI(cluster), gitRevision(folder)]);
  return { by, ...(git === undefined ? {} : { git }) };
}

/** The cluster's name for the user, and the machine's. https://kubernetes.io/docs/reference/access-authn-authz/authentication/#self-subject-review */
async function whoAmI({ connection }: Cluster): Promise<string> {
  const here = `${nameOfUser()}@${hostname()}`;
  try {
    const { body } = await connection.call<{ status?: { userInfo?: { username?: string } } }>({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
      repeatable: true,
    });
    return `${body.status?.userInfo?.username ?? 'somebody'} (${here})`;
  } catch {
    return here;
  }
}

const git = promisify(execFile);

/** The commit of a folder's checkout, `-dirty` where the folder differs from it; nothing where there is no Git. */
async function gitRevision(folder: string): Promise<string | undefined> {
  try {
    const options = { cwd: folder, timeout: 5_000 };
    const [{ stdout: commit }, { stdout: changed }] = await Promise.all([
      git('git', ['rev-parse', '--short=12', 'HEAD'], options),
      git('git', ['status', '--porcelain', '--', '.'], options),
    ]);
    return `${commit.trim()}${changed.trim() === '' ? '' : '-dirty'}`;
  } catch {
    return undefined;
  }
}
