#include "tests/faults/disks.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>

#include "crypto/random.h"

namespace hedgerow::faults {

namespace {

namespace fs = std::filesystem;
constexpr std::size_t kSector = 512;

Bytes whole(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void put(const fs::path& path, ByteView bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  HR_CHECK(out.good());
}

void write_into(Bytes& file, std::uint64_t offset, ByteView bytes) {
  const auto end = static_cast<std::size_t>(offset) + bytes.size();
  if (file.size() < end) file.resize(end);
  std::copy(bytes.begin(), bytes.end(), file.begin() + static_cast<std::ptrdiff_t>(offset));
}

bool is_below(std::string_view path, const std::string& folder) {
  return folder.empty() || path.starts_with(folder + "/");
}

bool changes(DiskAction action) {
  return action == DiskAction::write || action == DiskAction::truncate;
}

}  // namespace

FailingDisk::FailingDisk(DiskAction action, int error_number, std::size_t nth, std::size_t part,
                         std::string folder)
    : action_(action),
      error_number_(error_number),
      left_(nth),
      part_(part),
      folder_(std::move(folder)) {
  set_disk_faults(this);
}

int FailingDisk::before(const DiskOperation& operation) {
  if (operation.action != action_ || !is_below(operation.path, folder_)) return 0;
  if (left_ > 0) {
    --left_;
    return 0;
  }
  if (!failed_ && part_ > 0 && !operation.bytes.empty()) {
    Bytes file = whole(operation.path);
    write_into(file, operation.offset,
               operation.bytes.first(std::min(part_, operation.bytes.size())));
    put(operation.path, file);
  }
  failed_ = true;
  return error_number_;
}

PowerCut::PowerCut(std::size_t nth, std::string folder) : nth_(nth), folder_(std::move(folder)) {
  set_disk_faults(this);
}

int PowerCut::before(const DiskOperation& operation) {
  if (!is_below(operation.path, folder_)) return 0;
  if (is_off_) return EIO;
  if (!changes(operation.action) && operation.action != DiskAction::sync) return 0;
  if (seen_++ == nth_) {
    is_off_ = true;
    // What was on its way may have arrived.
    if (!changes(operation.action)) return EIO;
  }
  if (!changes(operation.action)) return 0;
  Change change;
  change.path = operation.path;
  change.offset = operation.offset;
  change.bytes = to_bytes(operation.bytes);
  change.truncates = operation.action == DiskAction::truncate;
  if (!synced_.contains(change.path)) {
    const bool is_there = fs::exists(change.path);
    synced_[change.path] = is_there ? std::optional(whole(change.path)) : std::nullopt;
  }
  unsynced_.push_back(std::move(change));
  return is_off_ ? EIO : 0;
}

void PowerCut::after(const DiskOperation& operation) {
  if (operation.action != DiskAction::sync) return;
  std::erase_if(unsynced_, [&](const Change& c) { return c.path == operation.path; });
  synced_.erase(operation.path);
}

void PowerCut::lose(Since keep, Random& rng) {
  set_disk_faults(nullptr);
  for (const auto& [path, bytes] : synced_)
    if (bytes) put(path, *bytes);
  if (keep == Since::nothing) return;
  for (const Change& c : unsynced_) {
    const auto kept = [&] { return keep == Since::all || random_below(rng, 2) == 0; };
    Bytes file = whole(c.path);
    if (c.truncates) {
      if (kept()) file.resize(std::min(file.size(), static_cast<std::size_t>(c.offset)));
    } else {
      for (std::size_t at = 0; at < c.bytes.size(); at += kSector) {
        const std::size_t n = std::min(kSector, c.bytes.size() - at);
        if (kept()) write_into(file, c.offset + at, ByteView(c.bytes).subspan(at, n));
      }
    }
    put(c.path, file);
  }
}

}  // namespace hedgerow::faults
