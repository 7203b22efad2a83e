import { execFile, execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const repository = resolve(__dirname, '..');
const run = promisify(execFile);

/** A `describe` that is skipped, and says so with the cure, where no Docker engine and compose plugin answer. */
export function describeWithDocker(name: string, body: () => void): void {
  if (dockerAnswers()) return describe(name, body);
  const reason = 'skipped, no Docker engine with compose answers here. Start one, then: npm test -- test/compose test/image';
  // Jest does not print the names of a file whose tests are all skipped
  process.stderr.write(`${name}: ${reason}\n`);
  describe.skip(`${name} (${reason})`, body);
}

function dockerAnswers(): boolean {
  try {
    execFileSync('docker', ['version', '--format', '{{.Server.Version}}'], { stdio: 'ignore' });
    execFileSync('docker', ['compose', 'version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs docker in the repository and gives its stdout, trimmed.
 *
 * @throws Error with its stderr when it exits with anything but 0
 */
export async function docker(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  try {
    const { stdout } = await run('docker', args, { cwd: repository, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 });
    return stdout.trim();
  } catch (error) {
    throw new Error(`docker ${args.join(' ')}\n${(error as { stderr?: string }).stderr ?? String(error)}`);
  }
}

/** What `docker inspect` knows of a container or an image, as far as it is looked at here. */
export interface Inspected {
  readonly Name: string;
  /** Of an image: bytes, its base included. */
  readonly Size: number;
  readonly RootFS: { readonly Layers: readonly string[] };
  readonly Config: { readonly User: string; readonly Labels: Readonly<Record<string, string>>; readonly Volumes: Readonly<Record<string, object>> };
  readonly HostConfig: { readonly ReadonlyRootfs: boolean };
  readonly State: { readonly ExitCode: number; readonly Health: { readonly Status: string } };
}

/** @param name A container or an image. */
export async function inspect(name: string): Promise<Inspected> {
  const [found] = JSON.parse(await docker(['inspect', name])) as [Inspected];
  return found;
}
