// `occtl show users`
import { userJson, usersTable, type ControlUser } from '../../../core/control/index.ts';
import { ControlCommand, showFlags } from '../../base/control-command.ts';

export default class ShowUsers extends ControlCommand {
  static override summary = 'Print the connected users, newest first.';
  static override flags = showFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ShowUsers);
    await this.withServer(flags, async (control) => {
      const users: ControlUser[] = [];
      for await (const batch of control.stream('ListUsers', {})) users.push(...batch.users);
      this.show(
        flags,
        () => usersTable(users, this.now()),
        () => users.map((user) => userJson(user, this.now())),
      );
    });
  }
}
