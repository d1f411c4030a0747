/** Every scenario folder of this directory, run against the whole relay; what a folder holds is said in `scenario.ts`. */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, test } from 'node:test';
import { digest } from './digest.ts';
import { readScenario, type Expected, type Scenario } from './scenario.ts';
import { inWorld, type World } from './world.ts';

const folders = globSync(`${import.meta.dirname}/[0-9]*-*`).toSorted();

test('the scenarios are found', () => assert.ok(folders.length >= 50, `${folders.length} folders`));

// Most of a scenario's time is spent waiting for a retry, so several run side by side.
describe('the relay in a world', { concurrency: 6 }, () => {
  for (const folder of folders) {
    const scenario = readScenario(folder);
    test(`${scenario.title} (${basename(folder).slice(0, 2)})`, async () =>
      inWorld(scenario.plan, async (world) => play(scenario, world)));
  }
});

async function play({ mail, expect, reports }: Scenario, world: World): Promise<void> {
  for (const one of mail) await world.send(one);
  for (const [recipient, steps] of Object.entries(expect.trails)) {
    await world.untilTrail(recipient, steps.at(-1) ?? '');
    assert.deepEqual(world.trail(recipient), steps, recipient);
    assert.ok(reasonOf(world, recipient).includes(expect.reasons?.[recipient] ?? ''), reasonOf(world, recipient));
  }
  // Once nothing is left in the queue, no report can be on its way either.
  await world.until(async () => world.withDesk(async (desk) => (await desk.count({})) === 0), 'an empty queue');
  const came = digest(world.host('home').messages.map(({ content }) => content.toString('utf8')));
  assert.equal(came, reports.trimEnd());
  for (const [host, took] of Object.entries(expect.took)) assert.equal(tookInShort(world, host), took, host);
  checkHeard(expect, world);
  for (const [event, fields] of Object.entries(expect.events ?? {})) checkReported(event, fields, world);
}

function checkReported(event: string, fields: { readonly [field: string]: string }, world: World): void {
  const reported = world.events.filter((one) => one.event === event).map((one) => Object.entries(one.fields));
  const isMet = reported.some((all) =>
    Object.entries(fields).every(([wanted, value]) => all.some(([name, is]) => name === wanted && is === value)),
  );
  assert.ok(isMet, `${event} with ${JSON.stringify(fields)} is not among ${JSON.stringify(reported)}`);
}

function reasonOf(world: World, recipient: string): string {
  const last = world.events.findLast(
    ({ event, fields }) => event.startsWith('delivery.') && fields.recipient === recipient,
  );
  return last?.fields.reason ?? '';
}

function tookInShort(world: World, host: string): string {
  // With PIPELINING a host gets an empty content when it has refused every recipient (RFC 2920 §3.1).
  const messages = world.host(host).messages.filter(({ recipients }) => recipients.length > 0);
  const versions = new Set(messages.map(({ tlsVersion }) => tlsVersion ?? 'clear'));
  return [messages.length, ...versions].join(' ');
}

function checkHeard({ heard = {}, unheard = {}, content = {} }: Expected, world: World): void {
  for (const [host, lines] of Object.entries(heard)) {
    const { transcript } = world.host(host);
    for (const line of lines)
      assert.ok(transcript.includes(line), `${host} heard no ${line}:\n${transcript.join('\n')}`);
  }
  for (const [host, words] of Object.entries(unheard)) {
    const transcript = world.host(host).transcript.join('\n');
    for (const word of words) assert.ok(!transcript.includes(word), `${host} heard ${word}:\n${transcript}`);
  }
  for (const [host, words] of Object.entries(content)) {
    const octets = world
      .host(host)
      .messages.map((message) => message.content.toString('utf8'))
      .join('');
    for (const word of words) assert.ok(octets.includes(word), `${word} is not in what ${host} took:\n${octets}`);
  }
}
