/** Settings of who people are: nobody, a file, or an LDAP server. What they mean to the code: `directory/settings.ts`. */
import type { z } from 'zod';

import { DIRECTORY_ATTRIBUTES } from '#rules/values.ts';
import { choice, duration, ifText, list, named, parsed, record, section, text, whole } from '#config/fields.ts';
import { obeys, unique, type Rule } from '#config/rules.ts';

const attribute = record('One attribute.', {
  attribute: choice('As rules name it.', DIRECTORY_ATTRIBUTES),
  ldap: named('As the server names it.').regex(/^[A-Za-z][\w.;-]{0,127}$/, {
    error: 'must be the name of an LDAP attribute such as departmentNumber',
  }),
});

const ldapSettings = section('With kind ldap: the servers, and how people and groups stand there.', {
  urls: list(
    'Servers, the first that answers is asked: `ldaps://dc1.example.org` or `ldap://dc1.example.org`.',
    ldapUrl(),
    ['ldaps://dc1.example.org', 'ldaps://dc2.example.org'],
  ).prefault([]),
  startTls: choice('TLS on `ldap:` connections: `required`, or `off` (passwords and answers travel in clear text).', [
    'required',
    'off',
  ]).prefault('required'),
  caFile: text("PEM file with authorities for the servers' certificates; empty for the system's.", 'path').prefault(''),
  bindDn: text('Who asks; empty asks as nobody.', 'distinguished name').prefault(''),
  passwordFile: text('File that holds the password of bindDn in its first line.', 'path').prefault(''),
  baseDn: text('Where people and groups are looked for.', 'distinguished name').prefault(''),
  schema: choice(
    '`activeDirectory` or `inetOrgPerson` (OpenLDAP, 389 Directory and others): which filters and attributes are the defaults.',
    ['activeDirectory', 'inetOrgPerson'],
  ).prefault('activeDirectory'),
  personFilter: filter('Which entries are people; empty for that of schema.').prefault(''),
  groupFilter: filter('Which entries are groups; empty for that of schema.').prefault(''),
  attributes: list('Attributes that this directory keeps under other names than schema says.', attribute, [
    { attribute: 'department', ldap: 'departmentNumber' },
  ])
    .superRefine(unique('attribute', (entry) => entry.attribute))
    .prefault([]),
  groupDepth: whole('Groups within groups, where the server cannot follow them itself.', 1, 100).prefault(20),
  timeout: duration('For one question.', '100ms', '1m').prefault('5s'),
  cacheFor: duration('How long an answer is kept.', '0', '24h').prefault('10m'),
  staleFor: duration(
    'While no server answers, older answers count for so long; after that rules that ask fail.',
    '0',
    '30d',
  ).prefault('24h'),
});

const ldapRules: readonly Rule<z.output<typeof ldapSettings>>[] = [
  [
    'passwordFile',
    ({ bindDn, passwordFile }) => bindDn !== '' && passwordFile === '',
    'must be given: bindDn is, and a bind without a password proves nothing (RFC 4513 §5.1.2)',
  ],
  ['bindDn', ({ bindDn, passwordFile }) => bindDn === '' && passwordFile !== '', 'must be given: passwordFile is'],
];

const directorySettings = section(
  'Who people are: managers, groups and attributes for the rules that ask for them. Without a directory such conditions do not hold.',
  {
    kind: choice('Where it is.', ['none', 'file', 'ldap']).prefault('none'),
    path: text('With kind file: the file, YAML (*.yaml) or CSV (*.csv).', 'path').prefault(''),
    ldap: ldapSettings.superRefine(obeys(ldapRules)),
  },
);

const directoryRules: readonly Rule<z.output<typeof directorySettings>>[] = [
  ['path', ({ kind, path }) => kind === 'file' && path === '', 'must be given: kind is file'],
  ['path', ({ kind, path }) => kind !== 'file' && path !== '', 'must be left out, or kind be file'],
  ['ldap', ({ kind, ldap }) => kind === 'ldap' && ldap.urls.length === 0, 'must have urls: kind is ldap'],
  ['ldap', ({ kind, ldap }) => kind === 'ldap' && ldap.baseDn === '', 'must have a baseDn: kind is ldap'],
  ['ldap', ({ kind, ldap }) => kind !== 'ldap' && ldap.urls.length > 0, 'must have no urls, or kind be ldap'],
];

export const directory = directorySettings.superRefine(obeys(directoryRules));

function ldapUrl() {
  return parsed(ifText(readLdapUrl), 'ldap: or ldaps: and a host, such as ldaps://dc1.example.org:636', {
    description: 'A server.',
    kind: '`ldap:` or `ldaps:` URL',
    type: 'string',
  });
}

/** Only a server: what is asked for stands in other settings. */
function readLdapUrl(value: string): string | undefined {
  const url = URL.parse(value);
  if (url === null || !/^ldaps?:$/.test(url.protocol) || url.hostname === '') return undefined;
  const isPlain = url.username === '' && url.password === '' && /^\/?$/.test(url.pathname);
  return isPlain && url.search === '' && url.hash === '' ? `${url.protocol}//${url.host}` : undefined;
}

/** Its syntax is the server's business; that its parentheses close is seen here. */
function filter(description: string) {
  return parsed(ifText(readFilter), 'an LDAP filter in parentheses such as (objectClass=person)', {
    description,
    kind: 'LDAP filter (RFC 4515)',
    type: 'string',
  });
}

function readFilter(value: string): string | undefined {
  if (value === '') return '';
  if (value.length > 4096) return undefined;
  let open = 0;
  for (let index = 0; index < value.length; index += 1) {
    if (value[index] === '(') open += 1;
    else if (value[index] === ')') open -= 1;
    if (open < 1 && index < value.length - 1) return undefined;
  }
  return open === 0 ? value : undefined;
}
