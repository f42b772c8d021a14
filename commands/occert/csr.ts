// `occert csr NAME…`: a server certificate from somebody else's authority.
import { Args, Flags } from '@oclif/core';
import { installAnswer, makeRequest } from '../../core/pki/index.ts';
import { hostNames } from '../base/host-names.ts';
import { commonFlags, keyTypes, OccertCommand } from '../base/occert-command.ts';

export default class Csr extends OccertCommand {
  static override summary = "Make a key and a request for another authority, or take in that one's answer.";
  static override description =
    'With --install the certificate is checked against the key and written with its chain, leaf first, as fullchain.pem.';
  static override examples = [
    'occert csr vpn.example.com',
    'occert csr vpn.example.com --install answer.pem --install intermediate.pem',
  ];
  static override strict = false;
  static override args = {
    name: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'DNS name or IP address; repeatable',
    }),
  };
  static override flags = {
    ...commonFlags,
    org: Flags.string({ helpValue: 'NAME', summary: 'Organization.' }),
    'key-type': Flags.option({ options: keyTypes, summary: 'Kind of key.' })({ default: 'rsa' }),
    install: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'FILE',
      summary: 'The certificate that came back, or one of its chain; repeatable.',
    }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(Csr);
    const names = hostNames(argv as string[]);
    const place = this.place(flags);
    const files =
      flags.install === undefined
        ? await makeRequest(place, { names, organization: flags.org, keyType: flags['key-type'] })
        : await installAnswer(place, names[0]?.name ?? '', flags.install);
    this.reload(flags);
    this.print(
      flags,
      { files },
      files.map((file) => `wrote ${file}`),
    );
  }
}
