// A receipt: proof that an entry stands in a node's log, verifiable offline by whoever knows the
// node's log key.
#pragma once

#include <cstdint>
#include <string>

#include "crypto/base/bytes.h"
#include "crypto/base/result.h"
#include "crypto/checkpoint.h"
#include "crypto/merkle.h"
#include "node/audit/entry.h"
#include "node/audit/log.h"

namespace hedgerow::audit {

inline constexpr std::size_t kMaxReceipt = 768 * 1024;

struct Receipt {
  std::string checkpoint;  // signed note
  std::uint64_t index = 0;
  MerkleHash leaf{};  // leaf_hash of the entry's bytes
  MerkleProof proof;  // to the checkpoint's root
  Bytes entry;        // the entry's bytes, or empty where only its existence is shown

  friend bool operator==(const Receipt&, const Receipt&) = default;
};

// For the entry at `index`, against the log as it stands. bad_input: no such entry.
Result<Receipt> make_receipt(const Log& log, std::uint64_t index, bool with_entry);

Bytes encode(const Receipt& receipt);
Result<Receipt> decode_receipt(ByteView bytes);  // strict; bad_input

struct VerifiedReceipt {
  Checkpoint checkpoint;
  bool has_entry = false;
  Entry entry;  // decoded, where the receipt holds it
};

// Checks signature, origin, inclusion and (where held) that the entry is the leaf. bad_input.
Result<VerifiedReceipt> verify(const Receipt& receipt, const NoteKey& log_key);

}  // namespace hedgerow::audit
