// A client that shows its bearer token with POST, as Microsoft's tunnel does (openconnect shows it with GET): asks once
// without, then with it on the same connection, and prints what came back as JSON. A program, to run in a namespace:
//   bearer-client.ts ADDRESS [PATH [SERVER-NAME]] < TOKEN
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';

const [, , host, path = '/', servername = ''] = process.argv;
const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
}

function post(authorization: string | undefined): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = authorization === undefined ? {} : { authorization };
  const options = { host, port: 4443, method: 'POST', path, servername, agent, headers };
  const call = request(options, (answer) => {
    answer.resume();
    answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers }));
  });
  call.on('error', reject);
  call.end('<?xml version="1.0"?><config-auth client="vpn" type="init"></config-auth>');
  return promise;
}

const token = readFileSync(0, 'utf8').trim();
const answers = [await post(undefined), await post(`bearer ${token}`)];
process.stdout.write(JSON.stringify(answers));
agent.destroy();
