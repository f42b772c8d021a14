// Generated from org.ocserv.Worker.varlink by core/interfaces/generate.ts; do not edit.
import type { InterfaceDescription } from '../../varlink/index.ts';

/** One accepted TCP connection. `ticket` is main's sealed statement about it, which the worker can neither
 * read nor change and hands on to the security module with every login. */
export type WorkerConnection = {
  /** Unique as long as the server runs; the ID that occtl shows. */
  readonly id: number;
  readonly ticket: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** Milliseconds since 1970. */
  readonly acceptedAt: number;
};

/** Counters of one tunnel, seen from the server: rx is what came from the client. Inner IP bytes and packets. */
export type WorkerCounters = {
  readonly sessionId: string;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxPackets: number;
  readonly txPackets: number;
  /** Packets not delivered, all reasons together. */
  readonly rxDropped: number;
  readonly txDropped: number;
  /** DTLS records of the client that did not arrive. */
  readonly rxLost: number;
  /** Of the TLS connection; 0: unknown. */
  readonly roundTripMicros: number;
};

export type WorkerMethods = {
  /** A new configuration. Handshakes begun after the reply use it; open tunnels keep what they were opened with. */
  Configure: {
    parameters: {
      readonly generation: number;
      readonly configuration: Record<string, unknown>;
    };
    reply: Record<string, never>;
  };
  /** A client to serve. Descriptor 0: the TCP socket. */
  Serve: {
    parameters: {
      readonly connection: WorkerConnection;
    };
    reply: Record<string, never>;
  };
  /** A fresh connection to the security module, at start and after its restart. Descriptor 0: a stream socket. */
  AttachAuthenticator: {
    parameters: Record<string, never>;
    reply: Record<string, never>;
  };
  /** A datagram flow for a session. Descriptor 0: a UDP socket connected to the peer. `datagram` (base64) is the
   * first datagram, already read. With hello = false the datagram is an application record that must
   * authenticate under the session's keys, or the answer is accepted = false. */
  AttachDatagram: {
    parameters: {
      readonly sessionId: string;
      readonly hello: boolean;
      readonly datagram: string;
    };
    reply: {
      readonly accepted: boolean;
    };
  };
  /** Which of these sessions does this record (base64) authenticate for, if any? Costs one AEAD trial each. */
  ProbeDatagram: {
    parameters: {
      readonly sessionIds: readonly (string)[];
      readonly datagram: string;
    };
    reply: {
      readonly sessionId?: string | undefined;
    };
  };
  /** Ends a tunnel. With notify the client is told (a CSTP disconnect), so that it does not reconnect.
   * The answer is the end of it: no Sessions.TunnelClosed follows. */
  CloseTunnel: {
    parameters: {
      readonly sessionId: string;
      readonly notify: boolean;
    };
    reply: {
      readonly counters: WorkerCounters;
    };
  };
  /** Drops a connection that has no tunnel yet. */
  CloseConnection: {
    parameters: {
      readonly connectionId: number;
    };
    reply: Record<string, never>;
  };
  ListCounters: {
    parameters: Record<string, never>;
    reply: {
      readonly counters: readonly (WorkerCounters)[];
    };
  };
  /** Close everything and exit. With notify clients are told not to come back. */
  Stop: {
    parameters: {
      readonly notify: boolean;
    };
    reply: Record<string, never>;
  };
};

export const workerErrors = {
  UnknownSession: 'org.ocserv.Worker.UnknownSession',
  UnknownConnection: 'org.ocserv.Worker.UnknownConnection',
} as const;

export const workerDescription: InterfaceDescription = {
  "name": "org.ocserv.Worker",
  "text": "# What main asks of a worker. The worker is the server of this door.\ninterface org.ocserv.Worker\n\n# One accepted TCP connection. `ticket` is main's sealed statement about it, which the worker can neither\n# read nor change and hands on to the security module with every login.\ntype Connection (\n  # Unique as long as the server runs; the ID that occtl shows.\n  id: int,\n  ticket: string,\n  remoteAddress: string,\n  remotePort: int,\n  localAddress: string,\n  localPort: int,\n  # Milliseconds since 1970.\n  acceptedAt: int\n)\n\n# Counters of one tunnel, seen from the server: rx is what came from the client. Inner IP bytes and packets.\ntype Counters (\n  sessionId: string,\n  rxBytes: int,\n  txBytes: int,\n  rxPackets: int,\n  txPackets: int,\n  # Packets not delivered, all reasons together.\n  rxDropped: int,\n  txDropped: int,\n  # DTLS records of the client that did not arrive.\n  rxLost: int,\n  # Of the TLS connection; 0: unknown.\n  roundTripMicros: int\n)\n\n# A new configuration. Handshakes begun after the reply use it; open tunnels keep what they were opened with.\nmethod Configure(generation: int, configuration: object) -> ()\n\n# A client to serve. Descriptor 0: the TCP socket.\nmethod Serve(connection: Connection) -> ()\n\n# A fresh connection to the security module, at start and after its restart. Descriptor 0: a stream socket.\nmethod AttachAuthenticator() -> ()\n\n# A datagram flow for a session. Descriptor 0: a UDP socket connected to the peer. `datagram` (base64) is the\n# first datagram, already read. With hello = false the datagram is an application record that must\n# authenticate under the session's keys, or the answer is accepted = false.\nmethod AttachDatagram(sessionId: string, hello: bool, datagram: string) -> (accepted: bool)\n\n# Which of these sessions does this record (base64) authenticate for, if any? Costs one AEAD trial each.\nmethod ProbeDatagram(sessionIds: []string, datagram: string) -> (sessionId: ?string)\n\n# Ends a tunnel. With notify the client is told (a CSTP disconnect), so that it does not reconnect.\n# The answer is the end of it: no Sessions.TunnelClosed follows.\nmethod CloseTunnel(sessionId: string, notify: bool) -> (counters: Counters)\n\n# Drops a connection that has no tunnel yet.\nmethod CloseConnection(connectionId: int) -> ()\n\nmethod ListCounters() -> (counters: []Counters)\n\n# Close everything and exit. With notify clients are told not to come back.\nmethod Stop(notify: bool) -> ()\n\nerror UnknownSession (sessionId: string)\nerror UnknownConnection (connectionId: int)\n",
  "types": {
    "Connection": {
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
            "name": "ticket",
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
            "name": "remotePort",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "localAddress",
            "type": {
              "kind": "string"
            }
          },
          {
            "name": "localPort",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "acceptedAt",
            "type": {
              "kind": "int"
            }
          }
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
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": []
      }
    },
    "Serve": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "connection",
            "type": {
              "kind": "reference",
              "name": "Connection"
            }
          }
        ]
      },
      "reply": {
        "kind": "struct",
        "members": []
      }
    },
    "AttachAuthenticator": {
      "parameters": {
        "kind": "struct",
        "members": []
      },
      "reply": {
        "kind": "struct",
        "members": []
      }
    },
    "AttachDatagram": {
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
            "name": "hello",
            "type": {
              "kind": "bool"
            }
          },
          {
            "name": "datagram",
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
            "name": "accepted",
            "type": {
              "kind": "bool"
            }
          }
        ]
      }
    },
    "ProbeDatagram": {
      "parameters": {
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
          },
          {
            "name": "datagram",
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
            "name": "sessionId",
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
    "CloseTunnel": {
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
            "name": "notify",
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
            "name": "counters",
            "type": {
              "kind": "reference",
              "name": "Counters"
            }
          }
        ]
      }
    },
    "CloseConnection": {
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
    },
    "ListCounters": {
      "parameters": {
        "kind": "struct",
        "members": []
      },
      "reply": {
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
      }
    },
    "Stop": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "notify",
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
    }
  },
  "errors": {
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
