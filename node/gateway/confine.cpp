#include "node/gateway/confine.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

namespace hedgerow::gateway {
namespace {

constexpr rlim_t kMaxData = rlim_t{256} << 20;
constexpr rlim_t kMaxDescriptors = 16'384;

Error failed(const char* what) {
  return internal(std::string("cannot ") + what + ": " + std::strerror(errno));
}

// To `value`, or as near to it as the hard limit lets it. Gives what it is now.
Result<rlim_t> set(__rlimit_resource resource, rlim_t value, const char* what) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0) return failed(what);
  limit.rlim_cur = limit.rlim_max = std::min(limit.rlim_max, value);
  if (::setrlimit(resource, &limit) != 0) return failed(what);
  return limit.rlim_cur;
}

}  // namespace

Result<std::size_t> confine() {
  HR_TRY(set(RLIMIT_CORE, 0, "forbid core dumps"));
  HR_ASSIGN(const rlim_t descriptors, set(RLIMIT_NOFILE, kMaxDescriptors, "limit the open files"));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // A sanitizer's shadow memory would count as data.
  HR_TRY(set(RLIMIT_DATA, kMaxData, "limit the memory"));
#else
  (void)kMaxData;
#endif
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return failed("forbid tracing");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("forbid new privileges");
  (void)::umask(077);
  return static_cast<std::size_t>(descriptors);
}

}  // namespace hedgerow::gateway
