/** How commands end: the exit codes, one table, and the failure that carries one. */
export const EXIT_CODES = {
  ok: { code: 0, text: 'Done.' },
  failed: { code: 1, text: 'It could not be done, or nothing matched; the message says why.' },
  usage: { code: 2, text: 'The command line is wrong; `--help` shows what is right.' },
  config: { code: 3, text: 'The configuration, or what it points to, has problems; each is listed.' },
  unreachable: { code: 4, text: 'The relay cannot be reached, or the server refused to talk.' },
  storage: { code: 5, text: 'The database cannot be opened, read or written.' },
  defect: { code: 70, text: 'A defect of the program; please report what it printed.' },
} as const;

export type ExitName = keyof typeof EXIT_CODES;

/** Ends the command with a message for its user. `remedy` says what to do. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exit: ExitName;
  readonly remedy: string | undefined;

  constructor(exit: ExitName, message: string, remedy?: string) {
    super(message);
    this.exit = exit;
    this.remedy = remedy;
  }
}
