// Proves deployed services from inside the cluster, where each answers at http://<name>:8000, by the checks that they declare (`checks` in service.ts).
//   node run-checks.mjs SERVICE_JSON...
// Needs nothing but Node.js, so that it also runs in a service's image. From outside of the cluster: berth verify.
import { readFileSync } from 'node:fs';
import { runCheck } from './run-check.ts';

const declarations = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, 'utf8')));
if (declarations.length === 0) {
  console.error('run-checks: say whose checks: run-checks.mjs SERVICE_JSON...');
  process.exit(64);
}
for (const { name, checks } of declarations)
  for (const check of checks) {
    const faults = await runCheck(check, (service) => `http://${service}:8000`);
    console.log(faults.length === 0 ? `${name}: ${check.name}` : `${name}: FAILED\n  ${faults.join('\n  ')}`);
    if (faults.length > 0) process.exitCode = 1;
  }
