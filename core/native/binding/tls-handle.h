// The door between the TLS binding and the tunnel binding: a connection made by acceptTls changes hands.
#pragma once
#include <napi.h>

#include "tls/handover.h"

namespace ocserv::binding {

/**
 * Takes libssl's object, the socket and unsent bytes out of a TlsConnection, which is closed to its owner afterwards
 * (no event follows). False when it is none, or is not open any more. Defined by the TLS binding.
 */
bool takeTlsConnection(const Napi::Value& connection, tls::Handover& handover);

}  // namespace ocserv::binding
