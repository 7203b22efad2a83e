import { existsSync, readFileSync } from 'node:fs';

/** Whether this machine tells what a process used: Linux does. */
export const hasProcessFigures = existsSync('/proc/self/stat');

/** CPU time that a process and all its threads have used so far, in microseconds; NaN where the machine doesn't tell. */
export function cpuMicros(pid: number): number {
  if (!hasProcessFigures) return NaN;
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[utime]) + Number(fields[stime])) * microsPerTick;
}

/** Resident memory now, in MiB; NaN where the machine doesn't tell. */
export function residentMebibytes(pid: number): number {
  if (!hasProcessFigures) return NaN;
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return Number(kibibytes) / 1024;
}

// proc_pid_stat(5): fields 14 and 15; the split begins at field 3. USER_HZ is 100 on every architecture that Node runs on.
const [utime, stime, microsPerTick] = [11, 12, 10_000];
