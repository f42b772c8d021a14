// What a TLS context is made of; TypeScript decides all of it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ocserv::tls {

struct Policy {
  int minVersion = 0;  // TLS1_2_VERSION …
  int maxVersion = 0;
  std::string cipherList;
  std::string cipherSuites;
  std::string groups;
  std::string signatureAlgorithms;
  bool serverPreference = true;
  bool extendedMasterSecret = true;
  bool encryptThenMac = true;
  int securityLevel = 1;
};

struct Certificate {
  std::string chain;  // PEM, leaf first
  std::string keyId;
};

enum class ClientCertificate { none, request, require };

struct ContextSettings {
  std::vector<Certificate> certificates;
  Policy policy;
  std::string clientAuthorities;
  ClientCertificate clientCertificate = ClientCertificate::none;
  std::vector<uint8_t> ocspResponse;
  std::string dhParameters;
};

}  // namespace ocserv::tls
