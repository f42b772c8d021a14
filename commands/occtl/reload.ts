// `occtl reload`
import process from 'node:process';
import { ControlCommand, controlFlags } from '../base/control-command.ts';

export default class Reload extends ControlCommand {
  static override summary = 'Apply the configuration file again; running sessions keep their settings.';
  static override flags = controlFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(Reload);
    await this.withServer(
      flags,
      async (control) => {
        const { needsRestart } = (await control.call('Reload', {})).parameters;
        this.say(true, 'Server scheduled to reload');
        for (const option of needsRestart) {
          process.stderr.write(`occtl: the new value of "${option}" takes effect after a restart\n`);
        }
      },
      (name, parameters) => {
        if (name !== 'ReloadRefused') return false;
        this.say(false, 'Error scheduling reload');
        for (const problem of parameters['problems'] as readonly string[])
          process.stderr.write(`${problem}\n`);
        process.stderr.write('occtl: the running configuration stays in force\n');
        return true;
      },
    );
  }
}
