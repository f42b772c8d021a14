// Tunnel part of the addon.
#include "parts.h"

void initTunnel(Napi::Env, Napi::Object) {}
