// Lays a built service out as it lies in its image, warms its compile cache there, and makes the tree reproducible.
//   node scripts/stage-image.mjs SERVICE FOLDER        (as root, while an image is built)
import { chmodSync, chownSync, cpSync, existsSync, globSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { warmCompileCache } from './compile-cache.mjs';
import { root, servicePaths } from './services.mjs';

/** The user that the image runs as; it owns its data and nothing else. */
const user = 10001;
/** Every file's time, so that two builds of one commit give the same layer. */
const time = new Date('1980-01-01T00:00:00Z');

/** What of a package is needed in production, besides the bundle. */
const packageFiles = {
  'better-sqlite3': ['package.json', 'LICENSE', 'lib/**/*.js', `prebuilds/linux-${process.arch}.node`],
  'swagger-ui-dist': [
    'package.json',
    'LICENSE',
    'NOTICE',
    'absolute-path.js',
    'swagger-ui.css',
    'swagger-ui-bundle.js',
    'swagger-ui-bundle.js.LICENSE.txt',
    'favicon-*.png',
  ],
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

// The migrations of an empty database pass through all of the start-up
function warm(app, folder) {
  const data = join(app, 'data');
  own(data);
  warmCompileCache({ args: ['dist/main.js', 'migrate'], cwd: app, user, folder });
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
warm(app, join(home, '.compile-cache'));
seal(home, join(app, 'data'));
