// The KDC proxy ([MS-KKDCP]): a client that has no way to its KDC before it has a tunnel posts its Kerberos requests here.
//   1. the message is parsed and checked; a malformed one is counted and refused
//   2. main asks a KDC of the realm, as a worker has no network
//   3. the answer goes back in the same wrapping
// Called by connection.ts. Nothing of a message is logged but the name of a realm.
import { sessionsErrors, type SessionsMethods } from '../interfaces/index.ts';
import {
  kdcFailureResponse,
  kdcReplyResponse,
  parseKdcProxyMessage,
  writeKdcProxyMessage,
  type KdcFailure,
} from '../protocol/index.ts';
import { VarlinkError, type VarlinkClient } from '../varlink/index.ts';
import type { HttpAnswer, HttpRequest } from './http-front.ts';
import { kdcAnswerMs } from './limits.ts';

export interface KdcProxySurroundings {
  readonly sessions: Pick<VarlinkClient<SessionsMethods>, 'call'>;
  readonly connectionId: number;
  readonly vhost: string;
  readonly includedHeaders: readonly string[];
  readonly onRefused: (reason: string) => void;
}

/** `path`: of the configuration. The connection ends with a request that is refused. */
export async function answerKdcRequest(
  { body, minorVersion }: HttpRequest,
  path: string,
  { sessions, connectionId, vhost, includedHeaders, onRefused }: KdcProxySurroundings,
): Promise<HttpAnswer> {
  const refuse = (failure: KdcFailure, reason: string): HttpAnswer => {
    onRefused(reason);
    return { bytes: kdcFailureResponse(minorVersion, failure), then: 'close' };
  };
  const message = parseKdcProxyMessage(body);
  if ('mistake' in message) {
    await sessions.call('CountKdcRequest', { connectionId }).catch(() => undefined);
    return refuse('decoding', `malformed request: ${message.mistake}`);
  }
  const { realm } = message;
  const request = message.request.toString('base64');
  try {
    const { parameters } = await sessions.call(
      'AskKdc',
      { connectionId, vhost, path, realm, request },
      { timeoutMs: kdcAnswerMs },
    );
    const reply = writeKdcProxyMessage(Buffer.from(parameters.reply, 'base64'));
    return { bytes: kdcReplyResponse(minorVersion, reply, includedHeaders), then: 'keep' };
  } catch (error) {
    if (!(error instanceof VarlinkError)) return refuse('refused', 'main does not answer');
    const { reason, step } = error.parameters as { readonly reason?: string; readonly step?: KdcFailure };
    if (error.error === sessionsErrors.KdcFailed) {
      return refuse(step ?? 'receive', `the KDC does not answer: ${reason ?? ''}`);
    }
    return refuse('refused', `request refused: ${reason ?? error.error}`);
  }
}
