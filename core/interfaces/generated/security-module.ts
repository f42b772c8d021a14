// Generated from org.ocserv.SecurityModule.varlink by core/interfaces/generate.ts; do not edit.
import type { InterfaceDescription } from '../../varlink/index.ts';

export type SecurityModuleCounters = {
  readonly rxBytes: number;
  readonly txBytes: number;
};

/** A login that main may turn into a session. */
export type SecurityModuleGrant = {
  readonly sessionId: string;
  readonly username: string;
  readonly groupname?: string | undefined;
  readonly vhost: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly loginAddress: string;
  readonly userAgent?: string | undefined;
  /** The session's settings after group and user files, by option name, as in core/config. */
  readonly settings: Record<string, unknown>;
};

export type SecurityModuleSessionRecord = {
  readonly sessionId: string;
  readonly username: string;
  readonly groupname?: string | undefined;
  readonly vhost: string;
  readonly userAgent?: string | undefined;
  readonly remoteAddress: string;
  readonly createdAt: number;
  /** Absent while the session is in use. */
  readonly expiresAt?: number | undefined;
  readonly state: 'authenticated' | 'authenticating' | 'failed' | 'preAuth';
  readonly isOpen: boolean;
  readonly certificateAuth: boolean;
  readonly inUse: boolean;
};

export type SecurityModuleStatistics = {
  readonly clientEntries: number;
  readonly tlsEntries: number;
  readonly authenticationFailures: number;
  readonly averageAuthSeconds: number;
  readonly maxAuthSeconds: number;
  /** Password checks and signatures that were asked for and are not done. */
  readonly pendingWork: number;
};

/** points: somebody at this address did something that counts towards a ban.
 * failed: one login attempt failed, for the log and statistics. */
export type SecurityModuleEvent = {
  readonly kind: 'points' | 'failed';
  readonly address: string;
  readonly points: number;
  readonly username?: string | undefined;
  readonly connectionId?: number | undefined;
  readonly method?: string | undefined;
  readonly reason?: string | undefined;
};

export type SecurityModuleMethods = {
  /** `configuration` is a SecmodConfiguration of core/config.
   * ticketKey (base64, 32 bytes) seals main's tickets; new at every start of main. */
  Configure: {
    parameters: {
      readonly generation: number;
      readonly configuration: Record<string, unknown>;
      readonly ticketKey: string;
    };
    reply: Record<string, never>;
  };
  /** Descriptor 0: the far end of a worker's Authenticator door. */
  AttachWorker: {
    parameters: {
      readonly workerId: number;
    };
    reply: Record<string, never>;
  };
  DetachWorker: {
    parameters: {
      readonly workerId: number;
    };
    reply: Record<string, never>;
  };
  /** `connectionId`: the connection whose client presents the cookie, and may have presented a certificate. */
  OpenSession: {
    parameters: {
      readonly cookie: string;
      readonly vhost: string;
      readonly remoteAddress: string;
      readonly connectionId: number;
    };
    reply: {
      readonly grant: SecurityModuleGrant;
    };
  };
  /** The tunnel of a granted session is up. `openedAt` (milliseconds since 1970) tells it from other tunnels of the
   * session. Said again of every tunnel after a restart of the security module. */
  TunnelOpened: {
    parameters: {
      readonly sessionId: string;
      readonly openedAt: number;
      readonly remoteAddress: string;
      /** Where the client reached the server. */
      readonly localAddress: string;
      /** Inner addresses. */
      readonly ipv4?: string | undefined;
      readonly ipv6?: string | undefined;
    };
    reply: Record<string, never>;
  };
  /** The tunnel of a session ended, or what was granted comes to nothing: then without `openedAt`. keepCookie: the client
   * may come back until cookie-timeout. */
  CloseSession: {
    parameters: {
      readonly sessionId: string;
      readonly openedAt?: number | undefined;
      readonly keepCookie: boolean;
      readonly reason: string;
      readonly counters: SecurityModuleCounters;
      readonly seconds: number;
    };
    reply: Record<string, never>;
  };
  /** isInterim: the session's stats-report-time has passed; else they are only kept, in case nobody can say more. */
  ReportCounters: {
    parameters: {
      readonly sessionId: string;
      readonly openedAt: number;
      readonly counters: SecurityModuleCounters;
      readonly isInterim: boolean;
    };
    reply: Record<string, never>;
  };
  /** Revokes cookies. Answers with the ids that were revoked. */
  TerminateUser: {
    parameters: {
      readonly username: string;
    };
    reply: {
      readonly sessionIds: readonly (string)[];
    };
  };
  TerminateSession: {
    parameters: {
      readonly sessionId: string;
    };
    reply: {
      readonly sessionIds: readonly (string)[];
    };
  };
  /** An address was banned: logins of it that are under way fail. */
  AddressBanned: {
    parameters: {
      readonly address: string;
    };
    reply: Record<string, never>;
  };
  ListSessions: {
    parameters: Record<string, never>;
    reply: {
      readonly sessions: readonly (SecurityModuleSessionRecord)[];
    };
  };
  GetStatistics: {
    parameters: Record<string, never>;
    reply: {
      readonly statistics: SecurityModuleStatistics;
    };
  };
  /** Streams events until the door closes. */
  Watch: {
    parameters: Record<string, never>;
    reply: {
      readonly event: SecurityModuleEvent;
    };
  };
  /** Runs the periodic clean-up now. */
  Maintain: {
    parameters: Record<string, never>;
    reply: Record<string, never>;
  };
  Stop: {
    parameters: Record<string, never>;
    reply: Record<string, never>;
  };
};

export const securityModuleErrors = {
  CookieRefused: 'org.ocserv.SecurityModule.CookieRefused',
  CertificateMissing: 'org.ocserv.SecurityModule.CertificateMissing',
  SettingsRefused: 'org.ocserv.SecurityModule.SettingsRefused',
  UnknownSession: 'org.ocserv.SecurityModule.UnknownSession',
  ConfigurationRefused: 'org.ocserv.SecurityModule.ConfigurationRefused',
} as const;

export const securityModuleDescription: InterfaceDescription = {
  "name": "org.ocserv.SecurityModule",
  "text": "# What main asks of the security module.\ninterface org.ocserv.SecurityModule\n\ntype Counters (rxBytes: int, txBytes: int)\n\n# A login that main may turn into a session.\ntype Grant (\n  sessionId: string,\n  username: string,\n  groupname: ?string,\n  vhost: string,\n  # Milliseconds since 1970.\n  startedAt: int,\n  loginAddress: string,\n  userAgent: ?string,\n  # The session's settings after group and user files, by option name, as in core/config.\n  settings: object\n)\n\ntype SessionRecord (\n  sessionId: string,\n  username: string,\n  groupname: ?string,\n  vhost: string,\n  userAgent: ?string,\n  remoteAddress: string,\n  createdAt: int,\n  # Absent while the session is in use.\n  expiresAt: ?int,\n  state: (authenticated, authenticating, failed, preAuth),\n  isOpen: bool,\n  certificateAuth: bool,\n  inUse: bool\n)\n\ntype Statistics (\n  clientEntries: int,\n  tlsEntries: int,\n  authenticationFailures: int,\n  averageAuthSeconds: int,\n  maxAuthSeconds: int,\n  # Password checks and signatures that were asked for and are not done.\n  pendingWork: int\n)\n\n# points: somebody at this address did something that counts towards a ban.\n# failed: one login attempt failed, for the log and statistics.\ntype Event (\n  kind: (points, failed),\n  address: string,\n  points: int,\n  username: ?string,\n  connectionId: ?int,\n  method: ?string,\n  reason: ?string\n)\n\n# `configuration` is a SecmodConfiguration of core/config.\n# ticketKey (base64, 32 bytes) seals main's tickets; new at every start of main.\nmethod Configure(generation: int, configuration: object, ticketKey: string) -> ()\n\n# Descriptor 0: the far end of a worker's Authenticator door.\nmethod AttachWorker(workerId: int) -> ()\nmethod DetachWorker(workerId: int) -> ()\n\n# `connectionId`: the connection whose client presents the cookie, and may have presented a certificate.\nmethod OpenSession(cookie: string, vhost: string, remoteAddress: string, connectionId: int) -> (grant: Grant)\n\n# The tunnel of a granted session is up. `openedAt` (milliseconds since 1970) tells it from other tunnels of the\n# session. Said again of every tunnel after a restart of the security module.\nmethod TunnelOpened(\n  sessionId: string,\n  openedAt: int,\n  remoteAddress: string,\n  # Where the client reached the server.\n  localAddress: string,\n  # Inner addresses.\n  ipv4: ?string,\n  ipv6: ?string\n) -> ()\n\n# The tunnel of a session ended, or what was granted comes to nothing: then without `openedAt`. keepCookie: the client\n# may come back until cookie-timeout.\nmethod CloseSession(\n  sessionId: string, openedAt: ?int, keepCookie: bool, reason: string, counters: Counters, seconds: int\n) -> ()\n\n# isInterim: the session's stats-report-time has passed; else they are only kept, in case nobody can say more.\nmethod ReportCounters(sessionId: string, openedAt: int, counters: Counters, isInterim: bool) -> ()\n\n# Revokes cookies. Answers with the ids that were revoked.\nmethod TerminateUser(username: string) -> (sessionIds: []string)\nmethod TerminateSession(sessionId: string) -> (sessionIds: []string)\n\n# An address was banned: logins of it that are under way fail.\nmethod AddressBanned(address: string) -> ()\n\nmethod ListSessions() -> (sessions: []SessionRecord)\nmethod GetStatistics() -> (statistics: Statistics)\n\n# Streams events until the door closes.\nmethod Watch() -> (event: Event)\n\n# Runs the periodic clean-up now.\nmethod Maintain() -> ()\nmethod Stop() -> ()\n\nerror CookieRefused (reason: string)\n# The session was logged in with a certificate, and this connection has not presented it.\nerror CertificateMissing ()\n# A per-user or per-group file is malformed; `message` names file, line and column.\nerror SettingsRefused (message: string)\nerror UnknownSession (sessionId: string)\nerror ConfigurationRefused (message: string)\n",
  "types": {
    "Counters": {
      "type": {
        "kind": "struct",
        "members": [
          {
            "name": "rxBytes",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "txBytes",
            "type": {
              "kind": "int"
            }
          }
        ]
      }
    },
    "Grant": {
      "type": {
        "kind": "struct",
        "members": [
          {
            "name": "sessionId",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "username",
            "type": {
              "kind": "string"
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
            "name": "vhost",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "startedAt",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "loginAddress",
            "type": {
              "kind": "string"
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
            "name": "settings",
            "type": {
              "kind": "object"
            }
          }
        ]
      }
    },
    "SessionRecord": {
      "type": {
        "kind": "struct",
        "members": [
          {
            "name": "sessionId",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "username",
            "type": {
              "kind": "string"
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
            "name": "vhost",
            "type": {
              "kind": "string"
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
            "name": "remoteAddress",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "createdAt",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "expiresAt",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "int"
              }
            }
          },
          {
            "name": "state",
            "type": {
              "kind": "enum",
              "values": [
                "authenticated",
                "authenticating",
                "failed",
                "preAuth"
              ]
            }
          },
          {
            "name": "isOpen",
            "type": {
              "kind": "bool"
            }
          },
          {
            "name": "certificateAuth",
            "type": {
              "kind": "bool"
            }
          },
          {
            "name": "inUse",
            "type": {
              "kind": "bool"
            }
          }
        ]
      }
    },
    "Statistics": {
      "type": {
        "kind": "struct",
        "members": [
          {
            "name": "clientEntries",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "tlsEntries",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "authenticationFailures",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "averageAuthSeconds",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "maxAuthSeconds",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "pendingWork",
            "type": {
              "kind": "int"
            }
          }
        ]
      }
    },
    "Event": {
      "type": {
        "kind": "struct",
        "members": [
          {
            "name": "kind",
            "type": {
              "kind": "enum",
              "values": [
                "points",
                "failed"
              ]
            }
          },
          {
            "name": "address",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "points",
            "type": {
              "kind": "int"
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
            "name": "connectionId",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "int"
              }
            }
          },
          {
            "name": "method",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
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
          }
        ]
      }
    }
  },
  "methods": {
    "Configure": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "generation",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "configuration",
            "type": {
              "kind": "object"
            }
          },
          {
            "name": "ticketKey",
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
    "AttachWorker": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "workerId",
            "type": {
              "kind": "int"
            }
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": []
      }
    },
    "DetachWorker": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "workerId",
            "type": {
              "kind": "int"
            }
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": []
      }
    },
    "OpenSession": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "cookie",
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
            "name": "remoteAddress",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "connectionId",
            "type": {
              "kind": "int"
            }
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": [
          {
            "name": "grant",
            "type": {
              "kind": "reference",
              "name": "Grant"
            }
          }
        ]
      }
    },
    "TunnelOpened": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "sessionId",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "openedAt",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "remoteAddress",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "localAddress",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "ipv4",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "ipv6",
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
        "members": []
      }
    },
    "CloseSession": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "sessionId",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "openedAt",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "int"
              }
            }
          },
          {
            "name": "keepCookie",
            "type": {
              "kind": "bool"
            }
          },
          {
            "name": "reason",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "counters",
            "type": {
              "kind": "reference",
              "name": "Counters"
            }
          },
          {
            "name": "seconds",
            "type": {
              "kind": "int"
            }
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": []
      }
    },
    "ReportCounters": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "sessionId",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "openedAt",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "counters",
            "type": {
              "kind": "reference",
              "name": "Counters"
            }
          },
          {
            "name": "isInterim",
            "type": {
              "kind": "bool"
            }
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": []
      }
    },
    "TerminateUser": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "username",
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
            "name": "sessionIds",
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
    "TerminateSession": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "sessionId",
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
            "name": "sessionIds",
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
    "AddressBanned": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "address",
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
    "ListSessions": {
      "parameters": {
        "kind": "struct",
        "members": []
      },
      "reply": {
        "kind": "struct",
        "members": [
          {
            "name": "sessions",
            "type": {
              "kind": "array",
              "element": {
                "kind": "reference",
                "name": "SessionRecord"
              }
            }
          }
        ]
      }
    },
    "GetStatistics": {
      "parameters": {
        "kind": "struct",
        "members": []
      },
      "reply": {
        "kind": "struct",
        "members": [
          {
            "name": "statistics",
            "type": {
              "kind": "reference",
              "name": "Statistics"
            }
          }
        ]
      }
    },
    "Watch": {
      "parameters": {
        "kind": "struct",
        "members": []
      },
      "reply": {
        "kind": "struct",
        "members": [
          {
            "name": "event",
            "type": {
              "kind": "reference",
              "name": "Event"
            }
          }
        ]
      }
    },
    "Maintain": {
      "parameters": {
        "kind": "struct",
        "members": []
      },
      "reply": {
        "kind": "struct",
        "members": []
      }
    },
    "Stop": {
      "parameters": {
        "kind": "struct",
        "members": []
      },
      "reply": {
        "kind": "struct",
        "members": []
      }
    }
  },
  "errors": {
    "CookieRefused": {
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
    },
    "CertificateMissing": {
      "parameters": {
        "kind": "struct",
        "members": []
      }
    },
    "SettingsRefused": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "message",
            "type": {
              "kind": "string"
            }
          }
        ]
      }
    },
    "UnknownSession": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "sessionId",
            "type": {
              "kind": "string"
            }
          }
        ]
      }
    },
    "ConfigurationRefused": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "message",
            "type": {
              "kind": "string"
            }
          }
        ]
      }
    }
  }
};
