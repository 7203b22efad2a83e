import { isIP } from 'node:net';
import { apiPrefix, type ServiceDeclaration } from '@berth/service-kit/declaration';
import type { IngressSettings } from '../environment';
import { type Construct, k8s } from '../kubernetes';
import { refuse } from '../refusal';
import { labelsOf } from './labels';
import { portName } from './service-deployment';

/** A service's paths from outside, with and without the API's prefix. */
export class ServiceIngress extends k8s.KubeIngress {
  constructor(scope: Construct, { name, paths }: ServiceDeclaration, settings: IngressSettings) {
    const { className, host, tlsSecret, annotations = {} } = settings;
    const backend = { service: { name, port: { name: portName } } };
    const routed = paths.flatMap((path) => [path, `${apiPrefix}${path}`]).map((path) => ({ path, pathType: 'Prefix', backend }));
    super(scope, 'ingress', {
      metadata: { name, labels: labelsOf(name, 'server'), annotations: { ...annotations } },
      spec: {
        ingressClassName: className,
        ...(tlsSecret !== undefined && { tls: [{ ...(host !== undefined && { hosts: [host] }), secretName: tlsSecret }] }),
        rules: [{ ...(host !== undefined && { host }), http: { paths: routed } }],
      },
    });
    refuse(this, () => [...pathFaults(paths), ...hostFaults(settings)]);
  }
}

/** Characters that ingress-nginx takes for the type `Prefix`: https://kubernetes.github.io/ingress-nginx/faq/#validation-of-path */
const pathPattern = /^(\/[A-Za-z0-9_-]+)+$/;

function pathFaults(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const letters = 'letters, digits, dashes and underscores between slashes, none at its end';
    // a controller that is told to use regular expressions compares without regard to case
    const lower = path.toLowerCase();
    if (!pathPattern.test(path) || isBelow(lower, apiPrefix) || isBelow(apiPrefix, lower))
      return [`the path "${path}" can't be routed: it must be ${letters}, and leave ${apiPrefix} out, such as "/users"`];
    if (kitPaths.some((own) => isBelow(lower, own)))
      return [`the path "${path}" is every service's own and for inside only, as are ${kitPaths.join(', ')}: choose another in "paths"`];
    return [];
  });
}

/** Whether one path is another, or lies below it. */
function isBelow(path: string, other: string): boolean {
  return `${path}/`.startsWith(`${other}/`);
}

/** What every service answers by itself, probes and metrics among it: nothing of it is routed from outside. */
export const kitPaths = ['/health', '/metrics', '/version', '/openapi.json', '/docs'];

/** As the API server takes it, and resolvable: labels of at most 63 characters, the first may be a wildcard. https://kubernetes.io/docs/concepts/services-networking/ingress/#hostname-wildcards */
const hostPattern = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const longestHost = 253;

function hostFaults({ host, tlsSecret }: IngressSettings): string[] {
  if (host === undefined) return tlsSecret === undefined ? [] : [`the certificate ${tlsSecret} is of no host: give "host", or leave "tlsSecret" out`];
  return hostPattern.test(host) && host.length <= longestHost && isIP(host) === 0
    ? []
    : [`host is "${host}": it must be a name alone in lower case, no address, without scheme, port or path, such as "berth.example"`];
}
