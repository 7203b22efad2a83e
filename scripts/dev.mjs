// npm run dev: npm start that rebuilds a service when its sources change, and restarts just that one.
import { context } from 'esbuild';
import { buildOptions } from './build.mjs';
import { createLauncher, onStopSignals, urlTable } from './launcher.mjs';
import { planServices } from './plan.mjs';

const say = (text) => console.log(`\ndev: ${text}`);

/** Rebuilds a service with each change and calls back when a build went well; esbuild prints what is wrong with the others. Watches once it returns. */
async function watch(name, onBuilt) {
  // Watching begins with a build of what runs already, which ends later than watch() does
  const first = Promise.withResolvers();
  let isFirst = true;
  const onEnd = ({ errors }) => {
    if (!isFirst && errors.length === 0) onBuilt();
    isFirst = false;
    first.resolve();
  };
  const options = buildOptions(name);
  const watched = await context({ ...options, plugins: [...options.plugins, { name: 'report', setup: (build) => build.onEnd(onEnd) }] });
  await watched.watch({ delay: 50 });
  await first.promise;
}

/** Restarts one service at a time; further changes meanwhile make one more restart. */
function createRestarter(launcher, name) {
  let running = false;
  let again = false;
  return async function restart() {
    if (running) return void (again = true);
    running = true;
    do {
      again = false;
      say(`${name} changed; restarting it`);
      await launcher.restart(name).catch((error) => say(`${error.message}; waiting for a change`));
    } while (again);
    running = false;
  };
}

let stop = () => process.exit(1);
try {
  const services = planServices(process.env);
  const launcher = createLauncher(services, { flags: ['--enable-source-maps'], onDeath: (name, reason) => say(`${name} ${reason}; waiting for a change`) });
  stop = () => launcher.stopAll().then((clean) => process.exit(process.exitCode ?? (clean ? 0 : 1)));
  onStopSignals(stop, () => {
    launcher.killAll();
    process.exit(1);
  });
  process.stdout.on('error', stop);
  await launcher.startAll();
  for (const { name } of services) await watch(name, createRestarter(launcher, name));
  console.log(`\n${urlTable(services)}\n\nA changed source restarts its service; Ctrl-C stops them.\n`);
} catch (error) {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
  stop();
}
