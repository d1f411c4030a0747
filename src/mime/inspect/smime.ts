/** Objects of S/MIME that lie in a message as files: those of the message itself are `message.ts`'s. */
import { readCms } from './cms.ts';
import { contents, encrypted, failed, type Contents, type Opened, type Source } from './contents.ts';
import { unpack } from './unpack.ts';

const TYPE = 'application/pkcs7-mime';

export function readSmime({ octets, name, budget }: Source): Contents {
  const cms = readCms(octets);
  if (cms === undefined) return failed('it is no S/MIME object');
  if (cms.kind === 'encrypted') return encrypted({ type: TYPE });
  const { kind, content } = cms;
  // Signatures alone say nothing to a reader.
  if (content === undefined) return contents({ type: TYPE });
  const open = (): Opened => {
    if (kind === 'signed') return { kind: 'open', octets: content };
    const unpacked = unpack(content, 'zlib', budget);
    if (unpacked !== undefined) return { kind: 'open', ...unpacked };
    return { kind: 'shut', state: 'failed', reason: 'its packed octets are damaged', sizeBytes: 0 };
  };
  const path = name.replace(/\.p7[ms]$/i, '');
  return contents({ type: TYPE, members: [{ path, declaredType: 'message/rfc822', open }] });
}
