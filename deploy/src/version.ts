import { version as packageVersion } from '../package.json';

/** Berth's version, by SemVer. */
export const version: string = packageVersion;
