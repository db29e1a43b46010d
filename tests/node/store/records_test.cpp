#include "node/store/records.h"

#include "tests/node/store/store_fixture.h"

namespace hedgerow::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int32_t kDay = 20'000;

MovementRow row(std::uint8_t source, std::int32_t day = kDay) {
  MovementRow r;
  r.source_key = key32('s', source);
  r.event = 1;
  r.started_day = day;
  r.origin = "E06000001";
  r.destination = "outside-england";
  return r;
}

MovementRow full_row(std::uint8_t source) {
  MovementRow r = row(source);
  r.child_key = key32('c', 1);
  r.pseudonym = key32('p', 1);
  r.started_minute = 61;
  r.ended_day = kDay + 1;
  r.ended_minute = 0;
  r.place_type = 3;
  r.missing_risk = 2;
  r.exploitation_risk = 4;
  r.factors = 0x1234;
  r.sex = 1;
  r.care_status = 2;
  r.return_interview = 5;
  r.age = 15;
  r.birthday18_month = 700;
  r.case_ref_sealed = Bytes(50, 9);
  r.case_ref_key = key32('k', 1);
  return r;
}

class RecordsTest : public LineageStoreTest {
 protected:
  Result<ImportCounts> import(std::uint8_t batch, const std::vector<MovementRow>& rows) {
    return commit([&] {
      return store().records().apply_import({session_id(batch), at_ms(batch), Bytes(80, batch)},
                                            rows);
    });
  }
  void freeze(const std::string& grant, const std::string& period) {
    ASSERT_TRUE(commit([&] { return store().records().freeze(grant, period, at_ms(5)); }).ok());
  }
  struct Shown {
    std::vector<std::uint8_t> sources;
    std::vector<std::string> children;  // "p1", "c1", "s1"
  };
  Shown shown(const std::string& grant, const std::string& period, std::int32_t first = kDay,
              std::int32_t last = kDay) {
    Shown s;
    EXPECT_TRUE(store()
                    .records()
                    .frozen_rows(grant, period, first, last,
                                 [&](const MovementRow& r, const ByteArray<32>& child) {
                                   s.sources.push_back(r.source_key[1]);
                                   s.children.push_back(
                                       std::string(1, static_cast<char>(child[0])) +
                                       std::to_string(child[1]));
                                   return Result<void>();
                                 })
                    .ok());
    return s;
  }
};

TEST_F(RecordsTest, EveryColumnComesBack) {
  const MovementRow r = full_row(1);
  ASSERT_TRUE(import(1, {r}).ok());
  reopen();
  const MovementRow found = store().records().find(r.source_key).value().value();
  EXPECT_TRUE(found.same_content(r));
  EXPECT_EQ(found.case_ref_sealed, r.case_ref_sealed);
  const ImportBatch batch = store().records().find_import(session_id(1)).value().value();
  EXPECT_EQ(batch.at, at_ms(1));
  EXPECT_EQ(batch.sealed_case_key, Bytes(80, 1));
  EXPECT_FALSE(store().records().find_import(session_id(2)).value().has_value());
  EXPECT_FALSE(store().records().find(key32('s', 2)).value().has_value());
}

TEST_F(RecordsTest, EveryColumnButTheSealedBytesCountsAsContent) {
  const MovementRow r = full_row(1);
  MovementRow resealed = r;
  resealed.case_ref_sealed = Bytes(60, 1);
  EXPECT_TRUE(r.same_content(resealed));
  std::vector<MovementRow> changed(20, r);
  changed[0].child_key.reset();
  changed[1].pseudonym.reset();
  changed[2].event = 2;
  changed[3].started_day += 1;
  changed[4].started_minute.reset();
  changed[5].ended_day.reset();
  changed[6].ended_minute = 1;
  changed[7].origin = "";
  changed[8].destination = "";
  changed[9].place_type = 0;
  changed[10].missing_risk = 0;
  changed[11].exploitation_risk = 0;
  changed[12].factors = 0;
  changed[13].sex = 0;
  changed[14].care_status = 0;
  changed[15].return_interview = 0;
  changed[16].age = 14;
  changed[17].birthday18_month.reset();
  changed[18].case_ref_key.reset();
  changed[19].source_key[5] = 1;
  for (std::size_t i = 0; i < changed.size(); ++i) EXPECT_FALSE(r.same_content(changed[i])) << i;
}

TEST_F(RecordsTest, TheSameRowsTwiceChangeNothing) {
  const std::vector<MovementRow> rows = {row(1), full_row(2), row(3)};
  EXPECT_EQ(import(1, rows).value(), (ImportCounts{3, 0, 0}));
  EXPECT_EQ(import(2, rows).value(), (ImportCounts{0, 0, 3}));
  EXPECT_EQ(store().records().current_rows().value(), 3U);
}

TEST_F(RecordsTest, OtherContentReplacesTheRow) {
  ASSERT_TRUE(import(1, {row(1), row(2)}).ok());
  MovementRow changed = row(1);
  changed.destination = "E06000002";
  EXPECT_EQ(import(2, {changed, row(2), row(3)}).value(), (ImportCounts{1, 1, 1}));
  EXPECT_EQ(store().records().find(changed.source_key).value()->destination, "E06000002");
  EXPECT_EQ(store().records().current_rows().value(), 3U);
}

TEST_F(RecordsTest, RefusesOneSourceTwiceInAnImportAndStoresNothing) {
  const auto refused = import(1, {row(1), row(2), row(1)});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::bad_input);
  EXPECT_THAT(refused.error().text, HasSubstr("source_ref"));
  EXPECT_EQ(store().records().current_rows().value(), 0U);
}

TEST_F(RecordsTest, RefusesValuesOutOfBounds) {
  MovementRow r = row(1);
  r.origin = std::string(kMaxAreaCode + 1, 'E');
  EXPECT_EQ(import(1, {r}).error().code, Code::bad_input);
  r = row(1);
  r.destination = std::string(kMaxAreaCode + 1, 'E');
  EXPECT_EQ(import(1, {r}).error().code, Code::bad_input);
  r = row(1);
  r.case_ref_sealed = Bytes(kMaxSealedCaseRef + 1);
  EXPECT_EQ(import(1, {r}).error().code, Code::bad_input);
  EXPECT_EQ(commit([&] {
              return store().records().apply_import(
                  {session_id(1), at_ms(0), Bytes(kMaxSealedImportKey + 1)},
                  std::vector<MovementRow>{row(1)});
            })
                .error()
                .code,
            Code::bad_input);
  EXPECT_EQ(import(1, std::vector<MovementRow>(kMaxImportRows + 1)).error().code, Code::bad_input);
}

TEST_F(RecordsTest, AFrozenPeriodNeverChanges) {
  ASSERT_TRUE(import(1, {row(1), row(2), row(3, kDay + 1)}).ok());
  freeze("movements", "2026-Q1");
  MovementRow changed = row(1);
  changed.destination = "";
  ASSERT_TRUE(import(2, {changed, row(4)}).ok());

  EXPECT_THAT(shown("movements", "2026-Q1").sources, ElementsAre(1, 2));
  EXPECT_EQ(store().records().late_rows("movements", "2026-Q1", kDay, kDay).value(), 2U);
  EXPECT_EQ(store().records().late_rows("movements", "2026-Q1", kDay + 1, kDay + 9).value(), 0U);
  std::string destination;
  ASSERT_TRUE(store()
                  .records()
                  .frozen_rows("movements", "2026-Q1", kDay, kDay,
                               [&](const MovementRow& r, const ByteArray<32>&) {
                                 if (r.source_key[1] == 1) destination = r.destination;
                                 return Result<void>();
                               })
                  .ok());
  EXPECT_EQ(destination, "outside-england");

  freeze("other", "2026-Q1");
  EXPECT_THAT(shown("other", "2026-Q1").sources, ElementsAre(2, 1, 4));
}

TEST_F(RecordsTest, FreezingAgainChangesNothing) {
  ASSERT_TRUE(import(1, {row(1)}).ok());
  freeze("movements", "2026-Q1");
  ASSERT_TRUE(import(2, {row(2)}).ok());
  const Freeze again =
      commit([&] { return store().records().freeze("movements", "2026-Q1", at_ms(99)); }).value();
  EXPECT_EQ(again.sequence, 1U);
  EXPECT_EQ(again.at, at_ms(5));
  reopen();
  EXPECT_THAT(shown("movements", "2026-Q1").sources, ElementsAre(1));
}

TEST_F(RecordsTest, OnlyTheDaysOfThePeriodAreShown) {
  ASSERT_TRUE(
      import(1, {row(1, kDay - 1), row(2, kDay), row(3, kDay + 9), row(4, kDay + 10)}).ok());
  freeze("g", "p");
  EXPECT_THAT(shown("g", "p", kDay, kDay + 9).sources, ElementsAre(2, 3));
}

TEST_F(RecordsTest, AnUnfrozenPeriodShowsNothing) {
  const auto nothing = store().records().frozen_rows(
      "g", "p", 0, 1, [](const MovementRow&, const ByteArray<32>&) { return Result<void>(); });
  EXPECT_EQ(nothing.error().code, Code::bad_input);
  EXPECT_EQ(store().records().late_rows("g", "p", 0, 1).error().code, Code::bad_input);
}

TEST_F(RecordsTest, AnErrorOfTheVisitorEndsTheWalk) {
  ASSERT_TRUE(import(1, {row(1), row(2)}).ok());
  freeze("g", "p");
  int seen = 0;
  const auto ended = store().records().frozen_rows("g", "p", kDay, kDay,
                                                   [&](const MovementRow&, const ByteArray<32>&) {
                                                     ++seen;
                                                     return Result<void>(denied("enough"));
                                                   });
  EXPECT_EQ(ended.error().text, "enough");
  EXPECT_EQ(seen, 1);
}

TEST_F(RecordsTest, AChildIsThePseudonymOfAnyOfItsRowsElseItsReferenceElseTheRow) {
  MovementRow a = row(1);
  a.child_key = key32('c', 1);
  MovementRow b = row(2, kDay + 100);  // another period, the same child
  b.child_key = key32('c', 1);
  b.pseudonym = key32('p', 1);
  MovementRow c = row(3);
  c.child_key = key32('c', 2);
  MovementRow d = row(4);
  d.pseudonym = key32('p', 4);
  ASSERT_TRUE(import(1, {a, b, c, d, row(5)}).ok());
  freeze("g", "p");
  EXPECT_THAT(shown("g", "p").children, ElementsAre("p1", "c2", "p4", "s5"));

  // Learnt later: does not change what was frozen.
  c.pseudonym = key32('p', 2);
  ASSERT_TRUE(import(2, {c}).ok());
  EXPECT_THAT(shown("g", "p").children, ElementsAre("p1", "c2", "p4", "s5"));
  freeze("g", "later");
  EXPECT_THAT(shown("g", "later").children, ElementsAre("p1", "p4", "s5", "p2"));
}

TEST_F(RecordsTest, ACorrectedNumberMakesOneChildOfAllItsRows) {
  MovementRow a = full_row(1);
  MovementRow b = full_row(2);
  b.pseudonym = key32('p', 2);
  ASSERT_TRUE(import(1, {a, b}).ok());
  freeze("g", "p");
  EXPECT_THAT(shown("g", "p").children, ElementsAre("p2", "p2"));
}

TEST_F(RecordsTest, ABatchMayComeInParts) {
  ASSERT_TRUE(import(1, {row(1)}).ok());
  ASSERT_TRUE(import(1, {row(2)}).ok());
  EXPECT_EQ(store().records().current_rows().value(), 2U);
}

}  // namespace
}  // namespace hedgerow::store
