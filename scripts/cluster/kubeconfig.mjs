// A pipeline holds its kubeconfig in a secret: base64 text in KUBECONFIG_BASE64.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from './kubectl.mjs';

/**
 * Runs a body with the kubeconfig of KUBECONFIG_BASE64, where that is set: as a file that its owner alone may read, and only as long as it is used.
 *
 * @throws {UsageError} when the variable is set and holds no kubeconfig
 */
export async function withKubeconfig(body) {
  const encoded = process.env['KUBECONFIG_BASE64'];
  if (encoded === undefined) return body();
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  if (!text.includes('clusters:'))
    throw new UsageError(
      'KUBECONFIG_BASE64 holds no kubeconfig: set the secret to what `base64 < KUBECONFIG_FILE` prints, or unset the variable to use KUBECONFIG',
    );
  const folder = mkdtempSync(join(tmpdir(), 'berth-kubeconfig-'));
  try {
    process.env['KUBECONFIG'] = join(folder, 'config');
    writeFileSync(process.env['KUBECONFIG'], text, { mode: 0o600 });
    return await body();
  } finally {
    rmSync(folder, { recursive: true });
  }
}
