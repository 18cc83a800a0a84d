// A cash register made of Adyen's public library (TerminalLocalAPIUnencrypted), which
// always goes to port 8443 and path /nexo/. Reads {host, key, messages} on stdin, prints
// one line of JSON: what the library made of each answer, or of an HTTP error.
'use strict';
const library = '@adyen/api-library/lib/src/';
const { default: Client } = require(`${library}client`);
const { default: Config } = require(`${library}config`);
const { default: Terminal } = require(`${library}services/terminalLocalAPIUnencrypted`);

function told(fault) {
  return { status: fault.statusCode, code: fault.errorCode, message: fault.message };
}

async function main(order) {
  const config = new Config({
    apiKey: order.key,
    environment: 'TEST',
    terminalApiLocalEndpoint: order.host,
  });
  const terminal = new Terminal(new Client(config));
  const answers = [];
  for (const message of order.messages) {
    try {
      answers.push({ answer: await terminal.request(message) });
    } catch (fault) {
      answers.push({ fault: told(fault) });
    }
  }
  process.stdout.write(JSON.stringify(answers) + '\n');
}

let input = '';
process.stdin.on('data', (part) => { input += part; });
process.stdin.on('end', () => main(JSON.parse(input)));
