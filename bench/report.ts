/** The printed table of a run. Pure: figures in, text out. */
import { type Case, type Metric, type Target } from './cases.ts';
import { type ContestantName } from './contestants.ts';
import { type Figures } from './measure.ts';

export type Result = {
  readonly of: Case;
  readonly figures: Readonly<Partial<Record<ContestantName, readonly Figures[]>>>;
};

const METRICS: readonly Metric[] = [
  'accepted/s',
  'delivered/s',
  'CPU s/1000',
  'memory MiB',
  'waiting: memory MiB',
  'waiting: drained/s',
];
const HEADINGS = ['case', 'figure', 'Postfix', 'Postern', 'ratio', 'at least', 'aim', ''];

export function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
}

function medianOf(all: readonly Figures[] | undefined, metric: Metric | 'loadCpu'): number | undefined {
  return median((all ?? []).map((figures) => figures[metric]).filter((value) => value !== undefined));
}

const digits = (value: number | undefined): string => {
  if (value === undefined) return '-';
  return value.toFixed(value < 10 ? 2 : 0);
};

const bound = (target: Target, value: number): string => (target.kind === 'times' ? `${value} x` : `${value}`);

/** Less is better for processor time and memory. */
function verdict(target: Target, metric: Metric, value: number): string {
  const meets = (limit: number): boolean => (metric.endsWith('/s') ? value >= limit : value <= limit);
  if (meets(target.aim)) return 'aim reached';
  return meets(target.atLeast) ? 'reached' : 'missed';
}

function rowOf({ of, figures }: Result, metric: Metric): string[] | undefined {
  const [postfix, postern] = [medianOf(figures.Postfix, metric), medianOf(figures.Postern, metric)];
  if (postfix === undefined && postern === undefined) return undefined;
  const ratio = postfix === undefined || postern === undefined ? undefined : postern / postfix;
  const cells = [
    of.name,
    metric,
    digits(postfix),
    digits(postern),
    ratio === undefined ? '-' : `${ratio.toFixed(2)} x`,
  ];
  const target = of.targets[metric];
  if (target === undefined) return [...cells, '', '', ''];
  const value = target.kind === 'times' ? ratio : postern;
  const judged = value === undefined ? '' : verdict(target, metric, value);
  return [...cells, bound(target, target.atLeast), bound(target, target.aim), judged];
}

function loadRow({ of, figures }: Result): string[] {
  const cells = [figures.Postfix, figures.Postern].map((all) => digits(medianOf(all, 'loadCpu')));
  return [of.name, 'load: CPU s/1000', ...cells, '', '', '', ''];
}

export function tableOf(results: readonly Result[]): string {
  const rows = results.flatMap((result) => [...METRICS.map((metric) => rowOf(result, metric)), loadRow(result)]);
  const cells = [HEADINGS, ...rows.filter((row) => row !== undefined)];
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const isText = (column: number): boolean => column < 2 || column === HEADINGS.length - 1;
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (isText(at) ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  return `${cells.map(line).join('\n')}\n`;
}
