// The disk, as everything sees it that keeps state of the node: each operation on a file stands
// in a DiskGuard, so that a daemon notices one that does not return, and a test can let it fail,
// hang or be forgotten. Errors of the disk are put into words here, once.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "crypto/base/bytes.h"
#include "crypto/base/result.h"

namespace hedgerow {

// An operation that takes longer is reported to the operator (architecture.md).
inline constexpr std::chrono::milliseconds kDiskPatience{2000};

enum class DiskAction { open, read, write, truncate, sync };

struct DiskOperation {
  DiskAction action = DiskAction::read;
  const char* path = "";
  std::uint64_t offset = 0;  // of a read or write; the new size of a truncation
  ByteView bytes = {};       // that are written
};

// What a test puts between the program and the disk.
class DiskFaults {
 public:
  virtual ~DiskFaults() = default;
  // 0 lets the operation happen, an errno makes it fail. Called on the thread that works; may
  // block.
  virtual int before(const DiskOperation& operation) = 0;
  virtual void after(const DiskOperation&) {}
};
// Null: none, as in a daemon. Not while an operation runs.
void set_disk_faults(DiskFaults* faults);

// The operation runs from construction to destruction. `path` and `bytes` must live as long.
class DiskGuard {
 public:
  explicit DiskGuard(const DiskOperation& operation);
  DiskGuard(const DiskGuard&) = delete;
  DiskGuard& operator=(const DiskGuard&) = delete;
  ~DiskGuard();

  // The errno with which the operation must fail instead of being done; 0: do it.
  int failure() const { return failure_; }

 private:
  DiskOperation operation_;
  int failure_ = 0;
};

// The operation that runs now, and for how long it has; nothing where none does. Any thread.
struct DiskWait {
  std::chrono::milliseconds time{};
  std::string what;  // "sync of /var/lib/hedgerow/state/log/entries"
};
std::optional<DiskWait> disk_wait();

// `what`, the errno in words, and what to do about it. internal.
Error disk_error(std::string what, int error_number);

}  // namespace hedgerow
