/**
 * Names of files as a recipient's machine would take them: without directories, without what shows nothing, never endless. For looking;
 * no file is ever made by such a name.
 */
import { visible } from '#mime/visible.ts';

/** The end is kept: it says what the file is taken for. */
const LONGEST = 1024;
const LONGEST_EXTENSION = 64;

/** Also of a path of Windows. */
export function fileName(written: string): string {
  const shown = visible(written.slice(-LONGEST * 4)).replaceAll(/[\t\r\n]+/g, ' ');
  return shown
    .replace(/[/\\]+$/, '')
    .replace(/^.*[/\\]/s, '')
    .trim()
    .slice(-LONGEST);
}

/** The path within an archive. */
export function memberPath(written: string): string {
  return visible(written.slice(-LONGEST * 4))
    .replaceAll(/[\t\r\n]+/g, ' ')
    .replaceAll('\\', '/')
    .split('/')
    .map((step) => step.trim())
    .filter((step) => step !== '' && step !== '.' && step !== '..')
    .join('/')
    .slice(-LONGEST);
}

/** In lower case, without the dot. To Windows dots, spaces and streams at the end are none: `run.exe. ` and `run.exe::$DATA` are programs. */
export function extensionOf(name: string): string {
  const end = name.replace(/:[^.]*$/, '').replace(/[. ]+$/, '');
  const dot = end.lastIndexOf('.');
  return dot === -1 || dot === end.length - 1
    ? ''
    : end
        .slice(dot + 1)
        .toLowerCase()
        .slice(0, LONGEST_EXTENSION);
}

/** Long ones lose their beginning. */
export function joinPath(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix.slice(-LONGEST)}/${name}`;
}
