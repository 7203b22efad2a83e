// One set-up at a time for each checkout. Runs on any Node from 18 on, with no package.
import { createHash } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs some work while no other process works under the same name.
 * The lock is a file with its owner's process id; one whose owner is gone is taken over.
 * @template T
 * @param {string} name what is locked, such as a folder
 * @param {() => T | Promise<T>} work
 * @param {(owner: number) => void} [onWait] called once when another process holds the lock
 * @returns {Promise<T>}
 */
export async function withLock(name, work, onWait = () => {}) {
  const file = join(tmpdir(), `berth-${createHash('sha256').update(name).digest('hex').slice(0, 16)}.lock`);
  for (let waited = false; !take(file); waited = true) {
    const owner = ownerOf(file);
    if (owner !== undefined && !isAlive(owner)) discard(file, owner);
    else {
      if (!waited && owner !== undefined) onWait(owner);
      await sleep(100);
    }
  }
  const release = () => ownerOf(file) === process.pid && rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    release();
    process.off('exit', release);
  }
}

// Written aside and then linked: the lock never exists without its owner's id in it
function take(file) {
  const mine = `${file}.${process.pid}.new`;
  writeFileSync(mine, `${process.pid}\n`);
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

function ownerOf(file) {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

// Renamed first: of two processes that saw the same dead owner only one gets the file
function discard(file, owner) {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    if (ownerOf(aside) !== owner) renameSync(aside, file);
    else rmSync(aside);
  } catch {
    // the other one was faster
  }
}
