#include "node/audit/confirmed.h"

#include <algorithm>
#include <array>

#include "crypto/hash.h"
#include "node/audit/log.h"

namespace hedgerow::audit {

namespace {
constexpr ByteArray<4> kMagic = {'H', 'R', 'C', 1};
constexpr std::size_t kMinItemSize = 12;  // a length and a generation

bool is_newer(ByteView slot) {
  return std::equal(kMagic.begin(), kMagic.end() - 1, slot.begin()) && slot[3] > kMagic[3];
}
}  // namespace

Bytes encode_slot(const Confirmed& confirmed) {
  HR_CHECK(confirmed.generations.size() <= kMaxDatabases);
  Writer w;
  w.raw(kMagic).u64(confirmed.sequence).u64(confirmed.size).raw(confirmed.root);
  w.u32(static_cast<std::uint32_t>(confirmed.generations.size()));
  for (const auto& [name, generation] : confirmed.generations) w.text(name).u64(generation);
  const ByteArray<32> checksum = sha256(w.data());
  w.raw(checksum);
  Bytes slot = std::move(w).take();
  HR_CHECK(slot.size() <= kSlotSize);
  slot.resize(kSlotSize);
  return slot;
}

Result<Confirmed> decode_slot(ByteView slot) {
  Reader r(slot);
  Confirmed confirmed;
  if (r.array<4>() != kMagic) return bad_input("confirmed state: of no known format");
  confirmed.sequence = r.u64();
  confirmed.size = r.u64();
  confirmed.root = r.array<32>();
  const std::size_t count = r.count(kMaxDatabases, kMinItemSize);
  for (std::size_t i = 0; i < count; ++i) {
    std::string name = r.text(kMaxEntryName);
    confirmed.generations[std::move(name)] = r.u64();
  }
  const std::size_t covered = slot.size() - r.left();
  const auto checksum = r.array<32>();
  if (r.failed() || checksum != sha256(slot.first(covered)))
    return bad_input("confirmed state: damaged");
  return confirmed;
}

Result<ConfirmedFile> ConfirmedFile::create(const std::filesystem::path& path, bool durable) {
  std::error_code failed;
  if (std::filesystem::exists(path, failed))
    return configuration(path.string() + " is there already");
  std::filesystem::path fresh = path;
  fresh += ".new";
  std::filesystem::remove(fresh, failed);
  HR_ASSIGN(File file, File::open(fresh, File::Mode::create));
  Confirmed first;
  first.sequence = 1;
  first.root = empty_root_hash();
  // Both slots take their place at once: later writes change no size.
  Bytes both(kSlotSize);
  const Bytes slot = encode_slot(first);
  both.insert(both.end(), slot.begin(), slot.end());
  HR_TRY(file.write_at(0, both));
  if (durable) HR_TRY(file.sync_data());
  std::filesystem::rename(fresh, path, failed);
  if (failed) return configuration("cannot write " + path.string());
  if (durable) HR_TRY(sync_folder(path.parent_path()));
  return open(path, durable);  // under its name from here on
}

Result<ConfirmedFile> ConfirmedFile::open(const std::filesystem::path& path, bool durable) {
  HR_ASSIGN(File file, File::open(path, File::Mode::write));
  std::optional<Confirmed> newest;
  bool newer = false;
  Bytes slot(kSlotSize);
  for (std::uint64_t i = 0; i < 2; ++i) {
    if (!file.read_at(i * kSlotSize, slot).ok()) continue;
    newer = newer || is_newer(slot);
    Result<Confirmed> found = decode_slot(slot);
    if (!found.ok() || found->sequence % 2 != i) continue;
    if (!newest || found->sequence > newest->sequence) newest = std::move(found).value();
  }
  if (!newest && newer)
    return configuration(path.string() + " was written by a newer Hedgerow",
                         "install the newer program again");
  if (!newest)
    return configuration(
        "the audit log was tampered with: " + path.string() + " holds no valid state",
        "restore the node from a backup, and tell the governance officer");
  return ConfirmedFile(std::move(file), durable, *std::move(newest));
}

Result<void> ConfirmedFile::write(Confirmed next) {
  next.sequence = state_.sequence + 1;
  HR_TRY(file_.write_at((next.sequence % 2) * kSlotSize, encode_slot(next)));
  if (durable_) HR_TRY(file_.sync_data());
  state_ = std::move(next);
  return {};
}

}  // namespace hedgerow::audit
