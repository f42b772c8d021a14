// Generated from org.ocserv.Control.varlink by core/interfaces/generate.ts; do not edit.
import type { InterfaceDescription } from '../../varlink/index.ts';

export type ControlStatus = {
  readonly version: string;
  readonly serverPid: number;
  readonly secmodPid: number;
  readonly secmodInstances: number;
  readonly upSince: number;
  readonly activeSessions: number;
  readonly totalSessions: number;
  readonly totalAuthenticationFailures: number;
  readonly bannedAddresses: number;
  readonly clientEntries: number;
  readonly tlsEntries: number;
  readonly lastStatisticsReset: number;
  readonly sessionsHandled: number;
  readonly timedOutSessions: number;
  readonly idleTimedOutSessions: number;
  readonly errorSessions: number;
  readonly authenticationFailures: number;
  readonly averageAuthSeconds: number;
  readonly maxAuthSeconds: number;
  readonly averageSessionSeconds: number;
  readonly maxSessionSeconds: number;
  readonly minMtu: number;
  readonly maxMtu: number;
  readonly rxBytes: number;
  readonly txBytes: number;
};

export type ControlUser = {
  readonly id: number;
  readonly username?: string | undefined;
  readonly groupname?: string | undefined;
  readonly state: 'connected' | 'authenticating' | 'preAuth' | 'failed';
  readonly vhost: string;
  readonly device?: string | undefined;
  readonly mtu?: number | undefined;
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly ipv4?: string | undefined;
  readonly ipv4Peer?: string | undefined;
  readonly ipv6?: string | undefined;
  readonly ipv6Peer?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly rxLimit?: number | undefined;
  readonly txLimit?: number | undefined;
  readonly rxBytes?: number | undefined;
  readonly txBytes?: number | undefined;
  readonly rxPackets?: number | undefined;
  readonly txPackets?: number | undefined;
  readonly rxDropped?: number | undefined;
  readonly txDropped?: number | undefined;
  readonly dpd: number;
  readonly keepalive: number;
  readonly hostname?: string | undefined;
  readonly connectedAt: number;
  /** 0 before the login. */
  readonly sessionStartedAt: number;
  readonly sessionId?: string | undefined;
  readonly tlsCiphersuite?: string | undefined;
  readonly dtlsCiphersuite?: string | undefined;
  readonly cstpCompression?: string | undefined;
  readonly dtlsCompression?: string | undefined;
  readonly dns: readonly (string)[];
  readonly nbns: readonly (string)[];
  readonly splitDns: readonly (string)[];
  readonly routes: readonly (string)[];
  readonly noRoutes: readonly (string)[];
  readonly iroutes: readonly (string)[];
  readonly restrictedToRoutes: boolean;
  readonly restrictedToPorts: readonly (string)[];
};

export type ControlSession = {
  readonly sessionId: string;
  readonly createdAt: number;
  readonly expiresAt?: number | undefined;
  readonly state: 'authenticated' | 'authenticating' | 'failed' | 'preAuth';
  readonly username: string;
  readonly groupname?: string | undefined;
  readonly vhost: string;
  readonly userAgent?: string | undefined;
  readonly remoteAddress: string;
  readonly isOpen: boolean;
  readonly certificateAuth: boolean;
  readonly inUse: boolean;
};

export type ControlBan = {
  readonly address: string;
  readonly score: number;
  readonly banned: boolean;
  readonly expiresAt?: number | undefined;
};

/** list: the users connected when the watch began, once. Then one event per change. */
export type ControlEvent = {
  readonly kind: 'list' | 'connect' | 'disconnect';
  readonly users?: readonly (ControlUser)[] | undefined;
  readonly user?: ControlUser | undefined;
  readonly reason?: string | undefined;
  readonly seconds?: number | undefined;
};

export type ControlMethods = {
  GetStatus: {
    parameters: Record<string, never>;
    reply: {
      readonly status: ControlStatus;
    };
  };
  /** All connections, newest first; narrowed to a user name or a connection id when given. */
  ListUsers: {
    parameters: {
      readonly username?: string | undefined;
      readonly id?: number | undefined;
    };
    reply: {
      readonly users: readonly (ControlUser)[];
    };
  };
  ListSessions: {
    parameters: Record<string, never>;
    reply: {
      readonly sessions: readonly (ControlSession)[];
    };
  };
  ListBans: {
    parameters: Record<string, never>;
    reply: {
      readonly bans: readonly (ControlBan)[];
    };
  };
  Watch: {
    parameters: Record<string, never>;
    reply: {
      readonly event: ControlEvent;
    };
  };
  /** Ends connections; the answer counts them. terminate also revokes the cookie. */
  DisconnectUser: {
    parameters: {
      readonly username: string;
      readonly terminate: boolean;
    };
    reply: {
      readonly count: number;
    };
  };
  DisconnectId: {
    parameters: {
      readonly id: number;
      readonly terminate: boolean;
    };
    reply: {
      readonly count: number;
    };
  };
  /** Revokes one session's cookie; a prefix of the id suffices if it is unique. */
  TerminateSession: {
    parameters: {
      readonly sessionId: string;
    };
    reply: {
      readonly session: ControlSession;
    };
  };
  UnbanAddress: {
    parameters: {
      readonly address: string;
    };
    reply: Record<string, never>;
  };
  /** Applies the configuration file again. Nothing changes if it is refused; `problems` then says why. */
  Reload: {
    parameters: Record<string, never>;
    reply: {
      readonly needsRestart: readonly (string)[];
    };
  };
  Stop: {
    parameters: Record<string, never>;
    reply: Record<string, never>;
  };
};

export const controlErrors = {
  PermissionDenied: 'org.ocserv.Control.PermissionDenied',
  NotFound: 'org.ocserv.Control.NotFound',
  AmbiguousSession: 'org.ocserv.Control.AmbiguousSession',
  ReloadRefused: 'org.ocserv.Control.ReloadRefused',
} as const;

export const controlDescription: InterfaceDescription = {
  "name": "org.ocserv.Control",
  "text": "# The public control interface of the server, for occtl and any other Varlink client. Plain Varlink.\n# Only root may connect. Times are seconds since 1970, sizes bytes.\ninterface org.ocserv.Control\n\ntype Status (\n  version: string,\n  serverPid: int,\n  secmodPid: int,\n  secmodInstances: int,\n  upSince: int,\n  activeSessions: int,\n  totalSessions: int,\n  totalAuthenticationFailures: int,\n  bannedAddresses: int,\n  clientEntries: int,\n  tlsEntries: int,\n  lastStatisticsReset: int,\n  sessionsHandled: int,\n  timedOutSessions: int,\n  idleTimedOutSessions: int,\n  errorSessions: int,\n  authenticationFailures: int,\n  averageAuthSeconds: int,\n  maxAuthSeconds: int,\n  averageSessionSeconds: int,\n  maxSessionSeconds: int,\n  minMtu: int,\n  maxMtu: int,\n  rxBytes: int,\n  txBytes: int\n)\n\ntype User (\n  id: int,\n  username: ?string,\n  groupname: ?string,\n  state: (connected, authenticating, preAuth, failed),\n  vhost: string,\n  device: ?string,\n  mtu: ?int,\n  remoteAddress: string,\n  localAddress: string,\n  ipv4: ?string,\n  ipv4Peer: ?string,\n  ipv6: ?string,\n  ipv6Peer: ?string,\n  userAgent: ?string,\n  rxLimit: ?int,\n  txLimit: ?int,\n  rxBytes: ?int,\n  txBytes: ?int,\n  rxPackets: ?int,\n  txPackets: ?int,\n  rxDropped: ?int,\n  txDropped: ?int,\n  dpd: int,\n  keepalive: int,\n  hostname: ?string,\n  connectedAt: int,\n  # 0 before the login.\n  sessionStartedAt: int,\n  sessionId: ?string,\n  tlsCiphersuite: ?string,\n  dtlsCiphersuite: ?string,\n  cstpCompression: ?string,\n  dtlsCompression: ?string,\n  dns: []string,\n  nbns: []string,\n  splitDns: []string,\n  routes: []string,\n  noRoutes: []string,\n  iroutes: []string,\n  restrictedToRoutes: bool,\n  restrictedToPorts: []string\n)\n\ntype Session (\n  sessionId: string,\n  createdAt: int,\n  expiresAt: ?int,\n  state: (authenticated, authenticating, failed, preAuth),\n  username: string,\n  groupname: ?string,\n  vhost: string,\n  userAgent: ?string,\n  remoteAddress: string,\n  isOpen: bool,\n  certificateAuth: bool,\n  inUse: bool\n)\n\ntype Ban (address: string, score: int, banned: bool, expiresAt: ?int)\n\n# list: the users connected when the watch began, once. Then one event per change.\ntype Event (\n  kind: (list, connect, disconnect),\n  users: ?[]User,\n  user: ?User,\n  reason: ?string,\n  seconds: ?int\n)\n\nmethod GetStatus() -> (status: Status)\n# All connections, newest first; narrowed to a user name or a connection id when given.\nmethod ListUsers(username: ?string, id: ?int) -> (users: []User)\nmethod ListSessions() -> (sessions: []Session)\nmethod ListBans() -> (bans: []Ban)\nmethod Watch() -> (event: Event)\n\n# Ends connections; the answer counts them. terminate also revokes the cookie.\nmethod DisconnectUser(username: string, terminate: bool) -> (count: int)\nmethod DisconnectId(id: int, terminate: bool) -> (count: int)\n# Revokes one session's cookie; a prefix of the id suffices if it is unique.\nmethod TerminateSession(sessionId: string) -> (session: Session)\nmethod UnbanAddress(address: string) -> ()\n\n# Applies the configuration file again. Nothing changes if it is refused; `problems` then says why.\nmethod Reload() -> (needsRestart: []string)\nmethod Stop() -> ()\n\nerror PermissionDenied ()\nerror NotFound ()\nerror AmbiguousSession (sessions: []Session)\nerror ReloadRefused (problems: []string)\n",
  "types": {
    "Status": {
      "type": {
        "kind": "struct",
        "members": [
          {
            "name": "version",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "serverPid",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "secmodPid",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "secmodInstances",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "upSince",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "activeSessions",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "totalSessions",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "totalAuthenticationFailures",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "bannedAddresses",
            "type": {
              "kind": "int"
            }
          },
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
            "name": "lastStatisticsReset",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "sessionsHandled",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "timedOutSessions",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "idleTimedOutSessions",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "errorSessions",
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
            "name": "averageSessionSeconds",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "maxSessionSeconds",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "minMtu",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "maxMtu",
            "type": {
              "kind": "int"
            }
          },
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
    "User": {
      "type": {
        "kind": "struct",
        "members": [
          {
            "name": "id",
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
            "name": "groupname",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "state",
            "type": {
              "kind": "enum",
              "values": [
                "connected",
                "authenticating",
                "preAuth",
                "failed"
              ]
            }
          },
          {
            "name": "vhost",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "device",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "mtu",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "int"
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
            "name": "ipv4Peer",
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
          },
          {
            "name": "ipv6Peer",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
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
            "name": "rxLimit",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "int"
              }
            }
          },
          {
            "name": "txLimit",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "int"
              }
            }
          },
          {
            "name": "rxBytes",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "int"
              }
            }
          },
          {
            "name": "txBytes",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "int"
              }
            }
          },
          {
            "name": "rxPackets",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "int"
              }
            }
          },
          {
            "name": "txPackets",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "int"
              }
            }
          },
          {
            "name": "rxDropped",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "int"
              }
            }
          },
          {
            "name": "txDropped",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "int"
              }
            }
          },
          {
            "name": "dpd",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "keepalive",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "hostname",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "connectedAt",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "sessionStartedAt",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "sessionId",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "tlsCiphersuite",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "dtlsCiphersuite",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "cstpCompression",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "dtlsCompression",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "dns",
            "type": {
              "kind": "array",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "nbns",
            "type": {
              "kind": "array",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "splitDns",
            "type": {
              "kind": "array",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "routes",
            "type": {
              "kind": "array",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "noRoutes",
            "type": {
              "kind": "array",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "iroutes",
            "type": {
              "kind": "array",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "restrictedToRoutes",
            "type": {
              "kind": "bool"
            }
          },
          {
            "name": "restrictedToPorts",
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
    "Session": {
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
    "Ban": {
      "type": {
        "kind": "struct",
        "members": [
          {
            "name": "address",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "score",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "banned",
            "type": {
              "kind": "bool"
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
                "list",
                "connect",
                "disconnect"
              ]
            }
          },
          {
            "name": "users",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "array",
                "element": {
                  "kind": "reference",
                  "name": "User"
                }
              }
            }
          },
          {
            "name": "user",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "reference",
                "name": "User"
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
            "name": "seconds",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "int"
              }
            }
          }
        ]
      }
    }
  },
  "methods": {
    "GetStatus": {
      "parameters": {
        "kind": "struct",
        "members": []
      },
      "reply": {
        "kind": "struct",
        "members": [
          {
            "name": "status",
            "type": {
              "kind": "reference",
              "name": "Status"
            }
          }
        ]
      }
    },
    "ListUsers": {
      "parameters": {
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
            "name": "id",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "int"
              }
            }
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": [
          {
            "name": "users",
            "type": {
              "kind": "array",
              "element": {
                "kind": "reference",
                "name": "User"
              }
            }
          }
        ]
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
                "name": "Session"
              }
            }
          }
        ]
      }
    },
    "ListBans": {
      "parameters": {
        "kind": "struct",
        "members": []
      },
      "reply": {
        "kind": "struct",
        "members": [
          {
            "name": "bans",
            "type": {
              "kind": "array",
              "element": {
                "kind": "reference",
                "name": "Ban"
              }
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
    "DisconnectUser": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "username",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "terminate",
            "type": {
              "kind": "bool"
            }
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": [
          {
            "name": "count",
            "type": {
              "kind": "int"
            }
          }
        ]
      }
    },
    "DisconnectId": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "id",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "terminate",
            "type": {
              "kind": "bool"
            }
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": [
          {
            "name": "count",
            "type": {
              "kind": "int"
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
            "name": "session",
            "type": {
              "kind": "reference",
              "name": "Session"
            }
          }
        ]
      }
    },
    "UnbanAddress": {
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
    "Reload": {
      "parameters": {
        "kind": "struct",
        "members": []
      },
      "reply": {
        "kind": "struct",
        "members": [
          {
            "name": "needsRestart",
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
    "PermissionDenied": {
      "parameters": {
        "kind": "struct",
        "members": []
      }
    },
    "NotFound": {
      "parameters": {
        "kind": "struct",
        "members": []
      }
    },
    "AmbiguousSession": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "sessions",
            "type": {
              "kind": "array",
              "element": {
                "kind": "reference",
                "name": "Session"
              }
            }
          }
        ]
      }
    },
    "ReloadRefused": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "problems",
            "type": {
              "kind": "array",
              "element": {
                "kind": "string"
              }
            }
          }
        ]
      }
    }
  }
};
