// Tls part of the addon.
#include "parts.h"

void initTls(Napi::Env, Napi::Object) {}
