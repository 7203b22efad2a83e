import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** Files of other tools, which hold no objects of the cluster. */
const foreignFiles = new Set(['kustomization.yaml', 'kustomization.yml', 'Chart.yaml', 'Chart.lock']);

/** What Helm alone reads of a chart. */
const chartFiles = /^(?:values(?:\.schema)?\.(?:ya?ml|json)$|templates\/|charts\/)/;

/**
 * The YAML and JSON files below a folder, by their paths from there, the namespace first. Hidden files and folders, and what is another tool's, are left out.
 * Links are followed to files and to folders; what is read already is not read again by another name, and a link to a folder above leads nowhere.
 */
export function filesBelow(folder: string): string[] {
  const found: Found = { files: [], links: [], real: new Set() };
  walk(folder, '', found);
  // links last: what they lead to may be there by its own name
  for (let link = found.links.shift(); link !== undefined; link = found.links.shift()) follow(folder, link, found);
  const isChart = found.files.includes('Chart.yaml');
  return found.files
    .filter((file) => !foreignFiles.has(nameOf(file)) && !(isChart && chartFiles.test(file)))
    .sort((one, other) => Number(other === 'namespace.yaml') - Number(one === 'namespace.yaml') || (one < other ? -1 : 1));
}

interface Found {
  readonly files: string[];
  readonly links: string[];
  /** Of files and folders. */
  readonly real: Set<string>;
}

function walk(root: string, below: string, { files, links, real }: Found): void {
  real.add(realpathSync(join(root, below)));
  for (const entry of readdirSync(join(root, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    if (entry.isSymbolicLink()) links.push(path);
    else if (entry.isDirectory()) walk(root, path, { files, links, real });
    else if (entry.isFile() && isManifest(path)) {
      files.push(path);
      real.add(realpathSync(join(root, path)));
    }
  }
}

/** A link that leads nowhere is a file that can't be read where it is called one. */
function follow(root: string, link: string, found: Found): void {
  const target = statSync(join(root, link), { throwIfNoEntry: false });
  const real = target && realpathSync(join(root, link));
  if (real !== undefined && found.real.has(real)) return;
  if (target?.isDirectory() === true) {
    if (isAbove(real!, realpathSync(root))) return;
    return walk(root, link, found);
  }
  if (isManifest(link)) found.files.push(link);
  if (real !== undefined) found.real.add(real);
}

function isAbove(folder: string, below: string): boolean {
  const way = relative(folder, below);
  return way !== '..' && !way.startsWith(`..${sep}`);
}

function isManifest(file: string): boolean {
  return /\.(ya?ml|json)$/.test(file);
}

function nameOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}
