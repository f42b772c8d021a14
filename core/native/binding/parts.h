// The parts of the addon. Each adds its functions to the exports and is called once per environment by module.cpp.
#pragma once
#include <napi.h>

void initSystem(Napi::Env env, Napi::Object exports);
void initSockets(Napi::Env env, Napi::Object exports);
void initSandbox(Napi::Env env, Napi::Object exports);
void initTls(Napi::Env env, Napi::Object exports);
void initTunnel(Napi::Env env, Napi::Object exports);
void initGssapi(Napi::Env env, Napi::Object exports);
