/**
 * What looking into a message has found: texts, attachments and what kind of message it is. Everything decoded, nothing ever
 * written back. What could not be looked into says so: it is never an absence. Types only.
 */
import type { Bytes } from '#mail/units.ts';

export type InspectedText = {
  readonly kind: 'plain' | 'html';
  /** What a reader sees: HTML without its tags, at most `limits.textCharacters` long. */
  readonly text: string;
  /** As the part declares it, in lower case; `us-ascii` when it does not. */
  readonly charset: string;
  /** Characters of the part that do not belong to its charset were replaced, or the text was cut at the limit. */
  readonly flawed: boolean;
};

/**
 * `text`: its text was extracted (it may be empty). `none`: a type that holds no text, such as a picture. `unsupported`: no
 * extractor for its type. `encrypted`: a password keeps it shut. `limit`: larger, deeper or slower than allowed. `failed`: damaged, or
 * not what it claims to be.
 */
export type InspectionState = 'text' | 'none' | 'unsupported' | 'encrypted' | 'limit' | 'failed';

export type InspectedAttachment = {
  /** Its name, and for what lies in an archive or an attached message the way to it: `all.zip/2026/list.xlsx`. */
  readonly path: string;
  /** Decoded (RFC 2231, RFC 2047), without directories; `''` when it has none. */
  readonly name: string;
  /** In lower case, without the dot. */
  readonly extension: string;
  /** In lower case, without parameters. */
  readonly declaredType: string;
  /** By its octets; `undefined` when they tell nothing. */
  readonly detectedType?: string | undefined;
  /** Decoded. */
  readonly sizeBytes: Bytes;
  /** 0 for an attachment of the message itself. */
  readonly depth: number;
  /** Shown within the text, as pictures of a signature are. */
  readonly inline: boolean;
  readonly state: InspectionState;
  /** Why, in a few words, where the state is no success. */
  readonly reason: string;
  readonly text: string;
  /** Properties of the document, names as the document writes them. */
  readonly properties: { readonly [name: string]: string };
  /** A program for some machine by its octets, whatever it is called. */
  readonly executable: boolean;
};

/** Of the message as a whole, by its types and header fields (Microsoft, MessageTypeMatches). */
export type InspectedKinds = {
  readonly oof: boolean;
  readonly autoForward: boolean;
  /** S/MIME or OpenPGP: only header fields can be looked at. */
  readonly encrypted: boolean;
  readonly calendaring: boolean;
  readonly permissionControlled: boolean;
  readonly voicemail: boolean;
  readonly signed: boolean;
  readonly approvalRequest: boolean;
  readonly readReceipt: boolean;
};

export type Inspection = {
  readonly texts: readonly InspectedText[];
  readonly attachments: readonly InspectedAttachment[];
  /** Of all text parts, in lower case. */
  readonly charsets: readonly string[];
  readonly kinds: InspectedKinds;
  /** Limits that the whole message went past (parts, depth, time, octets), in words; what is beyond them was not seen. */
  readonly limits: readonly string[];
  /** The message could not be taken apart, and why; what was found until then is here all the same. */
  readonly failure?: string | undefined;
};

export type InspectionLimits = {
  /** Parts of the message, and members of all archives together. */
  readonly parts: number;
  /** Archives and messages in one another. */
  readonly depth: number;
  /** Decompressed octets of one message. */
  readonly unpackedBytes: Bytes;
  /** Characters of text of the body, and of each attachment. */
  readonly textCharacters: number;
  readonly milliseconds: number;
};
