// Runs a bundle, and keeps what V8 compiled of it, by command: else each run compiles again what it calls, a tenth of the time of a deployment.
// Node's own compile cache keeps only what is compiled before the first line runs.
const { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { homedir } = require('node:os');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

/**
 * Runs a bundle as `require` would. Where nothing can be kept, as in a container without a home, it runs without.
 * @param {string} bundle its file, which ends with `// build HASH` as scripts/build.mjs writes it: V8 itself tells one build from another by its length alone
 */
exports.runCached = function runCached(bundle) {
  const source = readFileSync(bundle, 'utf8');
  const cache = cacheOf(source);
  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, { filename: bundle, cachedData: cache?.data });
  const module = { exports: {} };
  script.runInThisContext().call(module.exports, module.exports, createRequire(bundle), module, bundle, dirname(bundle));
  if (cache === undefined) return;
  const runs = script.cachedDataRejected ? 0 : cache.runs;
  // only now is all compiled that this run needs
  if (runs < addingRuns) process.once('exit', (code) => void (code === 0 && keep(cache, script, runs + 1)));
};

/** Runs of a command that add what they compiled to what is kept: an apply that changes calls what one that creates doesn't. */
const addingRuns = 3;

/** Where a build keeps what a command compiled, and what is there; nothing where none is kept. */
function cacheOf(source) {
  const [, build] = /\/\/ build (\w{16})\n$/.exec(source.slice(-32)) ?? [];
  const { NODE_DISABLE_COMPILE_CACHE, XDG_CACHE_HOME = '' } = process.env;
  if (build === undefined || NODE_DISABLE_COMPILE_CACHE !== undefined) return undefined;
  // https://specifications.freedesktop.org/basedir-spec/latest/
  const folder = join(XDG_CACHE_HOME === '' ? join(homedir(), '.cache') : XDG_CACHE_HOME, 'berth');
  const [, , command = ''] = process.argv;
  const file = join(folder, `${build}-${/^[a-z]+$/.test(command) ? command : 'help'}.v8`);
  return { folder, build, file, ...read(file) };
}

/** What is kept, and in its last byte of how many runs. */
function read(file) {
  try {
    const bytes = readFileSync(file);
    return { data: bytes.subarray(0, -1), runs: bytes.at(-1) };
  } catch {
    return { data: undefined, runs: 0 };
  }
}

/** Milliseconds after which what another build kept goes. */
const longMs = 30 * 24 * 3_600_000;

/** Whole or not at all; what other builds kept long ago goes. */
function keep({ folder, build, file }, script, runs) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const written = `${file}.${process.pid}`;
    writeFileSync(written, Buffer.concat([script.createCachedData(), Buffer.of(runs)]), { mode: 0o600 });
    renameSync(written, file);
    for (const name of readdirSync(folder)) if (!name.startsWith(build) && isOld(join(folder, name))) rmSync(join(folder, name), { force: true });
  } catch {
    // the next run compiles again
  }
}

function isOld(file) {
  return file.endsWith('.v8') && Date.now() - statSync(file).mtimeMs > longMs;
}
