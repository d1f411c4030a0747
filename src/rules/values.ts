/** The values that conditions and actions take, in Exchange's terms (Microsoft, New-TransportRule). Types only. */
import type { Bytes } from '#mail/units.ts';

/** Where somebody is (`FromScope`, `SentToScope`). */
export type Scope = 'inOrganization' | 'notInOrganization';

/** Whole words or phrases, case-insensitive; `*` stands for itself. */
export type Words = readonly string[];
/** Regular expressions without look-around and back-references, case-insensitive, run in linear time. */
export type Patterns = readonly string[];
/** Canonical addresses, as `mail/address.ts` writes them. */
export type Addresses = readonly string[];
/** Addresses of groups in the directory. */
export type Groups = readonly string[];
/** In A-labels; each stands for its subdomains too. */
export type Domains = readonly string[];
/** `192.0.2.1`, `192.0.2.1-192.0.2.9`, `192.0.2.0/24`, and the same of IPv6. */
export type IpRanges = readonly string[];

/** A header field, and what its value is searched for. */
export type HeaderWords = { readonly header: string; readonly words: Words };
export type HeaderPatterns = { readonly header: string; readonly patterns: Patterns };

export const DIRECTORY_ATTRIBUTES = [
  'city',
  'company',
  'country',
  'customAttribute1',
  'customAttribute2',
  'customAttribute3',
  'customAttribute4',
  'customAttribute5',
  'customAttribute6',
  'customAttribute7',
  'customAttribute8',
  'customAttribute9',
  'customAttribute10',
  'customAttribute11',
  'customAttribute12',
  'customAttribute13',
  'customAttribute14',
  'customAttribute15',
  'department',
  'displayName',
  'email',
  'faxNumber',
  'firstName',
  'homePhoneNumber',
  'initials',
  'lastName',
  'manager',
  'mobileNumber',
  'notes',
  'office',
  'otherFaxNumber',
  'otherHomePhoneNumber',
  'otherPhoneNumber',
  'pagerNumber',
  'phoneNumber',
  'poBox',
  'state',
  'street',
  'title',
  'userLogonName',
  'zipCode',
] as const;
export type DirectoryAttribute = (typeof DIRECTORY_ATTRIBUTES)[number];

/** One attribute, and what it is searched for; of a list any entry is enough. */
export type AttributeWords = { readonly attribute: DirectoryAttribute; readonly words: Words };
export type AttributePatterns = { readonly attribute: DirectoryAttribute; readonly patterns: Patterns };

/** A property of a document (`Department`, `Compliancy`, one's own), by its name in any case. */
export type PropertyWords = { readonly property: string; readonly words: Words };

/** One sensitive information type: any entry of a list that is satisfied is a match. */
export type SensitiveInformation = {
  /** Name or GUID. */
  readonly name: string;
  /** Of unique values, 1-500; `maxCount` left out is any number. */
  readonly minCount: number;
  readonly maxCount?: number | undefined;
  /** 1-100; `minConfidence` left out is the type's recommended confidence. */
  readonly minConfidence?: number | undefined;
  readonly maxConfidence?: number | undefined;
};

export type ManagementRelationship = 'manager' | 'directReport';
export type EvaluatedUser = 'sender' | 'recipient';
export type ManagerIs = { readonly of: EvaluatedUser; readonly addresses: Addresses };
export type AttributeComparison = {
  readonly attribute: DirectoryAttribute;
  readonly operator: 'equal' | 'notEqual';
};
export type GroupPair = { readonly one: Groups; readonly other: Groups };

export const MESSAGE_TYPES = [
  'oof',
  'autoForward',
  'encrypted',
  'calendaring',
  'permissionControlled',
  'voicemail',
  'signed',
  'approvalRequest',
  'readReceipt',
] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

export type Importance = 'low' | 'normal' | 'high';
export type AuditSeverity = 'doNotAudit' | 'low' | 'medium' | 'high';
/** -1 to 9. */
export type SpamConfidenceLevel = number;
export type Size = Bytes;
