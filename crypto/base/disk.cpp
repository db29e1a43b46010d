#include "crypto/base/disk.h"

#include <atomic>
#include <cerrno>
#include <mutex>
#include <system_error>

namespace hedgerow {

namespace {

std::atomic<DiskFaults*> the_faults{nullptr};

// What runs now. A node works on its disk with one thread; an operation within another (none is
// known) counts as part of it.
struct Running {
  std::mutex mutex;
  const DiskOperation* operation = nullptr;
  std::chrono::steady_clock::time_point since;
};
Running& running() {
  static Running r;
  return r;
}

const char* name_of(DiskAction action) {
  switch (action) {
    case DiskAction::open:
      return "opening";
    case DiskAction::read:
      return "reading";
    case DiskAction::write:
      return "writing";
    case DiskAction::truncate:
      return "cutting";
    case DiskAction::sync:
      return "syncing";
  }
  return "";
}

}  // namespace

void set_disk_faults(DiskFaults* faults) { the_faults = faults; }

DiskGuard::DiskGuard(const DiskOperation& operation) : operation_(operation) {
  {
    Running& r = running();
    const std::lock_guard lock(r.mutex);
    if (r.operation == nullptr) {
      r.operation = &operation_;
      r.since = std::chrono::steady_clock::now();
    }
  }
  if (DiskFaults* faults = the_faults) failure_ = faults->before(operation_);
}

DiskGuard::~DiskGuard() {
  DiskFaults* faults = the_faults;
  if (faults != nullptr && failure_ == 0) faults->after(operation_);
  Running& r = running();
  const std::lock_guard lock(r.mutex);
  if (r.operation == &operation_) r.operation = nullptr;
}

std::optional<DiskWait> disk_wait() {
  Running& r = running();
  const std::lock_guard lock(r.mutex);
  if (r.operation == nullptr) return std::nullopt;
  return DiskWait{std::chrono::duration_cast<std::chrono::milliseconds>(
                      std::chrono::steady_clock::now() - r.since),
                  std::string(name_of(r.operation->action)) + " " + r.operation->path};
}

Error disk_error(std::string what, int error_number) {
  const std::string reason = std::error_code(error_number, std::generic_category()).message();
  const char* hint = "the disk failed: see the system's log, and mend it before the next start";
  if (error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG)
    hint = "make room on the disk, then start the node again: nothing acknowledged is lost";
  if (error_number == EROFS)
    hint = "the file system is read-only: see the system's log, and make it writable again";
  if (error_number == EACCES || error_number == EPERM)
    hint = "the state folder and all in it must belong to the user the node runs as";
  return Error{Code::internal, std::move(what) + ": " + reason, {}, hint};
}

}  // namespace hedgerow
