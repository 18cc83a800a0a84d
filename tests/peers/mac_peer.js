// MACs, key derivation and access code blocks by node:crypto, written from
// docs/TERMINALS.md and the norms, not from the gateway's code. Reads a list of
// {key, messages} on stdin and prints what it makes of each, in hexadecimal.
'use strict';
const crypto = require('node:crypto');

const ZERO = Buffer.alloc(16);

function derive(key, label, bytes) {
  return crypto.createHmac('sha256', key).update(label).update(Buffer.from([1]))
    .digest().subarray(0, bytes);
}

function oddParity(key) {
  return Buffer.from(key.map((byte) => {
    let ones = 0;
    for (let bit = 1; bit < 8; bit += 1) ones += (byte >> bit) & 1;
    return (byte & 0xfe) | (ones % 2 ? 0 : 1);
  }));
}

function run(cipher, data) {
  cipher.setAutoPadding(false);
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

const aes = (key, block) => run(crypto.createCipheriv('aes-128-ecb', key, null), block);
// DES by triple DES with one key three times: single DES is gone from OpenSSL.
const des = (key, block) => run(
  crypto.createCipheriv('des-ede3-ecb', Buffer.concat([key, key, key]), null), block);
const undes = (key, block) => run(
  crypto.createDecipheriv('des-ede3-ecb', Buffer.concat([key, key, key]), null), block);
const xor = (left, right) => Buffer.from(left.map((byte, at) => byte ^ right[at]));

function hmac(key, message) {
  return crypto.createHmac('sha256', key).update(message).digest().subarray(0, 8);
}

// RFC 4493, step by step.
function cmac(key, message) {
  const shift = (block) => {
    const moved = Buffer.alloc(16);
    for (let at = 0; at < 16; at += 1) {
      moved[at] = ((block[at] << 1) | ((block[at + 1] || 0) >> 7)) & 0xff;
    }
    if (block[0] & 0x80) moved[15] ^= 0x87;
    return moved;
  };
  const first = shift(aes(key, ZERO));
  const count = Math.max(1, Math.ceil(message.length / 16));
  let last = message.subarray((count - 1) * 16);
  if (last.length === 16) {
    last = xor(last, first);
  } else {
    const filled = Buffer.alloc(16);
    last.copy(filled);
    filled[last.length] = 0x80;
    last = xor(filled, shift(first));
  }
  let chain = ZERO;
  for (let at = 0; at < count - 1; at += 1) {
    chain = aes(key, xor(message.subarray(at * 16, at * 16 + 16), chain));
  }
  return aes(key, xor(last, chain)).subarray(0, 8);
}

// ISO 9797-1 algorithm 3, padding method 1.
function retail(key, message) {
  const [one, two] = [key.subarray(0, 8), key.subarray(8)];
  const filled = Buffer.alloc(Math.ceil(message.length / 8) * 8);
  message.copy(filled);
  let chain = Buffer.alloc(8);
  for (let at = 0; at < filled.length; at += 8) {
    chain = des(one, xor(filled.subarray(at, at + 8), chain));
  }
  return des(one, undes(two, chain));
}

// ISO 9564-1 format 0.
function oldBlock(key, code, pan) {
  const text = Buffer.from(`0${code.length.toString(16)}${code}`.padEnd(16, 'f'), 'hex');
  const number = Buffer.from(pan.slice(0, -1).slice(-12).padStart(16, '0'), 'hex');
  const three = Buffer.concat([key, key.subarray(0, 8)]);
  return run(crypto.createCipheriv('des-ede3-ecb', three, null), xor(text, number));
}

const kinds = {
  'hmac-sha256': (key, message) => hmac(key, message),
  'aes-cmac': (key, message) => cmac(derive(key, 'ekarte mac aes-128', 16), message),
  'x9.19': (key, message) =>
    retail(oddParity(derive(key, 'ekarte mac tdes', 16)), message),
};

function oldCodeBlock(terminalKey, code, pan) {
  return oldBlock(oddParity(derive(terminalKey, 'ekarte pin block tdes', 16)), code, pan);
}

module.exports = { kinds, oldCodeBlock };

if (require.main === module) {
  let input = '';
  process.stdin.on('data', (part) => { input += part; });
  process.stdin.on('end', () => {
    const told = JSON.parse(input).map(({ key, message, code, pan }) => {
      const terminal = Buffer.from(key, 'hex');
      const text = Buffer.from(message, 'hex');
      const made = { block: oldCodeBlock(terminal, code, pan).toString('hex') };
      for (const [kind, mac] of Object.entries(kinds)) {
        made[kind] = mac(terminal, text).toString('hex');
      }
      return made;
    });
    process.stdout.write(JSON.stringify(told) + '\n');
  });
}
