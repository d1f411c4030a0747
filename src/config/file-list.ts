/** The names of the files in a directory that people fill: rules, types of sensitive information. What stands in them is not known here. */
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export type FileList = { readonly names: readonly string[] } | { readonly message: string };

/** In the order of code points, which is the same for every locale. A directory that is not there has no files. */
export function listFiles(directory: string, name: RegExp): FileList {
  try {
    const names = readdirSync(directory).filter((each) => name.test(each));
    const files = names.filter((each) => isListed(join(directory, each)));
    return { names: files.toSorted() };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return code === 'ENOENT' ? { names: [] } : { message: `cannot be read (${LISTING[code] ?? code})` };
  }
}

/** A link that leads to nothing is listed, so that whoever reads it finds that something is missing. */
export function isListed(path: string): boolean {
  const own = lstatSync(path, { throwIfNoEntry: false });
  if (own?.isSymbolicLink() !== true) return own?.isFile() ?? false;
  try {
    return statSync(path).isFile();
  } catch {
    return true;
  }
}

const LISTING: { readonly [code: string]: string } = {
  ENOTDIR: 'it is a file, and must be a directory',
  EACCES: 'this user may not read it',
};
