// Generated from org.ocserv.Authenticator.varlink by core/interfaces/generate.ts; do not edit.
import type { InterfaceDescription } from '../../varlink/index.ts';

/** ask: show `prompt` and call Continue with the answer. no: refused, `reason` goes on the 401 line.
 * yes: `cookie` is the credential for CONNECT. */
export type AuthenticatorOutcome = 'ask' | 'no' | 'yes';

/** The profile of user-profile that the client's software may fetch. `sha1`: of its bytes, upper-case hexadecimal. */
export type AuthenticatorProfile = {
  readonly name: string;
  readonly sha1: string;
};

export type AuthenticatorStep = {
  readonly outcome: AuthenticatorOutcome;
  /** Names the login in Continue; present while it goes on. */
  readonly context?: string | undefined;
  /** Text for the person; absent = the standard text. With yes it is shown beside the banner. */
  readonly prompt?: string | undefined;
  /** Counts different prompts; 0 is the password itself (input "password"), N > 0 "secondary_password". */
  readonly promptNumber?: number | undefined;
  readonly reason?: string | undefined;
  readonly cookie?: string | undefined;
  readonly username?: string | undefined;
  readonly groupname?: string | undefined;
  /** base64: for the client's software, where the method has something to tell it (gssapi); with ask and with yes. */
  readonly token?: string | undefined;
  /** With yes. */
  readonly profile?: AuthenticatorProfile | undefined;
};

export type AuthenticatorCredentials = {
  readonly username: string;
  readonly password?: string | undefined;
  /** In the place of user name and password: the token of the request's Authorization header. Later ones of the same
   * login (gssapi) are the answers of Continue. */
  readonly token?: string | undefined;
  readonly group?: string | undefined;
};

export type AuthenticatorMethods = {
  /** The client presented a certificate in the handshake. `handshake` (base64) holds the messages of that handshake, both
   * ways in their order, up to the client's CertificateVerify: the proof that whoever holds the certificate's key took
   * part in a handshake which the security module has signed for this worker. Worth something for this connection alone,
   * in the logins and the CONNECT that follow on it. Also called for a handshake that failed after the client had
   * answered the question for a certificate; then for the log and the points only.
   * `username` absent: the certificate names none (cert-user-oid). `groups`: by cert-group-oid, in order. */
  PresentCertificate: {
    parameters: {
      readonly ticket: string;
      readonly vhost: string;
      readonly handshake: string;
    };
    reply: {
      readonly username?: string | undefined;
      readonly groups: readonly (string)[];
    };
  };
  /** Begins a login. `method` is the slot chosen by the worker: 0 for `auth`, 1… for `enable-auth`. */
  Start: {
    parameters: {
      readonly ticket: string;
      readonly vhost: string;
      readonly method: number;
      readonly credentials: AuthenticatorCredentials;
      readonly userAgent?: string | undefined;
      readonly deviceType?: string | undefined;
      readonly devicePlatform?: string | undefined;
    };
    reply: {
      readonly step: AuthenticatorStep;
    };
  };
  Continue: {
    parameters: {
      readonly ticket: string;
      readonly context: string;
      readonly answer: string;
    };
    reply: {
      readonly step: AuthenticatorStep;
    };
  };
  /** The client left in the middle of a login. */
  Abandon: {
    parameters: {
      readonly ticket: string;
      readonly context: string;
    };
    reply: Record<string, never>;
  };
  /** Groups the login form offers, when auto-select-group takes them from the back end. */
  ListGroups: {
    parameters: {
      readonly vhost: string;
    };
    reply: {
      readonly groups: readonly (string)[];
    };
  };
  /** Would this cookie open a session of this host now? Opens nothing. */
  CheckCookie: {
    parameters: {
      readonly ticket: string;
      readonly vhost: string;
      readonly cookie: string;
    };
    reply: {
      readonly isValid: boolean;
    };
  };
  /** The profile for the session of this cookie, base64; absent: it has none. */
  ReadProfile: {
    parameters: {
      readonly ticket: string;
      readonly vhost: string;
      readonly cookie: string;
    };
    reply: {
      readonly profile?: string | undefined;
    };
  };
  /** One handshake signature with a server key. `keyId` is serverKeyId (core/config) of the certificate. `scheme` is the TLS SignatureScheme number (RFC 8446, 4.2.3);
   * `input` (base64) is the whole content covered by the signature, which must be a TLS 1.3 CertificateVerify
   * input or TLS 1.2 signed parameters; anything else is refused. */
  Sign: {
    parameters: {
      readonly keyId: string;
      readonly scheme: number;
      readonly input: string;
    };
    reply: {
      readonly signature: string;
    };
  };
};

export const authenticatorErrors = {
  BadTicket: 'org.ocserv.Authenticator.BadTicket',
  CookieRefused: 'org.ocserv.Authenticator.CookieRefused',
  CertificateRefused: 'org.ocserv.Authenticator.CertificateRefused',
  UnknownContext: 'org.ocserv.Authenticator.UnknownContext',
  SignatureRefused: 'org.ocserv.Authenticator.SignatureRefused',
} as const;

export const authenticatorDescription: InterfaceDescription = {
  "name": "org.ocserv.Authenticator",
  "text": "# What a worker asks of the security module. The worker is untrusted; who the client is comes from main's\n# ticket, never from the worker's own words.\ninterface org.ocserv.Authenticator\n\n# ask: show `prompt` and call Continue with the answer. no: refused, `reason` goes on the 401 line.\n# yes: `cookie` is the credential for CONNECT.\ntype Outcome (ask, no, yes)\n\n# The profile of user-profile that the client's software may fetch. `sha1`: of its bytes, upper-case hexadecimal.\ntype Profile (name: string, sha1: string)\n\ntype Step (\n  outcome: Outcome,\n  # Names the login in Continue; present while it goes on.\n  context: ?string,\n  # Text for the person; absent = the standard text. With yes it is shown beside the banner.\n  prompt: ?string,\n  # Counts different prompts; 0 is the password itself (input \"password\"), N > 0 \"secondary_password\".\n  promptNumber: ?int,\n  reason: ?string,\n  cookie: ?string,\n  username: ?string,\n  groupname: ?string,\n  # base64: for the client's software, where the method has something to tell it (gssapi); with ask and with yes.\n  token: ?string,\n  # With yes.\n  profile: ?Profile\n)\n\ntype Credentials (\n  username: string,\n  password: ?string,\n  # In the place of user name and password: the token of the request's Authorization header. Later ones of the same\n  # login (gssapi) are the answers of Continue.\n  token: ?string,\n  group: ?string\n)\n\n# The client presented a certificate in the handshake. `handshake` (base64) holds the messages of that handshake, both\n# ways in their order, up to the client's CertificateVerify: the proof that whoever holds the certificate's key took\n# part in a handshake which the security module has signed for this worker. Worth something for this connection alone,\n# in the logins and the CONNECT that follow on it. Also called for a handshake that failed after the client had\n# answered the question for a certificate; then for the log and the points only.\n# `username` absent: the certificate names none (cert-user-oid). `groups`: by cert-group-oid, in order.\nmethod PresentCertificate(ticket: string, vhost: string, handshake: string) -> (username: ?string, groups: []string)\n\n# Begins a login. `method` is the slot chosen by the worker: 0 for `auth`, 1… for `enable-auth`.\nmethod Start(\n  ticket: string,\n  vhost: string,\n  method: int,\n  credentials: Credentials,\n  userAgent: ?string,\n  deviceType: ?string,\n  devicePlatform: ?string\n) -> (step: Step)\n\nmethod Continue(ticket: string, context: string, answer: string) -> (step: Step)\n\n# The client left in the middle of a login.\nmethod Abandon(ticket: string, context: string) -> ()\n\n# Groups the login form offers, when auto-select-group takes them from the back end.\nmethod ListGroups(vhost: string) -> (groups: []string)\n\n# Would this cookie open a session of this host now? Opens nothing.\nmethod CheckCookie(ticket: string, vhost: string, cookie: string) -> (isValid: bool)\n\n# The profile for the session of this cookie, base64; absent: it has none.\nmethod ReadProfile(ticket: string, vhost: string, cookie: string) -> (profile: ?string)\n\n# One handshake signature with a server key. `keyId` is serverKeyId (core/config) of the certificate. `scheme` is the TLS SignatureScheme number (RFC 8446, 4.2.3);\n# `input` (base64) is the whole content covered by the signature, which must be a TLS 1.3 CertificateVerify\n# input or TLS 1.2 signed parameters; anything else is refused.\nmethod Sign(keyId: string, scheme: int, input: string) -> (signature: string)\n\nerror BadTicket ()\nerror CookieRefused ()\nerror CertificateRefused ()\nerror UnknownContext ()\nerror SignatureRefused (reason: string)\n",
  "types": {
    "Outcome": {
      "type": {
        "kind": "enum",
        "values": [
          "ask",
          "no",
          "yes"
        ]
      }
    },
    "Profile": {
      "type": {
        "kind": "struct",
        "members": [
          {
            "name": "name",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "sha1",
            "type": {
              "kind": "string"
            }
          }
        ]
      }
    },
    "Step": {
      "type": {
        "kind": "struct",
        "members": [
          {
            "name": "outcome",
            "type": {
              "kind": "reference",
              "name": "Outcome"
            }
          },
          {
            "name": "context",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "prompt",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "promptNumber",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "int"
              }
            }
          },
          {
            "name": "reason",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "cookie",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "username",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "groupname",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "token",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "profile",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "reference",
                "name": "Profile"
              }
            }
          }
        ]
      }
    },
    "Credentials": {
      "type": {
        "kind": "struct",
        "members": [
          {
            "name": "username",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "password",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "token",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "group",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          }
        ]
      }
    }
  },
  "methods": {
    "PresentCertificate": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "ticket",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "vhost",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "handshake",
            "type": {
              "kind": "string"
            }
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": [
          {
            "name": "username",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "groups",
            "type": {
              "kind": "array",
              "element": {
                "kind": "string"
              }
            }
          }
        ]
      }
    },
    "Start": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "ticket",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "vhost",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "method",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "credentials",
            "type": {
              "kind": "reference",
              "name": "Credentials"
            }
          },
          {
            "name": "userAgent",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "deviceType",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "devicePlatform",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": [
          {
            "name": "step",
            "type": {
              "kind": "reference",
              "name": "Step"
            }
          }
        ]
      }
    },
    "Continue": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "ticket",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "context",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "answer",
            "type": {
              "kind": "string"
            }
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": [
          {
            "name": "step",
            "type": {
              "kind": "reference",
              "name": "Step"
            }
          }
        ]
      }
    },
    "Abandon": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "ticket",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "context",
            "type": {
              "kind": "string"
            }
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": []
      }
    },
    "ListGroups": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "vhost",
            "type": {
              "kind": "string"
            }
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": [
          {
            "name": "groups",
            "type": {
              "kind": "array",
              "element": {
                "kind": "string"
              }
            }
          }
        ]
      }
    },
    "CheckCookie": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "ticket",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "vhost",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "cookie",
            "type": {
              "kind": "string"
            }
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": [
          {
            "name": "isValid",
            "type": {
              "kind": "bool"
            }
          }
        ]
      }
    },
    "ReadProfile": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "ticket",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "vhost",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "cookie",
            "type": {
              "kind": "string"
            }
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": [
          {
            "name": "profile",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          }
        ]
      }
    },
    "Sign": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "keyId",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "scheme",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "input",
            "type": {
              "kind": "string"
            }
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": [
          {
            "name": "signature",
            "type": {
              "kind": "string"
            }
          }
        ]
      }
    }
  },
  "errors": {
    "BadTicket": {
      "parameters": {
        "kind": "struct",
        "members": []
      }
    },
    "CookieRefused": {
      "parameters": {
        "kind": "struct",
        "members": []
      }
    },
    "CertificateRefused": {
      "parameters": {
        "kind": "struct",
        "members": []
      }
    },
    "UnknownContext": {
      "parameters": {
        "kind": "struct",
        "members": []
      }
    },
    "SignatureRefused": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "reason",
            "type": {
              "kind": "string"
            }
          }
        ]
      }
    }
  }
};
