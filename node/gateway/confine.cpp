#include "node/gateway/confine.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

namespace hedgerow::gateway {
namespace {

constexpr rlim_t kMaxData = rlim_t{256} << 20;
// At the limit of descriptors ZeroMQ's thread spins until one is free, and a stranger's
// connection is closed after two seconds at the latest; more connections than this would run
// into the limit of memory first, which ends the process.
constexpr rlim_t kMaxDescriptors = 2048;

Error failed(const char* what) {
  return internal(std::string("cannot ") + what + ": " + std::strerror(errno));
}

Result<void> lower(__rlimit_resource resource, rlim_t value, const char* what) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0) return failed(what);
  limit.rlim_cur = limit.rlim_max = std::min(limit.rlim_max, value);
  if (::setrlimit(resource, &limit) != 0) return failed(what);
  return {};
}

}  // namespace

Result<void> confine() {
  HR_TRY(lower(RLIMIT_CORE, 0, "forbid core dumps"));
  HR_TRY(lower(RLIMIT_NOFILE, kMaxDescriptors, "limit the open files"));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // A sanitizer's shadow memory would count as data.
  HR_TRY(lower(RLIMIT_DATA, kMaxData, "limit the memory"));
#else
  (void)kMaxData;
#endif
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return failed("forbid tracing");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("forbid new privileges");
  return {};
}

}  // namespace hedgerow::gateway
