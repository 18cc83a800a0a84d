// A terminal made of npm's http-message-signatures (RFC 9421) and node's own fetch.
// Reads {url, terminal, key, steps} on stdin; a step: {command, body, sign}. Prints one
// line of JSON with status and body of each answer.
import crypto from 'node:crypto';
import signatures from 'http-message-signatures';

const { createSigner, httpbis } = signatures;

async function send(url, terminal, key, step) {
  const body = JSON.stringify({ terminal, ...step.body });
  const digest = crypto.createHash('sha256').update(step.digestOf ?? body).digest('base64');
  const request = {
    method: 'POST',
    url: `${url}/v1/${step.command}`,
    headers: {
      'Content-Type': 'application/json',
      'Content-Digest': `sha-256=:${digest}:`,
    },
  };
  const wish = step.sign ?? {};
  const created = new Date(Date.now() + 1000 * (wish.shift_s ?? 0));
  const signed = await httpbis.signMessage({
    key: createSigner(wish.key ? Buffer.from(wish.key, 'hex') : key, 'hmac-sha256', terminal),
    name: 'sig',
    fields: wish.fields ?? ['@method', '@path', 'content-digest'],
    params: ['created', 'nonce', 'keyid', 'alg'],
    paramValues: { created, nonce: wish.nonce ?? crypto.randomUUID() },
  }, request);
  const answer = await fetch(signed.url, {
    method: 'POST', headers: signed.headers, body: wish.body ?? body,
  });
  return { status: answer.status, body: await answer.text() };
}

let input = '';
for await (const part of process.stdin) input += part;
const { url, terminal, key, steps } = JSON.parse(input);
const results = [];
for (const step of steps) {
  results.push(await send(url, terminal, Buffer.from(key, 'hex'), step));
}
process.stdout.write(JSON.stringify(results) + '\n');
