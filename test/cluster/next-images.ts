import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceName } from '../../services/service-kit/testing/databases';
import { buildNextRelease, expanding } from '../next-release';
import { programSaid } from './cluster';

/** How an image comes from the local Docker engine to the nodes; the image's name is added. On kind: `kind load docker-image --name berth`. */
export const loadCommand = process.env['BERTH_LOAD_COMMAND'];

/** The tag of an image that runs the release after this one, whose migration adds a column. */
export const nextTag = 'next';

/**
 * Makes the image of a service's next release from this one's, and brings it to the nodes.
 *
 * @param image - this release's, such as `registry.example/user-service:0.1.0`; only the tag of the next one's differs
 * @returns the schema that the next release leads to
 */
export async function loadNextImage(service: ServiceName, image: string): Promise<number> {
  const release = await buildNextRelease(service, expanding(service));
  const folder = mkdtempSync(join(tmpdir(), 'berth-next-'));
  try {
    cpSync(release.bundle, join(folder, 'main.js'));
    writeFileSync(join(folder, 'Dockerfile'), `FROM ${image}\nCOPY main.js dist/main.js\n`);
    const next = image.replace(/:[^:]+$/, `:${nextTag}`);
    await programSaid('docker', ['build', '--quiet', '--tag', next, folder]);
    await programSaid('sh', ['-c', `${loadCommand} "$0"`, next]);
    return release.schema;
  } finally {
    release.remove();
    rmSync(folder, { recursive: true });
  }
}
