#include "node/import/case_ref.h"

#include <gtest/gtest.h>

#include "crypto/random.h"
#include "tests/node/import/movement_file.h"

namespace hedgerow::import {
namespace {

class CaseRef : public testing::Test {
 protected:
  SeededRandom rng_{ByteArray<32>{1}};
  SealKeyPair officer_ = random_seal_key_pair(rng_);
  CaseRefSealer sealer_{officer_.public_key, rng_};
  ByteArray<32> record_{42};

  Result<SecretBytes> open(const Bytes& sealed, const ByteArray<32>& record) {
    return open_case_ref(officer_.secret_key, officer_.public_key, sealer_.sealed_key(), record,
                         sealed);
  }
};

TEST_F(CaseRef, OpensForTheOfficer) {
  const Bytes sealed = sealer_.seal(record_, as_bytes("VC/LCS/000123"));
  const auto opened = open(sealed, record_);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(as_text(opened->expose()), "VC/LCS/000123");
}

TEST_F(CaseRef, NeverSealsToTheSameBytesTwice) {
  EXPECT_NE(sealer_.seal(record_, as_bytes("x")), sealer_.seal(record_, as_bytes("x")));
}

TEST_F(CaseRef, DoesNotOpenForAnotherRecord) {
  const Bytes sealed = sealer_.seal(record_, as_bytes("VC/LCS/000123"));
  EXPECT_FALSE(open(sealed, ByteArray<32>{43}).ok());
}

TEST_F(CaseRef, DoesNotOpenWhenAnyByteIsChangedOrMissing) {
  const Bytes sealed = sealer_.seal(record_, as_bytes("VC"));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 1;
    EXPECT_FALSE(open(changed, record_).ok()) << i;
    EXPECT_FALSE(
        open(Bytes(sealed.begin(), sealed.begin() + static_cast<std::ptrdiff_t>(i)), record_).ok())
        << i;
  }
}

TEST_F(CaseRef, DoesNotOpenWithAnotherOfficersKey) {
  const Bytes sealed = sealer_.seal(record_, as_bytes("VC"));
  const SealKeyPair other = random_seal_key_pair(rng_);
  EXPECT_FALSE(
      open_case_ref(other.secret_key, other.public_key, sealer_.sealed_key(), record_, sealed)
          .ok());
}

TEST_F(CaseRef, DoesNotOpenWithASealedKeyOfAnotherLength) {
  const Bytes sealed = sealer_.seal(record_, as_bytes("VC"));
  const Bytes short_key = hedgerow::seal(officer_.public_key, ByteArray<31>{}, rng_);
  const auto opened =
      open_case_ref(officer_.secret_key, officer_.public_key, short_key, record_, sealed);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, Code::bad_input);
}

TEST_F(CaseRef, IsSealedDuringImportUnderItsRowsKey) {
  World world;
  world.case_refs = &sealer_;
  const auto movement = world.good({{Column::case_ref, " VC/LCS/7 "}});
  const auto opened = open(movement.case_ref, movement.source_key);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(as_text(opened->expose()), "VC/LCS/7");
}

TEST_F(CaseRef, IsDroppedAndCountedWhereNoKeyIsConfigured) {
  const auto file = World().row({{Column::case_ref, "VC/LCS/7"}});
  ASSERT_EQ(file.movements.size(), 1U);
  EXPECT_TRUE(file.movements.front().case_ref.empty());
  EXPECT_EQ(file.report.case_refs_dropped, 1U);
}

}  // namespace
}  // namespace hedgerow::import
