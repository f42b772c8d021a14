// Names of a server as they were typed, checked. Shared by `occert server` and `occert csr`.
import { checkHostName, PkiError, type HostName } from '../../core/pki/index.ts';

export function hostNames(typed: readonly string[]): HostName[] {
  return typed.map((text) => {
    const checked = checkHostName(text);
    if (!checked.ok) throw new PkiError(checked.problem, 'give names such as vpn.example.com or 192.0.2.4');
    return checked.value;
  });
}
