// Everything a fresh clone needs before it runs: the locked packages, the project's own Node, the built services.
// Runs on the machine's own Node (18 or later) with nothing installed, does only what is missing, and says so on stderr.
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { buildIsStale, installationFault, ownNode, ownNodeWorks } from './installation.mjs';
import { withLock } from './lock.mjs';
import { root } from './services.mjs';

const say = (text) => process.stderr.write(`setup: ${text}\n`);

function setUp() {
  const fault = installationFault();
  if (fault !== undefined) {
    say(`${fault}; installing with npm ci (about half a minute)`);
    npm('ci', '--include=dev');
  }
  if (!ownNodeWorks()) {
    say("the project's own Node is missing or doesn't start; fetching it with npm rebuild node");
    npm('rebuild', 'node', '--ignore-scripts=false');
    if (!ownNodeWorks()) throw new Error(`${ownNode} does not start on this machine (${process.platform} ${process.arch})`);
  }
  if (buildIsStale()) {
    say('building the services');
    run(ownNode, [join(root, 'scripts', 'build.mjs')], process.env, 'the build failed');
  }
}

/** Silent unless it fails. */
function npm(...args) {
  // In a script of npm's, PATH begins with node_modules/.bin, where the Node is that npm is about to replace.
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  run(
    'npm',
    [...args, '--no-audit', '--no-fund', '--loglevel=error'],
    { ...process.env, PATH: path.join(delimiter), SCARF_ANALYTICS: 'false' },
    `npm ${args.join(' ')} failed`,
  );
}

function run(command, args, env, failure) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd: root, env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (status === 0) return;
  // npm ends some errors with its whole manual page
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`.split('npm error Clean install a project')[0]);
  throw new Error(`${failure}${error ? `: ${error.message}` : '; its output is above'}`);
}

try {
  const started = Date.now();
  if (installationFault() !== undefined || !ownNodeWorks() || buildIsStale()) {
    await withLock(root, setUp, (owner) => say(`waiting for the set-up that process ${owner} is doing`));
    say(`done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  }
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}
