#include "node/store/ledger.h"

#include "tests/node/store/store_fixture.h"

namespace hedgerow::store {
namespace {

using ::testing::HasSubstr;

constexpr EvaluationQuota kQuota{100, 10};
constexpr std::int64_t kToday = 20'700;

class LedgerTest : public LineageStoreTest {
 protected:
  Result<EvaluationCharge> charge(std::uint64_t elements, std::int64_t day = kToday) {
    return commit([&] { return store().ledger().charge(party("police"), day, elements, kQuota); });
  }
  Result<void> add_batch(std::uint8_t id, std::int64_t day, Bytes response = Bytes(3, 1)) {
    return commit([&] {
      return store().ledger().add_batch(
          party("police"), {session_id(id), Sha256{key32('h', id)}, std::move(response), day});
    });
  }
};

TEST_F(LedgerTest, SpendsTheImportBalanceFirstThenTheDay) {
  EXPECT_EQ(charge(95).value(), (EvaluationCharge{95, 0}));
  EXPECT_EQ(charge(8).value(), (EvaluationCharge{5, 3}));
  EXPECT_EQ(store().ledger().import_spent(party("police")).value(), 100U);
  EXPECT_EQ(store().ledger().daily_spent(party("police"), kToday).value(), 3U);
  EXPECT_EQ(store().ledger().left(party("police"), kToday, kQuota).value(), 7U);
  EXPECT_EQ(store().ledger().left(party("police"), kToday + 1, kQuota).value(), 10U);
  EXPECT_EQ(store().ledger().left(party("health"), kToday, kQuota).value(), 110U);
}

TEST_F(LedgerTest, OverTheQuotaNothingIsCharged) {
  ASSERT_TRUE(charge(100).ok());
  ASSERT_TRUE(charge(4).ok());
  const auto refused = charge(7);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::try_again);
  EXPECT_THAT(refused.error().text, HasSubstr("quota of police"));
  EXPECT_EQ(store().ledger().daily_spent(party("police"), kToday).value(), 4U);
  EXPECT_EQ(charge(6).value(), (EvaluationCharge{0, 6}));
  EXPECT_FALSE(charge(1).ok());
  EXPECT_EQ(charge(10, kToday + 1).value(), (EvaluationCharge{0, 10}));
}

TEST_F(LedgerTest, AnAbsurdNumberIsRefusedNotWrapped) {
  EXPECT_FALSE(charge(~0ULL).ok());
  EXPECT_FALSE(charge(111).ok());
  EXPECT_EQ(store().ledger().left(party("police"), kToday, kQuota).value(), 110U);
}

TEST_F(LedgerTest, ALoweredQuotaLeavesNothingRatherThanLess) {
  ASSERT_TRUE(charge(105).ok());
  EXPECT_EQ(store().ledger().left(party("police"), kToday, {50, 2}).value(), 0U);
}

TEST_F(LedgerTest, ChargesOutliveAReopening) {
  ASSERT_TRUE(charge(104).ok());
  reopen();
  EXPECT_EQ(store().ledger().left(party("police"), kToday, kQuota).value(), 6U);
}

TEST_F(LedgerTest, KeepsABatchWithItsAnswer) {
  ASSERT_TRUE(add_batch(1, kToday).ok());
  const BatchRecord found = store().ledger().find_batch(party("police"), session_id(1))->value();
  EXPECT_EQ(found.request_hash, Sha256{key32('h', 1)});
  EXPECT_EQ(found.response, Bytes(3, 1));
  EXPECT_EQ(found.utc_day, kToday);
  EXPECT_FALSE(store().ledger().find_batch(party("health"), session_id(1))->has_value());
  EXPECT_EQ(add_batch(1, kToday).error().code, Code::bad_input);
  EXPECT_EQ(add_batch(2, kToday, Bytes(kMaxBatchResponse + 1)).error().code, Code::bad_input);
}

TEST_F(LedgerTest, WhatIsRememberedOfAnAnsweredBatchMayBeReplaced) {
  ASSERT_TRUE(add_batch(1, kToday).ok());
  ASSERT_TRUE(add_batch(2, kToday, {}).ok());
  const auto replace = [&](std::uint8_t id, std::size_t size) {
    return commit([&] {
      return store().ledger().replace_response(party("police"), session_id(id), Bytes(size, 7));
    });
  };
  ASSERT_TRUE(replace(1, 5).ok());
  EXPECT_EQ(store().ledger().find_batch(party("police"), session_id(1))->value().response,
            Bytes(5, 7));
  ASSERT_TRUE(replace(1, 6).ok());
  EXPECT_EQ(replace(1, 0).error().code, Code::bad_input);
  EXPECT_EQ(replace(1, kMaxBatchResponse + 1).error().code, Code::bad_input);
  EXPECT_EQ(replace(2, 5).error().code, Code::bad_input);  // charged, not answered
  EXPECT_EQ(replace(3, 5).error().code, Code::bad_input);
  EXPECT_EQ(store().ledger().find_batch(party("police"), session_id(1))->value().response,
            Bytes(6, 7));
}

TEST_F(LedgerTest, AnAnswerMayFollowItsChargeOnce) {
  ASSERT_TRUE(add_batch(1, kToday, {}).ok());
  const auto answer = [&](std::uint8_t id, std::size_t size) {
    return commit([&] {
      return store().ledger().set_response(party("police"), session_id(id), Bytes(size, 2));
    });
  };
  EXPECT_EQ(answer(2, 5).error().code, Code::bad_input);
  EXPECT_EQ(answer(1, kMaxBatchResponse + 1).error().code, Code::bad_input);
  EXPECT_TRUE(answer(1, 5).ok());
  EXPECT_EQ(answer(1, 5).error().code, Code::bad_input);
  EXPECT_EQ(store().ledger().find_batch(party("police"), session_id(1)).value()->response,
            Bytes(5, 2));
}

TEST_F(LedgerTest, PruningForgetsOldDaysAndNeverTheImportBalance) {
  ASSERT_TRUE(charge(103).ok());
  ASSERT_TRUE(add_batch(1, kToday).ok());
  ASSERT_TRUE(add_batch(2, kToday + 1).ok());
  EXPECT_EQ(commit([&] { return store().ledger().prune(kToday + 1); }).value(), 1U);
  EXPECT_EQ(store().ledger().import_spent(party("police")).value(), 100U);
  EXPECT_EQ(store().ledger().daily_spent(party("police"), kToday).value(), 0U);
  EXPECT_TRUE(store().ledger().find_batch(party("police"), session_id(2))->has_value());
}

}  // namespace
}  // namespace hedgerow::store
