// Lays a built service out as it lies in its image, warms its compile cache there, and makes the tree reproducible.
//   node scripts/stage-image.mjs SERVICE FOLDER        (as root, while an image is built)
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, globSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { root, servicePaths } from './services.mjs';

/** The user that the image runs as; it owns its data and nothing else. */
const user = 10001;
/** Every file's time, so that two builds of one commit give the same layer. */
const time = new Date('1980-01-01T00:00:00Z');

/** What of a package is needed in production, besides the bundle. */
const packageFiles = {
  'better-sqlite3': ['package.json', 'LICENSE', 'lib/**/*.js', `prebuilds/linux-${process.arch}.node`],
  'swagger-ui-dist': ['package.json', 'LICENSE', 'NOTICE', 'absolute-path.js', 'swagger-ui.css', 'swagger-ui-bundle.js', 'swagger-ui-bundle.js.LICENSE.txt', 'favicon-*.png'],
};

function layOut(service, app) {
  const { bundle, built } = servicePaths(service);
  for (const file of [bundle, built]) copy(file, join(app, 'dist', file.slice(dirname(file).length + 1)));
  for (const [name, patterns] of Object.entries(packageFiles)) {
    const from = join(root, 'node_modules', name);
    for (const file of globSync(patterns, { cwd: from })) copy(join(from, file), join(app, 'node_modules', name, file));
  }
  writeFileSync(join(app, 'package.json'), `${JSON.stringify({ name: service, private: true, license: 'Apache-2.0', type: 'commonjs' })}\n`);
  if (existsSync(join(root, 'LICENSE'))) copy(join(root, 'LICENSE'), join(app, 'LICENSE'));
}

function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}

/** V8's code cache is kept for each user and each set of flags: it is made by running the service as the image will. */
async function warm(app, cache) {
  const data = join(app, 'data');
  for (const folder of [data, cache]) own(folder);
  const child = spawn(process.execPath, ['dist/main.js'], {
    cwd: app,
    env: { ...process.env, NODE_COMPILE_CACHE: cache, PORT: '0', HOST: '127.0.0.1' },
    uid: user,
    gid: user,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, port } = JSON.parse(line);
    if (msg !== 'listening') continue;
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`, { headers: { connection: 'close' } });
    if (!answer.ok) throw new Error(`GET /health/ready answered ${answer.status}`);
    child.kill('SIGTERM');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  if (child.exitCode !== 0) throw new Error(`the service exited with ${child.exitCode ?? child.signalCode} while it was warmed`);
  rmSync(data, { recursive: true });
  own(data);
}

function own(folder) {
  mkdirSync(folder, { recursive: true });
  chownSync(folder, user, user);
}

// Read-only to everybody but the data, which nobody else may read
function seal(home, data) {
  const entries = readdirSync(home, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (path === data) chmodSync(path, 0o700);
    else {
      chownSync(path, 0, 0);
      chmodSync(path, entry.isDirectory() ? 0o755 : 0o644);
    }
    utimesSync(path, time, time);
  }
  utimesSync(home, time, time);
}

const [service, home] = process.argv.slice(2);
const app = join(home, 'app');
layOut(service, app);
await warm(app, join(home, '.compile-cache'));
seal(home, join(app, 'data'));
