// ocserv-pam: one conversation with PAM in a process of its own. Started by the security module (pam.ts) for one login,
// one account check or one list of groups (all, or a user's); it ends with it, and is killed when the login's time is over.
//
// Why not in the security module: libpam opens its modules with a plain dlopen, so that inside Node a module that uses
// OpenSSL would be bound to Node's copy, whatever flags libpam itself was opened with; a thread in which a module hangs
// cannot be ended; and modules may expect a process with one thread. It is two processes in truth: supervise.h.
//
// 1 the task arrives; 2 authentication, account, expired password (or the account alone); 3 each prompt is a question
// answered by one frame; 4 the end: where it stopped, PAM's code, the user as PAM knows him, his groups.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "groups.h"
#include "library.h"
#include "supervise.h"
#include "wire.h"

namespace ocserv::pam {
namespace {

/** What PAM itself takes (PAM_MAX_NUM_MSG, PAM_MAX_RESP_SIZE). */
constexpr int maxMessages = 32;
constexpr size_t maxAnswerBytes = 511;

struct Talk {
  const char* phase;
  /** Nobody is there to answer a prompt. */
  bool isSilent;
};

void freeResponses(Response* responses, int count) {
  for (int index = 0; index < count; ++index) {
    if (responses[index].text == nullptr) continue;
    ::explicit_bzero(responses[index].text, std::strlen(responses[index].text));
    std::free(responses[index].text);
  }
  std::free(responses);
}

/** False: no answer will come. An empty answer is no response string at all. */
bool ask(const Talk& talk, const char* text, Response& response) {
  if (talk.isSilent || !writeFrame(Kind::question, {talk.phase, text})) return false;
  Frame frame;
  if (!readFrame(frame) || frame.kind != Kind::answer || frame.fields.size() != 1) return false;
  std::string& answer = frame.fields[0];
  const bool fits = answer.size() <= maxAnswerBytes;
  if (fits && !answer.empty()) response.text = ::strdup(answer.c_str());
  ::explicit_bzero(answer.data(), answer.size());
  return fits;
}

int converse(int count, const Message** messages, Response** responses, void* context) {
  if (count <= 0 || count > maxMessages) return conversationError;
  const auto& talk = *static_cast<const Talk*>(context);
  auto* answers = static_cast<Response*>(std::calloc(static_cast<size_t>(count), sizeof(Response)));
  if (answers == nullptr) return bufferError;
  for (int index = 0; index < count; ++index) {
    const char* text = messages[index]->text == nullptr ? "" : messages[index]->text;
    bool isDone = false;
    switch (messages[index]->style) {
      case promptEchoOff:
      case promptEchoOn:
        isDone = ask(talk, text, answers[index]);
        break;
      case errorMessage:
      case textInfo:
        isDone = talk.isSilent || writeFrame(Kind::message, {text});
        break;
    }
    if (!isDone) {
      freeResponses(answers, count);
      return conversationError;
    }
  }
  *responses = answers;
  return success;
}

void say(const char* phase, int code, const std::string& text, const std::string& user,
         const std::vector<std::string>& groups) {
  std::vector<std::string> fields{phase, std::to_string(code), text, user};
  fields.insert(fields.end(), groups.begin(), groups.end());
  writeFrame(Kind::end, fields);
}

void run(const Library& library, const std::vector<std::string>& task, bool isLogin) {
  Talk talk{"start", !isLogin};
  const Conversation conversation{converse, &talk};
  Handle* handle = nullptr;
  int code = library.start(task[0].c_str(), task[1].c_str(), &conversation, &handle);
  if (code == success) code = library.setItem(handle, itemRemoteHost, task[2].c_str());
  if (code == success && isLogin) {
    talk.phase = "authenticate";
    code = library.authenticate(handle, 0);
  }
  if (code == success) {
    talk.phase = "account";
    code = library.checkAccount(handle, isLogin ? 0 : disallowNullToken);
  }
  if (code == newTokenRequired && isLogin) {
    talk.phase = "password";
    code = library.changeToken(handle, changeExpiredToken);
  }
  std::string user;
  const void* known = nullptr;
  // A module may have changed the name.
  if (code == success && library.getItem(handle, itemUser, &known) == success && known != nullptr)
    user = static_cast<const char*>(known);
  const char* text = library.describe(handle, code);
  say(talk.phase, code, text == nullptr ? "" : text, user,
      code == success && isLogin ? groupsOf(user) : std::vector<std::string>{});
  if (handle != nullptr) library.end(handle, code);
}

/** What the task comes to. Runs in a process that may do with itself what modules please. */
int serve() {
  Frame task;
  if (!readFrame(task)) return 1;
  if (task.kind == Kind::groups && task.fields.size() == 1) {
    say("groups", success, "", "", allGroups(static_cast<gid_t>(std::strtoul(task.fields[0].c_str(), nullptr, 10))));
    return 0;
  }
  if (task.kind == Kind::userGroups && task.fields.size() == 1) {
    say("groups", success, "", task.fields[0], groupsOf(task.fields[0]));
    return 0;
  }
  Library library{};
  const std::string problem = openLibrary(library);
  if (!problem.empty()) {
    say("library", -1, problem, "", {});
  } else if (task.kind == Kind::probe) {
    say("library", success, "", "", {});
  } else if ((task.kind == Kind::login || task.kind == Kind::account) && task.fields.size() == 3) {
    run(library, task.fields, task.kind == Kind::login);
  } else {
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace ocserv::pam

int main() {
  using namespace ocserv::pam;
  const rlimit none{};
  ::setrlimit(RLIMIT_CORE, &none);
  ::umask(077);
  // What the security module had open is none of a module's business.
  ::close_range(3, ~0U, 0);
  return supervise(serve);
}
