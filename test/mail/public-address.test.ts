import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isPublicAddress } from '#mail/public-address.ts';

const PUBLIC = [
  '1.1.1.1',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '169.253.255.255',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '192.169.0.0',
  '223.255.255.255',
  '2001:200::1',
  '2606:4700::1111',
  '2A00:1450::1',
  '64:ff9b::101:101',
];

const SPECIAL: readonly (readonly [what: string, ip: string])[] = [
  ['this network', '0.0.0.0'],
  ['private', '10.0.0.1'],
  ['private', '10.255.255.255'],
  ['shared by carriers', '100.64.0.1'],
  ['shared by carriers', '100.127.255.255'],
  ['loopback', '127.0.0.1'],
  ['loopback', '127.255.255.254'],
  ['the metadata of a cloud', '169.254.169.254'],
  ['private', '172.16.0.1'],
  ['private', '172.31.255.255'],
  ['assigned to protocols', '192.0.0.1'],
  ['for documentation', '192.0.2.1'],
  ['a relay of 6to4', '192.88.99.1'],
  ['private', '192.168.1.1'],
  ['for benchmarks', '198.19.255.255'],
  ['for documentation', '198.51.100.1'],
  ['for documentation', '203.0.113.1'],
  ['multicast', '224.0.0.1'],
  ['reserved', '240.0.0.1'],
  ['broadcast', '255.255.255.255'],
  ['unspecified', '::'],
  ['loopback', '::1'],
  ['loopback, written at length', '0:0:0:0:0:0:0:1'],
  ['mapped', '::ffff:127.0.0.1'],
  ['mapped, though public', '::ffff:1.1.1.1'],
  ['mapped, in hexadecimal', '::ffff:7f00:1'],
  ['compatible with IPv4', '::127.0.0.1'],
  ['a private address translated', '64:ff9b::10.0.0.1'],
  ['a loopback address translated', '64:ff9b::7f00:1'],
  ['translated within a network', '64:ff9b:1::1'],
  ['for discarding', '100::1'],
  ['Teredo', '2001::1'],
  ['assigned to protocols', '2001:1ff::1'],
  ['for documentation', '2001:db8::1'],
  ['6to4 of a private address', '2002:a00:1::1'],
  ['for documentation', '3fff::1'],
  ['not assigned', '4000::1'],
  ['unique local', 'fc00::1'],
  ['unique local', 'fd12:3456::1'],
  ['link-local', 'fe80::1'],
  ['link-local with a zone', 'fe80::1%eth0'],
  ['public with a zone', '2606:4700::1111%eth0'],
  ['site-local', 'fec0::1'],
  ['multicast', 'ff02::1'],
  ['no address', 'localhost'],
  ['no address', '127.1'],
  ['no address', ''],
];

for (const ip of PUBLIC) {
  test(`${ip} is somebody's on the internet`, () => assert.equal(isPublicAddress(ip), true));
}

for (const [what, ip] of SPECIAL) {
  test(`FET-33 "${ip}" is ${what}`, () => assert.equal(isPublicAddress(ip), false));
}
