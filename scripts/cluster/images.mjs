// Builds the image of every service, and gives their references as JSON on stdout and in a file.
//   npm run images                                            into the local Docker engine, under every name that charts/ has for it: user-service:dev, ghcr.io/OWNER/user-service:0.1.0
//   npm run images -- --load-command 'kind load docker-image' and brings each into a cluster
//   npm run images -- --by-content                            calls each by what is in it, so that an unchanged one keeps its name; takes --load-command too
//   npm run images -- --push --registry ghcr.io/OWNER         pushes each by version or revision, with SBOM and provenance; gives digests
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root, serviceNames } from '../services.mjs';
import { main, UsageError } from './script.mjs';
import { imagesOf, manifestsOf, serviceOf } from './manifests.mjs';

const folder = join(root, '.cache', 'images');

const usage = 'npm run images -- [--push --registry REGISTRY | --by-content] [--load-command COMMAND] [--tag TAG] [--out FILE]';

await main('images', usage, () => {
  const { values: options } = parseArgs({
    options: {
      push: { type: 'boolean', default: false },
      'by-content': { type: 'boolean', default: false },
      registry: { type: 'string' },
      tag: { type: 'string' },
      'load-command': { type: 'string' },
      out: { type: 'string', default: join(folder, 'images.json') },
    },
  });
  if (options.push !== (options.registry !== undefined)) throw new UsageError('--push and --registry go together: --push --registry ghcr.io/OWNER');
  if (options.push && options['load-command'] !== undefined) throw new UsageError('an image is pushed or loaded, not both');
  if (options['by-content'] && (options.push || options.tag !== undefined))
    throw new UsageError('--by-content is for images that stay here and names them itself: leave --push and --tag out');
  mkdirSync(folder, { recursive: true });
  const revision = git('rev-parse', 'HEAD') || 'unknown';
  const tag = options.tag ?? (options.push ? versionOf(revision) : 'dev');
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(tag) || tag === 'latest')
    throw new UsageError(`"${tag}" is no tag for an image that somebody deploys: give a version`);
  const images = {};
  const make = options['by-content'] ? buildByContent : build;
  for (const service of serviceNames()) images[service] = make(service, { ...options, tag, revision });
  const text = JSON.stringify(images);
  writeFileSync(options.out, `${text}\n`);
  console.log(text);
});

/** A released version's name without its v, else the revision. */
function versionOf(revision) {
  const version = git('describe', '--exact-match', '--tags', '--match', 'v[0-9]*');
  return version ? version.replace(/^v/, '') : revision.slice(0, 12);
}

function build(service, { push, registry, tag, revision, 'load-command': loadCommand }) {
  const image = push ? `${registry.toLowerCase()}/${service}:${tag}` : `${service}:${tag}`;
  const names = push ? [image] : [...new Set([image, ...namesInCharts(service)])];
  const metadata = join(folder, `${service}.json`);
  const facts = Object.entries({ SERVICE: service, VERSION: tag, REVISION: revision, SOURCE: sourceUrl() }).flatMap(([name, value]) => [
    '--build-arg',
    `${name}=${value}`,
  ]);
  const delivery = push ? ['--push', '--sbom=true', '--provenance=mode=max', '--metadata-file', metadata] : [];
  run('docker', push ? ['buildx', 'build', ...delivery, ...facts, '--tag', image, '.'] : ['build', ...facts, ...names.flatMap((name) => ['--tag', name]), '.']);
  if (loadCommand !== undefined) for (const name of names) load(loadCommand, name);
  return push ? `${image}@${JSON.parse(readFileSync(metadata, 'utf8'))['containerimage.digest']}` : image;
}

/** An image that says nothing of the commit, so that it is the same as long as what is in it is; called by its own digest. */
function buildByContent(service, { 'load-command': loadCommand }) {
  const local = `${service}:built`;
  run('docker', ['build', '--build-arg', `SERVICE=${service}`, '--tag', local, '.']);
  const { stdout } = spawnSync('docker', ['image', 'inspect', '--format', '{{.Id}}', local], { cwd: root, encoding: 'utf8' });
  const name = `${service}:${stdout.trim().replace('sha256:', '').slice(0, 12)}`;
  run('docker', ['tag', local, name]);
  if (loadCommand !== undefined) load(loadCommand, name);
  return name;
}

function load(command, name) {
  run('sh', ['-c', `${command} "$0"`, name]);
}

/** What the manifests call a service's image, but for those named by digest: only a registry gives those. */
function namesInCharts(service) {
  return readdirSync(join(root, 'charts'))
    .flatMap((environment) => imagesOf(manifestsOf(environment)))
    .filter((image) => serviceOf(image) === service && !image.includes('@'));
}

function sourceUrl() {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = process.env;
  return server && repository ? `${server}/${repository}` : '';
}

/** Shows what it does on stderr: stdout is the result's. */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) throw new Error(`${command} can't be started: ${error.message}`);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: exit code ${status}`);
}

function git(...args) {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : '';
}
