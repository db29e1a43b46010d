#include "node/store/key_shares.h"

#include <algorithm>

#include "tests/node/store/store_fixture.h"

namespace hedgerow::store {
namespace {

class KeySharesTest : public LineageStoreTest {
 protected:
  static KeyId id(std::uint8_t n) {
    KeyId k;
    k.bytes[0] = n;
    return k;
  }
  Result<void> put(std::uint8_t n, KeyStatus status, std::size_t share_size = 32) {
    return commit([&] {
      KeyRecord k;
      k.id = id(n);
      k.status = status;
      k.share_version = 7;
      k.public_info = Bytes(64, n);
      k.share = SecretBytes(share_size);
      std::fill(k.share.writable().begin(), k.share.writable().end(), n);
      k.created_at = at_ms(n);
      return store().key_shares().put(k);
    });
  }
};

TEST_F(KeySharesTest, AShareComesBackAfterAReopening) {
  EXPECT_FALSE(store().key_shares().active().value().has_value());
  ASSERT_TRUE(put(1, KeyStatus::active).ok());
  reopen();
  const auto found = store().key_shares().active();
  ASSERT_TRUE(found.ok() && found->has_value());
  const KeyRecord& key = **found;
  EXPECT_EQ(key.id, id(1));
  EXPECT_EQ(key.share_version, 7U);
  EXPECT_EQ(key.public_info, Bytes(64, 1));
  EXPECT_EQ(to_bytes(key.share.expose()), Bytes(32, 1));
  EXPECT_EQ(key.created_at, at_ms(1));
}

TEST_F(KeySharesTest, ActivatingOneRetiresTheOther) {
  ASSERT_TRUE(put(1, KeyStatus::active).ok());
  ASSERT_TRUE(put(2, KeyStatus::pending).ok());
  EXPECT_EQ(store().key_shares().active().value()->id, id(1));
  ASSERT_TRUE(put(2, KeyStatus::active).ok());
  EXPECT_EQ(store().key_shares().active().value()->id, id(2));
  EXPECT_EQ(store().key_shares().get(id(1)).value()->status, KeyStatus::retired);
}

TEST_F(KeySharesTest, AListLeavesTheSharesOutAndANodeMayHaveNone) {
  ASSERT_TRUE(put(1, KeyStatus::retired).ok());
  ASSERT_TRUE(put(2, KeyStatus::active, 0).ok());
  const auto all = store().key_shares().list();
  ASSERT_EQ(all->size(), 2U);
  for (const KeyRecord& k : *all) EXPECT_TRUE(k.share.empty());
  EXPECT_TRUE(store().key_shares().get(id(2)).value()->share.empty());
  EXPECT_FALSE(store().key_shares().get(id(1)).value()->share.empty());
}

TEST_F(KeySharesTest, RefusesWhatIsOutOfBounds) {
  EXPECT_EQ(put(1, KeyStatus::active, kMaxKeyShare + 1).error().code, Code::bad_input);
}

}  // namespace
}  // namespace hedgerow::store
