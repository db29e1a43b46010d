#include "protocol/dkg/key_share.h"

#include "tests/protocol/dkg/dkg_region.h"

namespace hedgerow::protocol {
namespace {

class KeyShare : public testing::Test {
 protected:
  void SetUp() override {
    region.start();
    region.run();
    region.expect_complete();
  }
  DkgRegion region{2, 3};
  const KeyShareRecord& record() { return region.shares.at(region.keyholders[1]); }
};

TEST_F(KeyShare, RoundTripsThroughItsBytes) {
  const SecretBytes saved = record().save();
  const auto restored = KeyShareRecord::restore(saved.expose());
  ASSERT_TRUE(restored.ok()) << restored.error().text;
  EXPECT_EQ(restored->info(), record().info());
  EXPECT_EQ(restored->index, 2);
  EXPECT_EQ(to_hex(restored->x_i.expose()), to_hex(record().x_i.expose()));
  EXPECT_EQ(to_hex(record().clone().save().expose()), to_hex(saved.expose()));
}

TEST_F(KeyShare, IsRefusedAtEveryOtherLength) {
  const SecretBytes saved = record().save();
  for (std::size_t size = 0; size < saved.size(); ++size)
    EXPECT_FALSE(KeyShareRecord::restore(saved.expose().first(size)).ok()) << size;
  Bytes longer = to_bytes(saved.expose());
  longer.push_back(0);
  EXPECT_FALSE(KeyShareRecord::restore(longer).ok());
}

TEST_F(KeyShare, IsRefusedWhereTheShareDoesNotFit) {
  Bytes bytes = to_bytes(record().save().expose());
  bytes[bytes.size() - 32] ^= 1U;  // the lowest byte of the share
  EXPECT_FALSE(KeyShareRecord::restore(bytes).ok());
  bytes[bytes.size() - 32] ^= 1U;
  ASSERT_TRUE(KeyShareRecord::restore(bytes).ok());
  bytes[1] = 1;  // another's index
  EXPECT_FALSE(KeyShareRecord::restore(bytes).ok());
  bytes[1] = 0;
  EXPECT_FALSE(KeyShareRecord::restore(bytes).ok());
  bytes[1] = 4;
  EXPECT_FALSE(KeyShareRecord::restore(bytes).ok());
}

TEST_F(KeyShare, PublicHalfRoundTripsAndHoldsNoSecret) {
  const KeyInfo info = record().info();
  const Bytes saved = info.save();
  EXPECT_EQ(KeyInfo::restore(saved).value(), info);
  EXPECT_EQ(to_hex(saved).find(to_hex(record().x_i.expose())), std::string::npos);
  for (std::size_t size = 0; size < saved.size(); ++size)
    EXPECT_FALSE(KeyInfo::restore(ByteView(saved).first(size)).ok()) << size;
}

TEST_F(KeyShare, PublicHalfHasItsBytes) {
  const KeyInfo info = record().info();
  std::string hex = "01" + info.key_id.hex() + "0200" + "0300" + "00000000";
  hex += to_hex(info.Y.bytes());
  for (const Element& e : info.verification_shares) hex += to_hex(e.bytes());
  for (const char last : {'1', '2', '3'})
    hex += std::string("08000000") + "6b65657065722d6" + last;  // "keeper-a" and so on
  hex += to_hex(info.transcript_hash);
  EXPECT_EQ(to_hex(info.save()), hex);
}

TEST_F(KeyShare, PublicHalfRefusesNumbersThatCannotBe) {
  const Bytes good = record().info().save();
  for (const auto& [at, value] : std::vector<std::pair<std::size_t, std::uint8_t>>{
           {0, 2}, {17, 0}, {17, 4}, {19, 0}, {19, 65}, {20, 0xff}}) {
    Bytes bad = good;
    bad[at] = value;
    EXPECT_FALSE(KeyInfo::restore(bad).ok()) << at;
  }
}

}  // namespace
}  // namespace hedgerow::protocol
