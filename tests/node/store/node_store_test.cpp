#include "node/store/node_store.h"

#include <sys/stat.h>

#include "crypto/hash.h"
#include "tests/node/store/store_fixture.h"

namespace hedgerow::store {
namespace {

using ::testing::ElementsAre;
namespace fs = std::filesystem;

// Stands in for the keyring: XOR with a stream bound to the purpose, and a check.
class TestWrap : public KeyWrap {
 public:
  explicit TestWrap(std::uint8_t master) : master_(master) {}
  Bytes wrap(std::string_view purpose, ByteView key, Random&) const override {
    Bytes out = to_bytes(key);
    mix(purpose, out);
    const auto check = sha256(key);
    out.insert(out.end(), check.begin(), check.end());
    return out;
  }
  Result<SecretBytes> unwrap(std::string_view purpose, ByteView wrapped) const override {
    if (wrapped.size() < 32) return configuration("cut off");
    Bytes key = to_bytes(wrapped.first(wrapped.size() - 32));
    mix(purpose, key);
    const auto check = sha256(key);
    if (!std::equal(check.begin(), check.end(), wrapped.last(32).begin()))
      return configuration("not wrapped by this key for this purpose");
    return SecretBytes::copy_from(key);
  }

 private:
  void mix(std::string_view purpose, Bytes& bytes) const {
    const auto stream = sha512(std::move(Writer().u8(master_).text(purpose)).take());
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] ^= stream[i % stream.size()];
  }
  std::uint8_t master_;
};

class NodeStoreTest : public ::testing::Test {
 protected:
  NodeStoreTest() : rng_(ByteArray<32>{3}) {
    node_.emplace(NodeStore::create(state(), wrap_, Durability::full, rng_).value());
  }
  fs::path state() const { return folder_ / "state"; }
  fs::path lineage_file() const { return state() / "lineages" / "vale-cse.db"; }
  NodeStore& node() { return *node_; }
  Result<NodeStore> open_again() { return NodeStore::open(state(), wrap_, Durability::full); }
  void reopen() {
    node_.reset();
    node_.emplace(open_again().value());
  }

  Folder folder_;
  SeededRandom rng_;
  TestWrap wrap_{1};
  Lineage lineage_ = Lineage::parse("vale-cse").value();
  std::optional<NodeStore> node_;
};

TEST_F(NodeStoreTest, ALineageIsFoundAgainWithItsReferenceKey) {
  Bytes reference;
  {
    LineageStore made = node().create_lineage(lineage_, rng_, at_ms(1)).value();
    reference = to_bytes(made.reference_key().expose());
    Transaction t = Transaction::begin(made.database()).value();
    ASSERT_TRUE(made.set_reidentification_key(key32('r', 1)).ok());
    ASSERT_TRUE(t.commit().ok());
  }
  reopen();
  EXPECT_THAT(node().lineages().value(), ElementsAre(lineage_));
  LineageStore found = node().open_lineage(lineage_).value();
  EXPECT_EQ(to_bytes(found.reference_key().expose()), reference);
  EXPECT_EQ(found.reidentification_key().value(), key32('r', 1));
  EXPECT_NE(reference, Bytes(32));
}

TEST_F(NodeStoreTest, EverythingIsPrivate) {
  const LineageStore made = node().create_lineage(lineage_, rng_, at_ms(1)).value();
  for (const auto& entry : fs::recursive_directory_iterator(state())) {
    struct stat status {};
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, entry.is_directory() ? 0700U : 0600U) << entry.path();
  }
}

TEST_F(NodeStoreTest, AnotherMasterKeyOpensNothing) {
  node_.reset();
  const TestWrap other(2);
  EXPECT_EQ(NodeStore::open(state(), other, Durability::full).error().code, Code::configuration);
}

TEST_F(NodeStoreTest, RefusesToBeCreatedTwiceOrOpenedWhereThereIsNone) {
  EXPECT_EQ(NodeStore::create(state(), wrap_, Durability::full, rng_).error().code,
            Code::configuration);
  EXPECT_EQ(NodeStore::open(folder_ / "nothing", wrap_, Durability::full).error().code,
            Code::configuration);
}

TEST_F(NodeStoreTest, ALineageIsCreatedOnceAndOpenedOnlyIfThere) {
  EXPECT_EQ(node().open_lineage(lineage_).error().code, Code::bad_input);
  ASSERT_TRUE(node().create_lineage(lineage_, rng_, at_ms(1)).ok());
  EXPECT_EQ(node().create_lineage(lineage_, rng_, at_ms(1)).error().code, Code::bad_input);
}

TEST_F(NodeStoreTest, AnInterruptedCreationBeginsAfresh) {
  ASSERT_TRUE(node().create_lineage(lineage_, rng_, at_ms(1)).ok());
  {
    // As after a crash between the file and the note that it is complete.
    Transaction t = Transaction::begin(node().database()).value();
    Statement s = node().database().prepare("UPDATE lineage SET complete = 0");
    ASSERT_TRUE(s.run().ok());
    ASSERT_TRUE(t.commit().ok());
  }
  reopen();
  EXPECT_TRUE(node().lineages()->empty());
  EXPECT_EQ(node().open_lineage(lineage_).error().code, Code::bad_input);
  ASSERT_TRUE(node().create_lineage(lineage_, rng_, at_ms(2)).ok());
  EXPECT_TRUE(node().open_lineage(lineage_).ok());
}

TEST_F(NodeStoreTest, AMissingOrExchangedLineageFileIsAnError) {
  const Lineage other = Lineage::parse("other").value();
  ASSERT_TRUE(node().create_lineage(lineage_, rng_, at_ms(1)).ok());
  ASSERT_TRUE(node().create_lineage(other, rng_, at_ms(1)).ok());
  fs::rename(state() / "lineages" / "other.db", lineage_file());
  EXPECT_EQ(node().open_lineage(lineage_).error().code, Code::configuration);
  EXPECT_EQ(node().open_lineage(other).error().code, Code::configuration);
}

TEST_F(NodeStoreTest, AFileOfAnotherLineageUnderTheSameKeyIsAnError) {
  SecretBytes key = random_database_key(rng_);
  ASSERT_TRUE(LineageStore::create(folder_ / "a.db", lineage_, key, Durability::full, rng_).ok());
  EXPECT_EQ(
      LineageStore::open(folder_ / "a.db", Lineage::parse("other").value(), key, Durability::full)
          .error()
          .code,
      Code::configuration);
}

TEST_F(NodeStoreTest, WithdrawalDestroysTheKeyLeavesATombstoneAndRemovesTheFile) {
  ASSERT_TRUE(node().create_lineage(lineage_, rng_, at_ms(1)).ok());
  const Bytes kept = file_bytes(lineage_file());
  ASSERT_TRUE(node().withdraw_lineage(lineage_, "the parties ended it", at_ms(9)).ok());
  ASSERT_TRUE(node().withdraw_lineage(lineage_, "again", at_ms(10)).ok());
  EXPECT_FALSE(fs::exists(lineage_file()));
  reopen();
  EXPECT_TRUE(node().lineages()->empty());
  const auto tombstones = node().tombstones().value();
  ASSERT_EQ(tombstones.size(), 1U);
  EXPECT_EQ(tombstones[0].lineage, lineage_);
  EXPECT_EQ(tombstones[0].reason, "the parties ended it");
  EXPECT_EQ(tombstones[0].at, at_ms(9));
  // Even the old file put back opens no more, and the name is not used again.
  write_file(lineage_file(), kept);
  EXPECT_EQ(node().open_lineage(lineage_).error().code, Code::denied);
  EXPECT_EQ(node().create_lineage(lineage_, rng_, at_ms(11)).error().code, Code::bad_input);
}

TEST_F(NodeStoreTest, PeersAreReplacedAsAWhole) {
  const auto replace = [&](std::vector<PeerRecord> peers) -> Result<void> {
    HR_ASSIGN(Transaction t, Transaction::begin(node().database()));
    HR_TRY(node().replace_peers(lineage_, peers));
    HR_TRY(t.commit());
    return {};
  };
  ASSERT_TRUE(replace({{lineage_, party("police"), key32('k', 1), false},
                       {lineage_, party("hub"), key32('k', 2), true}})
                  .ok());
  ASSERT_EQ(node().peers()->size(), 2U);
  EXPECT_TRUE(node().peers().value()[0].hub);
  EXPECT_EQ(node().peers().value()[0].curve_key, key32('k', 2));
  ASSERT_TRUE(replace({{lineage_, party("health"), key32('k', 3), false}}).ok());
  ASSERT_EQ(node().peers()->size(), 1U);
  EXPECT_EQ(node().peers().value()[0].party, party("health"));

  EXPECT_EQ(replace({{Lineage::parse("other").value(), party("police"), {}, false}}).error().code,
            Code::bad_input);
  EXPECT_EQ(replace({{lineage_, party("police"), {}, false}, {lineage_, party("police"), {}, true}})
                .error()
                .code,
            Code::bad_input);
  EXPECT_EQ(node().peers()->size(), 1U);
}

TEST_F(NodeStoreTest, TheNumberOfLineagesIsBounded) {
  for (std::size_t i = 0; i < kMaxLineages; ++i)
    ASSERT_TRUE(
        node()
            .create_lineage(Lineage::parse("lineage-" + std::to_string(i)).value(), rng_, at_ms(1))
            .ok());
  EXPECT_EQ(node().create_lineage(lineage_, rng_, at_ms(1)).error().code, Code::bad_input);
}

}  // namespace
}  // namespace hedgerow::store
