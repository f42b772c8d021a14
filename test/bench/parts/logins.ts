// Logins without a tunnel, four at a time: how many a second, the server's CPU time for one; how long a client
// waits from its start until its tunnel with DTLS is up.
import { leave, type Bed } from '../bed.ts';
import { compare, higher, lower, type Cell } from '../compare.ts';

const atOnce = 4;
const keyNames = { ec: 'P-256', rsa: 'RSA-3072' } as const;

export async function logins(
  bed: Bed,
  settings: { readonly rounds: number; readonly logins: number },
): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const kind of ['rsa', 'ec'] as const) {
    await bed.useKey(kind);
    const part = await compare(bed.peers, settings.rounds, async (peer) => {
      // The first ones are not typical: code is compiled, files are read.
      for (let index = 0; index < 10; index++) await bed.login();
      const cpuBefore = await peer.cpuSeconds();
      const begun = performance.now();
      let left = settings.logins;
      await Promise.all(
        Array.from({ length: atOnce }, async () => {
          while (left-- > 0) await bed.login();
        }),
      );
      const seconds = (performance.now() - begun) / 1000;
      const cpu = (await peer.cpuSeconds()) - cpuBefore;
      const setUp: number[] = [];
      for (let index = 0; index < 5; index++) {
        const startedAt = performance.now();
        const clients = await bed.connect(1, true);
        setUp.push(performance.now() - startedAt);
        await leave(clients);
      }
      return {
        [`logins per second, ${keyNames[kind]}`]: higher(settings.logins / seconds, '1/s'),
        [`CPU per login, ${keyNames[kind]}`]: lower((cpu / settings.logins) * 1000, 'ms'),
        [`session set-up, ${keyNames[kind]}`]: lower(setUp.toSorted((a, b) => a - b)[2] ?? Number.NaN, 'ms'),
      };
    });
    cells.push(...part);
  }
  return cells;
}
