import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { manifestsOf, type Manifest } from './manifests';

const repository = resolve(__dirname, '..');
const written = parse(readFileSync(join(repository, 'skaffold.yaml'), 'utf8')) as Skaffold;

interface Skaffold {
  readonly build: { readonly artifacts: readonly Artifact[] };
  readonly manifests: { readonly kustomize: { readonly paths: readonly string[] } };
  readonly portForward: readonly {
    readonly resourceType: string;
    readonly resourceName: string;
    readonly namespace: string;
    readonly port: number;
    readonly localPort: number;
  }[];
  readonly verify: readonly {
    readonly container: { readonly name: string; readonly image: string; readonly command: readonly string[] };
    readonly executionMode: { readonly kubernetesCluster: { readonly jobManifestPath: string } };
  }[];
  readonly profiles: readonly { readonly name: string; readonly activation: readonly { readonly kubeContext: string }[] }[];
}
interface Artifact {
  readonly image: string;
  readonly custom: { readonly buildCommand: string; readonly dependencies: { readonly paths: readonly string[]; readonly ignore: readonly string[] } };
}

const services = globSync('services/*/src/main.ts', { cwd: repository })
  .map((path) => path.split('/')[1]!)
  .sort();
const local = manifestsOf('local');
const byKind = (kind: string) => local.filter((object) => object.kind === kind);
const portOf = (service: string) => byKind('Service').find(({ metadata }) => metadata.name === service)!.spec.ports[0]!.port;

describe('skaffold.yaml', () => {
  it('builds the image of every service, under the names of the manifests', () => {
    const images = byKind('Deployment').map(({ spec }) => spec.template.spec.containers[0]!.image.replace(/:.*$/, ''));
    const { artifacts } = written.build;
    expect(artifacts.map(({ image }) => image).sort()).toEqual(services);
    expect(images.sort()).toEqual(services);
    for (const { image, custom } of artifacts) expect(custom.buildCommand).toContain(`--build-arg SERVICE=${image} --tag "$IMAGE"`);
  });

  it.each([
    ['pushes an image where Skaffold wants it in a registry', { PUSH_IMAGE: 'true' }, { status: 0, asked: ['build', 'push registry.example/image:1'] }],
    ['pushes none where it stays on the machine', { PUSH_IMAGE: 'false' }, { status: 0, asked: ['build'] }],
    ['pushes none that could not be built', { PUSH_IMAGE: 'true', BROKEN: '1' }, { status: 1, asked: ['build'] }],
  ])('%s', (_what, told, expected) => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-skaffold-'));
    const asked = join(folder, 'asked');
    const docker = `#!/bin/sh\n[ "$1" = build ] && echo build >> ${asked} || echo "$*" >> ${asked}\nexit \${BROKEN:-0}\n`;
    writeFileSync(join(folder, 'docker'), docker, { mode: 0o755 });
    try {
      for (const { custom } of written.build.artifacts) {
        writeFileSync(asked, '');
        const env = { ...process.env, ...told, IMAGE: 'registry.example/image:1', PATH: `${folder}:${process.env['PATH']}` };
        // as Skaffold runs it
        const { status } = spawnSync('sh', ['-c', custom.buildCommand], { env });
        expect({ status, asked: readFileSync(asked, 'utf8').trim().split('\n') }).toEqual(expected);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('watches what each image is made of', () => {
    for (const { image, custom } of written.build.artifacts) {
      const { paths } = custom.dependencies;
      expect(paths.filter((path) => globSync(path, { cwd: repository }).length === 0)).toEqual([]);
      expect(paths).toEqual(expect.arrayContaining([`services/${image}/src`, `services/${image}/service.ts`, 'services/service-kit/src', 'package-lock.json']));
      expect(paths.filter((path) => services.some((other) => other !== image && path.startsWith(`services/${other}/`)))).toEqual([]);
      const manifests = globSync('{*,services/*}/package.json', { cwd: repository }).filter((path) => !path.startsWith('node_modules/'));
      expect(manifests.filter((manifest) => !paths.some((path) => globSync(path, { cwd: repository }).includes(manifest)))).toEqual([]);
    }
  });

  it('deploys charts/local, and with it only what the checks need', () => {
    const { paths } = written.manifests.kustomize;
    expect(paths).toEqual(['charts/local', 'deploy/checks']);
    for (const path of paths) expect(existsSync(join(repository, path, 'kustomization.yaml'))).toBe(true);
  });

  it('forwards to every service from its own port on this machine, at its Service’s port', () => {
    const own = byKind('Deployment').map(({ metadata, spec }) => [metadata.name, spec.template.spec.containers[0]!.ports[0]!.containerPort] as const);
    expect(Object.fromEntries(own)).toMatchObject({ 'user-service': 8000, 'order-service': 8001 });
    expect(written.portForward.map(({ resourceName, localPort }) => [resourceName, localPort]).sort()).toEqual(own.toSorted());
    for (const { resourceType, resourceName, namespace, port } of written.portForward)
      expect({ resourceType, namespace, port }).toEqual({ resourceType: 'service', namespace: 'berth-local', port: portOf(resourceName) });
  });

  it('has a profile for kind and one for minikube', () => {
    const profileOf = (context: string) =>
      written.profiles.filter(({ activation }) => activation.some(({ kubeContext }) => new RegExp(`^${kubeContext}$`).test(context))).map(({ name }) => name);
    expect(profileOf('kind-berth')).toEqual(['kind']);
    expect(profileOf('minikube')).toEqual(['minikube']);
    expect(profileOf('production')).toEqual([]);
  });

  it('verifies every service by the checks that it declares, in a Job that Pod Security admits', () => {
    expect(written.verify.map(({ container }) => container.image).sort()).toEqual(services);
    const kustomization = parse(readFileSync(join(repository, 'deploy/checks/kustomization.yaml'), 'utf8')) as {
      configMapGenerator: { name: string; files: string[] }[];
    };
    for (const { container, executionMode } of written.verify) {
      const job = parse(readFileSync(join(repository, executionMode.kubernetesCluster.jobManifestPath), 'utf8'), { merge: true }) as Manifest;
      const pod = job.spec.template.spec;
      const mounted = pod.containers[0]!.volumeMounts[0]!.mountPath;
      expect(job.metadata.namespace).toBe('berth-local');
      const own = pod.containers.find(({ name }) => name === container.name);
      expect(own).toMatchObject({
        image: container.image,
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      });
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      expect(container.command.slice(0, 2)).toEqual(['node', `${mounted}/${kustomization.configMapGenerator[0]!.files[0]}`]);
      expect(pod.volumes[0]!.configMap!.name).toBe(kustomization.configMapGenerator[0]!.name);
    }
  });
});
