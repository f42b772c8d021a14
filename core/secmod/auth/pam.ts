// The pam method: one helper process for each login (core/native/pam.ts), started with the first answer and killed when
// the login ends, so that a module that hangs delays nobody else. Also `acct = pam`, the account check at CONNECT.
//
// The first prompt is answered with the password of the login form, whatever it says; every further one is shown to
// the client, with the texts that the modules sent before it. PAM decides: nothing is asked again by the server.
import type { PamProcess, PamReport, PamTask } from '../../native/index.ts';
import { userNameProblem } from '../../passwd/index.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Backend, BackendReply, Conversation, LoginFacts } from './backend.ts';
import { cachedGroups } from './system-groups.ts';

/** How conversations are started; of core/native but in tests. */
export type StartPam = (task: PamTask, onReport: (report: PamReport) => void) => PamProcess;

export interface PamOptions {
  readonly service: string;
  /** Groups with a lower id are left out of auto-select-group. */
  readonly lowestGid: number;
  readonly startPam: StartPam;
  readonly clock: Clock;
  readonly log: Log;
}

/** A helper is a process of some megabytes; a login that waits for a person keeps one. */
const MAX_PROCESSES = 256;
const MAX_PROCESSES_PER_ADDRESS = 32;
/** An account check has nobody to wait for but its modules. */
const ACCOUNT_LIMIT_MS = 30_000;
/** More than fits a form. */
const MAX_TEXT_CHARACTERS = 2_000;
const NEW_PASSWORD_PROMPT = 'Please enter the new password.';
/** As the C program: `acct = pam` has no service of its own choice. */
const ACCOUNTING_SERVICE = 'ocserv';

/**
 * PAM's codes that say nothing about the user: PAM_OPEN_ERR, PAM_SYMBOL_ERR, PAM_BUF_ERR, PAM_AUTHINFO_UNAVAIL, PAM_ABORT,
 * PAM_MODULE_UNKNOWN, PAM_BAD_ITEM. Not PAM_SERVICE_ERR and PAM_SYSTEM_ERR: modules answer so to a wrong password.
 */
const FAULTS: ReadonlySet<number> = new Set([-1, 1, 2, 5, 9, 26, 28, 29]);

export function pamBackend(options: PamOptions): Backend {
  return {
    name: 'pam',
    tries: 1,
    begin: (facts) => new PamConversation(options, facts),
    listGroups: cachedGroups({ ...options, title: 'pam-auth' }),
  };
}

/** One login. */
class PamConversation implements Conversation {
  readonly #options: PamOptions;
  readonly #facts: LoginFacts;
  #process: PamProcess | undefined;
  /** For the first prompt. */
  #password: string | undefined;
  #texts: string[] = [];
  #prompts = new PromptNumbers();
  #waiting: ((reply: BackendReply) => void) | undefined;

  constructor(options: PamOptions, facts: LoginFacts) {
    this.#options = options;
    this.#facts = facts;
  }

  answer(text: string): Promise<BackendReply> {
    const { username, remoteAddress } = this.#facts;
    const problem = text.includes('\0') ? 'answer with a NUL' : userNameProblem(username);
    if (problem !== undefined)
      return Promise.resolve({ kind: 'rejected', reason: `PAM was not asked: ${problem}`, isFinal: true });
    const { promise, resolve } = Promise.withResolvers<BackendReply>();
    this.#waiting = resolve;
    if (this.#process !== undefined) {
      this.#process.answer(text);
      return promise;
    }
    this.#password = text;
    const { service, startPam } = this.#options;
    const task: PamTask = { kind: 'login', service, user: username, remoteAddress };
    this.#process = processes.start(startPam, remoteAddress, task, (report) => this.#take(report));
    if (this.#process === undefined) {
      this.#options.log.warning('pam-auth: too many conversations with PAM are under way');
      this.#reply({ kind: 'unavailable', reason: 'too many logins at once' });
    }
    return promise;
  }

  close(): void {
    this.#process?.close();
    this.#password = undefined;
    this.#reply({ kind: 'unavailable', reason: 'the login ended while a PAM module was at work' });
  }

  #take(report: PamReport): void {
    switch (report.kind) {
      case 'message':
        this.#keep(report.text);
        return;
      case 'question':
        this.#ask(report.text === '' && report.phase === 'password' ? NEW_PASSWORD_PROMPT : report.text);
        return;
      case 'end':
        this.#reply(this.#verdict(report));
        return;
      case 'lost':
        this.#reply({ kind: 'unavailable', reason: report.reason });
    }
  }

  #ask(text: string): void {
    const prompt = [...this.#texts, text].join(' ').trim().slice(0, MAX_TEXT_CHARACTERS);
    const promptNumber = this.#prompts.next(prompt);
    if (this.#password !== undefined) {
      // Nobody sees this prompt, so what came before it is shown with the next one.
      const password = this.#password;
      this.#password = undefined;
      this.#process?.answer(password);
      return;
    }
    this.#texts = [];
    this.#reply({ kind: 'prompted', prompt, promptNumber });
  }

  #verdict(end: Extract<PamReport, { kind: 'end' }>): BackendReply {
    if (end.code === 0) {
      // What came after the last prompt ("your password expires in 3 days").
      const message = this.#texts.join(' ');
      const accepted = { kind: 'accepted', username: end.user, groups: end.groups } as const;
      return message === '' ? accepted : { ...accepted, message };
    }
    const reason = reasonOf(end);
    if (FAULTS.has(end.code) || end.phase === 'start') return { kind: 'unavailable', reason };
    return { kind: 'rejected', reason, isFinal: true };
  }

  #keep(text: string): void {
    const length = this.#texts.reduce((sum, kept) => sum + kept.length, 0);
    if (length + text.length <= MAX_TEXT_CHARACTERS) this.#texts.push(text);
  }

  #reply(reply: BackendReply): void {
    this.#waiting?.(reply);
    this.#waiting = undefined;
  }
}

/**
 * The number of a prompt, which clients show and tell factors apart by: how often the text changed among the prompts
 * before it, a first text counting as a change.
 */
export class PromptNumbers {
  #changes = 0;
  #last = '';

  next(text: string): number {
    const number = this.#changes;
    if (text !== this.#last) this.#changes += 1;
    this.#last = text;
    return number;
  }
}

export type AccountVerdict =
  | { readonly outcome: 'allowed' }
  /** `isFault`: nothing was said about the user. */
  | { readonly outcome: 'refused'; readonly reason: string; readonly isFault: boolean };

/** `acct = pam`: may this user open a session now? */
export function checkPamAccount(
  { startPam, clock }: Pick<PamOptions, 'startPam' | 'clock'>,
  username: string,
  remoteAddress: string,
): Promise<AccountVerdict> {
  const { promise, resolve } = Promise.withResolvers<AccountVerdict>();
  const task: PamTask = { kind: 'account', service: ACCOUNTING_SERVICE, user: username, remoteAddress };
  const process = processes.start(startPam, remoteAddress, task, (report) => {
    if (report.kind === 'end' && report.code === 0) resolve({ outcome: 'allowed' });
    else if (report.kind === 'end')
      resolve({ outcome: 'refused', reason: reasonOf(report), isFault: FAULTS.has(report.code) });
    else if (report.kind === 'lost') resolve({ outcome: 'refused', reason: report.reason, isFault: true });
  });
  if (process === undefined)
    return Promise.resolve({ outcome: 'refused', reason: 'too many conversations with PAM', isFault: true });
  const cancel = clock.after(ACCOUNT_LIMIT_MS, () => {
    process.close();
    resolve({ outcome: 'refused', reason: 'no PAM module answered in time', isFault: true });
  });
  return promise.finally(cancel);
}

function reasonOf({ phase, code, text }: Extract<PamReport, { kind: 'end' }>): string {
  return `PAM ${phase}: ${text === '' ? `code ${code}` : text}`.slice(0, MAX_TEXT_CHARACTERS);
}

/** Helper processes alive, those that are being killed included. */
class ProcessCount {
  #total = 0;
  readonly #byAddress = new Map<string, number>();

  /** Undefined when there are too many. */
  start(
    startPam: StartPam,
    address: string,
    task: PamTask,
    onReport: (report: PamReport) => void,
  ): PamProcess | undefined {
    const own = this.#byAddress.get(address) ?? 0;
    if (this.#total >= MAX_PROCESSES || own >= MAX_PROCESSES_PER_ADDRESS) return undefined;
    const process = startPam(task, onReport);
    this.#total += 1;
    this.#byAddress.set(address, own + 1);
    void process.gone.then(() => {
      this.#total -= 1;
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#byAddress.delete(address);
      else this.#byAddress.set(address, left);
    });
    return process;
  }
}

const processes = new ProcessCount();
