/** Settings of TLS reports (RFC 8460) and of the DKIM key that signs them. What they mean: `reporting/tls-report/`. */
import { needsSmtpUtf8 } from '#mail/address.ts';
import { domain, domainOrEmpty, domainPattern, duration, flag, list, mailbox, section, size, text } from './fields.ts';

export const dkim = section("The relay's DKIM key (RFC 6376); it signs the TLS reports that go by mail.", {
  domain: domainOrEmpty('Whose signature it is, tag d=; empty for the domain of reports.from.').prefault(''),
  selector: domain('Name of the key below _domainkey of the domain, tag s=.').prefault('postern'),
  keyFile: text(
    'PEM file of the private key, made at the first start (RSA, 2048 bits); empty for dkim.pem in dataDirectory. `postern dns` prints the record to publish.',
    'path',
  ).prefault(''),
});

const receive = section("Taking others' reports about our domains.", {
  address: mailbox(
    'Mail to it is a report: taken from anyone, also in clear, and stored instead of delivered; empty takes none. It is what `_smtp._tls` of our domains names.',
  )
    .refine((address) => !needsSmtpUtf8(address), { error: 'must be in ASCII: any mail server may write there' })
    .prefault(''),
  domains: list(
    'Reports about these are kept besides those about inbound.acceptedDomains and hostname: names of MX hosts, other domains.',
    domainPattern('A domain.'),
  ).prefault([]),
  keep: duration('How long reports are kept.', '1d', '3650d').prefault('90d'),
  messageLimit: size('Larger messages are not looked at.', '1KiB', '100MB').prefault('10MB'),
  reportLimit: size('Reports that are larger once they are unpacked are not looked at.', '1KiB', '100MB').prefault(
    '20MB',
  ),
  dailyLimit: size("What is kept of one day's reports in all; strangers send them.", '1KiB', '10GB').prefault('100MB'),
});

export const tlsReports = section('Reports between mail servers about their TLS (TLS-RPT, RFC 8460).', {
  send: flag('Sessions are counted, and each day the domains that ask for it get a report.').prefault(true),
  organizationName: text('Who reports, in words; empty for submitter.').prefault(''),
  contactInfo: text('Whom a reader of a report can ask; empty for reports.from.').prefault(''),
  submitter: domainOrEmpty(
    'The domain that reports come from; empty for dkim.domain, which receivers compare it with.',
  ).prefault(''),
  successes: flag('A day without a failure is reported too, which tells that all is well. RFC 8460 §4.2.1').prefault(
    true,
  ),
  skipReused: flag('A session that carries another message is not counted again.').prefault(true),
  sendingIp: flag('Failures are told with our own address.').prefault(false),
  receivingIp: flag("Failures are told with the host's address.").prefault(true),
  excludedDomains: list('Neither counted nor reported.', domainPattern('A domain.')).prefault([]),
  allowUntrustedHttps: flag(
    'A report goes to an https address also when the certificate there is not valid, with a warning. RFC 8460 §3 allows it, since what is wrong may be what the report tells.',
  ).prefault(true),
  privateAddresses: flag(
    'Hosts that take reports over HTTPS may have private or loopback addresses. For test networks: on the internet it lets strangers have the relay ask hosts of its own network.',
  ).prefault(false),
  keep: duration(
    'How long counters wait for their report, and how long sent reports can be looked at.',
    '1d',
    '90d',
  ).prefault('14d'),
  suppressFor: duration('An address that refused a report for good gets none for so long.', '0', '365d').prefault(
    '14d',
  ),
  receive,
});
