#pragma once
// epoll(7) and eventfd(2), which Swift's Glibc module leaves out, and the variadic prctl(2).
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

// Names the calling thread, as `top -H` and a debugger show it; at most 15 bytes.
static inline void name_current_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
