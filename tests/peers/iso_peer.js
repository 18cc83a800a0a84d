// A terminal made of npm's iso_8583: codec by them, MAC and code block by node:crypto.
// Reads {host, port, key, kind, steps} on stdin, plays the steps on one TCP connection and
// prints one line of JSON with what came back. A step: {fields, mac, code, newCode, split}.
'use strict';
const crypto = require('node:crypto');
const net = require('node:net');
const Iso8583 = require('iso_8583');
const { kinds } = require('./mac_peer.js');

const MAC_BYTES = 8;
const MAC_EMPTY = '00'.repeat(MAC_BYTES);
const text = { ContentType: 'ans', LenType: 'lllvar', MaxLen: 999 };
const formats = {
  // The library counts hexadecimal digits here.
  64: { ContentType: 'b', Label: 'MAC', LenType: 'fixed', MaxLen: 16 },
  128: { ContentType: 'b', Label: 'MAC', LenType: 'fixed', MaxLen: 16 },
};
for (const number of [120, 121, 122, 123, 124, 125, 126, 127]) {
  formats[number] = { ...text, Label: `part ${number}` };
}

// ISO 9564-1 format 4, written from the standard's text, not from the gateway's code.
function codeBlock(terminalKey, code, pan) {
  const key = crypto.createHmac('sha256', terminalKey)
    .update('ekarte pin block aes-128\x01').digest().subarray(0, 16);
  const aes = (block) => {
    const cipher = crypto.createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
    return Buffer.concat([cipher.update(block), cipher.final()]);
  };
  const plain = Buffer.concat([
    Buffer.from(`4${code.length.toString(16)}${code}`.padEnd(16, 'a'), 'hex'),
    crypto.randomBytes(8),
  ]);
  const panField = Buffer.from(`${pan.length - 12}${pan}`.padEnd(32, '0'), 'hex');
  const inner = aes(plain);
  return aes(Buffer.from(inner.map((byte, at) => byte ^ panField[at])))
    .toString('hex').toUpperCase();
}

function encode(step, key, mac) {
  const fields = { ...step.fields };
  for (const [tag, code] of [['PB', step.code], ['NB', step.newCode]]) {
    if (code) {
      const block = codeBlock(key, code, fields[2]);
      fields[48] = `${fields[48] || ''}${tag}032${block}`;
    }
  }
  if (step.mac !== 'none') {
    const long = Object.keys(fields).some((name) => Number(name) > 64);
    fields[long ? 128 : 64] = MAC_EMPTY;
  }
  const message = new Iso8583(fields, formats).getRawMessage();
  if (!Buffer.isBuffer(message)) throw new Error(JSON.stringify(message));
  if (step.mac === 'none') return message;
  const body = message.subarray(0, message.length - MAC_BYTES);
  const sum = mac(key, body);
  if (step.mac === 'wrong') sum[0] ^= 1;
  return Buffer.concat([body, sum]);
}

function decode(raw, key, mac) {
  const framed = Buffer.concat([Buffer.from([raw.length >> 8, raw.length & 255]), raw]);
  const fields = new Iso8583(null, formats).getIsoJSON(framed);
  const sum = mac(key, raw.subarray(0, raw.length - MAC_BYTES));
  return {
    fields,
    raw: raw.toString('hex'),
    macIsRight: sum.equals(raw.subarray(raw.length - MAC_BYTES)),
  };
}

function connect(host, port) {
  const socket = net.connect({ host, port, noDelay: true });
  let buffer = Buffer.alloc(0);
  const waiting = [];
  const look = () => {
    while (waiting.length && buffer.length >= 2) {
      const end = 2 + buffer.readUInt16BE(0);
      if (buffer.length < end) return;
      waiting.shift()(buffer.subarray(2, end));
      buffer = buffer.subarray(end);
    }
  };
  socket.on('data', (data) => { buffer = Buffer.concat([buffer, data]); look(); });
  socket.on('close', () => waiting.splice(0).forEach((told) => told(null)));
  return {
    take: () => new Promise((told) => { waiting.push(told); look(); }),
    write: (data) => new Promise((done) => { socket.write(data, done); }),
    end: () => socket.end(),
  };
}

async function play({ host, port, key: keyHex, kind, steps }) {
  const key = Buffer.from(keyHex, 'hex');
  const mac = kinds[kind || 'hmac-sha256'];
  const line = connect(host, port);
  const results = [];
  for (const step of steps) {
    const message = encode(step, key, mac);
    const head = Buffer.from([message.length >> 8, message.length & 255]);
    const frame = Buffer.concat([head, message]);
    const answer = line.take();
    for (let at = 0; at < frame.length; at += step.split || frame.length) {
      await line.write(frame.subarray(at, at + (step.split || frame.length)));
      if (step.split) await new Promise((done) => setImmediate(done));
    }
    const raw = await answer;
    results.push(raw === null ? null : decode(raw, key, mac));
  }
  line.end();
  return results;
}

let input = '';
process.stdin.on('data', (part) => { input += part; });
process.stdin.on('end', async () => {
  process.stdout.write(JSON.stringify(await play(JSON.parse(input))) + '\n');
});
