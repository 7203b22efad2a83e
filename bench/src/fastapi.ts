import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { places } from './places';
import type { Program } from './servers';

const run = promisify(execFile);
const source = join(places.bench, 'controls', 'fastapi');
const environment = join(places.work, 'venv');

/**
 * The FastAPI control. The first run makes its virtual environment, which needs python3 with venv and pip, and a package index.
 *
 * @returns the program, or one sentence why there is none
 */
export async function fastapi(): Promise<Program | string> {
  try {
    await install();
  } catch (error) {
    const said = (error as { stderr?: string }).stderr ?? (error as Error).message;
    return `FastAPI is skipped: its environment can't be made (python3 -m venv, pip): ${said.trim().split('\n').at(-1)}`;
  }
  const uvicorn = [join(environment, 'bin', 'uvicorn'), '--app-dir', source, 'app:app', '--host', '127.0.0.1', '--port', '{port}'];
  return {
    name: 'FastAPI',
    command: [...uvicorn, '--no-access-log', '--log-level', 'warning'],
    env: { SHOP_DB_PATH: places.file('fastapi.db'), PYTHONDONTWRITEBYTECODE: '1' },
  };
}

/** The versions of Python, FastAPI and uvicorn, as one phrase. */
export async function fastapiVersions(): Promise<string> {
  const code = 'import sys, fastapi, uvicorn; print(f"FastAPI {fastapi.__version__}, uvicorn {uvicorn.__version__}, Python {sys.version.split()[0]}")';
  return (await run(join(environment, 'bin', 'python'), ['-c', code])).stdout.trim();
}

async function install(): Promise<void> {
  const wanted = readFileSync(join(source, 'requirements.txt'), 'utf8');
  const installed = join(environment, 'requirements.txt');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted) return;
  await run('python3', ['-m', 'venv', '--clear', environment]);
  await run(join(environment, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', '-r', join(source, 'requirements.txt')]);
  writeFileSync(installed, wanted);
}
