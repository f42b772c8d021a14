// Generated from org.ocserv.Control.varlink by core/interfaces/generate.ts; do not edit.
import type { InterfaceDescription } from '../../varlink/index.ts';

/** Status and statistics of the server. The current period began with the last reset (`server-stats-reset-time`). */
export type ControlStatus = {
  /** Release of the server. */
  readonly version: string;
  /** Process id of main. */
  readonly serverPid: number;
  /** Process id of the security module. */
  readonly secmodPid: number;
  /** Security modules that run; 1. */
  readonly secmodInstances: number;
  /** When the server started. */
  readonly upSince: number;
  /** Open connections, those that have not logged in yet included. */
  readonly activeSessions: number;
  /** Sessions that have ended since the start. */
  readonly totalSessions: number;
  /** Failed logins since the start. */
  readonly totalAuthenticationFailures: number;
  /** Addresses that are banned now. */
  readonly bannedAddresses: number;
  /** Sessions and logins the security module knows. */
  readonly clientEntries: number;
  /** TLS sessions kept for resumption. */
  readonly tlsEntries: number;
  /** Begin of the current period. */
  readonly lastStatisticsReset: number;
  /** Sessions that ended in the current period. */
  readonly sessionsHandled: number;
  /** Of these, ended by `session-timeout`. */
  readonly timedOutSessions: number;
  /** Of these, ended by `idle-timeout`. */
  readonly idleTimedOutSessions: number;
  /** Of these, ended by an error of the connection. */
  readonly errorSessions: number;
  /** Failed logins of the current period. */
  readonly authenticationFailures: number;
  /** From the first request of a login to its success, since the start. */
  readonly averageAuthSeconds: number;
  readonly maxAuthSeconds: number;
  /** Length of the sessions that ended in the current period. */
  readonly averageSessionSeconds: number;
  readonly maxSessionSeconds: number;
  /** Smallest and largest MTU of a tunnel in the current period; 0 before there was one. */
  readonly minMtu: number;
  readonly maxMtu: number;
  /** Traffic of the sessions that ended in the current period. */
  readonly rxBytes: number;
  readonly txBytes: number;
};

/** One client connection, logged in or not. */
export type ControlUser = {
  /** Connection id: positive, counts up from the start of the server. What occtl calls ID. */
  readonly id: number;
  /** Absent before it is known. */
  readonly username?: string | undefined;
  readonly groupname?: string | undefined;
  /** connected: the tunnel is open. authenticating: a login or the opening of the tunnel is under way. preAuth: nothing
   * has been said yet. failed: the login was refused. */
  readonly state: 'connected' | 'authenticating' | 'preAuth' | 'failed';
  /** Name of the virtual host; "default" for the one without a name, "unknown" before it is known. */
  readonly vhost: string;
  /** The tun device. */
  readonly device?: string | undefined;
  /** MTU of the tun device. */
  readonly mtu?: number | undefined;
  /** The client's address, and the server's address it reached; without ports. */
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** Inner addresses: the client's, and the server's end of the tunnel. */
  readonly ipv4?: string | undefined;
  readonly ipv4Peer?: string | undefined;
  readonly ipv6?: string | undefined;
  readonly ipv6Peer?: string | undefined;
  /** As the client sent it. */
  readonly userAgent?: string | undefined;
  /** Limits of the session, from `rx-data-per-sec` and `tx-data-per-sec`; absent: none. */
  readonly rxLimit?: number | undefined;
  readonly txLimit?: number | undefined;
  /** Inner traffic of this connection so far: IP packets without tunnel headers. */
  readonly rxBytes?: number | undefined;
  readonly txBytes?: number | undefined;
  readonly rxPackets?: number | undefined;
  readonly txPackets?: number | undefined;
  /** Packets the server threw away: over a limit, from a wrong source, or a full queue. */
  readonly rxDropped?: number | undefined;
  readonly txDropped?: number | undefined;
  /** Seconds between dead peer probes and between keepalives as announced to the client; 0: none. */
  readonly dpd: number;
  readonly keepalive: number;
  /** As the client sent it; absent unless it is a valid host name. */
  readonly hostname?: string | undefined;
  /** When the connection was accepted. */
  readonly connectedAt: number;
  /** When the login began that made the session; it may have had earlier connections. 0 before the login. */
  readonly sessionStartedAt: number;
  /** 28 characters; the cookie cannot be derived from it. */
  readonly sessionId?: string | undefined;
  /** GnuTLS-style description of version, key exchange and cipher. */
  readonly tlsCiphersuite?: string | undefined;
  /** The same of DTLS; absent when there is no DTLS now. */
  readonly dtlsCiphersuite?: string | undefined;
  /** Algorithm of the channel; absent: none. */
  readonly cstpCompression?: string | undefined;
  readonly dtlsCompression?: string | undefined;
  /** What the session was told: DNS and NBNS servers, domains to resolve inside. */
  readonly dns: readonly (string)[];
  readonly nbns: readonly (string)[];
  readonly splitDns: readonly (string)[];
  /** Networks into the tunnel, and those that are not. IPv4 with dotted masks, IPv6 with prefixes. No routes: everything. */
  readonly routes: readonly (string)[];
  readonly noRoutes: readonly (string)[];
  /** Networks behind the client, reached through it. */
  readonly iroutes: readonly (string)[];
  /** The firewall lets the session reach its routes only. */
  readonly restrictedToRoutes: boolean;
  /** What `restrict-user-to-ports` allows, or forbids where the element begins with "!"; empty: no restriction. */
  readonly restrictedToPorts: readonly (string)[];
};

/** One session: a login that succeeded or is under way. It outlives its connections as long as its cookie does. */
export type ControlSession = {
  /** 28 characters; the cookie cannot be derived from it. */
  readonly sessionId: string;
  /** When the login began. */
  readonly createdAt: number;
  /** When the cookie dies unless it is used; absent while the session is in use. */
  readonly expiresAt?: number | undefined;
  readonly state: 'authenticated' | 'authenticating' | 'failed' | 'preAuth';
  readonly username: string;
  readonly groupname?: string | undefined;
  /** As for a User. */
  readonly vhost: string;
  readonly userAgent?: string | undefined;
  /** Where the login came from. */
  readonly remoteAddress: string;
  /** A tunnel was opened at least once. */
  readonly isOpen: boolean;
  /** The login was made with a certificate, alone or among others. */
  readonly certificateAuth: boolean;
  /** A tunnel is open now. */
  readonly inUse: boolean;
};

/** An address that has points: IPv4, or the base of an IPv6 /64. */
export type ControlBan = {
  readonly address: string;
  /** Points so far; `max-ban-score` of them make a ban. */
  readonly score: number;
  /** No connection of it is accepted now. */
  readonly banned: boolean;
  /** End of the ban; absent when there never was one. */
  readonly expiresAt?: number | undefined;
};

/** Something that happened, or the picture a watch begins with. */
export type ControlEvent = {
  /** Counts up, over restarts of the server too. For `list`: of the last event before the picture. */
  readonly number: number;
  /** When it happened. */
  readonly time: number;
  /** list: who is connected. connect, disconnect: a tunnel opened or ended. */
  readonly kind: 'list' | 'connect' | 'disconnect';
  /** For list: all connections with a tunnel. */
  readonly users?: readonly (ControlUser)[] | undefined;
  /** For list: events after the number the caller knew are not kept any more; this picture stands in for them. */
  readonly missed?: boolean | undefined;
  /** For connect and disconnect; as the connection was then. */
  readonly user?: ControlUser | undefined;
  /** For disconnect: why, in the words of the log ("user disconnected", "idle timeout"). */
  readonly reason?: string | undefined;
  /** For disconnect: length of the connection. */
  readonly seconds?: number | undefined;
};

/** Live figures of one open tunnel. */
export type ControlFlow = {
  /** As for a User. */
  readonly id: number;
  readonly username: string;
  readonly vhost: string;
  readonly remoteAddress: string;
  /** The client's inner addresses. */
  readonly ipv4?: string | undefined;
  readonly ipv6?: string | undefined;
  readonly device: string;
  readonly userAgent?: string | undefined;
  readonly connectedAt: number;
  /** Which channel the server sends by: dtls while there is one, else tls. */
  readonly channel: 'dtls' | 'tls';
  /** Cipher suite of that channel, as for a User. */
  readonly ciphersuite?: string | undefined;
  /** Totals, as for a User. */
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxPackets: number;
  readonly txPackets: number;
  readonly rxDropped: number;
  readonly txDropped: number;
  /** DTLS records of the client that did not arrive, by their numbers. */
  readonly rxLost: number;
  /** Mean since the previous reply; 0 in the first one. */
  readonly rxRate: number;
  readonly txRate: number;
  /** Share of the packets since the previous reply that were thrown away by the server, or lost on the way to it, 0 to 1;
   * 0 without packets. */
  readonly lossShare: number;
  /** Round-trip time of the TLS connection as the kernel measures it, in milliseconds; absent when nothing is known. */
  readonly roundTripMs?: number | undefined;
};

/** The figures of one moment. */
export type ControlStatistics = {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** Open connections, those that have not logged in yet included. */
  readonly connections: number;
  /** Sums over the tunnels. */
  readonly rxRate: number;
  readonly txRate: number;
  /** Every open tunnel, newest first. */
  readonly flows: readonly (ControlFlow)[];
};

export type ControlMethods = {
  /** Status and statistics of the server. */
  GetStatus: {
    parameters: Record<string, never>;
    reply: {
      readonly status: ControlStatus;
    };
  };
  /** All connections, newest first; narrowed to a user name (exactly as written) or a connection id when given. With `more`
   * in batches, one a reply, at least one; without, in a single reply. */
  ListUsers: {
    parameters: {
      readonly username?: string | undefined;
      readonly id?: number | undefined;
    };
    reply: {
      readonly users: readonly (ControlUser)[];
    };
  };
  /** All sessions. Batches as for ListUsers. */
  ListSessions: {
    parameters: Record<string, never>;
    reply: {
      readonly sessions: readonly (ControlSession)[];
    };
  };
  /** All addresses that have points, by address. */
  ListBans: {
    parameters: Record<string, never>;
    reply: {
      readonly bans: readonly (ControlBan)[];
    };
  };
  /** Events as they happen, one a reply, until the caller closes the connection; needs `more`. Without `since` the first
   * reply is a list. With it, first come the events after that number, and a list (with `missed`) only if some of them are
   * not kept any more: the last 1,000 are, in memory. */
  Watch: {
    parameters: {
      readonly since?: number | undefined;
    };
    reply: {
      readonly event: ControlEvent;
    };
  };
  /** The same, but what is there already, in one reply: the picture, or the events after that number. */
  ListEvents: {
    parameters: {
      readonly since?: number | undefined;
    };
    reply: {
      readonly events: readonly (ControlEvent)[];
    };
  };
  /** Live statistics, one a reply, until the caller closes the connection; needs `more`. intervalMs: 500 to 60000, default
   * 1000. Replies stop, and go on later, while the caller does not read them. */
  WatchStatistics: {
    parameters: {
      readonly intervalMs?: number | undefined;
    };
    reply: {
      readonly statistics: ControlStatistics;
    };
  };
  /** Ends all connections of a user; the answer counts them. terminate also revokes the cookies, those of sessions without a
   * connection too; without it they die as well, unless `persistent-cookies` is set. NotFound: nobody of this name. */
  DisconnectUser: {
    parameters: {
      readonly username: string;
      readonly terminate: boolean;
    };
    reply: {
      readonly count: number;
    };
  };
  /** The same for one connection. */
  DisconnectId: {
    parameters: {
      readonly id: number;
      readonly terminate: boolean;
    };
    reply: {
      readonly count: number;
    };
  };
  /** Revokes one session's cookie; a beginning of the id suffices if it is unique. An open tunnel goes on. */
  TerminateSession: {
    parameters: {
      readonly sessionId: string;
    };
    reply: {
      readonly session: ControlSession;
    };
  };
  /** Takes the points of an address away, and with them its ban. */
  UnbanAddress: {
    parameters: {
      readonly address: string;
    };
    reply: Record<string, never>;
  };
  /** Applies the configuration file again. Open tunnels keep their settings. needsRestart names the options whose new value
   * takes effect after a restart only. ReloadRefused: nothing has changed. */
  Reload: {
    parameters: Record<string, never>;
    reply: {
      readonly needsRestart: readonly (string)[];
    };
  };
  /** Stops the server in order, beginning after the reply. */
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
  "text": "# The public control interface of the server: what occtl and any other Varlink client may ask of it.\n#\n# Plain Varlink (https://varlink.org) on the Unix socket `occtl-socket-file`: one JSON object a message, ended by a NUL\n# byte, at most 64 KiB to the server. org.varlink.service.GetInfo and GetInterfaceDescription are answered.\n#\n# Who may call: root and the members of `occtl-socket-group` everything, the members of `occtl-read-only-group` what\n# changes nothing; the connections of all others are closed. Every changing call is logged with the caller's user id and\n# process id.\n#\n# Versions: an interface of this name only grows. Methods, errors, members of types, replies and errors, optional\n# parameters and values of enumerations may be added; none is renamed, removed, changes its type or its meaning. A client\n# must therefore ignore members it does not know and be prepared for unknown values of an enumeration. What cannot be\n# done so gets an interface of another name, served beside this one.\n#\n# Units: times are seconds since 1970 (UTC), durations seconds, sizes bytes, rates bytes per second, unless the name says\n# otherwise. rx is what the server received from the client, tx what it sent. An absent optional member is not known or\n# not set. Texts that clients chose (user agent, host name) may hold any Unicode characters but no NUL.\ninterface org.ocserv.Control\n\n# Status and statistics of the server. The current period began with the last reset (`server-stats-reset-time`).\ntype Status (\n  # Release of the server.\n  version: string,\n  # Process id of main.\n  serverPid: int,\n  # Process id of the security module.\n  secmodPid: int,\n  # Security modules that run; 1.\n  secmodInstances: int,\n  # When the server started.\n  upSince: int,\n  # Open connections, those that have not logged in yet included.\n  activeSessions: int,\n  # Sessions that have ended since the start.\n  totalSessions: int,\n  # Failed logins since the start.\n  totalAuthenticationFailures: int,\n  # Addresses that are banned now.\n  bannedAddresses: int,\n  # Sessions and logins the security module knows.\n  clientEntries: int,\n  # TLS sessions kept for resumption.\n  tlsEntries: int,\n  # Begin of the current period.\n  lastStatisticsReset: int,\n  # Sessions that ended in the current period.\n  sessionsHandled: int,\n  # Of these, ended by `session-timeout`.\n  timedOutSessions: int,\n  # Of these, ended by `idle-timeout`.\n  idleTimedOutSessions: int,\n  # Of these, ended by an error of the connection.\n  errorSessions: int,\n  # Failed logins of the current period.\n  authenticationFailures: int,\n  # From the first request of a login to its success, since the start.\n  averageAuthSeconds: int,\n  maxAuthSeconds: int,\n  # Length of the sessions that ended in the current period.\n  averageSessionSeconds: int,\n  maxSessionSeconds: int,\n  # Smallest and largest MTU of a tunnel in the current period; 0 before there was one.\n  minMtu: int,\n  maxMtu: int,\n  # Traffic of the sessions that ended in the current period.\n  rxBytes: int,\n  txBytes: int\n)\n\n# One client connection, logged in or not.\ntype User (\n  # Connection id: positive, counts up from the start of the server. What occtl calls ID.\n  id: int,\n  # Absent before it is known.\n  username: ?string,\n  groupname: ?string,\n  # connected: the tunnel is open. authenticating: a login or the opening of the tunnel is under way. preAuth: nothing\n  # has been said yet. failed: the login was refused.\n  state: (connected, authenticating, preAuth, failed),\n  # Name of the virtual host; \"default\" for the one without a name, \"unknown\" before it is known.\n  vhost: string,\n  # The tun device.\n  device: ?string,\n  # MTU of the tun device.\n  mtu: ?int,\n  # The client's address, and the server's address it reached; without ports.\n  remoteAddress: string,\n  localAddress: string,\n  # Inner addresses: the client's, and the server's end of the tunnel.\n  ipv4: ?string,\n  ipv4Peer: ?string,\n  ipv6: ?string,\n  ipv6Peer: ?string,\n  # As the client sent it.\n  userAgent: ?string,\n  # Limits of the session, from `rx-data-per-sec` and `tx-data-per-sec`; absent: none.\n  rxLimit: ?int,\n  txLimit: ?int,\n  # Inner traffic of this connection so far: IP packets without tunnel headers.\n  rxBytes: ?int,\n  txBytes: ?int,\n  rxPackets: ?int,\n  txPackets: ?int,\n  # Packets the server threw away: over a limit, from a wrong source, or a full queue.\n  rxDropped: ?int,\n  txDropped: ?int,\n  # Seconds between dead peer probes and between keepalives as announced to the client; 0: none.\n  dpd: int,\n  keepalive: int,\n  # As the client sent it; absent unless it is a valid host name.\n  hostname: ?string,\n  # When the connection was accepted.\n  connectedAt: int,\n  # When the login began that made the session; it may have had earlier connections. 0 before the login.\n  sessionStartedAt: int,\n  # 28 characters; the cookie cannot be derived from it.\n  sessionId: ?string,\n  # GnuTLS-style description of version, key exchange and cipher.\n  tlsCiphersuite: ?string,\n  # The same of DTLS; absent when there is no DTLS now.\n  dtlsCiphersuite: ?string,\n  # Algorithm of the channel; absent: none.\n  cstpCompression: ?string,\n  dtlsCompression: ?string,\n  # What the session was told: DNS and NBNS servers, domains to resolve inside.\n  dns: []string,\n  nbns: []string,\n  splitDns: []string,\n  # Networks into the tunnel, and those that are not. IPv4 with dotted masks, IPv6 with prefixes. No routes: everything.\n  routes: []string,\n  noRoutes: []string,\n  # Networks behind the client, reached through it.\n  iroutes: []string,\n  # The firewall lets the session reach its routes only.\n  restrictedToRoutes: bool,\n  # What `restrict-user-to-ports` allows, or forbids where the element begins with \"!\"; empty: no restriction.\n  restrictedToPorts: []string\n)\n\n# One session: a login that succeeded or is under way. It outlives its connections as long as its cookie does.\ntype Session (\n  # 28 characters; the cookie cannot be derived from it.\n  sessionId: string,\n  # When the login began.\n  createdAt: int,\n  # When the cookie dies unless it is used; absent while the session is in use.\n  expiresAt: ?int,\n  state: (authenticated, authenticating, failed, preAuth),\n  username: string,\n  groupname: ?string,\n  # As for a User.\n  vhost: string,\n  userAgent: ?string,\n  # Where the login came from.\n  remoteAddress: string,\n  # A tunnel was opened at least once.\n  isOpen: bool,\n  # The login was made with a certificate, alone or among others.\n  certificateAuth: bool,\n  # A tunnel is open now.\n  inUse: bool\n)\n\n# An address that has points: IPv4, or the base of an IPv6 /64.\ntype Ban (\n  address: string,\n  # Points so far; `max-ban-score` of them make a ban.\n  score: int,\n  # No connection of it is accepted now.\n  banned: bool,\n  # End of the ban; absent when there never was one.\n  expiresAt: ?int\n)\n\n# Something that happened, or the picture a watch begins with.\ntype Event (\n  # Counts up, over restarts of the server too. For `list`: of the last event before the picture.\n  number: int,\n  # When it happened.\n  time: int,\n  # list: who is connected. connect, disconnect: a tunnel opened or ended.\n  kind: (list, connect, disconnect),\n  # For list: all connections with a tunnel.\n  users: ?[]User,\n  # For list: events after the number the caller knew are not kept any more; this picture stands in for them.\n  missed: ?bool,\n  # For connect and disconnect; as the connection was then.\n  user: ?User,\n  # For disconnect: why, in the words of the log (\"user disconnected\", \"idle timeout\").\n  reason: ?string,\n  # For disconnect: length of the connection.\n  seconds: ?int\n)\n\n# Live figures of one open tunnel.\ntype Flow (\n  # As for a User.\n  id: int,\n  username: string,\n  vhost: string,\n  remoteAddress: string,\n  # The client's inner addresses.\n  ipv4: ?string,\n  ipv6: ?string,\n  device: string,\n  userAgent: ?string,\n  connectedAt: int,\n  # Which channel the server sends by: dtls while there is one, else tls.\n  channel: (dtls, tls),\n  # Cipher suite of that channel, as for a User.\n  ciphersuite: ?string,\n  # Totals, as for a User.\n  rxBytes: int,\n  txBytes: int,\n  rxPackets: int,\n  txPackets: int,\n  rxDropped: int,\n  txDropped: int,\n  # DTLS records of the client that did not arrive, by their numbers.\n  rxLost: int,\n  # Mean since the previous reply; 0 in the first one.\n  rxRate: int,\n  txRate: int,\n  # Share of the packets since the previous reply that were thrown away by the server, or lost on the way to it, 0 to 1;\n  # 0 without packets.\n  lossShare: float,\n  # Round-trip time of the TLS connection as the kernel measures it, in milliseconds; absent when nothing is known.\n  roundTripMs: ?float\n)\n\n# The figures of one moment.\ntype Statistics (\n  # Milliseconds since 1970.\n  timeMs: int,\n  # Open connections, those that have not logged in yet included.\n  connections: int,\n  # Sums over the tunnels.\n  rxRate: int,\n  txRate: int,\n  # Every open tunnel, newest first.\n  flows: []Flow\n)\n\n# Status and statistics of the server.\nmethod GetStatus() -> (status: Status)\n\n# All connections, newest first; narrowed to a user name (exactly as written) or a connection id when given. With `more`\n# in batches, one a reply, at least one; without, in a single reply.\nmethod ListUsers(username: ?string, id: ?int) -> (users: []User)\n\n# All sessions. Batches as for ListUsers.\nmethod ListSessions() -> (sessions: []Session)\n\n# All addresses that have points, by address.\nmethod ListBans() -> (bans: []Ban)\n\n# Events as they happen, one a reply, until the caller closes the connection; needs `more`. Without `since` the first\n# reply is a list. With it, first come the events after that number, and a list (with `missed`) only if some of them are\n# not kept any more: the last 1,000 are, in memory.\nmethod Watch(since: ?int) -> (event: Event)\n\n# The same, but what is there already, in one reply: the picture, or the events after that number.\nmethod ListEvents(since: ?int) -> (events: []Event)\n\n# Live statistics, one a reply, until the caller closes the connection; needs `more`. intervalMs: 500 to 60000, default\n# 1000. Replies stop, and go on later, while the caller does not read them.\nmethod WatchStatistics(intervalMs: ?int) -> (statistics: Statistics)\n\n# Ends all connections of a user; the answer counts them. terminate also revokes the cookies, those of sessions without a\n# connection too; without it they die as well, unless `persistent-cookies` is set. NotFound: nobody of this name.\nmethod DisconnectUser(username: string, terminate: bool) -> (count: int)\n\n# The same for one connection.\nmethod DisconnectId(id: int, terminate: bool) -> (count: int)\n\n# Revokes one session's cookie; a beginning of the id suffices if it is unique. An open tunnel goes on.\nmethod TerminateSession(sessionId: string) -> (session: Session)\n\n# Takes the points of an address away, and with them its ban.\nmethod UnbanAddress(address: string) -> ()\n\n# Applies the configuration file again. Open tunnels keep their settings. needsRestart names the options whose new value\n# takes effect after a restart only. ReloadRefused: nothing has changed.\nmethod Reload() -> (needsRestart: []string)\n\n# Stops the server in order, beginning after the reply.\nmethod Stop() -> ()\n\n# The caller is a member of `occtl-read-only-group` only, and this call would change something.\nerror PermissionDenied ()\n\n# There is no such user, connection, session or address.\nerror NotFound ()\n\n# The beginning of a session id fits several: these.\nerror AmbiguousSession (sessions: []Session)\n\n# What is wrong with the configuration: a line each, with file, line and column where it has one.\nerror ReloadRefused (problems: []string)\n",
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
            "name": "number",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "time",
            "type": {
              "kind": "int"
            }
          },
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
            "name": "missed",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "bool"
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
    },
    "Flow": {
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
          },
          {
            "name": "device",
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
            "name": "connectedAt",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "channel",
            "type": {
              "kind": "enum",
              "values": [
                "dtls",
                "tls"
              ]
            }
          },
          {
            "name": "ciphersuite",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "string"
              }
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
            "name": "rxRate",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "txRate",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "lossShare",
            "type": {
              "kind": "float"
            }
          },
          {
            "name": "roundTripMs",
            "type": {
              "kind": "optional",
              "element": {
                "kind": "float"
              }
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
            "name": "timeMs",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "connections",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "rxRate",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "txRate",
            "type": {
              "kind": "int"
            }
          },
          {
            "name": "flows",
            "type": {
              "kind": "array",
              "element": {
                "kind": "reference",
                "name": "Flow"
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
        "members": [
          {
            "name": "since",
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
            "name": "event",
            "type": {
              "kind": "reference",
              "name": "Event"
            }
          }
        ]
      }
    },
    "ListEvents": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "since",
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
            "name": "events",
            "type": {
              "kind": "array",
              "element": {
                "kind": "reference",
                "name": "Event"
              }
            }
          }
        ]
      }
    },
    "WatchStatistics": {
      "parameters": {
        "kind": "struct",
        "members": [
          {
            "name": "intervalMs",
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
            "name": "statistics",
            "type": {
              "kind": "reference",
              "name": "Statistics"
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
