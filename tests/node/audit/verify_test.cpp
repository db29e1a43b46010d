#include "node/audit/verify.h"

#include "tests/node/audit/log_fixture.h"

namespace hedgerow::audit {
namespace {

using ::testing::HasSubstr;

class VerifyExportTest : public LogTest {
 protected:
  VerifyExportTest() {
    for (std::uint64_t i = 1; i <= 6; ++i) exchange("vale-cse", i);
  }
  std::filesystem::path file() const { return folder_ / "export.log"; }
  void make_export() {
    std::filesystem::remove(file());
    ASSERT_TRUE(export_log(log(), file()).ok());
  }
  Result<VerifiedLog> check(std::vector<Receipt> receipts = {}) {
    return verify_export(file(), log().key(), receipts, {});
  }
};

TEST_F(VerifyExportTest, AWholeLogVerifiesAndIsShownInOrder) {
  make_export();
  std::vector<std::uint64_t> generations;
  const auto verified =
      verify_export(file(), log().key(), {}, [&](std::uint64_t i, const Entry& e) {
        EXPECT_EQ(i, generations.size());
        generations.push_back(e.generation);
        return Result<void>();
      });
  ASSERT_TRUE(verified.ok()) << verified.error().text;
  EXPECT_THAT(generations, ::testing::ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(verified->checkpoint.size, 6U);
  EXPECT_EQ(verified->checkpoint.root, log().root());
  EXPECT_EQ(verified->key.name, "hedgerow/vale-council");
  EXPECT_EQ(verified->abandoned, 0U);
  EXPECT_EQ(verified->last_time, log().last_time());
  EXPECT_EQ(verified->first_time, log().read(0)->time);
}

TEST_F(VerifyExportTest, WithoutAnExpectedKeyItSaysWhoseItClaimsToBe) {
  make_export();
  EXPECT_EQ(verify_export(file(), std::nullopt, {}, {})->key.vkey(), log().key().vkey());
}

TEST_F(VerifyExportTest, AnEmptyLogVerifies) {
  close();
  std::filesystem::remove_all(directory());
  log_.emplace(Log::create(directory(), "hedgerow/vale-council", key_, Durability::full).value());
  make_export();
  EXPECT_EQ(check()->checkpoint.size, 0U);
}

TEST_F(VerifyExportTest, AnotherNodesLogIsRefused) {
  make_export();
  const auto refused =
      verify_export(file(), NoteKey{log().name(), key_number(2).verify_key()}, {}, {});
  EXPECT_THAT(refused.error().text, HasSubstr("another key"));
  EXPECT_FALSE(verify_export(file(), NoteKey{"hedgerow/other", key_.verify_key()}, {}, {}).ok());
}

TEST_F(VerifyExportTest, EveryAlteredByteIsFound) {
  make_export();
  const Bytes whole = file_bytes(file());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Bytes altered = whole;
    altered[i] ^= 1;
    write_file(file(), altered);
    EXPECT_FALSE(check().ok()) << i;
  }
}

TEST_F(VerifyExportTest, EveryCutAndAnyAdditionIsFound) {
  make_export();
  Bytes whole = file_bytes(file());
  for (std::size_t n = 0; n < whole.size(); ++n) {
    write_file(file(), ByteView(whole).first(n));
    EXPECT_FALSE(check().ok()) << n;
  }
  whole.push_back(0);
  write_file(file(), whole);
  EXPECT_THAT(check().error().text, HasSubstr("more follows"));
}

TEST_F(VerifyExportTest, ReceiptsGivenEarlierLieInTheLog) {
  const Receipt early = make_receipt(log(), 2, false).value();
  exchange("vale-cse", 7);
  make_export();
  EXPECT_TRUE(check({early, make_receipt(log(), 6, true).value()}).ok());
}

TEST_F(VerifyExportTest, AReceiptShowsThatALogWasRewrittenOrCut) {
  const Receipt receipt = make_receipt(log(), 5, false).value();
  close();
  std::filesystem::remove_all(directory());
  log_.emplace(Log::create(directory(), "hedgerow/vale-council", key_, Durability::full).value());
  for (std::uint64_t i = 1; i <= 5; ++i) exchange("vale-cse", i);
  make_export();
  EXPECT_TRUE(check().ok());
  EXPECT_THAT(check({receipt}).error().text, HasSubstr("cut off"));
  exchange("vale-cse", 6);
  make_export();
  EXPECT_THAT(check({receipt}).error().text, HasSubstr("rewritten"));
}

TEST_F(VerifyExportTest, AnErrorOfTheVisitorEndsIt) {
  make_export();
  const auto ended = verify_export(file(), log().key(), {}, [](std::uint64_t, const Entry&) {
    return Result<void>(denied("enough"));
  });
  EXPECT_EQ(ended.error().text, "enough");
}

TEST_F(VerifyExportTest, AbandonedEntriesAreCounted) {
  append(entry("question", "vale-cse", 7));
  ASSERT_TRUE(log().abandon("vale-cse", at_ms(900), rng_).ok());
  make_export();
  EXPECT_EQ(check()->abandoned, 1U);
}

TEST_F(VerifyExportTest, AFileThatIsThereIsNotOverwritten) {
  make_export();
  EXPECT_EQ(export_log(log(), file()).error().code, Code::configuration);
  EXPECT_EQ(verify_export(folder_ / "nothing", std::nullopt, {}, {}).error().code, Code::bad_input);
  EXPECT_THAT(verify_export(entries(), std::nullopt, {}, {}).error().text,
              HasSubstr("not an exported"));
}

}  // namespace
}  // namespace hedgerow::audit
