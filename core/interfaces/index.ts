// The doors between the processes: types, descriptions and error names, generated from the .varlink files.
export * from './generated/authenticator.ts';
export * from './generated/control.ts';
export * from './generated/security-module.ts';
export * from './generated/sessions.ts';
export * from './generated/worker.ts';
