import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import type { Server } from 'node:http';

/** The service can't listen where the configuration says. */
export class CannotListen extends Error {
  override readonly name = 'CannotListen';

  constructor(
    /** Whether a new start without a change won't help. */
    readonly permanent: boolean,
    message: string,
    cause: unknown,
  ) {
    super(message, { cause });
  }
}

/** Why listening fails for good, and the cure, by Node's code. */
const permanentFaults: Readonly<Record<string, string>> = {
  EACCES: 'PORT: this user may not listen there: ports below 1024 are for root on most systems, so set PORT to a higher one',
  EADDRNOTAVAIL: 'HOST: this machine does not have that address: set HOST to one of its own, or to 0.0.0.0 for all',
  EAFNOSUPPORT: 'HOST: this machine has no addresses of that kind: set HOST to one of its own, or to 0.0.0.0 for all',
  EINVAL: 'HOST: that is no address to listen on: set HOST to one of this machine, or to 0.0.0.0 for all',
  ENOTFOUND: 'HOST: no such host name is known: set HOST to an address of this machine, or to 0.0.0.0 for all',
};

/**
 * Looks whether the service will be able to listen, before anything else is touched. A UDP socket is bound there: it needs the same
 * address and the same right as the TCP port, and no client can mistake it for the service. A taken port is found out by {@link listen}.
 *
 * @throws CannotListen
 */
export async function assertCanListen(port: number, host: string): Promise<void> {
  try {
    const { address, family } = await lookup(host);
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    try {
      socket.bind({ port, address, exclusive: true });
      await once(socket, 'listening');
    } finally {
      socket.close();
    }
  } catch (error) {
    const fault = explain(error, port, host);
    if (fault.permanent) throw fault;
  }
}

/** @throws CannotListen */
export function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(explain(error, port, host));
    server.once('error', fail);
    server.listen({ port, host, backlog: 1_024 }, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

function explain(error: unknown, port: number, host: string): CannotListen {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const where = `can't listen on HOST ${JSON.stringify(host)}, PORT ${port} (${message})`;
  const permanent = permanentFaults[code];
  if (permanent !== undefined) return new CannotListen(true, `${where}. ${permanent}`, error);
  if (code === 'EADDRINUSE') return new CannotListen(false, `the port is taken: ${where}. Set PORT to another one, or stop what listens there`, error);
  return new CannotListen(false, `${where}. Check HOST and PORT`, error);
}
