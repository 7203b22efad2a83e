import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { environmentNameFaults, unbuildableFaults } from './charts/environment-faults';
import { readCommandLine, runCommand, UsageError } from './command-line';
import { readDeclarations } from './declarations';
import { environments } from './environments';
import { SynthRefused } from './refusal';
import { newSecrets } from './secrets';

const usage = `npm run --silent secrets -- --env ENVIRONMENT | kubectl create -f -

Prints the Secrets that the environment's manifests name, with new passwords. Nothing is kept: what is printed is all there is.
kubectl create leaves a Secret alone that is there already.`;

function main(): void {
  const { values } = readCommandLine(usage, () => parseArgs({ options: { env: { type: 'string' }, help: { type: 'boolean' } } }));
  if (values.help) return void console.log(usage);
  const nameFaults = environmentNameFaults(environments);
  if (nameFaults.length > 0) throw new SynthRefused(nameFaults);
  const known = environments.map(({ name }) => name);
  const environment = environments.find(({ name }) => name === values.env);
  if (environment === undefined) {
    const what = values.env === undefined ? 'say which environment with --env' : `there is no environment "${values.env}"`;
    throw new UsageError(`${what}: choose from ${known.join(', ')}\n\n${usage}`);
  }
  const faults = unbuildableFaults(environment);
  if (faults.length > 0) throw new SynthRefused(faults);
  const { yaml, leftOut } = newSecrets(environment, readDeclarations(join(__dirname, '..', '..', 'services')), () => randomBytes(24).toString('base64url'));
  if (yaml === '' && leftOut.length === 0) console.error(`${environment.name} needs no Secret`);
  for (const sentence of leftOut) console.error(`secrets: ${sentence}`);
  process.stdout.write(yaml);
}

runCommand('secrets', main);
