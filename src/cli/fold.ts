/** Long texts for people: broken at blanks where the terminal ends, the further lines as far in as the first. */

/** Narrower than this nothing is broken: the text would become a column of single words. */
const LEAST_WIDTH = 20;

/** `columns` is the width of the terminal, `undefined` for no limit. What has no blank is left whole, so that it can be copied. */
export function foldedLines(lead: string, text: string, columns: number | undefined): readonly string[] {
  const width = (columns ?? Infinity) - lead.length;
  if (text.length <= width || width < LEAST_WIDTH) return [lead + text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && longer.length > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line].map((each, index) => (index === 0 ? lead : ' '.repeat(lead.length)) + each);
}
