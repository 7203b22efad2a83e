import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

/** A Kubernetes object as it is committed, as far as the tests look at it. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: {
    readonly ports: readonly { readonly port: number }[];
    readonly template: { readonly spec: Pod };
    readonly groups: readonly { readonly rules: readonly Rule[] }[];
  };
}

interface Pod {
  readonly securityContext: object;
  readonly containers: readonly {
    readonly name: string;
    readonly image: string;
    readonly ports: readonly { readonly containerPort: number }[];
    readonly volumeMounts: readonly { readonly mountPath: string }[];
  }[];
  readonly volumes: readonly { readonly configMap?: { readonly name: string } }[];
}

/** An alerting rule. */
export interface Rule {
  readonly alert: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The committed objects of an environment. */
export function manifestsOf(environment: string): Manifest[] {
  const folder = resolve(__dirname, '..', 'charts', environment);
  const files = ['namespace.yaml', ...globSync('manifests/**/*.yaml', { cwd: folder })];
  return files.map((file) => parse(readFileSync(join(folder, file), 'utf8')) as Manifest);
}
