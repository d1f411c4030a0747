/** `npm run demo` does what the README says of it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { resolverFor } from '../doubles/resolver.ts';
import { marked } from './names.ts';

/** Each line of the table, without what depends on the machine's speed. */
const ROWS = [
  /^bob@modern\.test .* delivered over TLSv1\.3, authenticated +no *$/m,
  /^carol@plain\.test .* deferred \d times \(4\.4\.317\), then returned: 5\.4\.317 +no *$/m,
  /^dave@ancient\.test .* deferred \d times \(4\.4\.317\), then returned: 5\.4\.317 +no *$/m,
  /^erin@dane\.test .* delivered over TLSv1\.3, authenticated by dane +no *$/m,
  /^frank@forged\.test .* deferred \d times \(4\.7\.323\), then returned: 5\.7\.323 +no *$/m,
  /^grace@listed\.test .* delivered over TLSv1\.3, authenticated by mta-sts +no *$/m,
  /^heidi@diverted\.test .* deferred \d times \(4\.7\.5\), then returned: 5\.7\.5 +no *$/m,
  /^ivan@careful\.test .* delivered over TLSv1\.3, authenticated by dane +no *$/m,
  /^judy@careless\.test .* returned at once: 5\.7\.30 +no *$/m,
];

test('the demo delivers where TLS is as it should be, returns the rest with its code, and says nothing in clear', async () => {
  const demo = fileURLToPath(new URL('demo.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [demo]);
  assert.match(stdout, /^Zones are signed with DNSSEC, and a real unbound validates them\.$/m);
  for (const row of ROWS) assert.match(stdout, row);
  assert.match(stdout, /\[Message=451 5\.7\.3 STARTTLS is required to send mail\]/);
  assert.match(stdout, /\[Message=TlsNegotiationFailed ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION\]/);
  assert.match(stdout, /^Which policy: the MTA-STS policy of diverted\.test in the mode enforce/m);
  assert.match(stdout, /^Which policy: REQUIRETLS, demanded by the sender/m);
});

test('where nothing can be signed, a double marks the same answers as validated and says so', async () => {
  const names = await marked(
    {
      'dane.test': { state: 'signed', records: ['@ MX 10 mx', 'mx A 127.0.0.2', '_25._tcp.mx TLSA 3 1 1 00ff'] },
      'listed.test': { state: 'unsigned', records: ['_mta-sts TXT "v=STSv1; id=1"'] },
    },
    'unbound',
  );
  assert.match(names.about, /missing: unbound.*\n.*apt-get install unbound nsd ldnsutils/);
  const resolver = resolverFor(names);
  const [hosts, addresses] = [await resolver.mx('dane.test'), await resolver.addresses('mx.dane.test', 'ipv4')];
  const [records, policy] = [await resolver.tlsa('_25._tcp.mx.dane.test'), await resolver.txt('_mta-sts.listed.test')];
  await names.close();
  assert.deepEqual(hosts.kind === 'found' && [hosts.records[0]?.exchange, hosts.secure], ['mx.dane.test', true]);
  assert.deepEqual(addresses.kind === 'found' && [addresses.records, addresses.secure], [['127.0.0.2'], true]);
  assert.deepEqual(records.kind === 'found' && [records.records.length, records.secure], [1, true]);
  assert.deepEqual(policy.kind === 'found' && [policy.records, policy.secure], [['v=STSv1; id=1'], false]);
});
