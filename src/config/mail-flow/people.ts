/** Settings of who people are: nobody, a file, or an LDAP server. What they mean to the code: `directory/settings.ts`. */
import type { z } from 'zod';

import { DIRECTORY_ATTRIBUTES } from '#rules/values.ts';
import {
  choice,
  domainOrEmpty,
  duration,
  flag,
  ifText,
  list,
  parsed,
  record,
  section,
  text,
  whole,
} from '#config/fields.ts';
import { obeys, unique, type Rule } from '#config/rules.ts';

const attribute = record('One attribute.', {
  attribute: choice('As rules name it.', DIRECTORY_ATTRIBUTES),
  ldap: text('As the server names it; empty: it is not asked for.').regex(/^(?:[A-Za-z][\w.;-]{0,127})?$/, {
    error: 'must be the name of an LDAP attribute such as departmentNumber',
  }),
});

const server = {
  urls: list(
    'Servers, the first that answers is asked: `ldaps://dc1.example.org` or `ldap://dc1.example.org`.',
    ldapUrl('A server.'),
    ['ldaps://dc1.example.org', 'ldaps://dc2.example.org'],
  ).prefault([]),
  startTls: flag(
    'An `ldap:` connection is encrypted before anything else is said on it (StartTLS); false: passwords and answers travel in clear text.',
  ).prefault(true),
  caFile: text("PEM file of authorities in the place of the system's; empty for the system's.", 'path').prefault(''),
  bindDn: text('Who asks, a DN or (Active Directory) user@domain; empty asks as nobody.').prefault(''),
  passwordFile: text('File that holds the password of bindDn in its first line.', 'path').prefault(''),
  connectTimeout: duration('Until a connection stands, encrypted and signed in.', '100ms', '1m').prefault('5s'),
  timeout: duration('For one answer.', '100ms', '1m').prefault('10s'),
};

const layout = {
  baseDn: text('Where people are looked for.', 'DN').prefault(''),
  groupBaseDn: text('Where groups are looked for; empty for baseDn.', 'DN').prefault(''),
  schema: choice(
    '`activeDirectory` or `inetOrgPerson` (OpenLDAP, 389 Directory and others): gives the defaults of what follows.',
    ['activeDirectory', 'inetOrgPerson'],
  ).prefault('activeDirectory'),
  personFilter: filter('Which entries are people; empty for that of schema.').prefault(''),
  groupFilter: filter('Which entries are groups; empty for that of schema.').prefault(''),
  groupDomain: domainOrEmpty(
    'Groups that have no address are called by their cn and this domain (sales@example.org); empty: rules cannot name them.',
  ).prefault(''),
  groupSearch: choice(
    'How groups are found that somebody is in through other groups: `chain` (the server follows them; Active Directory), `member` (by the groups that name somebody), `memberOf` (by that attribute), or as `schema` does.',
    ['schema', 'chain', 'member', 'memberOf'],
  ).prefault('schema'),
  attributes: list('Attributes that this directory keeps under other names than schema says.', attribute, [
    { attribute: 'department', ldap: 'departmentNumber' },
  ])
    .superRefine(unique('attribute', (entry) => entry.attribute))
    .prefault([]),
};

const cache = {
  cacheFor: duration('An answer is used so long without asking again.', '0', '24h').prefault('5m'),
  staleFor: duration(
    'While no server answers, answers count for so long; after that rules that ask fail.',
    '0',
    '30d',
  ).prefault('4h'),
  cacheEntries: whole('Answers that are kept.', 100, 10_000_000).prefault(50_000),
};

const ldapSettings = section('With kind ldap: the servers, and how people and groups stand there.', {
  ...server,
  ...layout,
  ...cache,
});

const ldapRules: readonly Rule<z.output<typeof ldapSettings>>[] = [
  ['baseDn', ({ urls, baseDn }) => urls.length > 0 && baseDn === '', 'must be given: urls are'],
  [
    'passwordFile',
    ({ bindDn, passwordFile }) => bindDn !== '' && passwordFile === '',
    'must be given: bindDn is, and without a password it proves nothing (RFC 4513 §5.1.2)',
  ],
  ['bindDn', ({ bindDn, passwordFile }) => bindDn === '' && passwordFile !== '', 'must be given: passwordFile is'],
  [
    'cacheFor',
    ({ cacheFor, staleFor }) => cacheFor > staleFor,
    'must not be more than staleFor: an answer that counts is older than one that does not',
  ],
];

const directorySettings = section(
  'Who people are: managers, groups and attributes, for rules that ask for them. Without a directory nobody has any.',
  {
    kind: choice('Where it is.', ['none', 'file', 'ldap']).prefault('none'),
    path: text('With kind file: the file, YAML (*.yaml) or CSV (*.csv).', 'path').prefault(''),
    ldap: ldapSettings.superRefine(obeys(ldapRules)),
  },
);

type Written = z.output<typeof directorySettings>;

const directoryRules: readonly Rule<Written>[] = [
  ['path', ({ kind, path }) => kind === 'file' && path === '', 'must be given: kind is file'],
  ['path', ({ kind, path }) => kind !== 'file' && path !== '', 'must be left out, or kind be file'],
  ['ldap', ({ kind, ldap }) => kind === 'ldap' && ldap.urls.length === 0, 'must have urls: kind is ldap'],
  ['ldap', ({ kind, ldap }) => kind !== 'ldap' && ldap.urls.length > 0, 'must have no urls, or kind be ldap'],
];

export const directory = directorySettings.superRefine(obeys(directoryRules)).transform(chosen);

/** Without what is set for another kind than the one that was chosen. */
function chosen({ kind, path, ldap }: Written) {
  if (kind === 'none') return { kind };
  if (kind === 'file') return { kind, path };
  const { groupSearch, attributes, ...plain } = ldap;
  return {
    ...plain,
    kind,
    groupSearch: groupSearch === 'schema' ? undefined : groupSearch,
    attributes: Object.fromEntries(attributes.map((entry) => [entry.attribute, entry.ldap])),
  };
}

function ldapUrl(description: string) {
  return parsed(ifText(readLdapUrl), 'ldap: or ldaps: and a host, such as ldaps://dc1.example.org:636', {
    description,
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
