// Frames between the security module and this program, on standard input and output:
//
//   length (4 bytes, little endian) | kind (1 byte) | fields, each but the last ended by a NUL
//
// C strings hold no NUL, so fields need no escaping. pam.ts writes and reads the other end.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ocserv::pam {

enum class Kind : char {
  // from the security module
  login = 'L',     // service, user, remote host
  account = 'C',   // service, user, remote host
  groups = 'G',    // lowest group id
  probe = 'K',     // can libpam be opened?
  userGroups = 'U',  // user
  answer = 'A',    // text
  // from here
  message = 'M',   // text to show
  question = 'Q',  // phase, text
  end = 'E',       // phase, code, text, user, groups…
};

struct Frame {
  Kind kind;
  std::vector<std::string> fields;
};

/** False at the end of the input, and for a frame that is none: then this program ends. */
bool readFrame(Frame& frame);
/** False when nobody reads any more. */
bool writeFrame(Kind kind, const std::vector<std::string>& fields);

}  // namespace ocserv::pam
