/**
 * OpenSSL's own judgement of a chain under TLSA records: `openssl s_server` shows the chain, as many times as it is asked,
 * and `openssl s_client` holds it against the records. Node has no DANE, so this is what ours can be compared with.
 *
 *     await using oracle = await DaneOracle.show([leaf, intermediate]);
 *     const { matched, depth } = await oracle.judge([tlsaText('2 0 1', intermediate)], 'mx1.dest.test');
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ChainCertificate } from './chains.ts';

export type OracleJudgement = {
  readonly matched: boolean;
  /** `2 0 1`, of the record that OpenSSL found to fit. */
  readonly parameters: string | undefined;
  /** Of what it names; a key alone stands one above the certificate that it has signed. */
  readonly depth: number | undefined;
  /** OpenSSL's name of what is wrong: `hostname mismatch`. */
  readonly error: string | undefined;
};

// No certificates but those of the peer and of DNS.
const NO_STORE = ['-no-CAfile', '-no-CApath', '-no-CAstore'];

export class DaneOracle {
  readonly #folder: string;
  readonly #server: ChildProcess;
  readonly #address: string;

  private constructor(folder: string, server: ChildProcess, address: string) {
    this.#folder = folder;
    this.#server = server;
    this.#address = address;
  }

  /** The first of the chain is the server's own certificate. */
  static async show([leaf, ...others]: readonly ChainCertificate[]): Promise<DaneOracle> {
    const folder = mkdtempSync(join(tmpdir(), 'postern-oracle-'));
    writeFileSync(join(folder, 'leaf.pem'), leaf?.cert ?? '');
    writeFileSync(join(folder, 'leaf.key'), leaf?.key ?? '');
    writeFileSync(join(folder, 'chain.pem'), others.map(({ cert }) => cert).join(''));
    const chain = others.length > 0 ? ['-cert_chain', 'chain.pem'] : [];
    const own = ['-cert', 'leaf.pem', '-key', 'leaf.key', ...chain, '-cipher', 'DEFAULT@SECLEVEL=0'];
    const server = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', ...own, ...NO_STORE], { cwd: folder });
    try {
      return new DaneOracle(folder, server, await addressOf(server));
    } catch (error) {
      await end(server, folder);
      throw error;
    }
  }

  /**
   * At security level 1, as Postfix judges; RFC 7672 §3.1.1: names do not count for DANE-EE(3). `name` is the one reference
   * name.
   */
  async judge(records: readonly string[], name: string): Promise<OracleJudgement> {
    const terms = ['-dane_tlsa_domain', name, ...records.flatMap((record) => ['-dane_tlsa_rrdata', record])];
    const flags = ['-dane_ee_no_namechecks', '-verify_return_error', '-brief', '-cipher', 'DEFAULT@SECLEVEL=1'];
    const text = await output(['s_client', '-connect', this.#address, ...NO_STORE, ...terms, ...flags]);
    const match = /^DANE TLSA (\d \d \d) .*?(signed the|matched \w+) certificate at depth (\d+)$/m.exec(text);
    const [, parameters, how = '', depth] = match ?? [];
    return {
      matched: /^Verification: OK$/m.test(text),
      parameters,
      depth: depth === undefined ? undefined : Number(depth) + (how.startsWith('signed') ? 1 : 0),
      error: /verify error:num=\d+:(.*)/.exec(text)?.[1],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#server, this.#folder);
  }
}

async function addressOf(server: ChildProcess): Promise<string> {
  let said = '';
  server.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = once(server, 'exit').then(() => {
    throw new Error(`openssl s_server ended: ${said}`);
  });
  const listening = new Promise<string>((resolve) => {
    server.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const [, address] = /^ACCEPT (\S+)\n/m.exec(said) ?? [];
      if (address !== undefined) resolve(address);
    });
  });
  ended.catch(() => undefined);
  return Promise.race([listening, ended]);
}

async function end(server: ChildProcess, folder: string): Promise<void> {
  if (server.exitCode === null && server.signalCode === null && server.pid !== undefined) {
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    await ended;
  }
  rmSync(folder, { recursive: true });
}

/** What was printed, whatever the exit code. */
function output(parameters: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile('openssl', parameters, (_error, stdout, stderr) => resolve(stdout + stderr));
    child.stdin?.end();
  });
}
