import { type CommonConfiguration, ConfigurationError, parseConfiguration, type ServiceConfiguration } from '../config/configuration';
import type { ConfigurationSchema, ServiceDeclaration } from '../declaration';
import { createLogger, type LogDestination, type Logger, standardOutput } from '../logger';
import type { Build } from '../metrics/metrics';
import { MigrationFailed, MigrationRefused } from '../store/migrations';
import { DatabaseInUse } from '../store/sqlite/process-lock';
import { CopyRefused } from '../store/sqlite/sqlite-backup';
import { carryOut } from './copies';
import { CannotListen } from './listen';
import { DatabaseUnreachable, migrateDatabase, settleDatabase } from './migrate';
import { keepTickShape } from './next-tick';
import { type RunningService, type ServiceDefinition, startService } from './service';

/** `EX_CONFIG` of sysexits.h: starting again without a change won't help. */
const configurationExitCode = 78;
const usageExitCode = 64;

/**
 * A service's program: `main.js` serves, `main.js migrate` migrates the schema and exits, `main.js backup` and `main.js restore …` copy a SQLite file
 * and put it back: {@link carryOut}.
 *
 * @param env - the process, whose environment, arguments, signals and exit belong to `main.ts` alone
 */
export async function main<Schema extends ConfigurationSchema>(definition: ServiceDefinition<Schema>, host: NodeJS.Process): Promise<void> {
  const { declaration } = definition;
  const command = host.argv[2];
  if (command !== undefined && !['migrate', 'backup', 'restore'].includes(command)) {
    host.stderr.write(`${declaration.name}: unknown command ${JSON.stringify(command)}: use none to serve, or migrate, backup, restore\n`);
    host.exit(usageExitCode);
  }
  keepTickShape();
  const config = readConfiguration(definition, host);
  if (command === 'backup' || command === 'restore') return copy(definition, config, host);
  const build: Build = { service: declaration.name, version: config.BERTH_VERSION, revision: config.BERTH_REVISION };
  const destination = standardOutput();
  const logger = createLogger(build, config.LOG_LEVEL, destination);
  const exit = createExit(host, destination);
  logWarnings(host, logger);
  try {
    if (command === 'migrate') {
      await migrateDatabase(definition, config, logger);
      exit(0);
    } else {
      await serve(definition, config, build, logger, host, exit);
    }
  } catch (error) {
    exit(explain(declaration, config, error, logger, host));
  }
}

/** Logs nothing: its stdout is a copy. */
async function copy<Schema extends ConfigurationSchema>(
  definition: ServiceDefinition<Schema>,
  config: CommonConfiguration,
  host: NodeJS.Process,
): Promise<void> {
  try {
    await carryOut(host.argv.slice(2), definition, config, host);
    host.exit(0);
  } catch (error) {
    const isExpected = error instanceof CopyRefused || error instanceof MigrationRefused;
    const { code, message, stack } = error as NodeJS.ErrnoException;
    host.stderr.write(`${definition.declaration.name}: ${isExpected || code !== undefined ? message : stack}\n`);
    host.exit(1);
  }
}

type Exit = (code: number) => void;

/** Ends the process after the log is written out. */
function createExit(host: NodeJS.Process, destination: LogDestination): Exit {
  return (code) => {
    try {
      destination.flushSync();
    } catch {
      // Nobody reads the log any more.
    }
    host.exit(code);
  };
}

/**
 * Node prints its warnings on stderr in lines of its own; here they are log lines. Some tell of what a client sent, such as a request target
 * that is no URL: those are deprecations, and are logged at debug and without their text.
 */
function logWarnings(host: NodeJS.Process, logger: Logger): void {
  host.removeAllListeners('warning');
  host.on('warning', (warning: Error & { readonly code?: string }) => {
    if (warning.name === 'DeprecationWarning') logger.debug({ code: warning.code }, 'deprecation warning');
    else logger.warn({ err: warning }, 'warning');
  });
}

function readConfiguration<Schema extends ConfigurationSchema>({ declaration }: ServiceDefinition<Schema>, host: NodeJS.Process): ServiceConfiguration<Schema> {
  try {
    return parseConfiguration(declaration, host.env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    host.stderr.write(`${declaration.name}: ${error.message}\n`);
    return host.exit(configurationExitCode);
  }
}

async function serve<Schema extends ConfigurationSchema>(
  definition: ServiceDefinition<Schema>,
  config: ServiceConfiguration<Schema>,
  build: Build,
  logger: Logger,
  host: NodeJS.Process,
  exit: Exit,
): Promise<void> {
  host.on('unhandledRejection', (err) => logger.error({ err }, 'bug: unhandled rejection'));
  host.on('uncaughtException', (err) => {
    logger.fatal({ err }, 'bug: uncaught exception');
    exit(1);
  });
  const service = await startService(definition, config, build, logger);
  stopOnSignal(service, host, exit);
  if (service.store.dialect === 'postgres') await settleDatabase(definition, config, logger);
}

/** npm passes on the SIGINT that a terminal has already sent to everybody: within this time, in milliseconds, both are one Ctrl-C. */
const sameKeyPressMs = 400;

/** SIGTERM, SIGINT and the end of the parent process drain; a second signal ends at once. */
function stopOnSignal(service: RunningService, host: NodeJS.Process, exit: Exit): void {
  let stoppingSince: number | undefined;
  const stop = (code: number, sameKeyPressMs = 0) => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince > sameKeyPressMs) exit(code);
      return;
    }
    stoppingSince = performance.now();
    service.stop().then(exit, () => exit(1));
  };
  host.on('SIGTERM', () => stop(143));
  host.on('SIGINT', () => stop(130, sameKeyPressMs));
  if (host.connected) host.once('disconnect', () => stop(1, Infinity));
}

const fileErrors = ['EACCES', 'EROFS', 'ENOENT', 'EEXIST', 'EISDIR', 'ELOOP', 'ENOTDIR', 'EPERM'];

/** Says why the service can't run and how to mend it. @returns the exit code */
function explain({ name, store }: ServiceDeclaration, config: CommonConfiguration, error: unknown, logger: Logger, host: NodeJS.Process): number {
  const { code, message } = error as NodeJS.ErrnoException;
  const say = (sentence: string, exitCode: number) => {
    host.stderr.write(`${name}: ${sentence}\n`);
    return exitCode;
  };
  if (error instanceof MigrationRefused) return say(message, configurationExitCode);
  if (error instanceof DatabaseInUse) return say(message, 1);
  if (error instanceof MigrationFailed) return say(message, 1);
  if (error instanceof CannotListen) return say(message, error.permanent ? configurationExitCode : 1);
  if (error instanceof DatabaseUnreachable) {
    return say(`DATABASE_URL: the database can't be reached (${message}): check its host, port, name, user and password, and that the server is up`, 1);
  }
  if (config.DATABASE_URL === undefined && code !== undefined && (fileErrors.includes(code) || code.startsWith('SQLITE_'))) {
    const path = JSON.stringify((config as unknown as Record<string, unknown>)[store.pathVariable]);
    return say(
      `${store.pathVariable}: the file ${path} or its folder can't be used (${code}: ${message}): check the path and its permissions`,
      configurationExitCode,
    );
  }
  logger.fatal({ err: error }, 'could not run');
  return say(message, 1);
}
