#!/usr/bin/env node
// berth, and kubectl's plugin of the same name: starts the bundle, with the Node.js that it was built for.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const bundle = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const ownNode = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));

if (!existsSync(bundle)) {
  console.error('berth: it is not built yet: run npm run build in its checkout');
  process.exit(1);
}
if (Number(process.versions.node.split('.')[0]) >= 24) {
  module.enableCompileCache();
  // import() would read it through first for its exports
  module.createRequire(import.meta.url)(bundle);
} else if (existsSync(ownNode)) {
  const { status, signal } = spawnSync(ownNode, [bundle, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = signal === null ? status : 130;
} else {
  console.error(`berth: it needs Node.js 24 or newer, and this is ${process.version}: https://nodejs.org`);
  process.exit(1);
}
