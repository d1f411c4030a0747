/** Actions that change what a message says of itself in its header. */
import type { ActionRows } from './row.ts';

const GROUP = 'properties';

export const PROPERTIES_ACTIONS = {
  removeHeader: {
    group: GROUP,
    parameters: [{ name: 'removeHeader', type: 'headerName' }],
    excludes: [],
    meaning: 'All header fields of this name are removed.',
  },
  setHeader: {
    group: GROUP,
    parameters: [
      { name: 'setHeaderName', type: 'headerName' },
      { name: 'setHeaderValue', type: 'text' },
    ],
    excludes: [],
    meaning: 'The header field of this name gets this value, and is added when there is none.',
  },
  applyClassification: {
    group: GROUP,
    parameters: [{ name: 'applyClassification', type: 'classification' }],
    excludes: [],
    meaning: 'The message gets this classification.',
  },
  setSCL: {
    group: GROUP,
    parameters: [{ name: 'setSCL', type: 'spamConfidenceLevel' }],
    excludes: [],
    meaning: 'The message gets this spam confidence level.',
  },
} as const satisfies ActionRows<'removeHeader' | 'setHeader' | 'applyClassification' | 'setSCL'>;
