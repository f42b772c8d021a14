// Makes the start of the tools fast: one file per tool with its commands and all they need, in dist/tools. Half of
// what `occtl show users` would otherwise cost is finding and reading oclif's hundred modules. Called by build.mjs,
// after the manifest is written.
import { build, stop } from 'esbuild';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const tools = ['occtl', 'ocpasswd', 'occert'];
const oclifModules = /\/node_modules\/@oclif\/core\/lib\/.*\.js$/;

/**
 * A CommonJS module whose `const x = require(…)` at the top are made when x is first used. oclif requires everything
 * that any command could need; one command needs a fifth of it.
 */
export function requireLazily(text) {
  const file = ts.createSourceFile('module.js', text, ts.ScriptTarget.ESNext, true);
  /** By name: the declaration. */
  const imports = new Map();
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement) || statement.declarationList.declarations.length !== 1) continue;
    const [{ name, initializer }] = statement.declarationList.declarations;
    if (!ts.isIdentifier(name) || initializer === undefined) continue;
    if (/^(__import(Default|Star)\()?require\("[^"]+"\)\)?$/.test(initializer.getText()))
      imports.set(name.text, { statement, initializer });
  }
  const uses = [];
  const visit = (node) => {
    if (ts.isIdentifier(node) && imports.has(node.text)) {
      const { parent } = node;
      const isMember = ts.isPropertyAccessExpression(parent) && parent.name === node;
      const isKey =
        (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent)) && parent.name === node;
      if (ts.isExpression(node) && !isMember && !isKey) {
        const isNewName = 'name' in parent && parent.name === node;
        if (ts.isShorthandPropertyAssignment(parent)) imports.delete(node.text);
        else if (!isNewName) uses.push(node);
        // The same name for something else further down: leave that module's import alone.
        else if (parent.initializer !== imports.get(node.text).initializer) imports.delete(node.text);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  const edits = [
    ...[...imports].map(([name, { statement, initializer }]) => ({
      from: statement.getStart(),
      to: statement.end,
      text: `let ${name}$made; const ${name}$ = () => (${name}$made ??= ${initializer.getText()});`,
    })),
    ...uses
      .filter((node) => imports.has(node.text))
      .map((node) => ({ from: node.getStart(), to: node.end, text: `(${node.text}$())` })),
  ].sort((one, other) => other.from - one.from);
  return edits.reduce(
    (result, { from, to, text: by }) => result.slice(0, from) + by + result.slice(to),
    text,
  );
}

const lazyOclif = {
  name: 'lazy-oclif',
  setup(bundler) {
    bundler.onLoad({ filter: oclifModules }, ({ path: file }) => ({
      contents: requireLazily(readFileSync(file, 'utf8')),
      loader: 'js',
    }));
  },
};

/** The module that the bundle begins with: what bin/tool.ts wants to know. */
function entryOf(tool, manifest) {
  const commands = Object.entries(manifest.commands)
    .filter(([id]) => id.split(':')[0] === tool)
    .map(([id, cached]) => {
      const source = `./${cached.relativePath.slice(1).join('/').replace(/\.js$/, '.ts')}`;
      return `${JSON.stringify(id)}: { cached: ${JSON.stringify(cached)}, import: () => import(${JSON.stringify(source)}) },`;
    });
  return [
    `import path from 'node:path';`,
    `import pjson from './package.json';`,
    `import { runTool } from './bin/tool.ts';`,
    `const root = path.resolve(import.meta.dirname, '../../..');`,
    `void runTool({ program: ${JSON.stringify(tool)}, root, pjson, commands: {\n${commands.join('\n')}\n} });`,
  ].join('\n');
}

/** The licences of the packages whose code is in a bundle. */
function licencesOf(root, inputs) {
  const packages = new Set(
    inputs.map((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]).filter(Boolean),
  );
  return [...packages].sort().map((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(path.join(root, folder, 'package.json'), 'utf8'),
    );
    const [file] = globSync('{LICENSE,LICENCE,license}*', { cwd: path.join(root, folder) }).sort();
    const text = file === undefined ? '' : readFileSync(path.join(root, folder, file), 'utf8').trim();
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
}

export async function bundleTools(root) {
  const folder = path.join(root, 'dist/tools');
  const manifest = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const inputs = new Set();
  for (const tool of tools) {
    const { metafile } = await build({
      stdin: { contents: entryOf(tool, manifest), resolveDir: root, sourcefile: `${tool}.js` },
      absWorkingDir: root,
      outfile: path.join(folder, tool, 'main.cjs'),
      ...{ bundle: true, platform: 'node', format: 'cjs', target: 'node24', metafile: true },
      // oclif asks for it to run commands from TypeScript sources, which are compiled here.
      external: ['typescript'],
      define: { 'import.meta.dirname': '__dirname', 'import.meta.url': 'moduleUrl' },
      banner: { js: `const moduleUrl = require('node:url').pathToFileURL(__filename).href;` },
      plugins: [lazyOclif],
      logLevel: 'warning',
    });
    for (const input of Object.keys(metafile.inputs)) inputs.add(input);
    writeFileSync(
      path.join(folder, `${tool}.cjs`),
      [
        // Never the shared folder under /tmp that Node would choose: what lies there is code to the next start.
        `require('node:module').enableCompileCache(require('node:path').join(__dirname, '../.cache'));`,
        `require('./${tool}/main.cjs');\n`,
      ].join('\n'),
    );
  }
  // Else its process stays as long as ours, which under npm start is as long as the server.
  await stop();
  writeFileSync(
    path.join(folder, 'LICENCES.txt'),
    licencesOf(root, [...inputs]).join(`\n${'-'.repeat(80)}\n\n`),
  );
}
