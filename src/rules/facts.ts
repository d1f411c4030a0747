/**
 * All that rules may look at, gathered before they are evaluated. What has not been gathered yet is `undefined`: evaluation then says
 * that it needs it, and is begun again with it. Types only.
 */
import type { Bytes } from '#mail/units.ts';
import type { ReadHeader } from '#mime/header.ts';
import type { Inspection } from '#mime/inspection.ts';
import type { PersonFinding } from './people.ts';
import type { DetectedInformation } from './sit/detection.ts';
import type { TextAnswers } from './text-answers.ts';

/** What can be gathered, in the order of what it costs. */
export type Need = 'header' | 'directory' | 'content';

/** As `mime/header.ts` reads it. */
export type HeaderFacts = ReadHeader;
export type HeaderFieldFact = ReadHeader['fields'][number];

export type RecipientFact = {
  /** As RCPT named it, canonical and in lower case. */
  readonly address: string;
  /** As it was first addressed (ORCPT of an authenticated client), else as `address`. */
  readonly original: string;
};

/** Texts and attachments, and what was found in them. Failed as a whole: the rule's error action decides. */
export type ContentFacts =
  | {
      readonly kind: 'inspected';
      readonly inspection: Inspection;
      /** By the type's name in lower case and by its GUID in lower case, of those that the rule set names. */
      readonly information: ReadonlyMap<string, DetectedInformation>;
    }
  | { readonly kind: 'failed'; readonly reason: string }
  /** Of a message that is gone: its texts were not kept, all else was. */
  | {
      readonly kind: 'remembered';
      readonly inspection: Omit<Inspection, 'texts'>;
      readonly information: ReadonlyMap<string, DetectedInformation>;
      /** Names and GUIDs, in lower case, of what was looked for: of anything else it is not known whether it was there. */
      readonly searched?: readonly string[] | undefined;
      /** What conditions found in the texts: nothing else is known of them. */
      readonly answers?: TextAnswers | undefined;
    };

export type MessageFacts = {
  readonly now: Date;
  readonly messageId: string;
  /** `''` is the null reverse-path. */
  readonly envelopeSender: string;
  readonly recipients: readonly RecipientFact[];
  readonly client: { readonly ip: string; readonly authenticated: boolean };
  readonly sizeBytes: Bytes;
  /** The accepted domains, in A-labels, and which of their names are ours: `matchesDomain` of `mail/domain-pattern.ts`. */
  readonly isAcceptedDomain: (domain: string) => boolean;
  readonly header?: HeaderFacts | undefined;
  /** Everybody that a rule may ask for: sender, recipients, To and Cc where rules ask who that is, and their managers. Keys as addresses above. */
  readonly people?: ReadonlyMap<string, PersonFinding> | undefined;
  readonly content?: ContentFacts | undefined;
};
