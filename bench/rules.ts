/**
 * What mail flow rules cost: the relay with 200 rules beside the same relay without any, on the same mail without attachments; and how
 * long its event loop is held up while mail with a PDF and a DOCX comes in. `bench/README.md` says what the figures mean. Needs
 * Debian's `postfix` package, for its source and sink.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { deflateSync } from 'node:zlib';
import { zipOf } from '../test/mime/inspect/looking.ts';
import { start } from './contestants.ts';
import type { EventLoopFigures } from './event-loop.ts';
import { freePort, RECIPIENT, runSource, SENDER, startSink, untilDelivered } from './load.ts';
import { cpuSeconds, pssMiB, untilIdle } from './processes.ts';
import { median } from './report.ts';

const CONNECTIONS = 20;
const LIMIT_MS = 300_000;
const TARGETS = { rate: 0.5, blockedMs: 50 } as const;
const PROBE = new URL('event-loop.ts', import.meta.url).href;

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '4000' },
    rounds: { type: 'string', default: '5' },
    attachments: { type: 'string', default: '400' },
  },
});

const directory = mkdtempSync(join(tmpdir(), 'bench-rules-'));

const VOCABULARY = (
  'the project meeting customer invoice order delivery contract payment schedule report review office travel budget ' +
  'colleague question answer tomorrow morning system update release version network account number address regards'
).split(' ');

/** Ordinary words; the same each time. */
function prose(characters: number): string {
  const words: string[] = [];
  let seed = 1;
  for (let length = 0; length < characters; length += (words.at(-1)?.length ?? 0) + 1) {
    seed = (seed * 48_271) % 2_147_483_647;
    const word = VOCABULARY[seed % VOCABULARY.length] ?? '';
    words.push(seed % 17 === 0 ? `${word} ${seed % 100_000}` : word);
  }
  return words.join(' ').replaceAll(/(.{1,70}) /g, '$1\r\n');
}

const TYPES = [
  'Credit Card Number',
  'U.S. Social Security Number (SSN)',
  'U.S. Individual Taxpayer Identification Number (ITIN)',
  'U.S. Bank Account Number',
  'ABA Routing Number',
  'International Banking Account Number (IBAN)',
  'SWIFT Code',
  'U.S. / U.K. Passport Number',
  'Drug Enforcement Agency (DEA) Number',
  'EU Debit Card Number',
];

const PATTERNS = [
  (n: number) => String.raw`\bproject-${n}\d{2}\b`,
  (n: number) => String.raw`\d{3}-\d{2}-\d{${4 + (n % 5)}}-${n}`,
  (n: number) => String.raw`(?:confidential|geheim)${n}\s+\w+`,
  (n: number) => String.raw`[A-Z]{2}${n}\d{6}[A-Z]`,
] as const;

const ruleOf = (name: string, condition: object): object => ({
  name,
  ...condition,
  setHeaderName: 'X-Rule',
  setHeaderValue: name,
});

/** 90 rules with ten words each, 100 with a pattern, 10 with a type of sensitive information. None of them matches. */
function rules(): string {
  const words = Array.from({ length: 90 }, (_, n) =>
    ruleOf(`words ${n}`, {
      subjectOrBodyContainsWords: Array.from({ length: 10 }, (__, m) => `codename${n} secret ${m}`),
    }),
  );
  const patterns = Array.from({ length: 100 }, (_, n) =>
    ruleOf(`pattern ${n}`, { subjectOrBodyMatchesPatterns: [PATTERNS[n % PATTERNS.length]?.(n) ?? ''] }),
  );
  const types = TYPES.map((name, n) =>
    ruleOf(`type ${n}`, { messageContainsDataClassifications: [{ name, minCount: 2 }] }),
  );
  return JSON.stringify({ rules: [...words, ...patterns, ...types] }); // JSON is YAML.
}

function pdf(text: string): Buffer {
  const shown = text
    .split('\r\n')
    .map((line) => `(${line}) Tj T*`)
    .join('\n');
  const page = deflateSync(`BT /F1 10 Tf 12 TL 40 800 Td\n${shown}\nET`);
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>',
    `<</Length ${page.length}/Filter/FlateDecode>>\nstream\n${page.toString('latin1')}\nendstream`,
    '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>',
  ];
  let body = '%PDF-1.7\n';
  const places = objects.map((object, index) => {
    const at = body.length;
    body += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(at).padStart(10, '0')} 00000 n \n`;
  });
  const table = `xref\n0 6\n0000000000 65535 f \n${places.join('')}trailer<</Size 6/Root 1 0 R>>\nstartxref\n${body.length}\n%%EOF`;
  return Buffer.from(body + table, 'latin1');
}

function docx(text: string): Buffer {
  const paragraphs = text
    .split('\r\n')
    .map((line) => `<w:p><w:r><w:t>${line}</w:t></w:r></w:p>`)
    .join('');
  const main = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml';
  return zipOf([
    {
      name: '[Content_Types].xml',
      content: `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="${main}"/></Types>`,
    },
    {
      name: '_rels/.rels',
      content:
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
    },
    {
      name: 'word/document.xml',
      content: `<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${paragraphs}</w:body></w:document>`,
    },
  ]);
}

const HEAD = `From: ${SENDER}\r\nTo: ${RECIPIENT}\r\nSubject: An order\r\nMessage-ID: <bench@here.example>\r\nMIME-Version: 1.0\r\n`;

const plainMail = (): string => `${HEAD}Content-Type: text/plain; charset=utf-8\r\n\r\n${prose(3_900)}\r\n`;

const part = (name: string, type: string, octets: Buffer): string =>
  `--x\r\nContent-Type: ${type}\r\nContent-Disposition: attachment; filename="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n${octets
    .toString('base64')
    .replaceAll(/.{76}/g, '$&\r\n')}\r\n`;

/** About 50 KB in all. */
function mailWithFiles(): string {
  const text = `--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${prose(30_000)}\r\n`;
  const files = [
    part('order.pdf', 'application/pdf', pdf(prose(20_000))),
    part('order.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', docx(prose(20_000))),
  ];
  return `${HEAD}Content-Type: multipart/mixed; boundary=x\r\n\r\n${text}${files.join('')}--x--\r\n`;
}

/** As `smtp-source -F` wants a message. */
const withLineFeeds = (message: string): string => message.replaceAll('\r\n', '\n');

type Running = {
  readonly port: number;
  readonly pid: number;
  readonly loopFile: string;
  readonly delivered: (count: number) => Promise<number>;
};

async function withRelay<Result>(hasRules: boolean, work: (relay: Running) => Promise<Result>): Promise<Result> {
  const place = mkdtempSync(join(directory, 'run-'));
  const rulesDirectory = join(place, 'rules');
  mkdirSync(rulesDirectory);
  if (hasRules) writeFileSync(join(rulesDirectory, 'rules.yaml'), rules());
  const sinkPort = await freePort();
  const sink = await startSink(sinkPort, undefined, place);
  const loopFile = join(place, 'event-loop.json');
  try {
    const relay = await start.Postern({
      sinkPort,
      certificate: undefined,
      directory: place,
      processes: 1,
      settings: { mailFlow: { rules: rulesDirectory } },
      environment: { NODE_OPTIONS: `--import=${PROBE}`, EVENT_LOOP_FILE: loopFile },
    });
    try {
      const { port, pid } = relay;
      return await work({ port, pid, loopFile, delivered: async (count) => untilDelivered(sink, count, LIMIT_MS) });
    } finally {
      await relay.stop();
    }
  } finally {
    await sink.stop();
    rmSync(place, { recursive: true, force: true });
  }
}

const load = (file: string, messages: number) => ({
  connections: CONNECTIONS,
  bytes: 0,
  tls: false,
  keep: true,
  file,
  messages,
});

type Measured = { readonly rate: number; readonly cpu: number };

async function measure(hasRules: boolean, file: string): Promise<Measured> {
  const messages = Number(values.messages);
  return withRelay(hasRules, async ({ port, pid, delivered }) => {
    // A relay runs for days: its code is compiled for speed by then, in each of its threads.
    const warmUp = messages;
    await Promise.all([runSource({ ...load(file, warmUp), port }), delivered(warmUp)]);
    await untilIdle(pid, 10_000);
    const before = cpuSeconds(pid);
    const [, seconds] = await Promise.all([runSource({ ...load(file, messages), port }), delivered(warmUp + messages)]);
    await untilIdle(pid, 10_000);
    return { rate: messages / seconds, cpu: ((cpuSeconds(pid) - before) * 1000) / messages };
  });
}

/** In turns, so that whatever else the machine does falls on both. */
async function measureRates(): Promise<void> {
  const file = join(directory, 'plain.eml');
  writeFileSync(file, withLineFeeds(plainMail()));
  const measured = { without: new Array<Measured>(), rules: new Array<Measured>() };
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    const order = round % 2 === 0 ? (['without', 'rules'] as const) : (['rules', 'without'] as const);
    for (const kind of order) {
      const figures = await measure(kind === 'rules', file);
      measured[kind].push(figures);
      const shown = `${figures.rate.toFixed(0)} delivered/s, ${figures.cpu.toFixed(3)} CPU s/1000`;
      process.stderr.write(`round ${round}, ${kind}: ${shown}\n`);
    }
  }
  const of = (kind: 'without' | 'rules', figure: keyof Measured): number =>
    median(measured[kind].map((one) => one[figure])) ?? 0;
  const ratio = of('rules', 'rate') / of('without', 'rate');
  print('4 KB, no attachments, 200 rules', [
    ['delivered/s without rules', of('without', 'rate').toFixed(0)],
    ['delivered/s with rules', of('rules', 'rate').toFixed(0)],
    ['ratio', `${ratio.toFixed(2)} x; at least ${TARGETS.rate} x: ${ratio >= TARGETS.rate ? 'reached' : 'missed'}`],
    ['CPU s/1000 without, with', `${of('without', 'cpu').toFixed(3)}, ${of('rules', 'cpu').toFixed(3)}`],
  ]);
}

async function measureEventLoop(): Promise<void> {
  const messages = Number(values.attachments);
  const file = join(directory, 'files.eml');
  writeFileSync(file, withLineFeeds(mailWithFiles()));
  await withRelay(true, async ({ port, pid, loopFile, delivered }) => {
    const warmUp = Math.round(messages / 4);
    await Promise.all([runSource({ ...load(file, warmUp), port }), delivered(warmUp)]);
    await untilIdle(pid, 10_000);
    process.kill(pid, 'SIGUSR2');
    const [, seconds] = await Promise.all([runSource({ ...load(file, messages), port }), delivered(warmUp + messages)]);
    await sleep(500);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by `event-loop.ts`
    const { maxMs, p99Ms, medianMs } = JSON.parse(readFileSync(loopFile, 'utf8')) as EventLoopFigures;
    const verdict = maxMs <= TARGETS.blockedMs ? 'reached' : 'missed';
    print(`${Math.round(readFileSync(file).length / 1000)} KB with a PDF and a DOCX, 200 rules`, [
      ['delivered/s', (messages / seconds).toFixed(0)],
      ['event loop held up, ms', `${maxMs.toFixed(0)} at most; at most ${TARGETS.blockedMs}: ${verdict}`],
      ['median, 99 of 100', `${medianMs.toFixed(1)}, ${p99Ms.toFixed(1)}`],
      ['memory MiB', pssMiB(pid).toFixed(0)],
    ]);
  });
}

function print(title: string, rows: readonly (readonly [string, string])[]): void {
  const width = Math.max(...rows.map(([name]) => name.length));
  process.stdout.write(`${title}\n${rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}\n`).join('')}`);
}

try {
  await measureRates();
  await measureEventLoop();
} finally {
  rmSync(directory, { recursive: true, force: true });
}
