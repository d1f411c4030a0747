/** A function whose answer is kept until it is asked with other things than the last time, as `===` has it. */
export function once<Arguments extends readonly unknown[], Answer>(
  make: (...given: Arguments) => Answer,
): (...given: Arguments) => Answer {
  let last: { readonly given: Arguments; readonly answer: Answer } | undefined;
  return (...given) => {
    if (last === undefined || last.given.some((one, index) => one !== given[index]))
      last = { given, answer: make(...given) };
    return last.answer;
  };
}
