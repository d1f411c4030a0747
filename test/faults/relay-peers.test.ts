/**
 * Hosts that misbehave in each phase of a delivery, all at once beside a sound one: the relay gives up in time, puts the
 * mail off with the right code, delivers to the others meanwhile, and stays small.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { TestAuthority } from '../doubles/certificates.ts';
import { idsAt, MailLoad } from '../doubles/mail-load.ts';
import { RelayProcess, type LogLine } from '../doubles/relay-process.ts';
import { CLOSE, flood, HANG, raw, RESET, ScriptedHost, type Act, type Phase } from '../doubles/scripted-host.ts';

const SHORT = '400ms';
const MEBIBYTE = 1024 * 1024;

const PHASES = ['greeting', 'EHLO', 'STARTTLS', 'handshake', 'MAIL', 'RCPT', 'DATA', 'content', 'dot'] as const;
const GARBAGE = raw(Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 89) % 256)));

const MANNERS: readonly { readonly name: string; readonly act: Act; readonly status: string }[] = [
  { name: 'hangs', act: HANG, status: '4.4.1' },
  { name: 'closes', act: CLOSE, status: '4.4.2' },
  { name: 'resets', act: RESET, status: '4.4.2' },
  { name: 'sends garbage', act: GARBAGE, status: '4.5.0' },
  { name: 'never ends its reply', act: flood('250-again and again'), status: '4.5.0' },
];

/** Where it goes wrong, how, and what the deferral says of it. */
type Misdeed = { readonly phase: Phase; readonly act: Act; readonly name: string; readonly status: string };

const MISDEEDS: readonly Misdeed[] = PHASES.flatMap((phase) =>
  // An endless reply instead of a handshake may come with the reply to STARTTLS or behind it: that is two things.
  MANNERS.filter(({ name }) => phase !== 'handshake' || !name.startsWith('never')).map((manner) => ({
    ...manner,
    phase,
    status: tlsStatus(phase, manner.name) ?? manner.status,
  })),
);

/** What keeps TLS from starting is told as that, but for what is no SMTP before it. */
function tlsStatus(phase: Phase, manner: string): string | undefined {
  const broken = phase === 'STARTTLS' ? ['hangs', 'closes', 'resets'] : ['hangs', 'closes', 'resets', 'sends garbage'];
  return ['STARTTLS', 'handshake'].includes(phase) && broken.includes(manner) ? '4.4.317' : undefined;
}

const domainOf = ({ phase, name }: Misdeed): string => `${phase}-${name.replaceAll(' ', '-')}.test`.toLowerCase();

const connector = (domain: string, port: number) => ({
  name: domain,
  recipientDomains: [domain],
  useMXRecord: false,
  smartHosts: [`127.0.0.1:${port}`],
});

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

/** Greets octet by octet, each well within the time for a reply. */
function startDrip(): Promise<{ readonly port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const timer = setInterval(() => socket.write('2'), 50);
    socket.on('error', () => undefined).on('close', () => clearInterval(timer));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const bound = server.address();
      const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0;
      resolve({ port, close: () => (server.close(), sockets.forEach((socket) => socket.destroy())) });
    });
  });
}

describe('hosts that misbehave', () => {
  const authority = new TestAuthority();
  const tls = authority.leaf({ names: ['localhost'] });
  const hosts = new Map<string, ScriptedHost>();
  let good: ScriptedHost;
  let drip: Awaited<ReturnType<typeof startDrip>>;
  let relay: RelayProcess;

  /** Large enough that a host can stop in the middle of it. */
  async function send(recipient: string, name: string, messages = 1): Promise<void> {
    const plan = { connections: 1, messages, name, recipient, bodyBytes: 200_000 };
    using load = new MailLoad({ port: relay.port, ...plan });
    await load.done;
    assert.equal(load.acknowledged.size, messages, load.refusals.join());
  }

  before(async () => {
    for (const misdeed of MISDEEDS) {
      hosts.set(domainOf(misdeed), await ScriptedHost.start({ tls, script: { [misdeed.phase]: misdeed.act } }));
    }
    good = await ScriptedHost.start({ tls });
    drip = await startDrip();
    const connectors = [...hosts].map(([domain, { port }]) => connector(domain, port));
    const more = [connector('good.test', good.port), connector('drip.test', drip.port)];
    const timeouts = {
      connect: SHORT,
      greeting: SHORT,
      command: SHORT,
      dataStart: SHORT,
      dataBlock: SHORT,
      dataEnd: SHORT,
    };
    relay = await RelayProcess.prepare({
      tlsPolicy: { floor: 'encrypted' },
      queue: { retryWaits: ['1h'] },
      outbound: { connectors: [...connectors, ...more], timeouts },
    });
    await relay.start();
    for (const domain of [...hosts.keys(), 'drip.test']) await send(`bob@${domain}`, domain);
    await send('bob@good.test', 'good', 20);
  });

  after(async () => {
    await relay.remove();
    drip.close();
    await Promise.all([good, ...hosts.values()].map(async (host) => host.close()));
    authority.remove();
  });

  const deferralOf = async (domain: string): Promise<string> => {
    const found = (): readonly LogLine[] =>
      relay.log().filter(({ event, recipient }) => event.startsWith('delivery.') && recipient === `bob@${domain}`);
    await relay.until(() => found().length > 0, `a deferral of ${domain}`);
    return found()
      .map(({ event, status }) => `${event} ${String(status)}`)
      .join();
  };

  for (const misdeed of MISDEEDS) {
    test(`one that ${misdeed.name} at ${misdeed.phase}`, async () => {
      assert.equal(await deferralOf(domainOf(misdeed)), `delivery.deferred ${misdeed.status}`);
    });
  }

  test('one that greets without end, slowly', async () => {
    assert.equal(await deferralOf('drip.test'), 'delivery.deferred 4.4.1');
  });

  test('a sound host gets all its mail beside them', async () => {
    await relay.until(() => new Set(idsAt(good)).size === 20, 'delivery');
  });

  test('the relay stays small', () => {
    const mebibytes = residentBytes(relay.pid) / MEBIBYTE;
    assert.ok(mebibytes < 400, `${mebibytes} MiB`);
  });
});
