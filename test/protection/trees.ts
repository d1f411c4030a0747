/** Messages of any build for property tests: what they are made of is known, so that a test can say which octets were to stay. */
import fc from 'fast-check';

type Leaf = {
  readonly kind: 'text' | 'attachment';
  readonly header: readonly string[];
  /** Encoded; without a line end behind it. */
  readonly body: string;
};
type Multipart = {
  readonly kind: 'multipart';
  readonly type: string;
  readonly preamble: string;
  readonly epilogue: string;
  readonly parts: readonly Tree[];
};
export type Tree = Leaf | Multipart;

export type Written = {
  readonly octets: Buffer;
  /** Whether each stretch between two delimiter lines is a text of the message. */
  readonly isText: readonly boolean[];
};

const WORDS = ['Hello', 'Grüße', 'a=b', 'two  blanks ', 'x'.repeat(90), '--', '.', '', 'From here'];
const lines = fc.array(fc.constantFrom(...WORDS), { maxLength: 6 }).map((words) => words.join('\r\n'));
const pages = fc.constantFrom(
  '<p>Hello</p>',
  '<html><body bgcolor="red"><p>Gr&uuml;&szlig;e</p></body></html>',
  '<!DOCTYPE html>\r\n<html>\r\n<head><title>x</title></head>\r\n<body>\r\n<p>Grüße</p>\r\n</body>\r\n</html>',
  '<div>not <b>closed',
  '',
);

function quoted(text: string): string {
  const escaped = Buffer.from(text)
    .toString('latin1')
    .replaceAll(
      /[=\u0080-\u00ff]|[ \t](?=\r\n|$)/g,
      (octet) => `=${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    );
  return escaped.replaceAll(/[^\r\n]{70}(?=[^\r\n])(?<!=.?)/g, '$&=\r\n');
}

const ENCODINGS: { readonly [encoding: string]: (text: string) => string } = {
  '8bit': (text) => Buffer.from(text).toString('latin1'),
  'quoted-printable': quoted,
  base64: (text) =>
    Buffer.from(text)
      .toString('base64')
      .replaceAll(/.{76}(?!$)/g, '$&\r\n'),
};

const encodings = fc.constantFrom('8bit', 'quoted-printable', 'base64');

function leaf(
  kind: Leaf['kind'],
  type: string,
  text: fc.Arbitrary<string>,
  more: readonly string[] = [],
): fc.Arbitrary<Leaf> {
  return fc.record({ text, encoding: encodings }).map(({ text: words, encoding }) => ({
    kind,
    header: [`Content-Type: ${type}`, `Content-Transfer-Encoding: ${encoding}`, ...more],
    body: ENCODINGS[encoding]?.(words) ?? '',
  }));
}

const texts = fc.oneof(
  leaf('text', 'text/plain; charset=utf-8', lines),
  leaf('text', 'text/plain; charset="UTF-8"; format=flowed', lines),
  leaf('text', 'text/html;\r\n charset=utf-8', pages),
);
const attachments = fc.oneof(
  leaf('attachment', 'image/png', fc.string({ unit: 'binary-ascii' }), ['Content-ID: <picture>']),
  leaf('attachment', 'text/plain; name="notes.txt"', lines, ['Content-Disposition: attachment']),
  leaf('attachment', 'application/octet-stream', fc.string({ unit: 'binary-ascii' }), [
    'Content-Disposition: attachment; filename=a.bin',
  ]),
);

const { tree } = fc.letrec<{ tree: Tree; multipart: Multipart }>((tie) => ({
  tree: fc.oneof({ maxDepth: 3, withCrossShrink: true }, texts, attachments, tie('multipart')),
  multipart: fc.record({
    kind: fc.constant('multipart' as const),
    type: fc.constantFrom('mixed', 'alternative', 'related', 'digested'),
    preamble: fc.constantFrom('', 'For old readers.\r\n'),
    epilogue: fc.constantFrom('', '\r\n', '\r\nThe end.\r\n'),
    parts: fc.array(tie('tree'), { minLength: 1, maxLength: 4 }),
  }),
}));

export const trees = tree;

const HEADER = ['From: a@s.test', 'To: b@d.test', 'Subject: x', 'MIME-Version: 1.0'];
export const DELIMITER = /(?:^|\r\n)--=b\d+=(?:--)?(?:\r\n|$)/;

export function write(root: Tree): Written {
  const isText: boolean[] = [];
  let boundaries = 0;
  const entity = (one: Tree): string => {
    if (one.kind !== 'multipart') {
      isText.push(one.kind === 'text');
      return `${one.header.join('\r\n')}\r\n\r\n${one.body}`;
    }
    boundaries += 1;
    const boundary = `=b${boundaries}=`;
    // Its own header and preamble stand before the first delimiter, its epilogue before the next of the one around it.
    isText.push(false);
    const parts = one.parts.map((part) => `--${boundary}\r\n${entity(part)}\r\n`).join('');
    isText.push(false);
    return `Content-Type: multipart/${one.type}; boundary="${boundary}"\r\n\r\n${one.preamble}${parts}--${boundary}--\r\n${one.epilogue}`;
  };
  const octets = Buffer.from([...HEADER, entity(root)].join('\r\n'), 'latin1');
  return { octets, isText };
}
