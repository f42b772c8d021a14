// Generated from org.ocserv.Sessions.varlink by core/interfaces/generate.ts; do not edit.
import type { InterfaceDescription } from '../../varlink/index.ts';

export type SessionsState = 'handshake' | 'login' | 'authenticated';

/** Why a tunnel ended. One word for log, script, accounting and occtl. */
export type SessionsReason = 'unspecified' | 'userDisconnect' | 'temporary' | 'serverDisconnect' | 'idleTimeout' | 'dpdTimeout' | 'sessionTimeout' | 'error' | 'takeover' | 'healthProbe';

export type SessionsCounters = {
  readonly sessionId: string;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxPackets: number;
  readonly txPackets: number;
  readonly rxDropped: number;
  readonly txDropped: number;
  /** DTLS records of the client that did not arrive. */
  readonly rxLost: number;
  /** Of the TLS connection; 0: unknown. */
  readonly roundTripMicros: number;
};

/** Everything the worker needs to build the CONNECT answer and run the tunnel. Absent = not set. */
export type SessionsTunnelSettings = {
  /** Public name of the session; the cookie cannot be derived from it. */
  readonly sessionId: string;
  readonly username: string;
  readonly groupname?: string | undefined;
  readonly vhost: string;
  /** Milliseconds since 1970; the login that made the cookie. */
  readonly startedAt: number;
  readonly ipv4?: {
    readonly address: string;
    readonly netmask: string;
    readonly local: string;
  } | undefined;
  readonly ipv6?: {
    readonly address: string;
    readonly prefix: number;
    readonly local: string;
  } | undefined;
  readonly hostname?: string | undefined;
  readonly dns: readonly (string)[];
  readonly nbns: readonly (string)[];
  readonly defaultDomains: readonly (string)[];
  readonly splitDns: readonly (string)[];
  /** IPv4 as address/dotted-mask, IPv6 as address/prefix. Empty = everything through the tunnel. */
  readonly routes: readonly (string)[];
  readonly noRoutes: readonly (string)[];
  readonly tunnelAllDns: boolean;
  readonly clientBypassProtocol: boolean;
  readonly dpdSeconds: number;
  readonly mobileDpdSeconds: number;
  readonly keepaliveSeconds: number;
  readonly idleTimeoutSeconds: number;
  readonly mobileIdleTimeoutSeconds: number;
  readonly sessionTimeoutSeconds: number;
  /** Upper bound of the link MTU; 0 = the tun device's default. */
  readonly mtuBytes: number;
  readonly udp: boolean;
  readonly netPriority?: string | undefined;
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  /** Inner source networks the client may use besides its own addresses. */
  readonly iroutes: readonly (string)[];
  /** The tun device was opened with a virtio network header (IFF_VNET_HDR) and segmentation offload. */
  readonly tunOffload: boolean;
  readonly device: string;
};

export type SessionsKdcStep = 'connect' | 'send' | 'receive';

export type SessionsMethods = {
  /** What is known of a connection so far; sent whenever something of it changes. */
  ReportConnection: {
    parameters: {
      readonly connectionId: number;
      readonly state: SessionsState;
      readonly vhost: string;
      readonly userAgent?: string | undefined;
      readonly username?: string | undefined;
      readonly tlsCiphersuite?: string | undefined;
    };
    reply: Record<string, never>;
  };
  /** The connection is gone and had no tunnel. */
  ConnectionClosed: {
    parameters: {
      readonly connectionId: number;
      readonly reason: SessionsReason;
    };
    reply: Record<string, never>;
  };
  /** CONNECT with a cookie. Answers with the tun device as descriptor 0. Waits for the connect script. */
  OpenSession: {
    parameters: {
      readonly connectionId: number;
      /** base64 of 32 bytes, as the client sent it. */
      readonly cookie: string;
      readonly vhost: string;
      readonly userAgent?: string | undefined;
      readonly hostname?: string | undefined;
      readonly deviceType?: string | undefined;
      readonly devicePlatform?: string | undefined;
      readonly wantsIpv4: boolean;
      readonly wantsIpv6: boolean;
      /** 64 hex digits, announced to the client as X-DTLS-App-ID; absent without DTLS. */
      readonly dtlsId?: string | undefined;
      readonly tlsCiphersuite?: string | undefined;
    };
    reply: {
      readonly settings: SessionsTunnelSettings;
    };
  };
  /** The tunnel is up: what was negotiated. Sent again when it changes. */
  TunnelChanged: {
    parameters: {
      readonly sessionId: string;
      readonly tunnelMtu: number;
      readonly dtlsCiphersuite?: string | undefined;
      readonly cstpCompression?: string | undefined;
      readonly dtlsCompression?: string | undefined;
    };
    reply: Record<string, never>;
  };
  TunnelClosed: {
    parameters: {
      readonly sessionId: string;
      readonly reason: SessionsReason;
      readonly counters: SessionsCounters;
    };
    reply: Record<string, never>;
  };
  /** Sent every half minute for all tunnels of the worker, so that little is lost if it dies. */
  ReportCounters: {
    parameters: {
      readonly counters: readonly (SessionsCounters)[];
    };
    reply: Record<string, never>;
  };
  /** A Kerberos request for a KDC of the row that virtual host, path and realm name (absent: the first of the path). Costs
   * ban-points-kkdcp. One at a time for a connection, and none behind CONNECT. */
  AskKdc: {
    parameters: {
      readonly connectionId: number;
      readonly vhost: string;
      readonly path: string;
      readonly realm?: string | undefined;
      /** base64, without a length in front. */
      readonly request: string;
    };
    reply: {
      readonly reply: string;
    };
  };
  /** A request to the KDC proxy that the worker refused by itself; it costs the same. */
  CountKdcRequest: {
    parameters: {
      readonly connectionId: number;
    };
    reply: Record<string, never>;
  };
};

export const sessionsErrors = {
  CookieRefused: 'org.ocserv.Sessions.CookieRefused',
  CertificateMissing: 'org.ocserv.Sessions.CertificateMissing',
  SessionUnavailable: 'org.ocserv.Sessions.SessionUnavailable',
  NoNetwork: 'org.ocserv.Sessions.NoNetwork',
  NoFreeAddress: 'org.ocserv.Sessions.NoFreeAddress',
  KdcRefused: 'org.ocserv.Sessions.KdcRefused',
  KdcFailed: 'org.ocserv.Sessions.KdcFailed',
  UnknownSession: 'org.ocserv.Sessions.UnknownSession',
  UnknownConnection: 'org.ocserv.Sessions.UnknownConnection',
} as const;

export const sessionsDescription: InterfaceDescription = {
  "name": "org.ocserv.Sessions",
  "text": "# What a worker asks of main. The worker is untrusted: main checks every field and refers to nothing but\n# connections and sessions that belong to the worker on this door.\ninterface org.ocserv.Sessions\n\ntype State (handshake, login, authenticated)\n\n# Why a tunnel ended. One word for log, script, accounting and occtl.\ntype Reason (\n  unspecified, userDisconnect, temporary, serverDisconnect, idleTimeout, dpdTimeout, sessionTimeout,\n  error, takeover, healthProbe\n)\n\ntype Counters (\n  sessionId: string,\n  rxBytes: int,\n  txBytes: int,\n  rxPackets: int,\n  txPackets: int,\n  rxDropped: int,\n  txDropped: int,\n  # DTLS records of the client that did not arrive.\n  rxLost: int,\n  # Of the TLS connection; 0: unknown.\n  roundTripMicros: int\n)\n\n# Everything the worker needs to build the CONNECT answer and run the tunnel. Absent = not set.\ntype TunnelSettings (\n  # Public name of the session; the cookie cannot be derived from it.\n  sessionId: string,\n  username: string,\n  groupname: ?string,\n  vhost: string,\n  # Milliseconds since 1970; the login that made the cookie.\n  startedAt: int,\n  ipv4: ?(address: string, netmask: string, local: string),\n  ipv6: ?(address: string, prefix: int, local: string),\n  hostname: ?string,\n  dns: []string,\n  nbns: []string,\n  defaultDomains: []string,\n  splitDns: []string,\n  # IPv4 as address/dotted-mask, IPv6 as address/prefix. Empty = everything through the tunnel.\n  routes: []string,\n  noRoutes: []string,\n  tunnelAllDns: bool,\n  clientBypassProtocol: bool,\n  dpdSeconds: int,\n  mobileDpdSeconds: int,\n  keepaliveSeconds: int,\n  idleTimeoutSeconds: int,\n  mobileIdleTimeoutSeconds: int,\n  sessionTimeoutSeconds: int,\n  # Upper bound of the link MTU; 0 = the tun device's default.\n  mtuBytes: int,\n  udp: bool,\n  netPriority: ?string,\n  rxBytesPerSecond: int,\n  txBytesPerSecond: int,\n  # Inner source networks the client may use besides its own addresses.\n  iroutes: []string,\n  # The tun device was opened with a virtio network header (IFF_VNET_HDR) and segmentation offload.\n  tunOffload: bool,\n  device: string\n)\n\n# What is known of a connection so far; sent whenever something of it changes.\nmethod ReportConnection(\n  connectionId: int, state: State, vhost: string, userAgent: ?string, username: ?string, tlsCiphersuite: ?string\n) -> ()\n\n# The connection is gone and had no tunnel.\nmethod ConnectionClosed(connectionId: int, reason: Reason) -> ()\n\n# CONNECT with a cookie. Answers with the tun device as descriptor 0. Waits for the connect script.\nmethod OpenSession(\n  connectionId: int,\n  # base64 of 32 bytes, as the client sent it.\n  cookie: string,\n  vhost: string,\n  userAgent: ?string,\n  hostname: ?string,\n  deviceType: ?string,\n  devicePlatform: ?string,\n  wantsIpv4: bool,\n  wantsIpv6: bool,\n  # 64 hex digits, announced to the client as X-DTLS-App-ID; absent without DTLS.\n  dtlsId: ?string,\n  tlsCiphersuite: ?string\n) -> (settings: TunnelSettings)\n\n# The tunnel is up: what was negotiated. Sent again when it changes.\nmethod TunnelChanged(\n  sessionId: string, tunnelMtu: int, dtlsCiphersuite: ?string, cstpCompression: ?string, dtlsCompression: ?string\n) -> ()\n\nmethod TunnelClosed(sessionId: string, reason: Reason, counters: Counters) -> ()\n\n# Sent every half minute for all tunnels of the worker, so that little is lost if it dies.\nmethod ReportCounters(counters: []Counters) -> ()\n\n# A Kerberos request for a KDC of the row that virtual host, path and realm name (absent: the first of the path). Costs\n# ban-points-kkdcp. One at a time for a connection, and none behind CONNECT.\nmethod AskKdc(\n  connectionId: int,\n  vhost: string,\n  path: string,\n  realm: ?string,\n  # base64, without a length in front.\n  request: string\n) -> (reply: string)\n\n# A request to the KDC proxy that the worker refused by itself; it costs the same.\nmethod CountKdcRequest(connectionId: int) -> ()\n\ntype KdcStep (connect, send, receive)\n\n# The cookie is unknown, expired, of somebody else, or the session is not wanted now; log in again.\nerror CookieRefused (reason: string)\n# The session needs the certificate it was logged in with, and this connection has not presented it.\nerror CertificateMissing ()\n# The server's own trouble, as when no device can be made. The client may come back with the same cookie.\nerror SessionUnavailable (reason: string)\n# No network is configured for this client.\nerror NoNetwork ()\n\n# Every address of the pools is taken; another client may leave at any time.\nerror NoFreeAddress ()\n# The KDC was not asked: no such row, too many requests at a time, or the client is banned.\nerror KdcRefused (reason: string)\n# No KDC of the row has answered.\nerror KdcFailed (step: KdcStep, reason: string)\nerror UnknownSession (sessionId: string)\nerror UnknownConnection (connectionId: int)\n",
  "types": {
    "State": {
      "type": {
        "kind": "enum",
        "values": [
          "handshake",
          "login",
          "authenticated"
        ]
      }
    },
    "Reason": {
      "type": {
        "kind": "enum",
        "values": [
          "unspecified",
          "userDisconnect",
          "temporary",
          "serverDisconnect",
          "idleTimeout",
          "dpdTimeout",
          "sessionTimeout",
          "error",
          "takeover",
          "healthProbe"
        ]
      }
    },
    "Counters": {
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
          },
          {
            "name": "rxPackets",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "txPackets",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "rxDropped",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "txDropped",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "rxLost",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "roundTripMicros",
            "type": {
              "kind": "int"
            }
          }
        ]
      }
    },
    "TunnelSettings": {
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
            "name": "ipv4",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "struct",
                "members": [
                  {
                    "name": "address",
                    "type": {
                      "kind": "string"
                    }
                  },
                  {
                    "name": "netmask",
                    "type": {
                      "kind": "string"
                    }
                  },
                  {
                    "name": "local",
                    "type": {
                      "kind": "string"
                    }
                  }
                ]
              }
            }
          },
          {
            "name": "ipv6",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "struct",
                "members": [
                  {
                    "name": "address",
                    "type": {
                      "kind": "string"
                    }
                  },
                  {
                    "name": "prefix",
                    "type": {
                      "kind": "int"
                    }
                  },
                  {
                    "name": "local",
                    "type": {
                      "kind": "string"
                    }
                  }
                ]
              }
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
            "name": "defaultDomains",
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
            "name": "tunnelAllDns",
            "type": {
              "kind": "bool"
            }
          },
          {
            "name": "clientBypassProtocol",
            "type": {
              "kind": "bool"
            }
          },
          {
            "name": "dpdSeconds",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "mobileDpdSeconds",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "keepaliveSeconds",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "idleTimeoutSeconds",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "mobileIdleTimeoutSeconds",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "sessionTimeoutSeconds",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "mtuBytes",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "udp",
            "type": {
              "kind": "bool"
            }
          },
          {
            "name": "netPriority",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "rxBytesPerSecond",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "txBytesPerSecond",
            "type": {
              "kind": "int"
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
            "name": "tunOffload",
            "type": {
              "kind": "bool"
            }
          },
          {
            "name": "device",
            "type": {
              "kind": "string"
            }
          }
        ]
      }
    },
    "KdcStep": {
      "type": {
        "kind": "enum",
        "values": [
          "connect",
          "send",
          "receive"
        ]
      }
    }
  },
  "methods": {
    "ReportConnection": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "connectionId",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "state",
            "type": {
              "kind": "reference",
              "name": "State"
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
            "name": "username",
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
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": []
      }
    },
    "ConnectionClosed": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "connectionId",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "reason",
            "type": {
              "kind": "reference",
              "name": "Reason"
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
            "name": "connectionId",
            "type": {
              "kind": "int"
            }
          },
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
            "name": "userAgent",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
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
          },
          {
            "name": "wantsIpv4",
            "type": {
              "kind": "bool"
            }
          },
          {
            "name": "wantsIpv6",
            "type": {
              "kind": "bool"
            }
          },
          {
            "name": "dtlsId",
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
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": [
          {
            "name": "settings",
            "type": {
              "kind": "reference",
              "name": "TunnelSettings"
            }
          }
        ]
      }
    },
    "TunnelChanged": {
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
            "name": "tunnelMtu",
            "type": {
              "kind": "int"
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
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": []
      }
    },
    "TunnelClosed": {
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
            "name": "reason",
            "type": {
              "kind": "reference",
              "name": "Reason"
            }
          },
          {
            "name": "counters",
            "type": {
              "kind": "reference",
              "name": "Counters"
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
            "name": "counters",
            "type": {
              "kind": "array",
              "element": {
                "kind": "reference",
                "name": "Counters"
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
    "AskKdc": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "connectionId",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "vhost",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "path",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "realm",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
            }
          },
          {
            "name": "request",
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
            "name": "reply",
            "type": {
              "kind": "string"
            }
          }
        ]
      }
    },
    "CountKdcRequest": {
      "parameters": {
        "kind": "struct",
        "members": [
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
    "SessionUnavailable": {
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
    "NoNetwork": {
      "parameters": {
        "kind": "struct",
        "members": []
      }
    },
    "NoFreeAddress": {
      "parameters": {
        "kind": "struct",
        "members": []
      }
    },
    "KdcRefused": {
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
    "KdcFailed": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "step",
            "type": {
              "kind": "reference",
              "name": "KdcStep"
            }
          },
          {
            "name": "reason",
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
    "UnknownConnection": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "connectionId",
            "type": {
              "kind": "int"
            }
          }
        ]
      }
    }
  }
};
