// Disks that fail, and disks that forget what was not synced (crypto/base/disk.h).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crypto/base/disk.h"
#include "crypto/base/seams.h"

namespace hedgerow::faults {

// From the nth operation of one kind on, all of that kind fail, until the disk is mended.
class FailingDisk : public DiskFaults {
 public:
  // `part`: how many bytes of the first write that fails still reach the file (a short write).
  // `folder`: only what lies below it; empty: everything.
  FailingDisk(DiskAction action, int error_number, std::size_t nth, std::size_t part = 0,
              std::string folder = {});
  ~FailingDisk() override { set_disk_faults(nullptr); }
  int before(const DiskOperation& operation) override;
  bool failed() const { return failed_; }

 private:
  DiskAction action_;
  int error_number_;
  std::size_t left_;
  std::size_t part_;
  std::string folder_;
  bool failed_ = false;
};

// Remembers what each file held when it was last synced. At the nth operation that changes
// anything the power goes: from then on nothing happens any more. lose() then leaves each file as
// a disk might: what was synced, and of what was written since, nothing, all, or any sectors.
// Names are durable at once: that a file was made, renamed or removed is not forgotten.
class PowerCut : public DiskFaults {
 public:
  static constexpr std::size_t kNever = ~std::size_t{0};
  // `folder`: of one machine among several in this process; empty: everything.
  explicit PowerCut(std::size_t nth, std::string folder = {});
  ~PowerCut() override { set_disk_faults(nullptr); }
  int before(const DiskOperation& operation) override;
  void after(const DiskOperation& operation) override;

  void cut() { is_off_ = true; }
  bool is_off() const { return is_off_; }
  std::size_t operations() const { return seen_; }

  enum class Since { nothing, all, sectors };
  void lose(Since keep, Random& rng);

 private:
  struct Change {
    std::string path;
    std::uint64_t offset = 0;
    Bytes bytes;  // written; empty for a truncation to `offset`
    bool truncates = false;
  };
  std::size_t nth_;
  std::string folder_;
  std::size_t seen_ = 0;
  bool is_off_ = false;
  std::vector<Change> unsynced_;
  std::map<std::string, std::optional<Bytes>>
      synced_;  // what a file of these held, if it was there
};

}  // namespace hedgerow::faults
