// Per-group and per-user files, read each time a session is opened, so that edits need no reload. A file that
// cannot be understood refuses the session: what follows the mistake may be a restriction.
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  applyOverlays,
  formatDiagnostic,
  parseOverlay,
  parsePortRules,
  takesSettingsFromRadius,
  type Overlay,
  type Settings,
} from '../config/index.ts';
import type { SessionSupplement } from './auth/backend.ts';
import { quoted, type Log } from './log.ts';

const MAX_FILE_BYTES = 1024 * 1024;

export type SessionSettings = { readonly settings: Settings } | { readonly refused: string };

export function sessionSettings(
  host: Settings,
  session: {
    readonly username: string;
    readonly groupname: string | undefined;
    readonly supplement: SessionSupplement | undefined;
  },
  log: Log,
): SessionSettings {
  if (takesSettingsFromRadius(host)) {
    const lines = session.supplement?.settingLines ?? [];
    return { settings: applyOverlays(host, undefined, supplied(lines, session.username, log)) };
  }
  const { groupname } = session;
  const group =
    groupname === undefined || groupname === ''
      ? {}
      : readOverlay('group', groupname, host['config-per-group'], host['default-group-config'], log);
  if ('refused' in group) return group;
  const user = readOverlay(
    'user',
    session.username,
    host['config-per-user'],
    host['default-user-config'],
    log,
  );
  if ('refused' in user) return user;
  const settings = applyOverlays(host, group.overlay, user.overlay);
  if (parsePortRules(settings['restrict-user-to-ports']) === undefined) {
    return {
      refused:
        'restrict-user-to-ports: some lines of the files allow and some forbid; expected all with "!" or none',
    };
  }
  return { settings };
}

/** What the login's back end supplied in place of files. A value that no option takes is left out and named. */
function supplied(lines: readonly string[], username: string, log: Log): Overlay | undefined {
  const good = lines.filter((line) => {
    const { diagnostics } = parseOverlay('RADIUS', line);
    for (const { severity, text } of diagnostics) {
      if (severity === 'error') log.warning(`ignored for user ${quoted(username)}: ${line}: ${text}`);
    }
    return diagnostics.every(({ severity }) => severity !== 'error');
  });
  return parseOverlay('RADIUS', good.join('\n')).overlay;
}

type Found = { readonly overlay?: Overlay } | { readonly refused: string };

function readOverlay(
  kind: 'user' | 'group',
  name: string,
  folder: string | undefined,
  defaultFile: string | undefined,
  log: Log,
): Found {
  // A default file without the folder does nothing.
  if (folder === undefined) return {};
  if (!isSafeFileName(name)) {
    return { refused: `illegal ${kind} name ${quoted(name)}; refusing to load supplemental configuration` };
  }
  const own = readInside(folder, name);
  if ('text' in own) return parse(path.join(folder, name), own.text);
  if (own.code === 'NOT_A_FILE') return { refused: `${path.join(folder, name)}: expected a regular file` };
  if (own.code === 'NO_FOLDER') log.warning(`${folder}: cannot open the folder with ${kind} configurations`);
  else if (own.code !== 'ENOENT' && own.code !== 'ELOOP') {
    log.warning(`${path.join(folder, name)}: cannot be read (${own.code})`);
  }
  if (defaultFile === undefined) return {};
  const standard = readWhole(defaultFile, 0);
  if ('text' in standard) return parse(defaultFile, standard.text);
  return { refused: `cannot load ${kind} configuration '${defaultFile}' (${standard.code})` };
}

function parse(file: string, text: string): Found {
  const { overlay, diagnostics } = parseOverlay(file, text);
  const mistake = diagnostics.find((diagnostic) => diagnostic.severity === 'error');
  if (mistake !== undefined) return { refused: formatDiagnostic(mistake) };
  return overlay === undefined ? {} : { overlay };
}

/** No way out of the folder, no hidden file, nothing that a terminal or a log would trip over. */
export function isSafeFileName(name: string): boolean {
  return (
    name !== '' && !name.startsWith('.') && !/[/\u0000-\u001f\u007f-\u009f]/.test(name) && name.isWellFormed()
  );
}

type Read = { readonly text: string } | { readonly code: string };

/** Opens `name` relative to the opened folder; a symbolic link counts as missing. */
export function readInside(folder: string, name: string): Read {
  let directory: number;
  try {
    directory = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    return { code: 'NO_FOLDER' };
  }
  try {
    return readWhole(`/proc/self/fd/${directory}/${name}`, constants.O_NOFOLLOW);
  } finally {
    closeSync(directory);
  }
}

function readWhole(file: string, flags: number): Read {
  try {
    // Non-blocking, lest a pipe in the file's place holds everybody up.
    const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | flags);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) return { code: 'NOT_A_FILE' };
      if (stat.size > MAX_FILE_BYTES) return { code: 'EFBIG' };
      return { text: readFileSync(fd, 'utf8') };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return { code: error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN' };
  }
}
