/** Many questions, a few at the same time. */

export function chunks<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/** Answers in the order of the questions. Rejects with the first that rejects; none is asked after that. */
export async function inTurns<Question, Answer>(
  questions: readonly Question[],
  atOnce: number,
  ask: (question: Question) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (const some of chunks(questions, atOnce)) {
    // oxlint-disable-next-line no-await-in-loop -- so many at once, and no more
    answers.push(...(await Promise.all(some.map(ask))));
  }
  return answers;
}
