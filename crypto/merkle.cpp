#include "crypto/merkle.h"

#include <bit>

#include "crypto/hash.h"

namespace hedgerow {

namespace {
constexpr ByteArray<1> kLeafPrefix = {0x00};
constexpr ByteArray<1> kNodePrefix = {0x01};

// The k of RFC 6962 section 2.1: the largest power of two smaller than n, for n above 1.
std::uint64_t split_point(std::uint64_t n) { return std::bit_floor(n - 1); }

bool is_odd(std::uint64_t n) { return (n & 1U) != 0; }
}  // namespace

MerkleHash leaf_hash(ByteView entry) {
  Sha256Stream h;
  return h.update(kLeafPrefix).update(entry).finish();
}

MerkleHash node_hash(const MerkleHash& left, const MerkleHash& right) {
  Sha256Stream h;
  return h.update(kNodePrefix).update(left).update(right).finish();
}

MerkleHash empty_root_hash() { return sha256({}); }

void MerkleTree::append(const MerkleHash& leaf) {
  if (levels_.empty()) levels_.emplace_back();
  levels_[0].push_back(leaf);
  for (std::size_t height = 0; levels_[height].size() % 2 == 0; ++height) {
    const std::vector<MerkleHash>& level = levels_[height];
    const MerkleHash parent = node_hash(level[level.size() - 2], level.back());
    if (levels_.size() == height + 1) levels_.emplace_back();
    levels_[height + 1].push_back(parent);
  }
}

std::uint64_t MerkleTree::size() const { return levels_.empty() ? 0 : levels_[0].size(); }

MerkleHash MerkleTree::root() const { return size() == 0 ? empty_root_hash() : subtree(0, size()); }

Result<MerkleHash> MerkleTree::root(std::uint64_t size_wanted) const {
  if (size_wanted > size()) return bad_input("the tree is smaller than the size asked for");
  return size_wanted == 0 ? empty_root_hash() : subtree(0, size_wanted);
}

Result<MerkleHash> MerkleTree::leaf(std::uint64_t index) const {
  if (index >= size()) return bad_input("the tree has no such leaf");
  return levels_[0][index];
}

// MTH(D[begin:end]); every complete subtree is there already.
MerkleHash MerkleTree::subtree(std::uint64_t begin, std::uint64_t end) const {
  const std::uint64_t n = end - begin;
  if (std::has_single_bit(n)) {
    const auto height = static_cast<std::size_t>(std::countr_zero(n));
    return levels_[height][begin >> height];
  }
  const std::uint64_t k = split_point(n);
  return node_hash(subtree(begin, begin + k), subtree(begin + k, end));
}

// PATH(m, D[n]) of RFC 9162 section 2.1.3.1, from the root down, then turned round.
Result<MerkleProof> MerkleTree::inclusion_proof(std::uint64_t index,
                                                std::uint64_t size_wanted) const {
  if (size_wanted > size()) return bad_input("the tree is smaller than the size asked for");
  if (index >= size_wanted) return bad_input("the leaf is not in a tree of that size");
  MerkleProof proof;
  std::uint64_t begin = 0;
  std::uint64_t end = size_wanted;
  while (end - begin > 1) {
    const std::uint64_t middle = begin + split_point(end - begin);
    if (index < middle) {
      proof.push_back(subtree(middle, end));
      end = middle;
    } else {
      proof.push_back(subtree(begin, middle));
      begin = middle;
    }
  }
  return MerkleProof(proof.rbegin(), proof.rend());
}

Result<MerkleProof> MerkleTree::consistency_proof(std::uint64_t first_size,
                                                  std::uint64_t second_size) const {
  if (second_size > size()) return bad_input("the tree is smaller than the size asked for");
  if (first_size == 0 || first_size > second_size)
    return bad_input("a consistency proof goes from a size of at least 1 to one not below it");
  MerkleProof proof;
  if (first_size < second_size) prove_subtree(first_size, 0, second_size, true, proof);
  return proof;
}

// SUBPROOF(m, D[begin:end], b) of RFC 9162 section 2.1.4.1; `known` is its b.
void MerkleTree::prove_subtree(std::uint64_t first_size, std::uint64_t begin, std::uint64_t end,
                               bool known, MerkleProof& proof) const {
  const std::uint64_t n = end - begin;
  if (first_size == n) {
    if (!known) proof.push_back(subtree(begin, end));
    return;
  }
  const std::uint64_t k = split_point(n);
  if (first_size <= k) {
    prove_subtree(first_size, begin, begin + k, known, proof);
    proof.push_back(subtree(begin + k, end));
  } else {
    prove_subtree(first_size - k, begin + k, end, false, proof);
    proof.push_back(subtree(begin, begin + k));
  }
}

// RFC 9162 section 2.1.3.2.
Result<void> verify_inclusion(const MerkleHash& leaf, std::uint64_t index, std::uint64_t size,
                              std::span<const MerkleHash> proof, const MerkleHash& root) {
  if (index >= size) return bad_input("inclusion proof: the leaf is not in a tree of that size");
  std::uint64_t fn = index;
  std::uint64_t sn = size - 1;
  MerkleHash r = leaf;
  for (const MerkleHash& p : proof) {
    if (sn == 0) return bad_input("inclusion proof: too long");
    if (is_odd(fn) || fn == sn) {
      r = node_hash(p, r);
      while (!is_odd(fn) && fn != 0) {
        fn >>= 1U;
        sn >>= 1U;
      }
    } else {
      r = node_hash(r, p);
    }
    fn >>= 1U;
    sn >>= 1U;
  }
  if (sn != 0) return bad_input("inclusion proof: too short");
  if (r != root) return bad_input("inclusion proof: does not lead to the root");
  return {};
}

// RFC 9162 section 2.1.4.2.
Result<void> verify_consistency(std::uint64_t first_size, std::uint64_t second_size,
                                std::span<const MerkleHash> proof, const MerkleHash& first_root,
                                const MerkleHash& second_root) {
  if (first_size == 0 || first_size > second_size)
    return bad_input("consistency proof: sizes out of order");
  if (first_size == second_size) {
    if (!proof.empty()) return bad_input("consistency proof: too long");
    if (first_root != second_root) return bad_input("consistency proof: two roots of one size");
    return {};
  }
  if (proof.empty()) return bad_input("consistency proof: too short");

  std::uint64_t fn = first_size - 1;
  std::uint64_t sn = second_size - 1;
  while (is_odd(fn)) {
    fn >>= 1U;
    sn >>= 1U;
  }
  // A first size that is a power of two is a subtree of the second: its root opens the path.
  const bool whole = std::has_single_bit(first_size);
  MerkleHash fr = whole ? first_root : proof[0];
  MerkleHash sr = fr;
  for (const MerkleHash& c : proof.subspan(whole ? 0 : 1)) {
    if (sn == 0) return bad_input("consistency proof: too long");
    if (is_odd(fn) || fn == sn) {
      fr = node_hash(c, fr);
      sr = node_hash(c, sr);
      while (!is_odd(fn) && fn != 0) {
        fn >>= 1U;
        sn >>= 1U;
      }
    } else {
      sr = node_hash(sr, c);
    }
    fn >>= 1U;
    sn >>= 1U;
  }
  if (sn != 0) return bad_input("consistency proof: too short");
  if (fr != first_root) return bad_input("consistency proof: does not lead to the first root");
  if (sr != second_root) return bad_input("consistency proof: does not lead to the second root");
  return {};
}

}  // namespace hedgerow
