#include "protocol/sum/standing.h"

#include <gtest/gtest.h>

#include "tests/protocol/sum/region.h"

namespace hedgerow::protocol::sum {
namespace {

class SumStanding : public ::testing::Test {
 protected:
  SumStanding() {
    context.lineage = Lineage::parse("vale-cse").value();
    context.agreement.bytes.fill(0xa9);
    context.session.bytes.fill(0x5e);
    context.release = release_id(context.lineage, "movements", "flows", "2026-Q1");
    for (std::size_t i = 0; i < names.size(); ++i) {
      ByteArray<32> seed{};
      seed.fill(static_cast<std::uint8_t>(i + 1));
      keys.push_back(test_key(seed));
      public_keys.emplace(names[i], keys.back().verify_key());
    }
  }

  static SigningKey test_key(const ByteArray<32>& seed);

  Bytes signed_by(std::size_t i, const Standing& standing) const {
    return sign_standing(keys[i], names[i], context, standing, now);
  }
  Standing standing(std::uint32_t min_children = 8) const {
    return {context.release, true, {min_children, 1, 5, false}};
  }
  Bytes list_of(std::vector<Bytes> statements) const {
    return StandingList{std::move(statements)}.encode();
  }
  Result<Standings> verify(const Bytes& list) const {
    return verify_standings(list, names, public_keys, party("hub"), context, now);
  }

  StandingContext context;
  UtcTime now = from_unix_ms(1790000000000);
  std::vector<PartyId> names = {party("agency-a"), party("agency-b"), party("agency-c")};
  std::vector<SigningKey> keys;
  std::map<PartyId, VerifyKey> public_keys;
};

class Seeded : public Random {
 public:
  explicit Seeded(const ByteArray<32>& seed) : seed_(seed) {}
  void fill(std::span<std::uint8_t> out) override {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = seed_[i % seed_.size()];
  }

 private:
  ByteArray<32> seed_;
};

SigningKey SumStanding::test_key(const ByteArray<32>& seed) {
  Seeded rng(seed);
  return SigningKey::random(rng);
}

TEST_F(SumStanding, HasTheseBytes) {
  Standing s{context.release, false, {12, 2, 10, true}};
  EXPECT_EQ(to_hex(s.encode()), context.release.hex() +
                                    "00"
                                    "0c000000"
                                    "02000000"
                                    "0a000000"
                                    "01");
  EXPECT_EQ(Standing::decode(s.encode()).value(), s);
  const Bytes bytes = s.encode();
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(Standing::decode(ByteView(bytes).first(n)).ok());
  Bytes odd = bytes;
  odd[16] = 2;
  EXPECT_FALSE(Standing::decode(odd).ok());
  s.thresholds.min_children = kMaxStandingThreshold + 1;
  EXPECT_FALSE(Standing::decode(s.encode()).ok());
  s.thresholds = {1, kMaxContributors + 1, 1, false};
  EXPECT_FALSE(Standing::decode(s.encode()).ok());
}

TEST_F(SumStanding, EverybodyWorksOutTheSameRoster) {
  Standing aside = standing();
  aside.takes_part = false;
  const auto all =
      verify(list_of({signed_by(0, standing()), signed_by(1, aside), signed_by(2, standing(12))}));
  ASSERT_TRUE(all.ok()) << all.error().text;
  EXPECT_EQ(roster_of(*all), (std::vector<PartyId>{names[0], names[2]}));
  EXPECT_EQ(all->at(names[2]).thresholds.min_children, 12U);
}

TEST_F(SumStanding, AListThatIsNotEverybodysNamesTheHub) {
  const Bytes a = signed_by(0, standing()), b = signed_by(1, standing()),
              c = signed_by(2, standing());
  ASSERT_TRUE(verify(list_of({a, b, c})).ok());
  Standing weak = standing(1);
  Bytes forged = sign_standing(keys[0], names[1], context, weak, now);
  Bytes altered = b;
  altered[altered.size() - 70] ^= 1U;
  for (const auto& list :
       {list_of({a, b}), list_of({a, b, b}), list_of({b, a, c}), list_of({a, forged, c}),
        list_of({a, altered, c}), list_of({a, b, c, c}), Bytes{}}) {
    const auto read = verify(list);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().culprit, "hub");
  }
}

TEST_F(SumStanding, CountsForOneAttemptAtOneReleaseAndNotForLong) {
  const auto read = [&](const Bytes& statement, const StandingContext& c, UtcTime at) {
    return verify_standing(statement, names[0], keys[0].verify_key(), c, at).ok();
  };
  const Bytes statement = signed_by(0, standing());
  EXPECT_TRUE(read(statement, context, now));
  EXPECT_FALSE(read(statement, context, now + kStandingLifetime + std::chrono::minutes(5)));
  StandingContext other = context;
  other.session.bytes.fill(0x5f);
  EXPECT_FALSE(read(statement, other, now));
  other = context;
  other.release.bytes[0] ^= 1U;
  EXPECT_FALSE(read(statement, other, now));
  other = context;
  other.agreement.bytes.fill(1);
  EXPECT_FALSE(read(statement, other, now));
  EXPECT_FALSE(verify_standing(statement, names[1], keys[0].verify_key(), context, now).ok());
}

}  // namespace
}  // namespace hedgerow::protocol::sum
