/** The action that puts a text of ours into a message. */
import { askPerson, askSender, found, on, type Asked, type Look } from '#rules/look.ts';
import type { Disclaimer } from '#rules/rule.ts';
import { planned, type ActionRows } from './row.ts';

const GROUP = 'disclaimer';

export const DISCLAIMER_ACTIONS = {
  applyHtmlDisclaimer: {
    group: GROUP,
    parameters: [
      { name: 'applyHtmlDisclaimerText', type: 'html', longestCharacters: 5000 },
      { name: 'applyHtmlDisclaimerLocation', type: 'disclaimerLocation', preset: 'append' },
      { name: 'applyHtmlDisclaimerFallbackAction', type: 'disclaimerFallback', preset: 'wrap' },
    ],
    excludes: [],
    meaning:
      'This text is put before or behind the text of the message, tokens such as %%DisplayName%% filled in from what the directory says of the sender.',
    plan: (disclaimer, look) =>
      on(askTokens(look, disclaimer), () =>
        planned(`${disclaimer.location}, else ${disclaimer.fallbackAction}`, {
          kind: 'change',
          change: { rule: look.rule.name, kind: 'disclaimer', ...disclaimer },
        }),
      ),
  },
} as const satisfies ActionRows<'applyHtmlDisclaimer'>;

const TOKEN = /%%\w+%%/;

/** Tokens are filled in later, from what the directory says of the sender: it is asked here, and whether it answers is known. */
function askTokens(look: Look, { html }: Disclaimer): Asked<unknown> {
  if (!TOKEN.test(html)) return found(undefined);
  const sender = askSender(look);
  return sender.kind === 'stop' ? sender : askPerson(look, sender.found);
}
