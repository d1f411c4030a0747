/** What the directory says of people, as rules see it. Types only; `directory/` finds it. */
import type { DirectoryAttribute } from './values.ts';

export type Person = {
  /** The primary address, canonical and in lower case. */
  readonly address: string;
  readonly attributes: { readonly [attribute in DirectoryAttribute]?: string };
  /** Addresses of all groups that the person is in, also through other groups. */
  readonly groups: ReadonlySet<string>;
  /** Somebody outside whom the directory knows (a mail contact): has groups and attributes, but is no object of the organisation. */
  readonly isContact?: boolean | undefined;
  /** Primary address of the manager. */
  readonly manager?: string | undefined;
};

/** `absent`: the directory was asked, and has nobody of that address. */
export type PersonFinding =
  | { readonly kind: 'person'; readonly person: Person }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly reason: string };
