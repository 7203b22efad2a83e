// Bundles every service's src/main.ts into services/<name>/dist/main.js and writes its declaration (service.ts) as dist/service.json;
// without a name also the programs that write manifests, into cdk8s/dist, and berth, into deploy/dist.
//   node scripts/build.mjs [SERVICE...]
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { build } from 'esbuild';
import { root, serviceNames, servicePaths, programBundles } from './services.mjs';

/**
 * esbuild's options for one service.
 *
 * Two packages stay outside: better-sqlite3 finds its native part beside itself, and swagger-ui-dist is served file by file;
 * pg-native is an option of pg that nobody installs. No `keepNames`: it wraps every closure, also those made for each request,
 * in a call of Object.defineProperty.
 * @param {string} name the service's folder name
 * @returns {import('esbuild').BuildOptions}
 */
export function buildOptions(name) {
  const { main, bundle } = servicePaths(name);
  return {
    absWorkingDir: root,
    entryPoints: [main],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    sourcemap: 'linked',
    sourcesContent: false,
    external: ['better-sqlite3', 'swagger-ui-dist', 'swagger-ui-dist/*', 'pg-native'],
    plugins: [initialiseZod],
    loader: { '.sql': 'text' },
    // require.resolve of an external package is meant: the file is served, not bundled
    logOverride: { 'require-resolve-not-external': 'silent' },
    logLevel: 'warning',
  };
}

// esbuild 0.28 forgets to initialise a package that says it has no side effects where one module imports it statically and
// another lazily (here zod-openapi, for the documentation): a service would die at start, "ZodLiteral is not a constructor".
const initialiseZod = {
  name: 'initialise-zod',
  setup(build) {
    build.onResolve({ filter: /^zod$/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === initialiseZod) return undefined;
      return { ...(await build.resolve(path, { ...from, pluginData: initialiseZod })), sideEffects: true };
    });
  },
};

/**
 * Writes a service's declaration as JSON, for scripts that can't read TypeScript.
 * @param {string} name the service's folder name
 * @throws {Error} when service.ts throws, exports no object or several with a name and a port, or has a number in it that JSON can't say
 */
export async function writeDeclaration(name) {
  const { declaration, dist, built } = servicePaths(name);
  const bundled = await build({ ...buildOptions(name), entryPoints: [declaration], sourcemap: false, write: false });
  const exported = Object.entries(evaluate(bundled.outputFiles[0].text, name));
  const candidates = exported.filter(([, value]) => typeof value?.name === 'string' && typeof value.port === 'number');
  if (candidates.length === 0) throw new Error(`services/${name}/service.ts exports no declaration: an object with a name and a port`);
  const names = candidates.map(([exportName]) => exportName);
  if (names.length > 1)
    throw new Error(`services/${name}/service.ts exports ${names.length} objects with a name and a port (${names.join(', ')}): export one, the declaration`);
  const [[, found]] = candidates;
  mkdirSync(dist, { recursive: true });
  writeFileSync(built, `${JSON.stringify(found, (member, value) => finite(name, member, value), 2)}\n`);
}

/** JSON would say null for what is no finite number. */
function finite(name, member, value) {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw new Error(`services/${name}/service.ts says ${value} for "${member}", which JSON can't: give a number there`);
}

function evaluate(code, name) {
  const module = { exports: {} };
  try {
    new Function('module', 'exports', 'require', code)(module, module.exports, createRequire(import.meta.url));
  } catch (error) {
    throw new Error(
      `services/${name}/service.ts can't be read: it throws "${error.message}"; it must be plain data, such as services/user-service/service.ts`,
      {
        cause: error,
      },
    );
  }
  return module.exports;
}

/**
 * Bundles the programs that don't run in a pod. With the manifests' class library, 18,000 lines of types, in one file, synth starts in a tenth of a
 * second; the Kubernetes client, which few kubeconfigs need, is a file beside berth, because it is three quarters of all that there is to read.
 */
export async function buildPrograms() {
  const options = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // what is loaded late is loaded by require: a script that is run from kept code has no import()
    supported: { 'dynamic-import': false },
    external: ['./client-node.js'],
    logLevel: 'warning',
  };
  await Promise.all(
    Object.entries(programBundles).map(async ([main, outfile]) => {
      const bundled = await build({ ...options, entryPoints: [main], outfile, write: false });
      mkdirSync(dirname(outfile), { recursive: true });
      writeFileSync(outfile, signed(inAscii(bundled.outputFiles[0].text)));
    }),
  );
}

/** With escapes for what esbuild leaves beyond ASCII, which is in regular expressions and comments: one such character, and V8 keeps and reads all of it two bytes a character. */
function inAscii(code) {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Ended with a hash of itself, by which what is kept of one build is told from what is kept of another (deploy/bin/run-cached.js). */
function signed(code) {
  return `${code}// build ${createHash('sha256').update(code).digest('hex').slice(0, 16)}\n`;
}

/**
 * Builds the named services, or all of them and the programs.
 * @param {string[]} names folder names; none means all
 * @throws {Error} when a name is no service's, or a service can't be bundled
 */
export async function buildServices(names = []) {
  const known = serviceNames();
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no such service: ${unknown.join(', ')} (there are: ${known.join(', ')})`);
  const wanted = names.length > 0 ? names : known;
  await Promise.all([...wanted.flatMap((name) => [build(buildOptions(name)), writeDeclaration(name)]), ...(names.length === 0 ? [buildPrograms()] : [])]);
}

if (process.argv[1] === import.meta.filename) {
  try {
    await buildServices(process.argv.slice(2));
  } catch (error) {
    // esbuild has already printed its own errors, with the place of each
    if (!Array.isArray(error.errors)) console.error(`build: ${error.message}`);
    process.exitCode = 1;
  }
}
