/**
 * Stops on a Node.js that is too old, before anything else is loaded: the native SQLite module would crash there without a word.
 * Import it first in `main.ts`.
 */
const oldestMajor = 24;
const major = Number(process.versions.node.split('.')[0]);

if (major < oldestMajor) {
  process.stderr.write(`This service needs Node.js ${oldestMajor} or newer; this is ${process.version}. Use the repository's own: npm start\n`);
  process.exit(78);
}

export {};
