/** A message that is attached to another, as it was forwarded or returned: its texts, and its files as those within it. */
import { readValue } from '#mime/header.ts';
import { readMessage, type MessageFile } from './message.ts';
import { CUT, contents, failed, type Contents, type Member, type Source } from './contents.ts';

export function readAttachedMessage({ octets, budget }: Source): Contents {
  const before = budget.reached.length;
  const { texts, files, damage, header } = readMessage(octets, budget);
  const subject = header.find(({ name }) => name.toLowerCase() === 'subject');
  const shown = [...(subject === undefined ? [] : [readValue(subject.rawValue)]), ...texts.map(({ text }) => text)];
  const text = shown.join('\n\n');
  const known = {
    type: 'message/rfc822',
    text: text.slice(0, budget.limits.textCharacters),
    members: files.map(memberOf),
  };
  const limit = budget.reached.slice(before)[0] ?? (text.length > known.text.length ? CUT : undefined);
  if (limit !== undefined) return contents({ ...known, state: 'limit', reason: limit });
  return damage === undefined ? contents({ ...known, state: 'text' }) : failed(damage, known);
}

export function memberOf({ names, octets, ...known }: MessageFile): Member {
  const [path = '', ...otherNames] = names;
  return { ...known, path, otherNames, open: () => ({ kind: 'open', octets: octets() }) };
}
