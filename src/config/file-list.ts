/** The names of the files in a directory that people fill: rules, types of sensitive information. What stands in them is not known here. */
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export type FileList = { readonly names: readonly string[] } | { readonly message: string };

/** In the order of code points, which is the same for every locale. A directory that is not there has no files; `ofFile` is said of a file in its place. */
export function listFiles(directory: string, name: RegExp, ofFile = 'it is a file, and must be a directory'): FileList {
  try {
    const names = readdirSync(directory).filter((each) => name.test(each));
    const files = names.filter((each) => isListed(join(directory, each)));
    return { names: files.toSorted() };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'ENOENT') return { names: [] };
    const why = { ENOTDIR: ofFile, EACCES: 'this user may not read it' }[code] ?? code;
    return { message: `cannot be read (${why})` };
  }
}

/** A link that leads to nothing is listed, so that whoever reads it finds that something is missing. */
function isListed(path: string): boolean {
  const own = lstatSync(path, { throwIfNoEntry: false });
  if (own?.isSymbolicLink() !== true) return own?.isFile() ?? false;
  try {
    return statSync(path).isFile();
  } catch {
    return true;
  }
}
