// The answering side of a connection. Every call is checked against the interface before its handler sees it;
// a caller that breaks the rules is reported through `onViolation`.
import { compileChecks, describeFailure, isJsonObject } from './check.ts';
import { Connection } from './connection.ts';
import type { InterfaceDescription, MethodMap } from './description.ts';
import { ProtocolViolation, serviceErrors, VarlinkError } from './errors.ts';
import { serviceDescription } from './service.ts';
import { escapeText } from '../system/index.ts';
import type { Transport } from './transport.ts';

const defaultMaxMessageBytes = 64 * 1024;
/** Calls under way at a time; a caller with more is flooding us. */
const maxPendingCalls = 4096;

const reply = Symbol('reply with descriptors');

/** A reply that hands over descriptors; they are duplicated on their way and closed here after it. */
export interface ReplyWithDescriptors<R> {
  readonly [reply]: true;
  readonly parameters: R;
  readonly descriptors: readonly number[];
}

export function withDescriptors<R extends object>(
  parameters: R,
  descriptors: readonly number[],
): ReplyWithDescriptors<R> {
  return { [reply]: true, parameters, descriptors };
}

export interface Call<R> {
  /** Received with the call. What the handler keeps it takes out with `takeDescriptor`; the rest is closed after it. */
  readonly descriptors: readonly number[];
  takeDescriptor(): number | undefined;
  readonly more: boolean;
  /** One of many answers, for a call with `more`. */
  send(parameters: R): void;
  /** Resolves when the caller has read most of what was sent; false when it is gone. */
  drained(): Promise<boolean>;
  /** Runs when the caller is gone. */
  onClosed(callback: () => void): void;
}

type Answer<R> = R | ReplyWithDescriptors<R>;

export type Handlers<M extends MethodMap<M>> = {
  readonly [K in keyof M & string]: (
    parameters: M[K]['parameters'],
    call: Call<M[K]['reply']>,
  ) => Answer<M[K]['reply']> | Promise<Answer<M[K]['reply']> | typeof keepOpen> | typeof keepOpen;
};

/** What a handler of a `more` call returns when it will go on sending until the caller leaves. */
export const keepOpen = Symbol('answers follow');

export interface ServerOptions {
  readonly serials?: boolean;
  readonly maxMessageBytes?: number;
  readonly closeDescriptor?: (descriptor: number) => void;
  onViolation?(violation: ProtocolViolation): void;
  /** A handler failed in a way its interface does not declare. */
  onInternalError?(method: string, error: unknown): void;
  /** `unfinishedBytes`: of a message the caller did not send to its end. */
  onClose?(error: Error | undefined, unfinishedBytes: number): void;
  /** For org.varlink.service on the public door. */
  readonly info?: {
    readonly vendor: string;
    readonly product: string;
    readonly version: string;
    readonly url: string;
  };
}

export interface VarlinkServer {
  close(): void;
}

type AnyHandler = (parameters: never, call: Call<never>) => unknown;

export function serve<M extends MethodMap<M>>(
  transport: Transport,
  description: InterfaceDescription,
  handlers: Handlers<M>,
  options: ServerOptions = {},
): VarlinkServer {
  const checks = compileChecks(description);
  const byName = handlers as unknown as Readonly<Record<string, AnyHandler>>;
  const closeCallbacks = new Set<() => void>();
  let pendingCalls = 0;
  /** Without serials answers must leave in the order of the calls. */
  let turn: Promise<void> = Promise.resolve();

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
      onClose: (error, unfinishedBytes) => {
        for (const callback of closeCallbacks) callback();
        closeCallbacks.clear();
        options.onClose?.(error, unfinishedBytes);
      },
    },
  );

  const receive = (envelope: Readonly<Record<string, unknown>>, descriptors: number[]): void => {
    const { method, parameters = {}, serial, oneway, more } = envelope;
    const soundSerial =
      options.serials === true ? serial === undefined || Number.isSafeInteger(serial) : serial === undefined;
    const soundFlags = [oneway, more].every((flag) => flag === undefined || typeof flag === 'boolean');
    if (typeof method !== 'string' || !isJsonObject(parameters) || !soundSerial || !soundFlags) {
      connection.closeDescriptors(descriptors);
      connection.violate(new ProtocolViolation('envelope', 'a message is not a call'));
      return;
    }
    if (pendingCalls >= maxPendingCalls) {
      connection.closeDescriptors(descriptors);
      connection.violate(new ProtocolViolation('flood', 'too many calls at a time'));
      return;
    }
    pendingCalls++;
    const answer = (message: object, sent: readonly number[] = []): void => {
      if (oneway !== true) connection.send({ ...message, ...(serial === undefined ? {} : { serial }) }, sent);
      connection.closeDescriptors(sent);
    };
    const run = async (): Promise<void> => {
      try {
        await obey(method, parameters, descriptors, more === true, answer);
      } finally {
        pendingCalls--;
      }
    };
    if (options.serials === true) void run();
    else turn = turn.then(run);
  };

  const obey = async (
    fullName: string,
    parameters: Record<string, unknown>,
    descriptors: number[],
    more: boolean,
    answer: (message: object, sent?: readonly number[]) => void,
  ): Promise<void> => {
    const name = fullName.startsWith(`${description.name}.`)
      ? fullName.slice(description.name.length + 1)
      : undefined;
    try {
      const check = name === undefined ? undefined : checks.methods.get(name);
      if (name === undefined || check === undefined) {
        answer(serviceAnswer(fullName, parameters, description, options));
        return;
      }
      const failure = check.parameters(parameters);
      if (failure !== undefined) {
        const text = `${name}: ${describeFailure(failure)}`;
        options.onViolation?.(new ProtocolViolation('parameters', text));
        answer({ error: serviceErrors.invalidParameter, parameters: { parameter: failure.path } });
        return;
      }
      const result = await byName[name]?.(parameters as never, {
        descriptors,
        takeDescriptor: () => descriptors.shift(),
        more,
        send: (part: object) => {
          answer({ parameters: part, continues: true });
        },
        drained: () => connection.drained(),
        onClosed: (callback) => {
          if (connection.isClosed) callback();
          else closeCallbacks.add(callback);
        },
      });
      if (result === keepOpen) return;
      if (isReplyWithDescriptors(result)) answer({ parameters: result.parameters }, result.descriptors);
      else answer({ parameters: result ?? {} });
    } catch (error) {
      if (error instanceof VarlinkError) {
        answer({ error: error.error, parameters: error.parameters });
      } else {
        options.onInternalError?.(fullName, error);
        answer({ error: serviceErrors.internal, parameters: {} });
      }
    } finally {
      connection.closeDescriptors(descriptors);
    }
  };

  return {
    close() {
      connection.close();
    },
  };
}

function isReplyWithDescriptors(value: unknown): value is ReplyWithDescriptors<object> {
  return typeof value === 'object' && value !== null && reply in value;
}

/** org.varlink.service, which every Varlink server answers, and calls that are nobody's. */
function serviceAnswer(
  method: string,
  parameters: Readonly<Record<string, unknown>>,
  description: InterfaceDescription,
  options: ServerOptions,
): object {
  if (options.info !== undefined) {
    if (method === 'org.varlink.service.GetInfo') {
      return { parameters: { ...options.info, interfaces: ['org.varlink.service', description.name] } };
    }
    if (method === 'org.varlink.service.GetInterfaceDescription') {
      if (parameters['interface'] === description.name)
        return { parameters: { description: description.text } };
      if (parameters['interface'] === 'org.varlink.service')
        return { parameters: { description: serviceDescription } };
      return {
        error: serviceErrors.interfaceNotFound,
        parameters: { interface: parameters['interface'] ?? null },
      };
    }
  }
  const text = `a call names a method that does not exist: "${escapeText(method, 80)}"`;
  options.onViolation?.(new ProtocolViolation('parameters', text));
  return { error: serviceErrors.methodNotFound, parameters: { method } };
}
