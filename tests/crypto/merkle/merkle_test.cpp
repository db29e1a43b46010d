#include "crypto/merkle.h"

#include <gmock/gmock.h>

#include <bit>

#include "crypto/hash.h"

namespace hedgerow {
namespace {

Bytes entry(std::uint64_t i) { return std::move(Writer().text("entry").u64(i)).take(); }

// MTH of RFC 6962 section 2.1, word for word: the oracle.
MerkleHash reference_root(std::span<const Bytes> d) {
  if (d.empty()) return sha256({});
  if (d.size() == 1) return leaf_hash(d[0]);
  const std::size_t k = std::bit_floor(d.size() - 1);
  return node_hash(reference_root(d.first(k)), reference_root(d.subspan(k)));
}

struct Grown {
  std::vector<Bytes> entries;
  MerkleTree tree;
};

Grown grow(std::uint64_t size) {
  Grown g;
  for (std::uint64_t i = 0; i < size; ++i) {
    g.entries.push_back(entry(i));
    g.tree.append(leaf_hash(g.entries.back()));
  }
  return g;
}

constexpr std::uint64_t kSize = 70;

TEST(Merkle, KnowsTheHashesOfRfc6962) {
  EXPECT_EQ(to_hex(empty_root_hash()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(leaf_hash({})),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

TEST(Merkle, EveryRootIsTheRecursiveOne) {
  const Grown g = grow(kSize);
  for (std::uint64_t n = 0; n <= kSize; ++n)
    EXPECT_EQ(g.tree.root(n).value(), reference_root(std::span(g.entries).first(n))) << n;
  EXPECT_EQ(g.tree.root(), g.tree.root(kSize).value());
  EXPECT_EQ(MerkleTree().root(), empty_root_hash());
}

TEST(Merkle, EveryInclusionProofVerifiesAndNoneForAnotherLeaf) {
  const Grown g = grow(kSize);
  for (std::uint64_t n = 1; n <= kSize; ++n)
    for (std::uint64_t i = 0; i < n; ++i) {
      const MerkleProof proof = g.tree.inclusion_proof(i, n).value();
      const MerkleHash root = g.tree.root(n).value();
      EXPECT_TRUE(verify_inclusion(leaf_hash(g.entries[i]), i, n, proof, root).ok());
      EXPECT_FALSE(verify_inclusion(leaf_hash(entry(kSize)), i, n, proof, root).ok());
      if (n == 1) continue;
      EXPECT_FALSE(verify_inclusion(leaf_hash(g.entries[i]), (i + 1) % n, n, proof, root).ok());
    }
}

TEST(Merkle, EveryConsistencyProofVerifies) {
  const Grown g = grow(kSize);
  for (std::uint64_t n = 1; n <= kSize; ++n)
    for (std::uint64_t m = 1; m <= n; ++m) {
      const MerkleProof proof = g.tree.consistency_proof(m, n).value();
      EXPECT_LE(proof.size(), kMaxMerkleProof);
      EXPECT_TRUE(
          verify_consistency(m, n, proof, g.tree.root(m).value(), g.tree.root(n).value()).ok())
          << m << " to " << n;
    }
}

TEST(Merkle, ARewrittenPastHasNoConsistencyProof) {
  const Grown g = grow(kSize);
  MerkleTree rewritten;
  for (std::uint64_t i = 0; i < kSize; ++i)
    rewritten.append(leaf_hash(i == 3 ? entry(1000) : g.entries[i]));
  for (std::uint64_t m = 4; m < kSize; ++m) {
    const MerkleProof proof = rewritten.consistency_proof(m, kSize).value();
    EXPECT_FALSE(
        verify_consistency(m, kSize, proof, g.tree.root(m).value(), rewritten.root()).ok());
  }
}

TEST(Merkle, ProofsCutOrLengthenedAreRefused) {
  const Grown g = grow(kSize);
  MerkleProof proof = g.tree.inclusion_proof(17, kSize).value();
  proof.push_back(empty_root_hash());
  EXPECT_FALSE(verify_inclusion(leaf_hash(g.entries[17]), 17, kSize, proof, g.tree.root()).ok());
  proof.resize(proof.size() - 2);
  EXPECT_FALSE(verify_inclusion(leaf_hash(g.entries[17]), 17, kSize, proof, g.tree.root()).ok());

  MerkleProof grown = g.tree.consistency_proof(13, kSize).value();
  const MerkleHash first = g.tree.root(13).value();
  grown.push_back(empty_root_hash());
  EXPECT_FALSE(verify_consistency(13, kSize, grown, first, g.tree.root()).ok());
  grown.resize(grown.size() - 2);
  EXPECT_FALSE(verify_consistency(13, kSize, grown, first, g.tree.root()).ok());
}

TEST(Merkle, RefusesWhatTheTreeDoesNotHold) {
  const Grown g = grow(5);
  EXPECT_EQ(g.tree.root(6).error().code, Code::bad_input);
  EXPECT_EQ(g.tree.leaf(5).error().code, Code::bad_input);
  EXPECT_EQ(g.tree.inclusion_proof(5, 5).error().code, Code::bad_input);
  EXPECT_EQ(g.tree.inclusion_proof(0, 6).error().code, Code::bad_input);
  EXPECT_EQ(g.tree.consistency_proof(0, 5).error().code, Code::bad_input);
  EXPECT_EQ(g.tree.consistency_proof(5, 4).error().code, Code::bad_input);
  EXPECT_EQ(g.tree.consistency_proof(5, 6).error().code, Code::bad_input);
}

}  // namespace
}  // namespace hedgerow
