#!/usr/bin/env node
// berth, and kubectl's plugin of the same name: starts the bundle, with the Node.js that it was built for. CommonJS, which starts 7 ms sooner.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const bundle = join(__dirname, '..', 'dist', 'main.js');
const ownNode = join(__dirname, '..', '..', 'node_modules', '.bin', 'node');

if (!existsSync(bundle)) {
  console.error('berth: it is not built yet: run npm run build in its checkout');
  process.exit(1);
}
if (Number(process.versions.node.split('.')[0]) >= 24) {
  const { runCached } = require('./run-cached.js');
  runCached(bundle);
} else if (existsSync(ownNode)) {
  const { spawnSync } = require('node:child_process');
  const { status, signal } = spawnSync(ownNode, [bundle, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = signal === null ? status : 130;
} else {
  console.error(`berth: it needs Node.js 24 or newer, and this is ${process.version}: https://nodejs.org`);
  process.exit(1);
}
