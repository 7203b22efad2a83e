import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';

/** Whether this machine tells a process's memory and sockets: Linux does, by /proc. */
export const hasProcessFigures = existsSync('/proc/self/clear_refs');

/** Resident memory now, in bytes. */
export function residentBytes(pid: number): number {
  return statusBytes(pid, 'VmRSS');
}

/** The most resident memory since {@link forgetPeak}, in bytes: a short peak between two samples counts too. */
export function peakResidentBytes(pid: number): number {
  return statusBytes(pid, 'VmHWM');
}

/** Starts the peak anew from what is resident now (proc(5), clear_refs 5). */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** How many of the process's file descriptors are sockets. */
export function openSockets(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((fd) => linkOf(`${folder}/${fd}`).startsWith('socket:')).length;
}

function statusBytes(pid: number, field: string): number {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kibibytes === undefined) throw new Error(`/proc/${pid}/status has no ${field}`);
  return Number(kibibytes) * 1024;
}

/** A descriptor may close between the listing and the look at it. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
