/**
 * Looks into the files of a message, and into the files in those: names, sizes, true types, texts, one entry for each. What one of them is made of is the
 * readers' to say (`readers.ts`); here it is only walked through, within the budget. It never throws: a limit or a failure is an entry's state.
 */
import type { InspectedAttachment } from '#mime/inspection.ts';
import { LimitReached, type Budget } from './budget.ts';
import { contents, failed, type Contents, type Member, type Opened } from './contents.ts';
import { extensionOf, fileName, joinPath } from './file-name.ts';
import { readFile } from './readers.ts';

/** Where a file was found. */
type Place = { readonly prefix: string; readonly depth: number };

export class Examiner {
  readonly attachments: InspectedAttachment[] = [];
  readonly #budget: Budget;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** A file of the message itself. */
  async examine(file: Member): Promise<void> {
    await this.#examine(file, { prefix: '', depth: 0 });
  }

  async #examine(file: Member, place: Place): Promise<void> {
    const opened = this.#open(file);
    const found = opened.kind === 'open' ? await this.#read(file, opened) : contents(opened);
    const entry = entryOf(file, place, opened, this.#cut(found));
    const index = this.attachments.push(entry) - 1;
    for (const otherName of file.otherNames ?? []) this.attachments.push(underOtherName(entry, otherName, place));
    const limit = await this.#within(found.members, { prefix: entry.path, depth: place.depth + 1 });
    if (limit !== undefined) this.attachments[index] = { ...entry, state: 'limit', reason: limit };
  }

  /** Returns the limit that was reached. */
  async #within(members: readonly Member[], place: Place): Promise<string | undefined> {
    try {
      if (members.length > 0) this.#budget.checkDepth(place.depth);
      for (const member of members) {
        this.#budget.countPart();
        await this.#examine(member, place);
      }
      return undefined;
    } catch (error) {
      if (error instanceof LimitReached) return error.message;
      throw error;
    }
  }

  #open(file: Member): Opened {
    try {
      return file.open();
    } catch (error) {
      if (!(error instanceof LimitReached)) throw error;
      return { kind: 'shut', state: 'limit', reason: error.message, sizeBytes: 0 };
    }
  }

  async #read(file: Member, { octets, damaged }: Opened & { kind: 'open' }): Promise<Contents> {
    const { path, declaredType = '', charset = '' } = file;
    const source = { octets, name: fileName(path), declaredType, charset, budget: this.#budget };
    try {
      this.#budget.checkTime();
      const found = await readFile(source);
      return damaged === true ? { ...found, state: 'failed', reason: 'its packed octets are damaged' } : found;
    } catch (error) {
      if (error instanceof LimitReached) return contents({ state: 'limit', reason: error.message });
      // Readers meet what nobody has thought of; whoever sends such a file must not get it past the rules by it.
      return failed(`it cannot be read (${error instanceof Error ? error.name : 'unknown'})`);
    }
  }

  #cut(found: Contents): Contents {
    const { text, cut } = this.#budget.keepText(found.text);
    return cut ? { ...found, text, state: 'limit', reason: 'there is too much text' } : found;
  }
}

function entryOf(file: Member, { prefix, depth }: Place, opened: Opened, found: Contents): InspectedAttachment {
  const name = fileName(file.path);
  return {
    path: joinPath(prefix, file.path),
    name,
    extension: extensionOf(name),
    declaredType: file.declaredType ?? '',
    detectedType: found.type,
    sizeBytes: opened.kind === 'open' ? opened.octets.length : opened.sizeBytes,
    depth,
    inline: file.inline ?? false,
    state: found.state,
    reason: found.reason,
    text: found.text,
    properties: found.properties,
    executable: found.executable ?? false,
  };
}

/** Its text counts once. */
function underOtherName(entry: InspectedAttachment, path: string, { prefix }: Place): InspectedAttachment {
  const name = fileName(path);
  return { ...entry, path: joinPath(prefix, path), name, extension: extensionOf(name), text: '' };
}
