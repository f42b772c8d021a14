// `occtl show users`
import { userJson, usersTable } from '../../../core/control/index.ts';
import { ControlCommand, controlFlags } from '../../base/control-command.ts';

export default class ShowUsers extends ControlCommand {
  static override summary = 'Print the connected users, newest first.';
  static override flags = controlFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ShowUsers);
    await this.withServer(flags, async (control) => {
      const { users } = (await control.call('ListUsers', {})).parameters;
      this.show(
        flags,
        () => usersTable(users, this.now()),
        () => users.map((user) => userJson(user, this.now())),
      );
    });
  }
}
