/** Writes docs/reference/status.md from the status table and the explanations; a test fails when the file is stale. */
import { STATUS_TABLE, statusCode, type OutcomeKind, type StatusName, type StatusRow } from '#mail/status.ts';
import { EXPLANATIONS, isTrouble } from './dsn/explanations.ts';

const MENDER = {
  sender: 'the sender (or the client)',
  operator: "this relay's operator",
  recipient: "the recipient's side",
} as const;

const INTRODUCTION = `# Status codes

<!-- Written by \`postern docs write\` from src/mail/status.ts and src/reporting/dsn/explanations.ts. -->

Every code that a reply, a log line or a report of the relay can carry. The first digit follows from the outcome: 2
delivered, 4 tried again, 5 given up; a message that is too old turns the 4 of its last trouble into a 5 and has
\`Message expired\` before the text. \`remote-reply\` stands for the code and the words of a remote server.
`;

/** A pure function of the tables. */
export function statusReference(): string {
  const names = Object.keys(STATUS_TABLE).filter((name): name is StatusName => name in STATUS_TABLE);
  const troubles = names.filter(isTrouble);
  const successes = names.filter((name) => !isTrouble(name));
  return [
    INTRODUCTION,
    '| status | replies | text |',
    '| --- | --- | --- |',
    ...names.map((name) => `| \`${name}\` | ${replies(name)} | ${cell(STATUS_TABLE[name].text)} |`),
    '',
    '## What they mean and who can mend them',
    '',
    `Successes (${successes.map((name) => `\`${name}\``).join(', ')}) need no mending.`,
    ...troubles.flatMap((name) => {
      const { cause, mender, remedy } = EXPLANATIONS[name];
      return ['', `### ${name}`, '', cause, '', `Who can mend it: ${MENDER[mender]}. ${remedy}`];
    }),
    '',
  ].join('\n');
}

function replies(name: StatusName): string {
  const { reply }: StatusRow = STATUS_TABLE[name];
  const kinds: readonly OutcomeKind[] = ['delivered', 'deferred', 'failed'];
  return kinds
    .filter((kind) => reply[kind] !== undefined)
    .map((kind) => `\`${reply[kind] ?? ''} ${statusCode(kind, name)}\``)
    .join(', ');
}

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`);
