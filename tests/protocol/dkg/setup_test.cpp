#include "protocol/dkg/setup.h"

#include <algorithm>

#include "crypto/hash.h"
#include "tests/protocol/dkg/dkg_region.h"

namespace hedgerow::protocol {
namespace {

ByteArray<32> static_key(Random& rng) {
  const DkgStaticKey key = generate_dkg_static_key(rng);
  return key.public_key.bytes();
}

class Setup : public testing::Test {
 protected:
  void SetUp() override {
    SeededRandom rng = seeded(3);
    for (const char* name : {"ccc", "aaa", "bbb"}) list.push_back({party(name), static_key(rng)});
  }
  Result<DkgSetup> make(std::uint16_t threshold) const {
    return DkgSetup::make(lineage, agreement, hub, threshold, list);
  }
  Lineage lineage = Lineage::parse("vale-cse").value();
  AgreementHash agreement;
  PartyId hub = party("the-hub");
  std::vector<Keyholder> list;
  SessionId session{{1, 2, 3}};
};

TEST_F(Setup, NumbersKeyholdersInOrderOfTheirNames) {
  const DkgSetup setup = make(2).value();
  EXPECT_EQ(setup.index_of(party("aaa")), 1);
  EXPECT_EQ(setup.index_of(party("bbb")), 2);
  EXPECT_EQ(setup.index_of(party("ccc")), 3);
  EXPECT_FALSE(setup.index_of(party("ddd")).has_value());
  EXPECT_EQ(setup.parameters(session).peer(3).name, "ccc");
  EXPECT_EQ(setup.parameters(session).peer(3).static_key.bytes(), list[0].static_key);
}

TEST_F(Setup, RefusesThresholdsThatLeaveNoRequesterOut) {
  EXPECT_FALSE(make(0).ok());
  EXPECT_TRUE(make(1).ok());
  EXPECT_TRUE(make(2).ok());
  EXPECT_FALSE(make(3).ok());
}

TEST_F(Setup, RefusesOneKeyholderAndTooMany) {
  list.resize(1);
  EXPECT_FALSE(make(1).ok());
  SeededRandom rng = seeded(4);
  list.clear();
  for (std::size_t i = 0; i <= kDkgMaxParticipants; ++i)
    list.push_back({party("keeper-" + std::to_string(100 + i)), static_key(rng)});
  EXPECT_FALSE(make(2).ok());
  list.pop_back();
  EXPECT_TRUE(make(2).ok());
}

TEST_F(Setup, NamesWhoseKeyIsUnusableOrAnothers) {
  auto good = list;
  list[1].static_key = {};  // the identity
  EXPECT_EQ(make(2).error().culprit, "aaa");
  list = good;
  list[1].static_key[31] |= 0x80U;
  EXPECT_EQ(make(2).error().culprit, "aaa");
  list = good;
  list[2].static_key = list[1].static_key;
  EXPECT_EQ(make(2).error().culprit, "bbb");
  list = good;
  list[2].party = list[0].party;
  EXPECT_EQ(make(2).error().culprit, "ccc");
}

TEST_F(Setup, ContextBindsAllThatTheRunIsAbout) {
  const Bytes context = make(2)->parameters(session).context();
  EXPECT_EQ(context.size(), 64U);
  EXPECT_EQ(make(2)->parameters(session).context(), context);
  EXPECT_NE(make(2)->parameters(SessionId{{9}}).context(), context);
  EXPECT_NE(make(1)->parameters(session).context(), context);
  lineage = Lineage::parse("vale-csf").value();
  EXPECT_NE(make(2)->parameters(session).context(), context);
  lineage = Lineage::parse("vale-cse").value();
  agreement.bytes[5] = 1;
  EXPECT_NE(make(2)->parameters(session).context(), context);
  agreement.bytes[5] = 0;
  list[0].party = party("ccd");
  EXPECT_NE(make(2)->parameters(session).context(), context);
  list[0].party = party("ccc");
  EXPECT_EQ(make(2)->parameters(session).context(), context);
  SeededRandom rng = seeded(8);
  list[0].static_key = static_key(rng);
  EXPECT_NE(make(2)->parameters(session).context(), context);
}

TEST_F(Setup, KeyIdIsTheHashThatTheArchitectureNames) {
  Bytes input = to_bytes("hedgerow/v1/keyvale-cse");
  input.insert(input.end(), session.bytes.begin(), session.bytes.end());
  EXPECT_EQ(to_hex(derive_key_id(lineage, session).view()), to_hex(sha256(input)).substr(0, 32));
}

}  // namespace
}  // namespace hedgerow::protocol
