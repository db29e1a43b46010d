// The confirmed state beside the log: how far the log is final, and each database's generation.
//
// DIR/confirmed holds two slots of kSlotSize bytes, written in turn, so that a write torn by a
// power cut leaves the other whole. A slot:
//
//   "HRC" 0x01 | sequence u64 | log size u64 | root[32] | count u32 <= 64
//   | count * (database text<=64, generation u64) | SHA-256 of all before | zeros
//
// The valid slot with the higher sequence counts. For node/audit only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "crypto/base/result.h"
#include "crypto/merkle.h"
#include "node/audit/file.h"

namespace hedgerow::audit {

inline constexpr std::size_t kSlotSize = 8192;

struct Confirmed {
  std::uint64_t sequence = 0;
  std::uint64_t size = 0;
  MerkleHash root{};
  std::map<std::string, std::uint64_t> generations;
};

Bytes encode_slot(const Confirmed& confirmed);  // kSlotSize bytes
Result<Confirmed> decode_slot(ByteView slot);   // bad_input

class ConfirmedFile {
 public:
  // create builds the file whole and renames it to its place.
  static Result<ConfirmedFile> create(const std::filesystem::path& path, bool durable);
  // configuration: missing, or no valid slot.
  static Result<ConfirmedFile> open(const std::filesystem::path& path, bool durable);

  const Confirmed& state() const { return state_; }
  // Durable when it returns. `next.sequence` is given here.
  Result<void> write(Confirmed next);

 private:
  ConfirmedFile(File file, bool durable, Confirmed state)
      : file_(std::move(file)), durable_(durable), state_(std::move(state)) {}
  File file_;
  bool durable_;
  Confirmed state_;
};

}  // namespace hedgerow::audit
