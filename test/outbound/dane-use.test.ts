import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseConfig } from '#config/load.ts';
import { requiresDnssec, usesDane } from '#outbound/dane-use.ts';

const connector = (settings: object): object => ({ name: 'partner', recipientDomains: ['partner.test'], ...settings });
const override = (level: string): object => ({
  name: 'partner',
  destinations: ['partner.test'],
  level,
  reason: 'test',
  author: 'test',
  expires: '2027-01-31',
});

for (const [rule, settings, uses, requires] of [
  ['DANE is used as it comes, and not required', {}, true, false],
  ['to judge and tell it is used as well', { tlsPolicy: { dane: { mode: 'report' } } }, true, false],
  ['it may be required', { tlsPolicy: { dane: { resolver: 'require' } } }, true, true],
  [
    'what is off is neither used nor required',
    { tlsPolicy: { dane: { mode: 'off', resolver: 'require' } } },
    false,
    false,
  ],
  [
    'a connector may use it all the same',
    { tlsPolicy: { dane: { mode: 'off' } }, outbound: { connectors: [connector({ smtpDaneMode: 'mandatory' })] } },
    true,
    false,
  ],
  [
    'a connector that is off uses nothing',
    {
      tlsPolicy: { dane: { mode: 'off' } },
      outbound: { connectors: [connector({ smtpDaneMode: 'mandatory', enabled: false })] },
    },
    false,
    false,
  ],
  [
    'a connector that takes what comes does not use what is off',
    { tlsPolicy: { dane: { mode: 'off' } }, outbound: { connectors: [connector({})] } },
    false,
    false,
  ],
  [
    'an override may use it all the same',
    { tlsPolicy: { dane: { mode: 'off' }, overrides: [override('dane')] } },
    true,
    false,
  ],
  [
    'another override does not',
    { tlsPolicy: { dane: { mode: 'off' }, overrides: [override('encrypt')] } },
    false,
    false,
  ],
] as const) {
  test(rule, () => {
    const { config } = parseConfig(JSON.stringify(settings), 'relay.yaml', { hostname: 'relay.test' });
    assert.deepEqual([usesDane(config), requiresDnssec(config)], [uses, requires]);
  });
}
