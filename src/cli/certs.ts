/** `postern certs`: an authority and a certificate for trying the relay out, and roll-overs (`rollover.ts`). */
import type { Command } from 'commander';

import type { CommandContext } from './adapters.ts';
import { withExamples } from './examples.ts';
import { registerRollover } from './rollover.ts';

export function registerCerts(program: Command, context: CommandContext): void {
  const certs = program.command('certs').description('Make certificates, and replace keys.');
  const dev = certs
    .command('dev')
    .argument('[names...]', 'more names or addresses for the certificate')
    .description(
      'Make a development authority and a certificate in certificateDirectory; what is there and good stays.',
    )
    .action((names: readonly string[]) => make(context, names));
  withExamples(dev, ['postern certs dev', 'postern certs dev relay.test 192.0.2.7']);
  registerRollover(certs, context);
}

async function make({ console, settings }: CommandContext, names: readonly string[]): Promise<void> {
  const { hostname, certificateDirectory } = settings().config;
  // Loaded only here: node-forge takes an eighth of a second, which no other command should wait for.
  const { makeDevelopmentCertificates } = await import('./certificates.ts');
  const made = await makeDevelopmentCertificates(certificateDirectory, [hostname, ...names]);
  const verb = made.outcome === 'made' ? 'Made' : 'Kept';
  console.write(`${verb} ${made.certFile} and its key ${made.keyFile}.`);
  console.write(`Clients that trust ${made.caFile} accept it. It is for trying out, not for the internet.`);
}
