// Writes the completion files of the tools for bash and zsh, contrib/completion, from the command manifest and occtl's
// command words. Called by build.mjs after the manifest is written.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { shownCommands } from '../../commands/base/occtl-grammar.ts';

const tools = ['occtl', 'ocpasswd', 'occert'];

/** How occtl's arguments are asked of the running server: names, ids and addresses without blanks alone. */
const live = {
  NAME: `occtl -n show users 2>/dev/null | awk 'NR > 1 && $2 != "(none)" { print $2 }'`,
  ID: `occtl -n show users 2>/dev/null | awk 'NR > 1 { print $1 }'`,
  SID: `occtl -n show sessions valid 2>/dev/null | awk 'NR > 1 { print $1 }'`,
  IP: `occtl -n show ip ban points 2>/dev/null | awk 'NR > 1 { print $1 }'`,
};

function optionsOf(tool, manifest) {
  const commands = Object.entries(manifest.commands).filter(([id]) => id.split(':')[0] === tool);
  const names = commands.flatMap(([, { flags }]) => Object.keys(flags));
  return [...new Set([...names, 'help', 'version'])].sort().map((name) => `--${name}`);
}

/** Lines of a shell function that print the candidates; "$*" holds the words before the one to complete. */
function candidates(tool, manifest) {
  if (tool === 'occtl') {
    const following = new Map();
    for (const { words, argument } of shownCommands()) {
      const parts = words.split(' ');
      for (const [index, part] of parts.entries()) {
        const before = parts.slice(0, index).join(' ');
        following.set(before, [...new Set([...(following.get(before) ?? []), part])]);
      }
      if (argument in live) following.set(words, live[argument]);
    }
    return [...following]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(
        ([before, next]) =>
          `    '${before}') ${typeof next === 'string' ? next : `printf '%s\\n' ${next.join(' ')}`} ;;`,
      );
  }
  const below = Object.keys(manifest.commands)
    .filter((id) => id.startsWith(`${tool}:`))
    .map((id) => id.split(':')[1]);
  return below.length === 0 ? [] : [`    '') printf '%s\\n' ${[...new Set(below)].join(' ')} ;;`];
}

function functionOf(tool, manifest) {
  return [
    `_${tool}_candidates() {`,
    `  case "$*" in`,
    ...candidates(tool, manifest),
    `    *) ;;`,
    `  esac`,
    `}`,
  ];
}

/** By file name below contrib/completion. */
export function completionFiles(manifest) {
  return Object.fromEntries(
    tools.flatMap((tool) => {
      const options = optionsOf(tool, manifest).join(' ');
      const bash = [
        `# bash completion of ${tool}; written by bin/dev/completion.mjs.`,
        ...functionOf(tool, manifest),
        `_${tool}() {`,
        `  local current=\${COMP_WORDS[COMP_CWORD]} word words=()`,
        `  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do [[ $word == -* ]] || words+=("$word"); done`,
        `  if [[ $current == -* ]]; then`,
        `    mapfile -t COMPREPLY < <(compgen -W '${options}' -- "$current")`,
        `  else`,
        // Not by compgen -W, which expands its words as the shell does: users choose their names.
        `    COMPREPLY=()`,
        `    while IFS= read -r word; do`,
        `      [[ $word == "$current"* ]] && COMPREPLY+=("$(printf %q "$word")")`,
        `    done < <(_${tool}_candidates "\${words[@]}")`,
        `  fi`,
        `}`,
        `complete -o default -F _${tool} ${tool}`,
      ];
      const zsh = [
        `#compdef ${tool}`,
        `# zsh completion of ${tool}; written by bin/dev/completion.mjs.`,
        ...functionOf(tool, manifest),
        `_${tool}() {`,
        `  local -a before`,
        `  before=(\${\${words[2,CURRENT-1]}:#-*})`,
        `  if [[ \${words[CURRENT]} == -* ]]; then`,
        `    compadd -- ${options}`,
        `  else`,
        `    compadd -- \${(f)"$(_${tool}_candidates $before)"} || _files`,
        `  fi`,
        `}`,
        `_${tool} "$@"`,
      ];
      return [
        [`${tool}.bash`, `${bash.join('\n')}\n`],
        [`_${tool}`, `${zsh.join('\n')}\n`],
      ];
    }),
  );
}

export function writeCompletion(root) {
  const manifest = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8'));
  const folder = path.join(root, 'contrib/completion');
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(completionFiles(manifest)))
    writeFileSync(path.join(folder, name), text);
}
