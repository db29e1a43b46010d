// The Merkle tree of RFC 6962 section 2.1 over SHA-256, with the proofs and their verification
// of RFC 9162 sections 2.1.3 and 2.1.4.
//
//   leaf_hash(e)    = SHA-256(0x00 || e)
//   node_hash(l, r) = SHA-256(0x01 || l || r)
//   root of nothing = SHA-256("")
//
// Sizes and indices are u64. A proof has at most 64 hashes for inclusion and 65 for consistency.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/result.h"

namespace hedgerow {

using MerkleHash = ByteArray<32>;
using MerkleProof = std::vector<MerkleHash>;

inline constexpr std::size_t kMaxMerkleProof = 65;

MerkleHash leaf_hash(ByteView entry);
MerkleHash node_hash(const MerkleHash& left, const MerkleHash& right);
MerkleHash empty_root_hash();

// An append-only tree that keeps every complete subtree's hash: 64 bytes a leaf, each append
// one hash in the mean, each root and proof O(log n) hashes.
class MerkleTree {
 public:
  void append(const MerkleHash& leaf);
  std::uint64_t size() const;
  MerkleHash root() const;

  // Errors (bad_input): size above size(); index not below size; first_size 0 or above
  // second_size.
  Result<MerkleHash> root(std::uint64_t size) const;
  Result<MerkleHash> leaf(std::uint64_t index) const;
  Result<MerkleProof> inclusion_proof(std::uint64_t index, std::uint64_t size) const;
  Result<MerkleProof> consistency_proof(std::uint64_t first_size, std::uint64_t second_size) const;

 private:
  MerkleHash subtree(std::uint64_t begin, std::uint64_t end) const;
  void prove_subtree(std::uint64_t first_size, std::uint64_t begin, std::uint64_t end, bool known,
                     MerkleProof& proof) const;

  std::vector<std::vector<MerkleHash>>
      levels_;  // [height][i]: leaves [i << height, (i+1) << height)
};

// Pure checks. An error (bad_input) says which requirement failed: index below size, length of
// the proof, root. For consistency both sizes are at least 1, the first not above the second;
// equal sizes need equal roots and an empty proof.
Result<void> verify_inclusion(const MerkleHash& leaf, std::uint64_t index, std::uint64_t size,
                              std::span<const MerkleHash> proof, const MerkleHash& root);
Result<void> verify_consistency(std::uint64_t first_size, std::uint64_t second_size,
                                std::span<const MerkleHash> proof, const MerkleHash& first_root,
                                const MerkleHash& second_root);

}  // namespace hedgerow
