// Runs the conversation in a child process and ends it, with everything its modules have started, on SIGTERM or when
// the security module dies. Modules put what they start into sessions of their own (pam_exec does), so that no process
// group holds it; but orphans come to the nearest subreaper, which is this process.
#pragma once

namespace ocserv::pam {

/** Returns the status of `work`, which runs in the child; ends by the signal that ended the child. */
int supervise(int (*work)());

}  // namespace ocserv::pam
