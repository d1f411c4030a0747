/**
 * The relay and Postfix in turn on the same work: rates, processor time, memory, drain of waiting mail, and the ratios.
 * `bench/README.md` says what the figures mean. Needs root and Debian's `postfix` package.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { postfixMissing } from '../test/doubles/postfix.ts';
import { type Case, CASES, WAITING } from './cases.ts';
import { type ContestantName } from './contestants.ts';
import { type Certificate } from './load.ts';
import { endAll, type Figures, measureFlow, measureWaiting, type Setup } from './measure.ts';
import { type Result, tableOf } from './report.ts';

const USAGE = `node bench/bench.ts [options]

  --cases a,b      of ${[...CASES, WAITING].map(({ name }) => name).join(', ')} (default: all)
  --messages n     messages in each case (default: what suits the case)
  --repeat n       runs of each case, of which the median counts (default 1)
  --only name      Postfix or Postern alone
  --processes n    worker processes of the relay (default: auto, as its configuration has it)
  --key type       of the certificate in TLS cases: ec (P-256, default) or rsa (2048)
  --json           all figures as JSON instead of the table

  Example: node bench/bench.ts --cases clear-20,tls-20 --repeat 3
`;

type Options = {
  readonly cases: readonly Case[];
  readonly contestants: readonly ContestantName[];
  readonly repeat: number;
  readonly processes: number | 'auto';
  readonly key: 'ec' | 'rsa';
  readonly json: boolean;
};

const say = (text: string): void => void process.stderr.write(text);

function fail(problem: string): never {
  say(`bench: ${problem}\n\n${USAGE}`);
  process.exit(2);
}

function wholeNumber(text: string, name: string): number {
  const value = Number(text);
  return Number.isInteger(value) && value >= 1 && value <= 100_000 ? value : fail(`--${name} must be 1 to 100000`);
}

function chooseCases(names: string | undefined, messages: string | undefined): Case[] {
  const all = [...CASES, WAITING];
  const chosen = (names?.split(',') ?? all.map(({ name }) => name)).map(
    (name) => all.find((one) => one.name === name) ?? fail(`there is no case ${name}`),
  );
  if (messages === undefined) return chosen;
  return chosen.map((one) => ({ ...one, messages: wholeNumber(messages, 'messages') }));
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string' },
      messages: { type: 'string' },
      repeat: { type: 'string', default: '1' },
      only: { type: 'string' },
      processes: { type: 'string', default: 'auto' },
      key: { type: 'string', default: 'ec' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const { only, key } = values;
  if (key !== 'ec' && key !== 'rsa') fail('--key must be ec or rsa');
  if (only !== undefined && only !== 'Postfix' && only !== 'Postern') fail('--only must be Postfix or Postern');
  return {
    cases: chooseCases(values.cases, values.messages),
    contestants: only === undefined ? ['Postfix', 'Postern'] : [only],
    repeat: wholeNumber(values.repeat, 'repeat'),
    processes: values.processes === 'auto' ? 'auto' : wholeNumber(values.processes, 'processes'),
    key,
    json: values.json,
  };
}

function makeCertificate(directory: string, key: 'ec' | 'rsa'): Certificate {
  const [certFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const kind = key === 'ec' ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'] : ['-newkey', 'rsa:2048'];
  const names = ['-subj', '/CN=bench.example', '-addext', 'subjectAltName=DNS:bench.example,IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', '-nodes', ...kind, ...names, '-keyout', keyFile, '-out', certFile], {
    stdio: 'pipe',
  });
  return { certFile, keyFile };
}

async function measure(of: Case, options: Options, setup: Setup): Promise<Result> {
  const figures: Partial<Record<ContestantName, Figures[]>> = {};
  for (let round = 1; round <= options.repeat; round += 1) {
    for (const name of options.contestants) {
      say(`${of.name}, ${name}${options.repeat > 1 ? `, round ${round}` : ''} ...\n`);
      const run = of.name === WAITING.name ? measureWaiting : measureFlow;
      (figures[name] ??= []).push(await run(name, of, setup));
    }
  }
  return { of, figures };
}

function machine(): string {
  const load = loadavg()[0] ?? 0;
  return `${availableParallelism()} cores, Node ${process.version}, load before the run ${load.toFixed(1)}`;
}

async function main(): Promise<void> {
  const options = readOptions();
  const missing = postfixMissing(); // `smtp-source` and `smtp-sink` come with it, so it is needed with --only as well.
  if (missing !== undefined) fail(missing);
  const directory = mkdtempSync(join(tmpdir(), 'bench-certificate-'));
  const interrupt = async (): Promise<void> => {
    await endAll();
    rmSync(directory, { recursive: true, force: true });
    process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void interrupt());
  try {
    const about = machine();
    const setup = {
      certificate: makeCertificate(directory, options.key),
      processes: options.processes,
    };
    const results: Result[] = [];
    for (const one of options.cases) results.push(await measure(one, options, setup));
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ about, key: options.key, results }, undefined, 2)}\n`
        : `\n${about}; ${options.key} certificate\n\n${tableOf(results)}`,
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

await main();
