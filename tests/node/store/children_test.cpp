#include "node/store/children.h"

#include "tests/node/store/store_fixture.h"

namespace hedgerow::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int32_t kFirstDay = 20'000;

MovementRow row_of(std::uint8_t source, std::uint8_t child, std::uint8_t pseudonym = 0) {
  MovementRow r;
  r.source_key = key32('s', source);
  if (child != 0) r.child_key = key32('c', child);
  if (pseudonym != 0) r.pseudonym = key32('p', pseudonym);
  r.event = 1;
  r.started_day = kFirstDay;
  return r;
}

class ChildrenTest : public LineageStoreTest {
 protected:
  void import(std::uint8_t batch, const std::vector<MovementRow>& rows) {
    const ImportBatch b{session_id(batch), at_ms(batch), {}};
    ASSERT_TRUE(commit([&] { return store().records().apply_import(b, rows); }).ok());
  }
  Result<void> learn(std::uint8_t batch, const std::vector<CrosswalkLine>& lines) {
    const ImportBatch b{session_id(batch), at_ms(batch), {}};
    return commit([&] { return store().children().apply_crosswalk(b, lines); });
  }
  static CrosswalkLine line(std::uint8_t child, std::uint8_t pseudonym) {
    return {key32('c', child), key32('p', pseudonym)};
  }
  void freeze(const std::string& period) {
    ASSERT_TRUE(commit([&] { return store().records().freeze("g", period, at_ms(5)); }).ok());
  }
  static std::string word(const ByteArray<32>& key) {
    return std::string(1, static_cast<char>(key[0])) + std::to_string(key[1]);
  }
  // "s1 c1" a row: its source, its child, and whether it may be linked.
  std::vector<std::string> shown(const std::string& period) {
    std::vector<std::string> rows;
    const auto add = [&](const MovementRow& r, const ByteArray<32>& child) -> Result<void> {
      EXPECT_EQ(r.pseudonym.has_value(), child[0] == 'p');
      if (r.pseudonym) {
        EXPECT_EQ(*r.pseudonym, child);
      }
      rows.push_back(word(r.source_key) + " " + word(child));
      return {};
    };
    EXPECT_TRUE(store().records().frozen_rows("g", period, kFirstDay, kFirstDay, add).ok());
    return rows;
  }
  std::vector<std::string> known() {
    std::vector<std::string> all;
    const auto children = store().children().known().value();
    for (const KnownChild& k : children)
      all.push_back(word(k.child_key) + (k.pseudonym ? " " + word(*k.pseudonym) : ""));
    return all;
  }
};

TEST_F(ChildrenTest, GainAPseudonymInPeriodsNotYetFrozenAndInNoOther) {
  import(1, {row_of(1, 1), row_of(2, 1), row_of(3, 2), row_of(4, 0)});
  freeze("before");
  ASSERT_TRUE(learn(2, {line(1, 7)}).ok());
  freeze("after");
  EXPECT_THAT(shown("before"), ElementsAre("s1 c1", "s2 c1", "s3 c2", "s4 s4"));
  EXPECT_THAT(shown("after"), ElementsAre("s1 p7", "s2 p7", "s3 c2", "s4 s4"));
  // The rows are as they were: nothing of them came late.
  EXPECT_EQ(store().records().late_rows("g", "before", kFirstDay, kFirstDay).value(), 0U);
  EXPECT_FALSE(store().records().find(key32('s', 1)).value()->pseudonym);
  reopen();
  EXPECT_THAT(shown("before"), ElementsAre("s1 c1", "s2 c1", "s3 c2", "s4 s4"));
  EXPECT_THAT(shown("after"), ElementsAre("s1 p7", "s2 p7", "s3 c2", "s4 s4"));
}

TEST_F(ChildrenTest, KeepItForRowsThatComeLaterOrAgain) {
  import(1, {row_of(1, 1)});
  ASSERT_TRUE(learn(2, {line(1, 7)}).ok());
  import(3, {row_of(1, 1), row_of(2, 1)});
  freeze("p");
  EXPECT_THAT(shown("p"), ElementsAre("s1 p7", "s2 p7"));
}

TEST_F(ChildrenTest, HaveTheNewestPseudonymOfRowsAndCrosswalks) {
  import(1, {row_of(1, 1, 1), row_of(2, 2, 2), row_of(3, 3)});
  ASSERT_TRUE(learn(2, {line(1, 7), line(3, 8)}).ok());
  freeze("first");
  EXPECT_THAT(shown("first"), ElementsAre("s1 p7", "s2 p2", "s3 p8"));
  ASSERT_TRUE(learn(3, {line(3, 9)}).ok());
  import(4, {row_of(4, 1, 5)});
  freeze("second");
  EXPECT_THAT(shown("first"), ElementsAre("s1 p7", "s2 p2", "s3 p8"));
  EXPECT_THAT(shown("second"), ElementsAre("s1 p5", "s2 p2", "s3 p9", "s4 p5"));
  EXPECT_THAT(known(), ElementsAre("c1 p5", "c2 p2", "c3 p9"));
}

TEST_F(ChildrenTest, WithOneNumberAreOneChild) {
  import(1, {row_of(1, 1), row_of(2, 2)});
  ASSERT_TRUE(learn(2, {line(1, 7), line(2, 7)}).ok());
  freeze("p");
  EXPECT_THAT(shown("p"), ElementsAre("s1 p7", "s2 p7"));
}

TEST_F(ChildrenTest, AreKnownByTheReferencesOfCurrentRows) {
  EXPECT_THAT(known(), IsEmpty());
  import(1, {row_of(1, 3), row_of(2, 1, 1), row_of(3, 1), row_of(4, 0, 4), row_of(5, 2)});
  EXPECT_THAT(known(), ElementsAre("c1 p1", "c2", "c3"));
  import(2, {row_of(5, 4), row_of(2, 1)});  // another child; and a number taken back
  EXPECT_THAT(known(), ElementsAre("c1", "c3", "c4"));
}

TEST_F(ChildrenTest, RefuseACrosswalkWithOneTwiceOrTooManyLines) {
  EXPECT_EQ(learn(1, {line(1, 7), line(1, 7)}).error().code, Code::bad_input);
  EXPECT_EQ(learn(1, std::vector<CrosswalkLine>(kMaxImportRows + 1)).error().code, Code::bad_input);
  EXPECT_FALSE(store().records().find_import(session_id(1)).value());
}

}  // namespace
}  // namespace hedgerow::store
