// What the launcher will start, out of the services' declarations and the environment: order, ports, variables.
import { createServer } from 'node:net';
import { builtDeclaration, serviceNames, servicePaths } from './services.mjs';

/**
 * @typedef {object} PlannedService
 * @property {string} name
 * @property {number} port
 * @property {string} portVariable the variable that moves it, such as USER_SERVICE_PORT
 * @property {string} url where this machine reaches it
 * @property {string} databaseVariable the variable that puts it on PostgreSQL, such as USER_DATABASE_URL
 * @property {string[]} peers services that must be ready first
 * @property {string} bundle the file to run
 * @property {string} store where its data lies, for people
 * @property {NodeJS.ProcessEnv} env the whole environment of its process
 */

/**
 * Plans every service of the repository, those that others need first.
 * @param {NodeJS.ProcessEnv} env the launcher's own environment
 * @returns {PlannedService[]}
 * @throws {Error} when a port is no port, two services have the same, or services need each other in a circle
 */
export function planServices(env) {
  const declarations = serviceNames().map(builtDeclaration);
  const faults = declarations.map(({ name }) => portFault(name, env)).filter((fault) => fault !== undefined);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  const ports = new Map(declarations.map(({ name, port }) => [name, Number(env[portVariable(name)] || port)]));
  for (const [name, port] of ports) {
    const other = [...ports].find(([rival, taken]) => rival !== name && taken === port);
    if (other) throw new Error(`${name} and ${other[0]} are both to listen on port ${port}: set ${portVariable(name)} or ${portVariable(other[0])}`);
  }
  return inOrder(declarations).map((declaration) => plan(declaration, ports, env));
}

const portVariable = (name) => `${name.toUpperCase().replaceAll('-', '_')}_PORT`;

function portFault(name, env) {
  const text = env[portVariable(name)];
  if (!text) return undefined;
  const port = Number(text);
  return Number.isInteger(port) && port >= 1 && port <= 65_535 ? undefined : `${portVariable(name)} is ${JSON.stringify(text)}: it must be a port, 1 to 65535`;
}

/**
 * A service's own words with its variables called as they are called here: it knows its DATABASE_URL, the user set USER_DATABASE_URL.
 * @param {PlannedService} service
 * @param {string} line
 */
export function inLaunchersNames({ name, portVariable }, line) {
  if (line.startsWith('{')) return line;
  return line.replaceAll(/\bDATABASE_[A-Z]/g, (variable) => databasePrefix(name) + variable).replaceAll(/\bPORT\b/g, portVariable);
}

function urlOf(port, { HOST: host }) {
  const local = !host || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${local.includes(':') ? `[${local}]` : local}:${port}`;
}

function plan(declaration, ports, env) {
  const { name, peers = [], store } = declaration;
  const own = { ...withoutStore(env), ...storeOf(name, env), PORT: String(ports.get(name)) };
  for (const peer of peers.filter((each) => ports.has(each.name))) own[peer.urlVariable] = env[peer.urlVariable] || urlOf(ports.get(peer.name), env);
  return {
    name,
    port: ports.get(name),
    portVariable: portVariable(name),
    url: urlOf(ports.get(name), env),
    databaseVariable: `${databasePrefix(name)}DATABASE_URL`,
    peers: peers.map((peer) => peer.name).filter((peer) => ports.has(peer)),
    bundle: servicePaths(name).bundle,
    store: own.DATABASE_URL || own.DATABASE_URL_FILE ? 'PostgreSQL' : env[store?.pathVariable] || `./data/${name.replaceAll('-', '_')}.db`,
    env: own,
  };
}

// DATABASE_URL would put all services on one database: here each has its own, such as USER_DATABASE_URL
function withoutStore(env) {
  return Object.fromEntries(Object.entries(env).filter(([variable]) => !variable.startsWith('DATABASE_')));
}

const databasePrefix = (name) =>
  `${name
    .replace(/-service$/, '')
    .toUpperCase()
    .replaceAll('-', '_')}_`;

function storeOf(name, env) {
  const prefix = databasePrefix(name);
  const own = Object.entries(env).filter(([variable]) => variable.startsWith(`${prefix}DATABASE_`));
  return Object.fromEntries(own.map(([variable, value]) => [variable.slice(prefix.length), value]));
}

function inOrder(declarations) {
  const left = new Map(declarations.map((declaration) => [declaration.name, declaration]));
  const ordered = [];
  while (left.size > 0) {
    const free = [...left.values()].filter(({ peers = [] }) => !peers.some((peer) => left.has(peer.name)));
    if (free.length === 0) throw new Error(`these services need each other in a circle: ${[...left.keys()].join(', ')}`);
    for (const declaration of free) left.delete(declaration.name);
    ordered.push(...free);
  }
  return ordered;
}

/**
 * Looks for ports that something else listens on.
 * @param {PlannedService[]} services
 * @returns {Promise<PlannedService[]>} those that can't listen
 */
export async function takenPorts(services) {
  const free = await Promise.all(services.map(({ port, env }) => canListen(port, env.HOST || '0.0.0.0')));
  return services.filter((_, index) => !free[index]);
}

function canListen(port, host) {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
