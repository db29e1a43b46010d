#include "node/store/withheld.h"

#include "tests/node/store/store_fixture.h"

namespace hedgerow::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int32_t kToday = 20'000;

MovementRow row_of(std::uint8_t source, std::uint8_t child, std::uint8_t pseudonym = 0,
                   std::int32_t day = kToday) {
  MovementRow r;
  r.source_key = key32('s', source);
  if (child != 0) r.child_key = key32('c', child);
  if (pseudonym != 0) r.pseudonym = key32('p', pseudonym);
  r.event = 1;
  r.started_day = day;
  return r;
}

WithholdDecision about(std::uint8_t child) {
  return {key32('c', child), "kin may search for her", "head of safeguarding", kToday, kToday + 90};
}

WithholdEnd over() { return {"danger has passed", "head of safeguarding", kToday + 1}; }

class WithheldTest : public LineageStoreTest {
 protected:
  void import(std::uint8_t batch, const std::vector<MovementRow>& rows) {
    const ImportBatch b{session_id(batch), at_ms(batch), {}};
    ASSERT_TRUE(commit([&] { return store().records().apply_import(b, rows); }).ok());
  }
  void learn(std::uint8_t batch, std::uint8_t child, std::uint8_t pseudonym) {
    const std::vector<CrosswalkLine> lines{{key32('c', child), key32('p', pseudonym)}};
    const ImportBatch b{session_id(batch), at_ms(batch), {}};
    ASSERT_TRUE(commit([&] { return store().children().apply_crosswalk(b, lines); }).ok());
  }
  Result<std::uint64_t> add(const WithholdDecision& d) {
    return commit([&] { return store().withheld().add(d); });
  }
  Result<void> end(std::uint64_t number, const WithholdEnd& e = over()) {
    return commit([&] { return store().withheld().end(number, e); });
  }
  void freeze(const std::string& period) {
    ASSERT_TRUE(commit([&] { return store().records().freeze("g", period, at_ms(5)); }).ok());
  }
  // The sources of the rows that count for a period.
  std::vector<int> counted(const std::string& period) {
    std::vector<int> sources;
    const auto add = [&](const MovementRow& r, const ByteArray<32>&) -> Result<void> {
      sources.push_back(r.source_key[1]);
      return {};
    };
    EXPECT_TRUE(store().records().frozen_rows("g", period, 0, kToday + 9, add).ok());
    return sources;
  }
  std::vector<int> shared(std::int32_t first_day = 0) {
    std::vector<int> pseudonyms;
    const auto all = store().children().shared(first_day).value();
    for (const ByteArray<32>& p : all) {
      EXPECT_EQ(p[0], 'p');
      pseudonyms.push_back(p[1]);
    }
    return pseudonyms;
  }
  std::vector<std::uint64_t> numbers(bool with_ended, std::uint64_t after = 0,
                                     std::size_t max = 100) {
    std::vector<std::uint64_t> all;
    const auto records = store().withheld().list(with_ended, after, max).value();
    for (const WithholdRecord& r : records) all.push_back(r.number);
    return all;
  }
};

TEST_F(WithheldTest, LeavesAChildOutOfPeriodsFrozenWhileItIsInForceAndOfNoOther) {
  import(1, {row_of(1, 1, 1), row_of(2, 1), row_of(3, 2, 2), row_of(4, 0, 4), row_of(5, 3)});
  freeze("before");
  ASSERT_EQ(add(about(1)).value(), 1U);
  ASSERT_EQ(add(about(3)).value(), 2U);
  freeze("while");
  ASSERT_TRUE(end(1).ok());
  freeze("after");
  for (int again = 0; again < 2; ++again) {
    EXPECT_THAT(counted("before"), ElementsAre(1, 2, 3, 4, 5));
    EXPECT_THAT(counted("while"), ElementsAre(3, 4));
    EXPECT_THAT(counted("after"), ElementsAre(1, 2, 3, 4));
    reopen();
  }
  // No row is another than it was.
  EXPECT_EQ(store().records().late_rows("g", "before", 0, kToday).value(), 0U);
  EXPECT_EQ(store().records().current_rows().value(), 5U);
}

TEST_F(WithheldTest, ReachesEveryReferenceAndRowOfTheChild) {
  // References 1 and 2 have one number; row 4 has it and no reference.
  import(1, {row_of(1, 1, 7), row_of(2, 2, 7), row_of(3, 3, 8), row_of(4, 0, 7)});
  ASSERT_TRUE(add(about(2)).ok());
  freeze("p");
  EXPECT_THAT(counted("p"), ElementsAre(3));
  EXPECT_THAT(shared(), ElementsAre(8));
}

TEST_F(WithheldTest, FollowsTheChildThroughNumbersThatComeLater) {
  import(1, {row_of(1, 1), row_of(2, 2, 7)});
  ASSERT_TRUE(add(about(1)).ok());
  freeze("first");
  learn(2, 1, 7);  // reference 1 is the child of reference 2
  freeze("second");
  learn(3, 1, 8);  // no: another
  freeze("third");
  EXPECT_THAT(counted("first"), ElementsAre(2));
  EXPECT_THAT(counted("second"), IsEmpty());
  EXPECT_THAT(counted("third"), ElementsAre(2));
}

TEST_F(WithheldTest, HoldsForAReferenceThatNoRecordHasYet) {
  ASSERT_TRUE(add(about(1)).ok());
  EXPECT_FALSE(store().children().has(key32('c', 1)).value());
  import(1, {row_of(1, 1, 7), row_of(2, 2)});
  EXPECT_TRUE(store().children().has(key32('c', 1)).value());
  EXPECT_TRUE(store().children().has(key32('c', 2)).value());
  import(2, {row_of(2, 3)});
  EXPECT_FALSE(store().children().has(key32('c', 2)).value());
  freeze("p");
  EXPECT_THAT(counted("p"), ElementsAre(2));
  EXPECT_THAT(shared(), IsEmpty());
}

TEST_F(WithheldTest, HoldsUntilTheLastDecisionHasEnded) {
  import(1, {row_of(1, 1, 7)});
  ASSERT_TRUE(add(about(1)).ok());
  ASSERT_TRUE(add(about(1)).ok());
  ASSERT_TRUE(end(1).ok());
  EXPECT_THAT(shared(), IsEmpty());
  ASSERT_TRUE(end(2).ok());
  EXPECT_THAT(shared(), ElementsAre(7));
}

TEST_F(WithheldTest, SharedAreChildrenWithANumberAndACurrentRowOfThatTime) {
  EXPECT_THAT(shared(), IsEmpty());
  import(1, {row_of(1, 1, 9), row_of(2, 2), row_of(3, 0, 3), row_of(4, 4, 4, kToday - 1),
             row_of(5, 5), row_of(6, 1)});
  EXPECT_THAT(shared(), ElementsAre(3, 4, 9));
  EXPECT_THAT(shared(kToday), ElementsAre(3, 9));
  EXPECT_THAT(shared(kToday + 1), IsEmpty());
  learn(2, 5, 2);
  learn(3, 1, 1);                // corrected: 9 was never hers
  import(4, {row_of(3, 0, 6)});  // the row with 3 is no longer current
  EXPECT_THAT(shared(kToday), ElementsAre(1, 2, 6));
}

TEST_F(WithheldTest, IsListedByNumberAndEndedOnesOnlyWhereWanted) {
  WithholdDecision second = about(2);
  second.reason = "asked by the police";
  second.review_day = second.decided_day;
  ASSERT_EQ(store().withheld().may_add(second).value(), 1U);
  ASSERT_TRUE(add(about(1)).ok() && add(second).ok() && add(about(3)).ok());
  ASSERT_EQ(store().withheld().may_add(second).value(), 4U);
  ASSERT_TRUE(end(3).ok());
  reopen();
  EXPECT_THAT(numbers(false), ElementsAre(1, 2));
  EXPECT_THAT(numbers(true), ElementsAre(1, 2, 3));
  EXPECT_THAT(numbers(true, 1), ElementsAre(2, 3));
  EXPECT_THAT(numbers(true, 0, 2), ElementsAre(1, 2));
  EXPECT_THAT(numbers(true, UINT64_MAX), IsEmpty());
  const auto records = store().withheld().list(true, 1, 9).value();
  EXPECT_EQ(records[0].reason, "asked by the police");
  EXPECT_EQ(records[0].decider, "head of safeguarding");
  EXPECT_EQ(records[0].decided_day, kToday);
  EXPECT_EQ(records[0].review_day, kToday);
  EXPECT_FALSE(records[0].ended);
  ASSERT_TRUE(records[1].ended);
  EXPECT_EQ(records[1].ended->reason, "danger has passed");
  EXPECT_EQ(records[1].ended->decider, "head of safeguarding");
  EXPECT_EQ(records[1].ended->day, kToday + 1);
  EXPECT_EQ(store().withheld().get(2).value()->reason, "asked by the police");
  EXPECT_FALSE(store().withheld().get(4).value());
}

TEST_F(WithheldTest, EndsOnceAndNotBeforeItBegan) {
  ASSERT_TRUE(add(about(1)).ok());
  WithholdEnd early = over();
  early.day = kToday - 1;
  for (const Result<void>& refused : {end(2), end(0), end(UINT64_MAX), end(1, early)})
    EXPECT_EQ(refused.error().code, Code::bad_input);
  EXPECT_EQ(store().withheld().may_end(1, early).error(), end(1, early).error());
  EXPECT_TRUE(store().withheld().may_end(1, over()).ok());
  EXPECT_THAT(numbers(false), ElementsAre(1));
  ASSERT_TRUE(end(1).ok());
  EXPECT_THAT(end(1).error().text, HasSubstr("has ended already"));
}

TEST_F(WithheldTest, RefusesTextsAndDatesOutOfBounds) {
  const auto with = [](auto change) {
    WithholdDecision d = about(1);
    change(d);
    return d;
  };
  const std::vector<WithholdDecision> bad = {
      with([](auto& d) { d.reason.clear(); }),
      with([](auto& d) { d.decider.clear(); }),
      with([](auto& d) { d.reason.assign(kMaxWithholdReason + 1, 'x'); }),
      with([](auto& d) { d.decider.assign(kMaxDecider + 1, 'x'); }),
      with([](auto& d) { d.reason = "two\nlines"; }),
      with([](auto& d) { d.decider = "\x1b[2J"; }),
      with([](auto& d) { d.reason = "\x7f"; }),
      with([](auto& d) { d.reason = "\xc2\x9b"; }),
      with([](auto& d) { d.reason = "\xff"; }),
      with([](auto& d) { d.review_day = d.decided_day - 1; }),
  };
  for (const WithholdDecision& d : bad) {
    EXPECT_EQ(add(d).error().code, Code::bad_input);
    EXPECT_EQ(store().withheld().may_add(d).error(), add(d).error());
  }
  EXPECT_THAT(numbers(true), IsEmpty());
  WithholdDecision longest = about(1);
  longest.reason.assign(kMaxWithholdReason, 'x');
  longest.decider = "L\xc3\xa9gal \xe2\x80\x93 head";
  EXPECT_TRUE(add(longest).ok());
  EXPECT_EQ(end(1, {"", "x", kToday}).error().code, Code::bad_input);
  EXPECT_EQ(end(1, {"x", "a\tb", kToday}).error().code, Code::bad_input);
}

TEST_F(WithheldTest, HasABoundOfDecisionsInForce) {
  const auto fill = [&]() -> Result<void> {
    for (std::size_t i = 0; i < kMaxInForce; ++i) HR_TRY(store().withheld().add(about(1)));
    return {};
  };
  ASSERT_TRUE(commit(fill).ok());
  EXPECT_EQ(add(about(2)).error().code, Code::bad_input);
  ASSERT_TRUE(end(5).ok());
  EXPECT_TRUE(add(about(2)).ok());
  EXPECT_EQ(numbers(true, 0, kMaxInForce).size(), kMaxWithheldListed);
}

using DutyContactTest = WithheldTest;

TEST_F(DutyContactTest, IsWhatWasSetLast) {
  EXPECT_FALSE(store().duty_contact().value());
  const auto set = [&](const DutyContact& d) {
    return commit([&] { return store().set_duty_contact(d); });
  };
  ASSERT_TRUE(set({"MASH 01632 960000", "Mon-Fri 9-17"}).ok());
  ASSERT_TRUE(set({"MASH 01632 960001", "day and night"}).ok());
  reopen();
  const DutyContact last{"MASH 01632 960001", "day and night"};
  EXPECT_EQ(store().duty_contact().value(), last);
  const std::vector<DutyContact> bad = {{"", "h"},
                                        {"c", ""},
                                        {"c\n", "h"},
                                        {"c", "h\x01"},
                                        {std::string(kMaxDutyContact, 'c'), "h"},
                                        {"c", std::string(kMaxDutyContact + 1, 'h')}};
  for (const DutyContact& d : bad) EXPECT_EQ(set(d).error().code, Code::bad_input);
  EXPECT_EQ(store().duty_contact().value(), last);
  EXPECT_TRUE(set({std::string(kMaxDutyContact - 1, 'c'), "h"}).ok());
}

}  // namespace
}  // namespace hedgerow::store
