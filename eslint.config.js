// Style and walls. The rule that earns the typed lint is no-floating-promises: in a daemon an unawaited promise is an
// error nobody sees. The walls between the rooms are in test/support/rooms.ts, which a test also walks as a graph.
import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';
import { walls } from './test/support/rooms.ts';

/** One entry per room: what it must not import, with the reason in the message. */
const wallRules = Object.entries(walls).map(([room, allowed]) => ({
  files: [`core/${room}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `^\\.\\./(?:\\.\\./)?(?!${[...allowed, 'auth', 'oidc', 'radius', 'accounting', 'generated'].join('|') || 'nothing'}|\\.)[a-z]+/`,
            message: `core/${room} may use ${allowed.length === 0 ? 'no other room' : allowed.join(', ')} only`,
          },
        ],
      },
    ],
  },
}));

export default tseslint.config(
  {
    ignores: [
      'dist/**',
      'node_modules/**',
      'core/native/build/**',
      'core/interfaces/generated/**',
      '.demo/**',
    ],
  },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Numbers, booleans and undefined in templates are what they look like.
      '@typescript-eslint/restrict-template-expressions': 'off',
      // An interface or handler may be async for its callers' sake.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      // Handlers and surroundings are plain objects of functions; none of ours uses `this`.
      '@typescript-eslint/unbound-method': 'off',
      // What is refused in a client's text are control characters.
      'no-control-regex': 'off',
    },
  },
  {
    // node:test returns promises that the runner itself awaits.
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['test', 'describe', 'it', 'suite'] },
          ],
        },
      ],
    },
  },
  {
    files: ['core/**/*.ts', 'test/**/*.ts', 'man/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ExportDefaultDeclaration',
          message: 'export by name; only oclif commands have a default export',
        },
      ],
    },
  },
  ...wallRules,
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly', Buffer: 'readonly' },
    },
  },
);
