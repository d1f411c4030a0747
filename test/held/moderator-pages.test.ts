/** The pages of moderators over HTTP: who gets which, what decides and what does not, and what strangers cannot do with them. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import type { AuditEntry } from '#audit/store.ts';
import { linksFor } from '#held/links.ts';
import { moderatorRoutes } from '#held/moderator-routes.ts';
import type { Held, NewHeld } from '#held/store.ts';
import { openHttpServer, type HttpServer } from '#http/server.ts';
import type { EventFields } from '#log/events.ts';
import { StorageUnavailable } from '#queue/store.ts';
import { MemoryHeldStore } from '../doubles/held.ts';
import { at } from '../queue/mail.ts';
import { decision, entry, idOf, moderated, recipients } from './mail.ts';
import { readPage, type Form, type Page } from './page-reader.ts';

const ORIGIN = 'https://pages.example.org';
const BASE = `${ORIGIN}/moderation`;

let store = new MemoryHeldStore('/nowhere');
let now = at(10);
let woken = 0;
const noted: AuditEntry[] = [];
let auditFailure: StorageUnavailable | undefined;
const reported: [event: string, fields: EventFields][] = [];
let server: HttpServer;

/** As a proxy would pass it on. */
const toServer = (url: string): string => server.url + url.slice(ORIGIN.length);

const ask = async (url: string): Promise<Response> => fetch(toServer(url));

const pageOf = async (response: Response): Promise<Page> => readPage(await response.text());

async function linksOf(number: number, moderator = 'boss@example.org') {
  const held = await store.get(idOf(number));
  assert.ok(held !== undefined);
  const links = linksFor(await store.linkKey(), BASE, held).find((one) => one.moderator === moderator);
  assert.ok(links !== undefined);
  return links;
}

async function add(number: number, rest: Partial<NewHeld> = {}): Promise<void> {
  await store.add([moderated(number, rest)]);
}

const formOf = (page: Page, label: string): Form => {
  const form = page.forms.find((one) => one.label === label);
  assert.ok(form !== undefined, `no form says ${label}`);
  return form;
};

type Sent = { readonly more?: Record<string, string>; readonly origin?: string | undefined };

/** Presses the button of a form. */
async function send(form: Form, { more = {}, origin = ORIGIN }: Sent = {}): Promise<Response> {
  return fetch(server.url + form.action, {
    method: form.method,
    headers: origin === '' ? {} : { origin },
    body: new URLSearchParams({ ...Object.fromEntries(form.fields), ...more }),
  });
}

async function press(number: number, label: 'Approve' | 'Reject', more: Record<string, string> = {}) {
  const { approve } = await linksOf(number);
  return send(formOf(await pageOf(await ask(approve)), label), { more });
}

const stateOf = async (number: number): Promise<Held['state'] | undefined> => (await store.get(idOf(number)))?.state;

before(async () => {
  server = await openHttpServer({
    address: '127.0.0.1',
    port: 0,
    routes: moderatorRoutes({
      store: {
        get: async (id) => store.get(id),
        decide: async (id, decided) => store.decide(id, decided),
        linkKey: async () => store.linkKey(),
      },
      audit: {
        append: async (note) => {
          if (auditFailure !== undefined) throw auditFailure;
          noted.push(note);
          return Promise.resolve();
        },
      },
      baseUrl: BASE,
      onDecided: () => {
        woken += 1;
      },
      report: (event, fields) => void reported.push([event, fields]),
      now: () => now,
    }),
    report: () => undefined,
  });
});
after(async () => server.close());
beforeEach(() => {
  store = new MemoryHeldStore('/nowhere');
  now = at(10);
  woken = 0;
  auditFailure = undefined;
  noted.length = 0;
  reported.length = 0;
});

describe('a link of a moderator', () => {
  test('leads to a page that tells what waits, with two buttons', async () => {
    await add(1, {
      subject: 'Offer',
      rule: 'Mail to rivals',
      recipients: recipients('bob@dest.test', 'eve@dest.test'),
    });
    const response = await ask((await linksOf(1)).approve);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
    const page = await pageOf(response);
    assert.equal(page.title, 'A message waits for your decision');
    for (const told of [
      'boss@example.org',
      'Offer',
      'alice@example.org',
      'bob@dest.test',
      'eve@dest.test',
      'Mail to rivals',
      '2026-01-01 12:00 UTC',
      '2026-01-01 13:00 UTC',
      idOf(1),
    ]) {
      assert.ok(page.text.includes(told), `it does not tell ${told}: ${page.text}`);
    }
    assert.deepEqual(
      page.forms.map(({ label, method }) => [label, method]),
      [
        ['Approve', 'post'],
        ['Reject', 'post'],
      ],
    );
  });

  test('to reject has the button for that first', async () => {
    await add(1);
    const page = await pageOf(await ask((await linksOf(1)).reject));
    assert.deepEqual(
      page.forms.map(({ label }) => label),
      ['Reject', 'Approve'],
    );
  });

  test('decides nothing, however often and by whatever method it is followed', async () => {
    await add(1);
    const { approve, reject } = await linksOf(1);
    for (const link of [approve, reject]) {
      for (const method of ['GET', 'HEAD', 'GET', 'POST', 'PUT', 'OPTIONS']) {
        const response = await fetch(toServer(link), { method });
        assert.equal(response.status, method === 'GET' || method === 'HEAD' ? 200 : 405, method);
      }
    }
    assert.equal(await stateOf(1), 'held');
    assert.equal(woken, 0);
    assert.deepEqual(reported, []);
  });

  test('is told no other site, kept nowhere, framed by nobody, and runs no script', async () => {
    await add(1);
    for (const link of [(await linksOf(1)).approve, `${BASE}/approve/${idOf(1)}/0/x`]) {
      const response = await ask(link);
      const html = await response.text();
      const [, style = ''] = /<style>([^<]*)<\/style>/.exec(html) ?? [];
      const hash = createHash('sha256').update(style).digest('base64');
      assert.equal(
        response.headers.get('content-security-policy'),
        `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
      );
      assert.equal(response.headers.get('cache-control'), 'no-store');
      assert.equal(response.headers.get('x-frame-options'), 'DENY');
      assert.equal(response.headers.get('referrer-policy'), 'same-origin');
      assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
      assert.equal(response.headers.get('set-cookie'), null);
      const { elements, attributes } = readPage(html);
      assert.ok(!elements.some((name) => ['script', 'iframe', 'img', 'link', 'base', 'object'].includes(name)));
      assert.ok(!attributes.some((name) => name.startsWith('on') || ['style', 'src', 'href'].includes(name)));
    }
  });

  test('can be read aloud: a language, one heading, and a label for what is written', async () => {
    await add(1);
    const html = await (await ask((await linksOf(1)).approve)).text();
    assert.match(html, /<html lang="en">/);
    assert.equal(html.match(/<h1>/g)?.length, 1);
    const [, labelled] = /<label for="(\w+)">/.exec(html) ?? [];
    assert.match(html, new RegExp(`<textarea id="${labelled}"`));
    assert.match(html, /<meta name="viewport" content="width=device-width">/);
  });
});

describe('the form of a moderator', () => {
  test('approves', async () => {
    await add(1);
    const response = await press(1, 'Approve');
    assert.equal(response.status, 200);
    assert.match((await pageOf(response)).title, /^You have approved/);
    const { state, by, comment, endedAt } = (await store.get(idOf(1))) ?? {};
    assert.deepEqual(
      { state, by, comment, endedAt },
      {
        state: 'releasing',
        by: 'boss@example.org',
        comment: '',
        endedAt: at(10),
      },
    );
    assert.equal(woken, 1);
    assert.deepEqual(reported, [
      ['held.decided', { messageId: idOf(1), rule: 'Card numbers', decision: 'approve', user: 'boss@example.org' }],
    ]);
  });

  test('rejects with what was written, as lines and without control characters', async () => {
    await add(1);
    const response = await press(1, 'Reject', {
      comment: '  Not to them.\r\n\tAsk me \u001b[31mfirst\u0000. \u{1f4e8}\r\n',
    });
    assert.match((await pageOf(response)).title, /^You have rejected/);
    const { state, by, comment } = (await store.get(idOf(1))) ?? {};
    assert.deepEqual(
      { state, by, comment },
      {
        state: 'rejected',
        by: 'boss@example.org',
        comment: 'Not to them.\n\tAsk me [31mfirst. \u{1f4e8}',
      },
    );
  });

  test('what is decided is noted, and what cannot be noted is not decided', async () => {
    await add(1, { subject: 'Offer\nact: forged' });
    auditFailure = new StorageUnavailable('full', 'audit.db: the disk is full');
    const failed = await press(1, 'Reject');
    assert.equal(failed.status, 503);
    assert.equal(await stateOf(1), 'held');
    auditFailure = undefined;
    await press(1, 'Reject', { comment: 'No.\nNever.' });
    const facts =
      'rule: Card numbers\nsender: alice@example.org\nsubject: Offer act: forged\nrecipients: bob@dest.test\n';
    assert.deepEqual(noted, [
      {
        at: at(10),
        who: 'boss@example.org',
        act: 'moderation.rejected',
        subject: idOf(1),
        before: `${facts}state: held\n`,
        after: `${facts}state: rejected\ncomment: No. Never.\n`,
      },
    ]);
  });

  test('a comment is no part of an approval', async () => {
    await add(1);
    await press(1, 'Approve', { comment: 'x'.repeat(10) });
    assert.equal((await store.get(idOf(1)))?.comment, '');
  });

  test('a comment has a limit, and nothing is decided beyond it', async () => {
    await add(1);
    const long = await press(1, 'Reject', { comment: 'x'.repeat(1001) });
    assert.equal(long.status, 400);
    assert.match((await pageOf(long)).text, /longer than 1000 characters/);
    assert.equal((await press(1, 'Reject', { comment: 'x'.repeat(20_000) })).status, 413);
    assert.equal(await stateOf(1), 'held');
    // A browser counts a line's end once and sends it as two.
    assert.equal((await press(1, 'Reject', { comment: `x${'\r\n'.repeat(998)}x` })).status, 200);
  });

  test('a second decision changes nothing and shows who decided before', async () => {
    await add(1);
    const other = await pageOf(await ask((await linksOf(1, 'deputy@example.org')).reject));
    await press(1, 'Approve');
    now = at(20);
    const second = await send(formOf(other, 'Reject'));
    assert.equal(second.status, 409);
    const { text, forms } = await pageOf(second);
    assert.match(text, /boss@example\.org approved it on 2026-01-01 12:10 UTC/);
    assert.deepEqual(forms, []);
    assert.equal(await stateOf(1), 'releasing');
    assert.equal(woken, 1);
    const later = await pageOf(await ask((await linksOf(1)).approve));
    assert.match(later.text, /You approved it on 2026-01-01 12:10 UTC/);
  });

  test('of two who press at the same time one has decided', async () => {
    await add(1);
    const [one, other] = await Promise.all(
      ['boss@example.org', 'deputy@example.org'].map(async (moderator) =>
        pageOf(await ask((await linksOf(1, moderator)).approve)),
      ),
    );
    assert.ok(one !== undefined && other !== undefined);
    const answers = await Promise.all([send(formOf(one, 'Approve')), send(formOf(other, 'Reject'))]);
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200, 409]));
  });

  for (const [state, words] of [
    ['rejected', /olga rejected it/],
    ['deleted', /olga deleted it/],
    ['expired', /Nobody decided in time/],
  ] as const) {
    test(`of a message that is ${state} the page says so`, async () => {
      await add(1);
      const { approve } = await linksOf(1);
      await store.decide(idOf(1), decision(state));
      const page = await pageOf(await ask(approve));
      assert.match(page.text, words);
      assert.deepEqual(page.forms, []);
    });
  }

  test('from the end of its time on nothing is decided any more', async () => {
    await add(1);
    const page = await pageOf(await ask((await linksOf(1)).approve));
    now = at(60);
    const late = await send(formOf(page, 'Approve'));
    assert.equal(late.status, 409);
    assert.match((await pageOf(late)).text, /Nobody decided in time, which ended on 2026-01-01 13:00 UTC/);
    assert.deepEqual((await pageOf(await ask((await linksOf(1)).approve))).forms, []);
    assert.equal(await stateOf(1), 'held');
  });
});

describe('strangers', () => {
  test('learn nothing from a link that is none, whatever is wrong with it', async () => {
    await add(1);
    await store.add([entry(2), entry(4, { moderators: ['boss@example.org'] })]);
    const { approve, reject } = await linksOf(1);
    const quarantined = (await linksOf(4)).approve;
    const token = approve.split('/').at(-1) ?? '';
    const wrong = [
      approve.slice(0, -1),
      `${approve}A`,
      approve.replace('/approve/', '/reject/'),
      reject.replace('/reject/', '/approve/'),
      approve.replace(`${idOf(1)}/0`, `${idOf(1)}/1`),
      approve.replace(`${idOf(1)}/0`, `${idOf(1)}/7`),
      approve.replace(`${idOf(1)}/0`, `${idOf(1)}/__proto__`),
      approve.replace(idOf(1), idOf(2)),
      approve.replace(idOf(1), idOf(3)),
      quarantined,
      `${BASE}/approve/..%2F..%2Fetc/0/${token}`,
      `${BASE}/approve/%00/0/${token}`,
      `${BASE}/approve/${idOf(1)}/0/`,
      `${BASE}/approve/${idOf(1)}/0`,
      `${BASE}/reject/`,
      `${approve}/`,
      `${approve}/more`,
      `${approve}%3E`,
    ];
    const answers = await Promise.all(wrong.map(async (link) => ask(link)));
    const pages = await Promise.all(answers.map(async (response) => response.text()));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([404]));
    assert.equal(new Set(pages).size, 1, 'the pages differ');
    assert.equal(reported.filter(([event]) => event === 'held.link-refused').length, wrong.length);
    assert.ok(!pages.join('').includes('Card numbers'));
  });

  test('cannot use a token for another answer, entry or moderator', async () => {
    await add(1);
    await add(2);
    const page = await pageOf(await ask((await linksOf(1)).approve));
    const form = formOf(page, 'Approve');
    for (const more of [
      { verdict: 'reject' },
      { verdict: 'releasing' },
      { id: idOf(2) },
      { moderator: '1' },
      { moderator: '' },
      { token: '' },
      { token: formOf(page, 'Reject').fields.get('token') ?? '' },
    ]) {
      assert.equal((await send(form, { more })).status, 404, JSON.stringify(more));
    }
    assert.deepEqual([await stateOf(1), await stateOf(2)], ['held', 'held']);
  });

  for (const origin of [
    '',
    'null',
    'https://evil.example',
    'http://pages.example.org',
    `${ORIGIN}.evil.example`,
    BASE,
  ]) {
    test(`a form that comes from ${origin === '' ? 'nowhere' : origin} decides nothing`, async () => {
      await add(1);
      const page = await pageOf(await ask((await linksOf(1)).approve));
      const response = await send(formOf(page, 'Approve'), { origin });
      assert.equal(response.status, 403);
      assert.match((await pageOf(response)).text, /did not come from the page/);
      assert.equal(await stateOf(1), 'held');
    });
  }

  test('nothing but a form is taken', async () => {
    await add(1);
    const { fields } = formOf(await pageOf(await ask((await linksOf(1)).approve)), 'Approve');
    const body = JSON.stringify(Object.fromEntries(fields));
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x']) {
      const init = { method: 'POST', body, headers: { origin: ORIGIN, 'content-type': type } };
      assert.equal((await fetch(`${server.url}/moderation/decide`, init)).status, 415, type);
    }
    const query = new URLSearchParams(Object.fromEntries(fields)).toString();
    const empty = { method: 'POST', headers: { origin: ORIGIN, 'content-type': 'application/x-www-form-urlencoded' } };
    assert.equal((await fetch(`${server.url}/moderation/decide?${query}`, { ...empty, body: '' })).status, 404);
    assert.equal(await stateOf(1), 'held');
  });

  test('what stands in mail is text on the page, whatever it is', async () => {
    const attacks = [
      '</dd><script>alert(1)</script>',
      '"><img src=x onerror=alert(1)>',
      "' autofocus onfocus='alert(1)",
      '<form action=https://evil.example><button>Approve</button>',
      '&lt;b&gt; &#60;script&#62;',
      '</title></style><style>*{display:none}',
      '<!-- ',
      ']]><svg/onload=alert(1)>',
    ];
    for (const [index, attack] of attacks.entries()) {
      await add(index, {
        subject: attack,
        rule: attack,
        envelope: { sender: `${attack}@example.org`, body: '7bit', smtpUtf8: false },
        recipients: recipients(`"${attack}"@dest.test`),
        moderators: [`${attack}@example.org`],
      });
      const page = await pageOf(await ask((await linksOf(index, `${attack}@example.org`)).approve));
      const plain = await pageOf(await ask(await plainLink()));
      assert.deepEqual(page.elements, plain.elements, attack);
      assert.deepEqual(page.attributes, plain.attributes, attack);
      assert.equal(page.text.split(attack.replaceAll(/\s+/g, ' ').trim()).length, 6, 'it is not shown as it is');
    }
  });

  test('what turns the direction of text is not shown, and giant texts and lists are cut', async () => {
    await add(1, {
      subject: `annual\u202eexe.fdp\u2066\u200f${'s'.repeat(5000)}`,
      recipients: recipients(...Array.from({ length: 3000 }, (_, index) => `r${index}@dest.test`)),
    });
    const { text } = await pageOf(await ask((await linksOf(1)).approve));
    assert.doesNotMatch(text, /[\u202e\u2066\u200f]/);
    assert.ok(text.length < 3000, `${text.length} characters`);
    assert.match(text, /r19@dest\.test ?and 2980 more/);
  });

  test('whatever a form holds, the answer is a page, and only its own token decides', async () => {
    await add(1);
    const name = fc.constantFrom('verdict', 'id', 'moderator', 'token', 'comment', '__proto__', 'constructor');
    const value = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('approve', idOf(1), '0', '-1', '1e9'));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, value)), async (fields) => {
        const response = await fetch(`${server.url}/moderation/decide`, {
          method: 'POST',
          headers: { origin: ORIGIN },
          body: new URLSearchParams(fields),
        });
        assert.equal(response.status, 404);
        assert.equal(await stateOf(1), 'held');
      }),
      { numRuns: 60 },
    );
  });

  test('while the store cannot be read, the page says so, and the log', async () => {
    await add(1);
    const { approve } = await linksOf(1);
    store.failure = new StorageUnavailable('locked', '/srv/postern/held/held.db: locked');
    const response = await ask(approve);
    assert.equal(response.status, 503);
    const page = await pageOf(response);
    assert.match(page.text, /Nothing was decided/);
    assert.doesNotMatch(page.text, /held\.db/);
    assert.deepEqual(reported, [['held.storage-failed', { reason: 'locked' }]]);
  });
});

/** A page of the same kind with nothing odd in it. */
async function plainLink(): Promise<string> {
  if ((await store.get(idOf(900))) === undefined) await add(900, { moderators: ['m@example.org'] });
  return (await linksOf(900, 'm@example.org')).approve;
}
