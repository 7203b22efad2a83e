import { hostname } from 'node:os';
import type { Cluster } from '../cluster/cluster';
import { gitRevision } from './git-revision';
import { nameOfUser } from './lock';
import type { RevisionNotes } from './revisions';

/** Who deploys, and what: as the cluster knows the user, and Git the folder or file. */
export async function deployer(cluster: Cluster, path: string): Promise<Pick<RevisionNotes, 'by' | 'git'>> {
  const [by, git] = await Promise.all([whoAmI(cluster), gitRevision(path)]);
  return { by, ...(git === undefined ? {} : { git }) };
}

/** The cluster's name for the user, and the machine's. https://kubernetes.io/docs/reference/access-authn-authz/authentication/#self-subject-review */
export async function whoAmI({ connection }: Cluster): Promise<string> {
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
