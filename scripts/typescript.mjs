// Lets a plain script use the project's TypeScript: a service's declaration, or the tests' support for starting services.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { root } from './services.mjs';

/**
 * Bundles one TypeScript file in memory and gives what it exports. Modules behave as if they lay where the file lies.
 * @param {string} file relative to the repository's root
 * @returns {Promise<Record<string, any>>}
 */
export async function loadTypeScript(file) {
  const path = join(root, file);
  const bundled = await build({
    absWorkingDir: root,
    entryPoints: [path],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    external: ['better-sqlite3', 'pg', 'pg-native'],
    define: { __dirname: JSON.stringify(dirname(path)) },
    logLevel: 'warning',
  });
  const module = { exports: {} };
  new Function('module', 'exports', 'require', bundled.outputFiles[0].text)(module, module.exports, createRequire(path));
  return module.exports;
}
