/**
 * PDF documents (ISO 32000): text, forms and notes, properties, files within. The only door of unpdf, which is the reader of Firefox. It believes what a
 * document says of its sizes, so the streams are counted before it sees them.
 */
import { getDocumentProxy } from 'unpdf';

import { LimitReached, type Budget } from './budget.ts';
import {
  documentContents,
  encrypted,
  failed,
  type Contents,
  type Ending,
  type Member,
  type Source,
} from './contents.ts';
import { FlatText } from './flat-text.ts';
import { countPdfStreams } from './pdf-streams.ts';
import { asProperties, type Properties } from './properties.ts';

type Document = Awaited<ReturnType<typeof getDocumentProxy>>;
type Page = Awaited<ReturnType<Document['getPage']>>;

/**
 * A password that keeps a document shut is found out by opening it without one. Documents that open without are only to be changed by one who
 * knows a password: anybody reads them, and so do rules.
 */
export async function readPdf({ octets, budget }: Source): Promise<Contents> {
  countPdfStreams(octets, budget);
  let document: Document;
  try {
    // The package takes the octets away from whoever gives them.
    document = await getDocumentProxy(Uint8Array.from(octets), OPTIONS);
  } catch (error) {
    return isAboutPassword(error) ? encrypted() : failed('it is a damaged PDF document');
  }
  try {
    return await readDocument(document, budget);
  } finally {
    await document.loadingTask.destroy();
  }
}

const OPTIONS = {
  verbosity: 0,
  stopAtErrors: false,
  useSystemFonts: false,
  disableFontFace: true,
  useWorkerFetch: false,
  maxImageSize: 1,
  // Else it would look for files of another package.
  cMapUrl: undefined,
  standardFontDataUrl: undefined,
} as const;

const isAboutPassword = (error: unknown): boolean => error instanceof Error && error.name === 'PasswordException';

async function readDocument(document: Document, budget: Budget): Promise<Contents> {
  const out = new FlatText(budget.limits.textCharacters);
  const pinned: Member[] = [];
  const { damage, limit } = await readPages(document, { out, pinned }, budget);
  const properties = await orElse(propertiesOf(document), {});
  const members = [...(await orElse(filesOf(document), [])), ...pinned];
  return documentContents(out, { properties, members }, { shut: false, damage, limit });
}

/** What is damaged is left out by readers, and the rest shown. */
async function orElse<T>(asked: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await asked;
  } catch {
    return otherwise;
  }
}

/** What the pages hold. */
type Found = {
  readonly out: FlatText;
  /** Files that are pinned to a page. */
  readonly pinned: Member[];
};

async function readPages(document: Document, found: Found, budget: Budget): Promise<Omit<Ending, 'shut'>> {
  let damage: string | undefined;
  for (let number = 1; number <= document.numPages && !found.out.full; number += 1) {
    try {
      budget.checkTime();
      const page = await document.getPage(number);
      await readText(page, found.out, budget);
      await readNotes(page, found);
      page.cleanup();
    } catch (error) {
      if (error instanceof LimitReached) return { limit: error.message };
      damage ??= `its page ${number} is damaged`;
    }
  }
  return { damage };
}

type Chunk = { readonly items: readonly { readonly str?: string; readonly hasEOL?: boolean }[] };

async function readText(page: Page, out: FlatText, budget: Budget): Promise<void> {
  // oxlint-disable-next-line no-unsafe-type-assertion -- the package types its stream as one of anything
  const stream = page.streamTextContent() as ReadableStream<Chunk>;
  for await (const { items } of stream) {
    budget.checkTime();
    for (const { str = '', hasEOL = false } of items) {
      out.write(str);
      if (hasEOL) out.endLine();
    }
    if (out.full) return;
  }
  out.endLine();
}

/** What stands in forms and notes is shown on the page, and where links lead when one points there. */
async function readNotes(page: Page, { out, pinned }: Found): Promise<void> {
  const annotations: readonly unknown[] = await page.getAnnotations();
  for (const annotation of annotations) {
    pinned.push(...memberOf(asRecord(annotation)['file']));
    for (const text of textsOf(annotation)) {
      out.endLine();
      out.write(text);
    }
  }
  out.endLine();
}

function textsOf(annotation: unknown): readonly string[] {
  const { fieldValue, contentsObj, alternativeText, url, textContent } = asRecord(annotation);
  const values = [fieldValue, textContent].flat();
  return [...values, asRecord(contentsObj)['str'], alternativeText, url].filter(isText);
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** ISO 32000-1, 14.3.3, with those of one's own. */
async function propertiesOf(document: Document): Promise<Properties> {
  const { info } = await document.getMetadata();
  const { Custom: own, ...known } = asRecord(info);
  const entries = Object.entries({ ...known, ...asRecord(own) });
  const texts = entries.flatMap(([name, value]): [string, string][] => (isText(value) ? [[name, value]] : []));
  return asProperties(new Map(texts.slice(0, MOST_PROPERTIES)));
}

const MOST_PROPERTIES = 1000;

async function filesOf(document: Document): Promise<Member[]> {
  const files: unknown = await document.getAttachments();
  return Object.values(asRecord(files)).flatMap(memberOf);
}

/** None for what is no file. */
function memberOf(file: unknown): readonly Member[] {
  const { filename, rawFilename, content } = asRecord(file);
  const path = [filename, rawFilename].find(isText) ?? '';
  return content instanceof Uint8Array ? [{ path, open: () => ({ kind: 'open' as const, octets: content }) }] : [];
}
