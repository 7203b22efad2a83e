import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { duration } from './commands/durations';
import { CommandError, type ExitCode, exitCodes } from './exit-codes';
import { Output } from './output/output';
import type { World } from './session';
import { version } from './version';

const footer = `
Exit codes: 0 done, 1 failed, 2 wrong command line, file or environment, 3 refused for safety, 4 not healthy in time or certain not to become so,
5 changes (plan --exit-code).`;

/** The command line. Each command's code is loaded when it is run. */
function program(world: World, exit: (code: ExitCode) => void): Command {
  const berth = new Command('berth')
    .description('Plans, applies, explains and undoes deployments of plain Kubernetes manifests.')
    .configureOutput({ writeOut: (text) => world.output.data(text.trimEnd()), writeErr: (text) => world.output.talk(text.trimEnd()) })
    .showSuggestionAfterError()
    .addHelpText('after', footer)
    .exitOverride();
  const stackVerb = (name: string, description: string, formats: readonly string[] = ['table', 'json', 'yaml']) =>
    berth
      .command(name)
      .description(description)
      .option('--env <name>', 'the folder charts/NAME, here or above')
      .option('--name <stack>', "the stack's name (the folder's)")
      .option('-n, --namespace <namespace>', 'namespace of the stack and of objects that name none (what the manifests say)', namespaceName)
      .option('--context <context>', 'context of the kubeconfig (the current one)')
      .option('--kubeconfig <file>', 'kubeconfig to use (KUBECONFIG, then ~/.kube/config)')
      .option('-v, --verbose', 'say each request to the API server')
      .addOption(new Option('-o, --output <format>', 'what stdout gets').choices(formats).default('table'));
  const verb = (name: string, description: string) => stackVerb(name, description).argument('[folder]', 'folder with manifests, or one file');
  const planned = (command: Command) =>
    command
      .option('--force-conflicts', 'take fields over that others manage')
      .option('--prune-data <object...>', 'objects with data that may be pruned, as Kind/namespace/name', objectNames)
      .option('--replace-all', 'none of what the stack has needs to be among the manifests');
  const imaged = (command: Command) => command.option('--images <file>', 'JSON of images to put in, by name');
  imaged(planned(verb('plan', 'say what apply would do, field by field, and do nothing')))
    .option('--exit-code', 'exit with 5 when there are changes')
    .option('--save <file>', 'write the plan to a file, for apply --plan')
    .action(async (folder: string | undefined, flags) => exit(await (await import('./commands/plan.js')).planCommand(folder, flags as never, world)));
  const locking = (command: Command) =>
    command
      .option('--lock-timeout <duration>', 'wait so long while somebody else deploys', duration, 35_000)
      .option('--lock-lease <duration>', 'how long the lock of one that died stays, at least 2s', duration, 30_000);
  const timed = (command: Command) => locking(command.option('--timeout <duration>', 'for all of it', duration, 600_000));
  imaged(timed(planned(verb('apply', 'make the cluster what the manifests say, and wait until it is'))))
    .option('--plan <file>', 'do what this saved plan says, or nothing')
    .option('--rollback-on-failure', 'when it does not become healthy, apply the last revision that was')
    .action(async (folder: string | undefined, flags) => (await import('./commands/apply.js')).applyCommand(folder, flags as never, world));
  verb('status', 'say how a stack stands; exit code 4 when something is not ready')
    .option('-w, --watch', 'look again every two seconds')
    .action(async (folder: string | undefined, flags) => exit(await (await import('./commands/status.js')).statusCommand(folder, flags as never, world)));
  verb('doctor', 'say why a stack, or with -n alone a namespace, is not as it should be; exit code 4 when something is wrong').action(
    async (folder: string | undefined, flags) => exit(await (await import('./commands/doctor.js')).doctorCommand(folder, flags as never, world)),
  );
  verb('history', 'list what was deployed, by whom and from which commit').action(async (folder: string | undefined, flags) =>
    (await import('./commands/history.js')).historyCommand(folder, flags as never, world),
  );
  timed(planned(verb('rollback', 'apply an earlier revision')))
    .option('--to <revision>', 'which one (the last healthy one before this)', wholeNumber)
    .action(async (folder: string | undefined, flags) => (await import('./commands/rollback.js')).rollbackCommand(folder, flags as never, world));
  timed(verb('destroy', 'remove a stack, but not its data'))
    .option('--delete-data', 'remove its data too: claims, volumes, Secrets, namespaces, definitions')
    .option('--confirm <name>', "the stack's name, instead of typing it")
    .action(async (folder: string | undefined, flags) => (await import('./commands/destroy.js')).destroyCommand(folder, flags as never, world));
  verb('verify', 'prove a deployed stack by its health, its metrics and an order through its API; leaves no data behind')
    .option('--timeout <duration>', 'until all of it has to be ready', duration, 300_000)
    .action(async (folder: string | undefined, flags) => (await import('./commands/verify.js')).verifyCommand(folder, flags as never, world));
  stackVerb('logs', 'show the logs of a stack, merged; of the workloads that are named, or of all', ['table', 'json'])
    .argument('[words...]', 'the folder, unless --env says it; then workloads, as NAME or KIND/NAME')
    .option('-f, --follow', 'go on with what comes, over restarts and rollouts')
    .option('--since <duration>', 'only what is not older', duration)
    .option('--tail <lines>', 'only so many last lines of each container', lineCount)
    .option('--previous', 'of the run before the last restart')
    .action(async (words: string[], flags) => (await import('./commands/logs.js')).logsCommand(words, flags as never, world));
  stackVerb('open', 'lead ports of this machine to the Services of a stack, over restarts and rollouts, until Ctrl-C')
    .argument('[words...]', 'the folder, unless --env says it; then Services, as NAME or NAME:PORT (all that speak HTTP)')
    .option('--port <port>', 'the port on this machine, of one Service', portNumber)
    .action(async (words: string[], flags) => (await import('./commands/open.js')).openCommand(words, flags as never, world));
  const services = (command: Command) => command.option('--service <name...>', 'of these services alone');
  services(locking(verb('backup', 'copy the data of a stack into a folder, while it is served')))
    .requiredOption('--to <folder>', 'a new folder, or one in which it becomes one')
    .action(async (folder: string | undefined, flags) => (await import('./commands/backup.js')).backupCommand(folder, flags as never, world));
  services(timed(verb('restore', 'put the data of a backup in the place of those that are served')))
    .requiredOption('--from <folder>', 'what backup made')
    .option('--overwrite', 'lose the data that are there')
    .option('--confirm <name>', "the stack's name, instead of typing it")
    .option('--any-stack', 'the backup may be of a stack of another name or namespace')
    .action(async (folder: string | undefined, flags) => (await import('./commands/restore.js')).restoreCommand(folder, flags as never, world));
  timed(
    berth
      .command('up')
      .description("build Berth's own services, bring them to a cluster of one's own, deploy and verify them")
      .option('--env <name>', 'the environment', 'local')
      .option('--context <context>', 'context of the kubeconfig (the current one)')
      .option('--kubeconfig <file>', 'kubeconfig to use (KUBECONFIG, then ~/.kube/config)')
      .option('-v, --verbose', 'say each request to the API server')
      .option('--load-command <command>', 'brings an image to the nodes; its name is added (known for kind, minikube and Docker Desktop)'),
  ).action(async (flags) => (await import('./commands/up.js')).upCommand({ ...(flags as object), output: 'table' } as never, world));
  berth
    .command('version')
    .description('say which berth this is')
    .action(() => world.output.data(`berth ${version}`));
  berth
    .command('completion')
    .description('print a script that completes command lines: source <(berth completion bash)')
    .addArgument(new Argument('<shell>', 'whose script').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: string) => world.output.data((await import('./commands/completion.js')).completion(shell, berth)));
  return berth;
}

/** @throws InvalidArgumentError */
function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names @throws InvalidArgumentError */
function namespaceName(text: string): string {
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) throw new InvalidArgumentError('It must be a name of lower-case letters, digits and dashes.');
  return text;
}

/** Kinds with data that are in no namespace. */
const wideKinds: readonly (string | undefined)[] = ['Namespace', 'PersistentVolume', 'CustomResourceDefinition'];

/** @throws InvalidArgumentError */
function objectNames(text: string, earlier: readonly string[] = []): readonly string[] {
  const parts = text.split('/');
  const isName = parts.length === (wideKinds.includes(parts[0]) ? 2 : 3) && parts.every((part) => part !== '');
  if (!isName) throw new InvalidArgumentError('It must be Kind/namespace/name, or Kind/name of what is in no namespace, as plan says it.');
  return [...earlier, text];
}

/** @throws InvalidArgumentError */
function lineCount(text: string): number {
  return text === '0' ? 0 : wholeNumber(text);
}

/** @throws InvalidArgumentError */
function portNumber(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('It must be a port from 1 to 65535.');
  return Number(text);
}

/** What they do ends at once: nothing of it is half done. */
const lookers: readonly (string | undefined)[] = ['logs', 'open'];

/** Runs one command line. Only here the process ends. */
async function main(args: readonly string[]): Promise<void> {
  const { stdout, stderr, env } = process;
  const output = new Output(stdout, stderr, env);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      // a second one doesn't wait
      if (stop.signal.aborted) process.exit(130);
      if (!lookers.includes(args[0])) output.talk('stopping after what is under way; once more stops at once');
      stop.abort();
    });
  let code: ExitCode = exitCodes.done;
  try {
    await program({ env, output, signal: stop.signal }, (given) => (code = given)).parseAsync(args, { from: 'user' });
  } catch (error) {
    code = told(error, output);
  }
  process.exitCode = code;
}

/** Says what went wrong. @returns the exit code */
function told(error: unknown, output: Output): ExitCode {
  // commander has told its own; asking for help is no fault
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (error instanceof InvalidArgumentError) return exitCodes.usage;
  if (error instanceof CommandError) {
    output.talk(`${output.styled('red', 'berth:')} ${error.message}`);
    return error.exitCode;
  }
  output.talk(`berth: a fault of berth itself: ${(error as Error).stack ?? String(error)}`);
  return exitCodes.failed;
}

void main(process.argv.slice(2));
