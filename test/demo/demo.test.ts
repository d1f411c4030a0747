/** `npm run demo` does what the README says of it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

test('the demo delivers over TLS 1.3, returns the rest with its code, and sends nothing in clear', async () => {
  const demo = fileURLToPath(new URL('demo.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [demo]);
  assert.match(stdout, /^bob@modern\.test .* delivered with TLSv1\.3 TLS_AES_256_GCM_SHA384 authenticated +no *$/m);
  assert.match(stdout, /^carol@plain\.test .* deferred \d times \(4\.4\.317\), then returned: 5\.4\.317 +no *$/m);
  assert.match(stdout, /^dave@ancient\.test .* deferred \d times \(4\.4\.317\), then returned: 5\.4\.317 +no *$/m);
  assert.match(stdout, /\[Message=451 5\.7\.3 STARTTLS is required to send mail\]/);
  assert.match(stdout, /\[Message=TlsNegotiationFailed ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION\]/);
});
