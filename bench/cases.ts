/** What is measured, and what is aimed at: the table of the project's targets, as ratios to Postfix in the same run. */

export type Metric =
  'accepted/s' | 'delivered/s' | 'CPU s/1000' | 'memory MiB' | 'waiting: memory MiB' | 'waiting: drained/s';

export type Target = {
  /** `times`: of Postfix's figure. `at most`: the figure itself. */
  readonly kind: 'times' | 'at most';
  readonly atLeast: number;
  readonly aim: number;
};

export type Case = {
  readonly name: string;
  readonly connections: number;
  readonly bytes: number;
  readonly tls: boolean;
  /** Each message comes in a connection of its own; else each session of the source keeps its connection. */
  readonly isNew: boolean;
  /** Messages at the default size of a run: about the same time for each case. */
  readonly messages: number;
  readonly targets: Readonly<Partial<Record<Metric, Target>>>;
};

const times = (atLeast: number, aim: number): Target => ({ kind: 'times', atLeast, aim });
const CPU = times(0.4, 0.2);
const MEMORY: Target = { kind: 'at most', atLeast: 300, aim: 150 };
const KIB = 1024;

const RATE = times(3, 5);
const TLS_RATE = times(4, 6);

export const CASES: readonly Case[] = [
  ...[
    { name: 'clear-1', connections: 1, messages: 3000, targets: { 'delivered/s': times(1.5, 3) } },
    {
      name: 'clear-20',
      connections: 20,
      messages: 6000,
      targets: { 'delivered/s': RATE, 'CPU s/1000': CPU, 'memory MiB': MEMORY },
    },
    { name: 'clear-100', connections: 100, messages: 6000, targets: {} },
    { name: 'clear-20-new', connections: 20, messages: 3000, isNew: true, targets: { 'delivered/s': RATE } },
  ].map((row) => ({ bytes: 4 * KIB, tls: false, isNew: false, ...row })),
  {
    name: 'clear-20-100k',
    connections: 20,
    bytes: 100 * KIB,
    tls: false,
    isNew: false,
    messages: 1500,
    targets: { 'delivered/s': times(2, 4) },
  },
  ...[
    { name: 'tls-1', connections: 1, messages: 1500, targets: {} },
    {
      name: 'tls-20',
      connections: 20,
      messages: 3000,
      targets: { 'delivered/s': TLS_RATE, 'CPU s/1000': CPU, 'memory MiB': MEMORY },
    },
    { name: 'tls-100', connections: 100, messages: 3000, targets: { 'delivered/s': TLS_RATE } },
    { name: 'tls-20-new', connections: 20, messages: 1500, isNew: true, targets: { 'delivered/s': TLS_RATE } },
  ].map((row) => ({ bytes: 4 * KIB, tls: true, isNew: false, ...row })),
];

/** The case of mail that waits for a host: all of it is accepted first, then the host comes. */
export const WAITING: Case = {
  name: 'waiting',
  connections: 20,
  bytes: 4 * KIB,
  tls: false,
  isNew: false,
  messages: 20_000,
  targets: { 'waiting: memory MiB': MEMORY, 'waiting: drained/s': times(2, 4) },
};
