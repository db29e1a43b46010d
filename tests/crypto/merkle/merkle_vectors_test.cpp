// The published proofs of tests/vectors/rfc6962.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "crypto/hash.h"
#include "crypto/merkle.h"
#include "test_paths.h"

namespace hedgerow {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> vectors(const char* kind) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(HEDGEROW_SOURCE_DIR) /
                                                            "tests/vectors/rfc6962" / kind))
    if (entry.path().extension() == ".json") found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

nlohmann::json load(const fs::path& path) {
  std::ifstream file(path);
  return nlohmann::json::parse(file);
}

// Some cases of consistency use texts that are no hashes: they keep their equality by being hashed.
MerkleHash hash_of(const nlohmann::json& base64) {
  const Bytes bytes = base64.is_null() ? Bytes() : from_base64(base64.get<std::string>()).value();
  if (bytes.size() != 32) return sha256(std::move(Writer().text("no hash").raw(bytes)).take());
  MerkleHash hash{};
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

// Whether it could come to a verifier at all: MerkleHash has 32 bytes.
bool is_hash(const nlohmann::json& base64) {
  return base64.is_string() && from_base64(base64.get<std::string>()).value().size() == 32;
}

MerkleProof proof_of(const nlohmann::json& list) {
  MerkleProof proof;
  if (list.is_null()) return proof;
  for (const auto& item : list) proof.push_back(hash_of(item));
  return proof;
}

TEST(MerkleVectors, InclusionProofsOfTransparencyDev) {
  std::size_t good = 0;
  std::size_t bad = 0;
  for (const fs::path& path : vectors("inclusion")) {
    const nlohmann::json v = load(path);
    const auto result = verify_inclusion(hash_of(v["leafHash"]), v["leafIdx"].get<std::uint64_t>(),
                                         v["treeSize"].get<std::uint64_t>(), proof_of(v["proof"]),
                                         hash_of(v["root"]));
    const bool refused = !is_hash(v["leafHash"]) || !is_hash(v["root"]) || !result.ok();
    EXPECT_EQ(refused, v["wantErr"].get<bool>()) << path;
    ++(v["wantErr"].get<bool>() ? bad : good);
  }
  EXPECT_GE(good, 5U);
  EXPECT_GE(bad, 80U);
}

TEST(MerkleVectors, ConsistencyProofsOfTransparencyDev) {
  std::size_t good = 0;
  std::size_t bad = 0;
  for (const fs::path& path : vectors("consistency")) {
    const nlohmann::json v = load(path);
    const auto result =
        verify_consistency(v["size1"].get<std::uint64_t>(), v["size2"].get<std::uint64_t>(),
                           proof_of(v["proof"]), hash_of(v["root1"]), hash_of(v["root2"]));
    EXPECT_EQ(!result.ok(), v["wantErr"].get<bool>()) << path;
    ++(v["wantErr"].get<bool>() ? bad : good);
  }
  EXPECT_GE(good, 4U);
  EXPECT_GE(bad, 70U);
}

}  // namespace
}  // namespace hedgerow
