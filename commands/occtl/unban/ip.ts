// `occtl unban ip ADDRESS`
import { Args } from '@oclif/core';
import { isIP } from 'node:net';
import process from 'node:process';
import { ControlCommand, controlFlags } from '../../base/control-command.ts';

export default class UnbanIp extends ControlCommand {
  static override summary = 'Take an address off the ban list.';
  static override args = { ip: Args.string({ required: true, description: 'IPv4 or IPv6 address' }) };
  static override flags = controlFlags;

  async run(): Promise<void> {
    const { flags, args } = await this.parse(UnbanIp);
    if (isIP(args.ip) === 0) {
      process.stderr.write(`Cannot parse IP: ${args.ip}\n`);
      process.exitCode = 1;
      return;
    }
    await this.withServer(
      flags,
      async (control) => {
        await control.call('UnbanAddress', { address: args.ip });
        this.say(true, `IP '${args.ip}' was unbanned`);
      },
      (name) => {
        if (name === 'NotFound') this.say(false, `could not unban IP '${args.ip}'`);
        return name === 'NotFound';
      },
    );
  }
}
