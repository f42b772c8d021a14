// The calling side of a connection. Answers are matched by serial on the inner doors, by order on the public one,
// and checked against the interface before anybody sees them.
import { compileChecks, describeFailure, isJsonObject } from './check.ts';
import { Connection } from './connection.ts';
import type { InterfaceDescription, MethodMap } from './description.ts';
import { CallTimeoutError, ConnectionClosedError, ProtocolViolation, VarlinkError } from './errors.ts';
import type { Transport } from './transport.ts';

const defaultTimeoutMs = 30_000;
const defaultMaxMessageBytes = 1024 * 1024;

export interface ClientOptions {
  /** Calls carry a `serial` that answers repeat, so that a slow one does not hold up the next. */
  readonly serials?: boolean;
  readonly maxMessageBytes?: number;
  /** How long an answer may take; 0 = as long as it likes. */
  readonly timeoutMs?: number;
  readonly closeDescriptor?: (descriptor: number) => void;
  /** Members of answers that the interface does not have are ignored: the server may know a later version of it. */
  readonly acceptsAdditions?: boolean;
  /** The server broke the rules; the connection is closed. */
  onViolation?(violation: ProtocolViolation): void;
}

export interface CallOptions {
  readonly descriptors?: readonly number[];
  readonly timeoutMs?: number;
}

export interface Reply<R> {
  readonly parameters: R;
  /** Owned by the caller. */
  readonly descriptors: number[];
}

interface Pending {
  readonly method: string;
  readonly continues: boolean;
  resolve(reply: Reply<unknown>, isLast: boolean): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout | undefined;
}

export interface VarlinkClient<M extends MethodMap<M>> {
  call<K extends keyof M & string>(
    method: K,
    parameters: M[K]['parameters'],
    options?: CallOptions,
  ): Promise<Reply<M[K]['reply']>>;
  /** A call without an answer. */
  notify<K extends keyof M & string>(method: K, parameters: M[K]['parameters'], options?: CallOptions): void;
  /** A call with many answers; the returned function stops listening. An error ends it silently: watch `closed`. */
  watch<K extends keyof M & string>(
    method: K,
    parameters: M[K]['parameters'],
    onReply: (reply: M[K]['reply']) => void,
    onError?: (error: Error) => void,
  ): () => void;
  /**
   * A call with many answers, in order, until the last one. Throws what `call` rejects with. Leaving the loop early stops
   * listening, and without serials ends the connection.
   */
  stream<K extends keyof M & string>(
    method: K,
    parameters: M[K]['parameters'],
  ): AsyncGenerator<M[K]['reply'], void, undefined>;
  close(): void;
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
}

export function createClient<M extends MethodMap<M>>(
  transport: Transport,
  description: InterfaceDescription,
  options: ClientOptions = {},
): VarlinkClient<M> {
  const checks = compileChecks(description, { acceptsAdditions: options.acceptsAdditions ?? false });
  const withSerials = options.serials ?? false;
  const pending = new Map<number, Pending>();
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<void>();
  let lastSerial = 0;

  const settle = (serial: number): Pending | undefined => {
    const call = pending.get(serial);
    pending.delete(serial);
    clearTimeout(call?.timer);
    return call;
  };

  const connection = new Connection(
    transport,
    {
      maxMessageBytes: options.maxMessageBytes ?? defaultMaxMessageBytes,
      closeDescriptor: options.closeDescriptor,
    },
    {
      onMessage: (envelope, descriptors) => {
        receive(envelope, descriptors);
      },
      onViolation: (violation) => options.onViolation?.(violation),
      onClose: (error) => {
        for (const serial of [...pending.keys()]) settle(serial)?.reject(new ConnectionClosedError(error));
        resolveClosed();
      },
    },
  );

  const receive = (envelope: Readonly<Record<string, unknown>>, descriptors: number[]): void => {
    // Without serials answers come in the order of the calls (a Map keeps it).
    const serial = withSerials ? envelope['serial'] : pending.keys().next().value;
    const call = typeof serial === 'number' ? pending.get(serial) : undefined;
    if (call === undefined || typeof serial !== 'number') {
      connection.closeDescriptors(descriptors);
      // An answer that came after its time-out is no offence.
      if (withSerials && typeof serial === 'number' && serial > 0 && serial <= lastSerial) return;
      connection.violate(new ProtocolViolation('envelope', 'an answer belongs to no call'));
      return;
    }
    const parameters = envelope['parameters'] ?? {};
    const error = envelope['error'];
    if (error !== undefined) {
      connection.closeDescriptors(descriptors);
      const details = isJsonObject(parameters) ? parameters : {};
      settle(serial)?.reject(new VarlinkError(typeof error === 'string' ? error : 'unknown', details));
      return;
    }
    const failure = checks.methods.get(call.method)?.reply(parameters);
    if (failure !== undefined) {
      connection.closeDescriptors(descriptors);
      const text = `the answer to ${call.method} does not fit the interface: ${describeFailure(failure)}`;
      connection.violate(new ProtocolViolation('parameters', text));
      return;
    }
    if (envelope['continues'] !== true) {
      settle(serial);
    } else if (!call.continues) {
      connection.closeDescriptors(descriptors);
      connection.violate(new ProtocolViolation('envelope', `the answer to ${call.method} promises more`));
      return;
    }
    call.resolve({ parameters, descriptors }, envelope['continues'] !== true);
  };

  const envelopeOf = (method: string, parameters: object, extra: object): object => ({
    method: `${description.name}.${method}`,
    parameters,
    ...extra,
  });

  const begin = (
    method: string,
    parameters: object,
    extra: object,
    entry: Omit<Pending, 'timer' | 'method'>,
    call: CallOptions,
  ): number => {
    const serial = ++lastSerial;
    if (connection.isClosed) {
      entry.reject(new ConnectionClosedError());
      return serial;
    }
    const timeoutMs = call.timeoutMs ?? options.timeoutMs ?? defaultTimeoutMs;
    const waiting: Pending = { ...entry, method, timer: undefined };
    pending.set(serial, waiting);
    if (timeoutMs > 0 && !entry.continues) {
      waiting.timer = setTimeout(() => {
        settle(serial)?.reject(new CallTimeoutError(method, timeoutMs));
        // Order alone tells answers apart: a late one would be taken for the next.
        if (!withSerials) connection.close();
      }, timeoutMs);
    }
    connection.send(
      envelopeOf(method, parameters, { ...extra, ...(withSerials ? { serial } : {}) }),
      call.descriptors,
    );
    return serial;
  };

  /** Stops listening to the answers of a call. */
  const forget = (serial: number): void => {
    if (withSerials) settle(serial);
    else connection.close();
  };

  return {
    closed,
    call(method, parameters, call = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<Reply<never>>();
      begin(
        method,
        parameters,
        {},
        { continues: false, resolve: resolve as Pending['resolve'], reject },
        call,
      );
      return promise;
    },
    notify(method, parameters, call = {}) {
      connection.send(envelopeOf(method, parameters, { oneway: true }), call.descriptors);
    },
    watch(method, parameters, onReply, onError) {
      const serial = begin(
        method,
        parameters,
        { more: true },
        {
          continues: true,
          resolve: ({ parameters: reply, descriptors }) => {
            connection.closeDescriptors(descriptors);
            onReply(reply as never);
          },
          reject: (error) => onError?.(error),
        },
        {},
      );
      return () => {
        forget(serial);
      };
    },
    async *stream(method, parameters) {
      const arrived: { reply: unknown; isLast: boolean }[] = [];
      let failure: Error | undefined;
      let isAwaited = Promise.withResolvers<void>();
      const serial = begin(
        method,
        parameters,
        { more: true },
        {
          continues: true,
          resolve: ({ parameters: reply, descriptors }, isLast) => {
            connection.closeDescriptors(descriptors);
            arrived.push({ reply, isLast });
            isAwaited.resolve();
          },
          reject: (error) => {
            failure = error;
            isAwaited.resolve();
          },
        },
        {},
      );
      let isComplete = false;
      try {
        for (;;) {
          for (let next = arrived.shift(); next !== undefined; next = arrived.shift()) {
            isComplete = next.isLast;
            yield next.reply as never;
          }
          if (isComplete) return;
          if (failure !== undefined) {
            isComplete = true;
            throw failure;
          }
          isAwaited = Promise.withResolvers<void>();
          await isAwaited.promise;
        }
      } finally {
        if (!isComplete) forget(serial);
      }
    },
    close() {
      connection.close();
    },
  };
}
