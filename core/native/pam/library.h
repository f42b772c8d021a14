// libpam, opened at run time so that building needs neither its headers nor the library. Names and numbers are those of
// Linux-PAM (pam_start(3), _pam_types.h); they are part of its binary interface and have not changed since 1996.
#pragma once
#include <string>

namespace ocserv::pam {

enum Result { success = 0, bufferError = 5, newTokenRequired = 12, conversationError = 19 };
enum Item { itemUser = 2, itemRemoteHost = 4 };
enum Flag { disallowNullToken = 0x0001, changeExpiredToken = 0x0020 };
enum Style { promptEchoOff = 1, promptEchoOn = 2, errorMessage = 3, textInfo = 4 };

struct Handle;
struct Message {
  int style;
  const char* text;
};
struct Response {
  char* text;
  int unused;
};
/** Messages are an array of pointers, as Linux-PAM passes them. */
using ConversationFunction = int (*)(int count, const Message** messages, Response** responses, void* context);
struct Conversation {
  ConversationFunction function;
  void* context;
};

struct Library {
  int (*start)(const char* service, const char* user, const Conversation*, Handle**);
  int (*end)(Handle*, int status);
  int (*setItem)(Handle*, int item, const void* value);
  int (*getItem)(const Handle*, int item, const void** value);
  int (*authenticate)(Handle*, int flags);
  int (*checkAccount)(Handle*, int flags);
  int (*changeToken)(Handle*, int flags);
  const char* (*describe)(Handle*, int code);
};

/** Empty, or why the library cannot be used. */
std::string openLibrary(Library& library);

}  // namespace ocserv::pam
