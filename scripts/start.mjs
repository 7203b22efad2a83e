// npm start: every service of the repository on this machine, until Ctrl-C.
import { createLauncher, onStopSignals, urlTable } from './launcher.mjs';
import { planServices } from './plan.mjs';

const fail = (message) => {
  console.error(`\n${message}`);
  process.exitCode = 1;
};

try {
  const services = planServices(process.env);
  if (process.env.DATABASE_URL)
    console.error(`DATABASE_URL is for one service alone; here use ${services.map(({ databaseVariable }) => databaseVariable).join(', ')}`);
  const stop = () => launcher.stopAll().then((clean) => process.exit(process.exitCode ?? (clean ? 0 : 1)));
  const launcher = createLauncher(services, {
    onDeath: (name, reason) => {
      fail(`${name} ${reason}; stopping the others`);
      void stop();
    },
  });
  onStopSignals(stop, () => {
    launcher.killAll();
    process.exit(1);
  });
  // a reader that went away, as in `npm start | head`
  process.stdout.on('error', stop);
  await launcher.startAll().then(
    () => console.log(`\n${urlTable(services)}\n\nCtrl-C stops them.\n`),
    (error) => {
      fail(error.message);
      void stop();
    },
  );
} catch (error) {
  fail(error.message);
}
