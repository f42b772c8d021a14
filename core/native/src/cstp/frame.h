// Frames of the CSTP protocol: 8 bytes of header in a TLS record, 1 byte of type in a DTLS record.
//   0..3 'S' 'T' 'F' 01    4..5 payload length    6 type    7 zero    8.. payload
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "ip/checksum.h"

namespace ocserv::cstp {

constexpr size_t headerBytes = 8;
// A frame must fit one TLS record (2^14 bytes), a client reads record by record.
constexpr size_t maxPayloadBytes = 16384 - headerBytes;

constexpr uint8_t typeData = 0;
constexpr uint8_t typeDpdRequest = 3;
constexpr uint8_t typeDpdResponse = 4;
constexpr uint8_t typeDisconnect = 5;
constexpr uint8_t typeKeepalive = 7;
constexpr uint8_t typeCompressed = 8;

// First byte of a client's disconnect.
constexpr uint8_t byeUser = 0xb0;
constexpr uint8_t byeReconnect = 0x91;

inline void writeHeader(uint8_t* to, uint8_t type, size_t payloadBytes) {
  to[0] = 'S';
  to[1] = 'T';
  to[2] = 'F';
  to[3] = 1;
  ip::write16(to + 4, static_cast<uint16_t>(payloadBytes));
  to[6] = type;
  to[7] = 0;
}

struct Frame {
  enum class Status { ok, tooShort, malformed } status;
  uint8_t type = 0;
  std::span<uint8_t> payload;
};

/** One record's plaintext: exactly one frame. */
inline Frame parseFrame(std::span<uint8_t> record) {
  if (record.size() < headerBytes) return {Frame::Status::tooShort, 0, {}};
  const bool magic = record[0] == 'S' && record[1] == 'T' && record[2] == 'F' && record[3] == 1 && record[7] == 0;
  if (!magic || ip::read16(&record[4]) != record.size() - headerBytes) return {Frame::Status::malformed, 0, {}};
  return {Frame::Status::ok, record[6], record.subspan(headerBytes)};
}

}  // namespace ocserv::cstp
