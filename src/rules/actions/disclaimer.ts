/** The action that puts a text of ours into a message. */
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
    plan: (disclaimer, { rule }) =>
      planned(`${disclaimer.location}, else ${disclaimer.fallbackAction}`, {
        kind: 'change',
        change: { rule: rule.name, kind: 'disclaimer', ...disclaimer },
      }),
  },
} as const satisfies ActionRows<'applyHtmlDisclaimer'>;
