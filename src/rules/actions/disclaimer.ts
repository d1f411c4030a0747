/** The action that puts a text of ours into a message. */
import type { ActionRows } from './row.ts';

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
  },
} as const satisfies ActionRows<'applyHtmlDisclaimer'>;
