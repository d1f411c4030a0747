/**
 * A stand-in for Mailpit, for machines that reach no container registry: the part of its interface that
 * docker-compose.yml and `test/compose/` use. `mailpit readyz` is the health check, as in the real image.
 *
 * Kept in memory, the last 500 messages. https://mailpit.axllent.org/docs/api-v1/ describes the original.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { createSecureContext } from 'node:tls';
import { type Caught, listen } from './smtp.ts';

const SMTP_PORT = 1025;
const HTTP_PORT = 8025;
const KEPT_MESSAGES = 500;

type Kept = Caught & { readonly id: string; readonly created: Date };

const kept: Kept[] = [];

function keep(message: Caught): void {
  kept.unshift({ ...message, id: randomUUID(), created: new Date() });
  kept.splice(KEPT_MESSAGES);
}

function headerField({ content }: Kept, name: string): string {
  const text = content.toString('utf8');
  const header = text.slice(0, text.indexOf('\r\n\r\n') + 2).replaceAll(/\r\n(?=[ \t])/g, '');
  const line = header.split('\r\n').find((field) => field.toLowerCase().startsWith(`${name.toLowerCase()}:`)) ?? '';
  return line.slice(name.length + 1).trim();
}

const mailbox = (address: string): object => ({ Name: '', Address: address });

function summary(message: Kept): object {
  return {
    ID: message.id,
    MessageID: headerField(message, 'Message-ID').replaceAll(/[<>]/g, ''),
    From: mailbox(message.sender),
    To: message.recipients.map(mailbox),
    Subject: headerField(message, 'Subject'),
    Created: message.created.toISOString(),
    Size: message.content.length,
  };
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

function page(): string {
  const rows = kept.map((message) => {
    const cells = [message.created.toISOString(), message.sender, message.recipients.join(', ')];
    const link = `<a href="/api/v1/message/${message.id}/raw">${escapeHtml(headerField(message, 'Subject'))}</a>`;
    return `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}<td>${link}</td><td>${message.tls ?? 'clear text'}</td></tr>`;
  });
  const heads = ['Received', 'From', 'To', 'Subject', 'TLS'].map((head) => `<th>${head}</th>`).join('');
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Caught mail</title><h1>Caught mail</h1><table><tr>${heads}</tr>${rows.join('')}</table></html>`;
}

function send(response: ServerResponse, type: string, body: string | Buffer): void {
  response.writeHead(200, { 'content-type': type });
  response.end(body);
}

function answer(path: string, response: ServerResponse): void {
  const raw = kept.find(({ id }) => path === `/api/v1/message/${id}/raw`);
  if (path === '/') send(response, 'text/html; charset=utf-8', page());
  else if (path === '/readyz' || path === '/livez') send(response, 'text/plain', 'ok');
  else if (path === '/api/v1/messages') {
    send(response, 'application/json', JSON.stringify({ total: kept.length, messages: kept.map(summary) }));
  } else if (raw !== undefined) send(response, 'text/plain; charset=utf-8', raw.content);
  else response.writeHead(404).end();
}

const setting = (name: string): string => process.env[name] ?? '';

function serve(): void {
  const secureContext = createSecureContext({
    cert: readFileSync(setting('MP_SMTP_TLS_CERT')),
    key: readFileSync(setting('MP_SMTP_TLS_KEY')),
  });
  const requireStartTls = setting('MP_SMTP_REQUIRE_STARTTLS') === 'true';
  const smtp = listen(SMTP_PORT, { secureContext, requireStartTls, onMessage: keep });
  const http = createServer((request, response) => answer(request.url?.split('?')[0] ?? '/', response)).listen(
    HTTP_PORT,
  );
  process.once('SIGTERM', () => {
    smtp.close();
    http.close();
    process.exit();
  });
}

if (process.argv[2] === 'readyz') {
  const { ok } = await fetch(`http://127.0.0.1:${HTTP_PORT}/readyz`);
  process.exit(ok ? 0 : 1);
} else {
  serve();
}
