// Installs and runs schemathesis, the fuzzer of APIs that publish OpenAPI, in a Python environment of the checkout's own.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { root } from './services.mjs';

const settings = join(root, 'test', 'fuzz');
const requirements = join(settings, 'requirements.txt');
const environment = join(root, '.cache', 'schemathesis');

/**
 * The program's path; installs it first where it is not there in the pinned version.
 * @throws {Error} when there is no Python, or PyPI can't be reached
 */
export function findSchemathesis() {
  const program = join(environment, 'bin', 'schemathesis');
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  const marker = join(environment, 'requirements.sha256');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return program;
  console.log('Installing schemathesis (once)');
  rmSync(environment, { recursive: true, force: true });
  mkdirSync(environment, { recursive: true });
  step('python3', ['-m', 'venv', environment], 'install Python 3.10 or newer with its venv module (Debian: python3-venv)');
  step(join(environment, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', '--require-hashes', '-r', requirements], 'see what pip says');
  writeFileSync(marker, wanted);
  return program;
}

function step(program, args, cure) {
  const { status, error } = spawnSync(program, args, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${program} ${args.slice(0, 2).join(' ')} failed${error ? ` (${error.code})` : ''}: ${cure}`);
}

/**
 * One run over all operations.
 * @param {string} program
 * @param {{ url: string, folder: string, seed: number, examples: number, phases: string, ids: Record<string, number[]> }} round
 *   `examples`: most random cases an operation; `folder`: takes the reports; `ids`: the dictionaries of ids that exist
 */
export async function runRound(program, { url, folder, seed, examples, phases, ids }) {
  const [config, reportFile, output] = ['schemathesis.toml', 'report.json', 'output.txt'].map((name) => join(folder, name));
  const dictionaries = Object.entries(ids).map(([name, values]) => `\n[dictionaries.${name}]\nvalues = [${values.join(', ')}]\n`);
  writeFileSync(config, readFileSync(join(settings, 'schemathesis.toml'), 'utf8') + dictionaries.join(''));
  rmSync(reportFile, { force: true });
  const flags = ['--phases', phases, '--max-examples', examples, '--seed', seed, '--report', 'json', '--report-json-path', reportFile];
  const exitCode = await runToEnd(program, ['--config-file', config, 'run', `${url}/openapi.json`, '--no-color', ...flags.map(String)], folder, output);
  if (!existsSync(reportFile)) throw new Error(`schemathesis ended with ${exitCode} and no report:\n${readFileSync(output, 'utf8')}`);
  return summarize(JSON.parse(readFileSync(reportFile, 'utf8')), exitCode, output);
}

async function runToEnd(program, args, cwd, output) {
  const env = { ...process.env, PYTHONPATH: settings, PYTHONDONTWRITEBYTECODE: '1' };
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  const [code] = await once(child, 'close');
  process.off('exit', kill);
  writeFileSync(output, text);
  return code;
}

/** Schemathesis' failure codes: ST101 and ST102 are answers of 5xx, the other ST1xx answers that the document does not describe. */
function kindOf({ code }) {
  if (code === 'ST101' || code === 'ST102') return 'answers of 5xx';
  return code.startsWith('ST1') ? 'schema breaks' : 'other failures';
}

/** Warnings of schemathesis that mean: a part of the document can't be used by clients in other languages, and was not tested. */
const blindSpots = ['unsupported_regex', 'missing_deserializer', 'unresolvable_reference', 'base_url_mismatch'];

function summarize(report, exitCode, output) {
  const figures = { cases: report.test_cases.generated, seconds: report.running_time, 'answers of 5xx': 0, 'schema breaks': 0, 'other failures': 0 };
  for (const failure of report.failures) figures[kindOf(failure)] += failure.count;
  const failures = report.failures.map(({ code, title, count, operations }) => `${code} ${title}, ${count} times: ${operations.join(', ')} (see ${output})`);
  for (const warning of blindSpots.filter((each) => report.warnings[each]?.length > 0)) {
    failures.push(`${warning}: ${report.warnings[warning].join(', ')} (see ${output})`);
  }
  const isBroken = report.test_cases.errored > 0 || (exitCode !== 0 && failures.length === 0);
  if (isBroken) failures.push(`schemathesis could not finish (see ${output})`);
  const accepted = Object.entries(report.valid_rates).map(([operation, byPhase]) => [
    operation,
    Object.values(byPhase).reduce((sum, phase) => sum + phase.accepted, 0),
  ]);
  return { figures, failures, accepted: Object.fromEntries(accepted), complete: report.complete && !isBroken };
}
