// Makes Node's compile cache (V8's code cache, a sixth off the time to the first answer) for a program in an image.
import { spawnSync } from 'node:child_process';
import { chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/**
 * A cache is read only by the user, and under the V8 flags, that wrote it: the program is run once as the image will run it.
 *
 * V8 salts its hashes by a seed of each process, and the salted hashes are in the cache, so that no two are alike. A fixed seed
 * for life would let clients forge colliding keys; so the program runs once more, with one, and what that run wrote is labelled
 * as if it had had no such flag. V8 hashes anew on reading anyway. Where a newer Node refuses that, the first cache stays:
 * as fast, just not the same in each build.
 * @param {{ args: string[], cwd: string, user: number, folder: string }} program what to run, as which user, and where the cache goes
 * @throws {Error} when the program fails
 */
export function warmCompileCache({ args, cwd, user, folder }) {
  const run = (cache, ...flags) => {
    mkdirSync(cache, { recursive: true });
    chownSync(cache, user, user);
    const env = { ...process.env, NODE_COMPILE_CACHE: cache, NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
    const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, ...args], { cwd, env, uid: user, gid: user, encoding: 'utf8' });
    if (status !== 0) throw new Error(`node ${args.join(' ')} exited with ${status}:\n${stdout}${stderr}`);
    return stderr;
  };
  const scratch = mkdtempSync(join(tmpdir(), 'compile-cache-'));
  chownSync(scratch, user, user);
  run(folder);
  const seeded = join(scratch, 'seeded');
  run(seeded, '--hash-seed=1');
  const relabelled = join(scratch, 'relabelled');
  relabel(seeded, folder, relabelled);
  const seen = run(relabelled);
  if (/\.js was accepted/.test(seen) && !/\.js was rejected/.test(seen)) cpSync(relabelled, folder, { recursive: true });
  else console.warn('the compile cache will differ from build to build');
  rmSync(scratch, { recursive: true });
}

// A file is Node's header of five 32-bit words, the last a checksum of the rest, and V8's data, whose fourth word is the flags' hash
function relabel(from, like, to) {
  const [model] = readdirSync(like);
  const flags = readFileSync(join(like, model, readdirSync(join(like, model))[0])).readUInt32LE(32);
  mkdirSync(join(to, model), { recursive: true });
  const [source] = readdirSync(from);
  for (const file of readdirSync(join(from, source))) {
    const bytes = readFileSync(join(from, source, file));
    bytes.writeUInt32LE(flags, 32);
    bytes.writeUInt32LE(crc32(bytes.subarray(20)), 16);
    writeFileSync(join(to, model, file), bytes);
  }
}
