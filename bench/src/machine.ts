import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { fastapiVersions } from './fastapi';
import { places } from './places';

/** What the figures were taken on, one fact a line. */
export async function describeMachine(): Promise<string[]> {
  const cores = cpus();
  const gibibytes = Math.round(totalmem() / 1024 ** 3);
  const pinned = process.env['BENCH_PINNED']
    ? 'server under test on core 0; load generator, which polls, PostgreSQL and peers on core 1'
    : 'cores not assigned (no taskset, or one core)';
  return [
    `${cores.length} cores (${cores[0]?.model.trim() ?? 'unknown'}), ${gibibytes} GiB, ${type()} ${release()}; ${pinned}`,
    [
      `Node.js ${process.version}`,
      ...(await fastapiVersions()
        .then((text) => [text])
        .catch(() => [])),
    ].join(', '),
    `commit ${commit()}`,
  ];
}

/** How busy the machine is with other things: call it before the measurement. */
export function describeBusyness(): string {
  const [minute = 0] = loadavg();
  const warning = minute > 0.5 ? ': something else was running, take the figures with care' : '';
  return `load average before the first measurement ${minute.toFixed(1)}${warning}`;
}

function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: places.root, encoding: 'utf8' }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', 'services', 'bench', ':!bench/RESULTS.md') !== '';
    return `${git('rev-parse', '--short=12', 'HEAD')}${changed ? ' with local changes' : ''}`;
  } catch {
    return 'unknown (not a git checkout)';
  }
}
