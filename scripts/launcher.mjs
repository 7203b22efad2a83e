// Starts services, watches over them, stops them.
import { createPrinter } from './readable-logs.mjs';
import { describeExit, startChild } from './service-child.mjs';
import { takenPorts } from './plan.mjs';

/** A signal within this time of the first is the same key press: npm passes on what the terminal already sent to all. */
const samePressMs = 400;

/**
 * Makes the launcher of some planned services.
 * @param {import('./plan.mjs').PlannedService[]} services in the order in which they start
 * @param {{ onDeath: (name: string, reason: string) => void, flags?: string[] }} options what to do when a service ends unasked
 */
export function createLauncher(services, { onDeath, flags }) {
  const width = Math.max(...services.map(({ name }) => name.length));
  const children = new Map();
  let stopping = false;

  async function start(service) {
    const child = startChild(service, createPrinter(service.name, width, services.indexOf(service)), flags);
    children.set(service.name, child);
    await child.ready();
    void child.exit.then((end) => {
      if (stopping || children.get(service.name) !== child) return;
      children.delete(service.name);
      onDeath(service.name, describeExit(end));
    });
  }

  return {
    /** Starts all of them, each after those that it needs. @throws {Error} when a port is taken or one does not become ready */
    async startAll() {
      await refuseTakenPorts(services);
      for (const service of services) if (!stopping) await start(service);
    },
    /** Stops one service and starts it again. */
    async restart(name) {
      const child = children.get(name);
      children.delete(name);
      child?.kill('SIGTERM');
      await child?.exit;
      if (!stopping) await start(services.find((service) => service.name === name));
    },
    /** Asks all to shut down and waits until they have. @returns {Promise<boolean>} whether all exited with 0 */
    async stopAll() {
      stopping = true;
      const running = [...children.values()];
      for (const child of running) child.kill('SIGTERM');
      const ends = await Promise.all(running.map((child) => child.exit));
      return ends.every(({ code }) => code === 0);
    },
    /** Ends all of them at once. */
    killAll() {
      stopping = true;
      for (const child of children.values()) child.kill('SIGKILL');
    },
  };
}

async function refuseTakenPorts(services) {
  const taken = await takenPorts(services);
  if (taken.length === 0) return;
  throw new Error(
    taken
      .map(
        ({ name, port, portVariable }) =>
          `port ${port} is taken, ${name} can't listen on it. Stop what listens there, or move ${name}: ${portVariable}=${port + 1000} npm start`,
      )
      .join('\n'),
  );
}

/**
 * Calls back on the first Ctrl-C (or SIGTERM) and, another way, on a second.
 *
 * SIGHUP is left alone: a closed terminal ends the launcher, which ends the services; under nohup it does not.
 * @param {() => void} onFirst
 * @param {() => void} onSecond
 */
export function onStopSignals(onFirst, onSecond) {
  let firstAt;
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      if (firstAt === undefined) {
        firstAt = Date.now();
        onFirst();
      } else if (Date.now() - firstAt > samePressMs) onSecond();
    });
  }
}

/**
 * The table that is printed when all services are ready.
 * @param {import('./plan.mjs').PlannedService[]} services
 */
export function urlTable(services) {
  const width = Math.max(...services.map(({ name }) => name.length));
  return services
    .flatMap((service) => rowsOf(service).map(([what, value], row) => `${(row === 0 ? service.name : '').padEnd(width)}  ${what.padEnd(7)}  ${value}`))
    .join('\n');
}

function rowsOf({ url, store }) {
  const shown = url.replace('//127.0.0.1:', '//localhost:');
  return [
    ['API', `${shown}/api/v1`],
    ['docs', `${shown}/docs`],
    ['health', `${shown}/health/ready`],
    ['metrics', `${shown}/metrics`],
    ['data', store],
  ];
}
