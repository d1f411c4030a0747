import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { lookAt, lookInto, zipOf } from './looking.ts';

/** A DOS header that leads to another. */
function program(mark: string, behind: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(0x80);
  header.write('MZ', 'latin1');
  header.writeUInt32LE(0x40, 0x3c);
  header.write(mark, 0x40, 'latin1');
  // One section, which ends where the header does.
  header.writeUInt16LE(1, 0x46);
  header.writeUInt32LE(0x80, 0x58 + 20);
  return Buffer.concat([header.subarray(0, 0x58 + 40), behind]);
}

const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR', 'STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('-');

describe('inspect: programs', () => {
  for (const [what, octets] of [
    ['PE (exe, dll)', program('PE\0\0')],
    ['NE (Windows 3)', program('NE')],
    ['LE (vxd)', program('LE')],
    ['LX (OS/2)', program('LX')],
    ['DOS', program('')],
    ['DOS, the other spelling', Buffer.from(`ZM${'\0'.repeat(40)}`, 'latin1')],
    ['ELF', Buffer.from('7f454c460201010000000000', 'hex')],
    ['Mach-O', Buffer.concat([Buffer.from('cffaedfe', 'hex'), Buffer.alloc(40)])],
    ['Mach-O for several machines', Buffer.concat([Buffer.from('cafebabe00000002', 'hex'), Buffer.alloc(40)])],
    ['the EICAR test file (com)', Buffer.from(EICAR)],
    ['PIF', Buffer.concat([Buffer.alloc(0x171, 32), Buffer.from('MICROSOFT PIFEX\0')])],
  ] as const) {
    test(`${what} is one, whatever it is called`, async () => {
      assert.equal((await lookAt(octets, 'a.txt')).executable, true);
    });
  }

  for (const [what, octets] of [
    ['a text that begins with MZ', Buffer.from('MZ is a mark of programs, and of nothing else')],
    ['a Java class', Buffer.concat([Buffer.from('cafebabe00000034', 'hex'), Buffer.alloc(40)])],
    ['a Java archive', zipOf([{ name: 'META-INF/MANIFEST.MF', content: 'x' }])],
    ['an object file', Buffer.concat([Buffer.from('4c0103000000', 'hex'), Buffer.alloc(40)])],
    ['an archive that WinRAR made unpack itself', program('PE\0\0', Buffer.from('Rar!\u001a\u0007\0', 'latin1'))],
    ['what is only called so', Buffer.from('text')],
  ] as const) {
    test(`${what} is none`, async () => {
      assert.equal((await lookAt(octets, 'a.exe')).executable, false);
    });
  }

  test('a program with a ZIP archive behind it is one, and looked into', async () => {
    const [file, member] = await lookInto(program('PE\0\0', zipOf([{ name: 'a.txt', content: 'card 4111' }])), 'a.exe');
    assert.deepEqual([file?.executable, member?.text], [true, 'card 4111']);
  });

  test('a program in an archive is one', async () => {
    const [, member] = await lookInto(zipOf([{ name: 'a.txt', content: program('PE\0\0') }]), 'a.zip');
    assert.equal(member?.executable, true);
  });
});
