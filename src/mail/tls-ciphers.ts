/**
 * The cipher suites that we offer and accept, strongest first. Plain text for `tls.createSecureContext`, which may not
 * be imported here; both directions and the defaults of the configuration use it.
 *
 * The order is Exchange Online's, each suite once for ECDSA and once for RSA certificates (Exchange lists only RSA).
 * The last two have no forward secrecy and are there for old peers only. TLS 1.3 has its own suites, which OpenSSL
 * takes out of the same list.
 */
const TLS_1_3_CIPHERS = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'];

const TLS_1_2_CIPHERS = [
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-SHA384',
  'ECDHE-RSA-AES256-SHA384',
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'AES256-GCM-SHA384',
  'AES128-GCM-SHA256',
];

/** The default of `tls.ciphers`. */
export const DEFAULT_TLS_CIPHERS = [...TLS_1_3_CIPHERS, ...TLS_1_2_CIPHERS].join(':');
