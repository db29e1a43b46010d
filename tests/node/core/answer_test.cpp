#include "node/core/answer.h"

#include <nlohmann/json.hpp>

#include "core_fixture.h"
#include "crypto/hash.h"

namespace hedgerow::core {
namespace {

policies::Period quarter() { return policies::Period::parse("2026-Q3").value(); }

Answer an_answer() {
  Answer a;
  a.question = session_id(1);
  a.countersigned = to_bytes("the question");
  a.grant = "movements";
  a.grant_line = 95;
  a.table = "flows";
  a.table_line = 104;
  a.rule_in_words = "in words";
  AnswerPeriod p;
  p.period = quarter();
  p.edition_number = 2;
  p.edition.cells_hash.bytes[0] = 7;
  p.edition.cells = {{policies::CellStatus::released, 25}, {policies::CellStatus::suppressed, 0}};
  p.parties = {{party("vale-council"), "answered", to_bytes("stated")},
               {party("vale-police"), "answered", {}}};
  a.periods = {p};
  a.notes = {"a note"};
  return a;
}

std::string repeated(const Bytes& bytes, std::size_t from) {
  for (std::size_t i = from; i < bytes.size(); ++i)
    if (bytes[i] != 0) return "a byte that is not zero at " + std::to_string(i);
  return "zeros";
}

TEST(Answer, HasTheseBytes) {
  const Bytes bytes = an_answer().encode().value();
  const std::string expected =
      "12000000686564676572"
      "6f772f76312f616e73776572"          // hedgerow/v1/answer
      "01000000000000000000000000000000"  // question
      "0c000000746865207175657374696f6e"  // countersigned
      "090000006d6f76656d656e7473"
      "5f000000"  // grant, line 95
      "05000000666c6f7773"
      "68000000"                  // table, line 104
      "08000000696e20776f726473"  // rule
      "01000000"
      "02ea07000003"
      "0200000000000000"  // one period: 2026-Q3, edition 2
      "5a000000"          // edition of 90 bytes
      "13000000686564676572"
      "6f772f76312f65646974696f6e"  // hedgerow/v1/edition
      "0700000000000000000000000000000000000000000000000000000000000000"
      "08000000"
      "01000000"
      "05000000"
      "00"  // rule
      "02000000"
      "01"
      "1900000000000000"
      "00"
      "0000000000000000"  // 25, suppressed
      "02000000"          // two parties
      "0c00000076616c652d636f756e63696c"
      "08000000616e737765726564"
      "06000000737461746564"  // the statement of its match rate
      "0b00000076616c652d706f6c696365"
      "08000000616e737765726564"
      "00000000"  // none
      "01000000"
      "0600000061206e6f7465";  // one note
  const std::size_t unpadded = expected.size() / 2;
  EXPECT_EQ(to_hex(ByteView(bytes).first(unpadded)), expected);
  Writer padding;
  padding.u32(static_cast<std::uint32_t>(kAnswerBucket - unpadded - 4));
  EXPECT_EQ(to_bytes(ByteView(bytes).subspan(unpadded, 4)), padding.data());
  EXPECT_EQ(repeated(bytes, unpadded + 4), "zeros");
}

TEST(Answer, ComesBackAsItWas) {
  const Answer a = an_answer();
  const auto b = Answer::decode(a.encode().value());
  ASSERT_TRUE(b.ok()) << b.error().text;
  EXPECT_EQ(b->question, a.question);
  EXPECT_EQ(b->countersigned, a.countersigned);
  EXPECT_EQ(b->grant, a.grant);
  EXPECT_EQ(b->grant_line, a.grant_line);
  EXPECT_EQ(b->table, a.table);
  EXPECT_EQ(b->table_line, a.table_line);
  EXPECT_EQ(b->rule_in_words, a.rule_in_words);
  EXPECT_EQ(b->periods, a.periods);
  EXPECT_EQ(b->notes, a.notes);
  EXPECT_EQ(b->encode().value(), a.encode().value());
}

TEST(Answer, SizesFallIntoBuckets) {
  Answer a = an_answer();
  EXPECT_EQ(a.encode()->size(), kAnswerBucket);
  const std::size_t content = [&] {
    Answer least = a;
    least.notes = {};
    const Bytes b = least.encode().value();
    std::size_t n = b.size();
    while (b[n - 1] == 0) --n;
    return n;
  }();
  // Figures do not change the size, and one byte too many costs a whole bucket.
  a.periods[0].edition.cells[0].value = 5;
  EXPECT_EQ(a.encode()->size(), kAnswerBucket);
  a.countersigned.resize(kAnswerBucket - content);
  std::size_t sizes[2] = {a.encode()->size(), 0};
  a.countersigned.resize(kAnswerBucket + 1);
  sizes[1] = a.encode()->size();
  EXPECT_EQ(sizes[0] % kAnswerBucket, 0U);
  EXPECT_EQ(sizes[1], 2 * kAnswerBucket);
  for (std::size_t n = kAnswerBucket - content; n < kAnswerBucket - content + 64; ++n) {
    a.countersigned.resize(n);
    const Bytes b = a.encode().value();
    EXPECT_EQ(b.size() % kAnswerBucket, 0U);
    EXPECT_TRUE(Answer::decode(b).ok()) << n;
  }
}

TEST(Answer, AboveTheMaximumIsNotMade) {
  Answer a = an_answer();
  a.countersigned.resize(kMaxAnswer);
  const auto r = a.encode();
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, Code::bad_input);
}

TEST(Answer, IsRefusedAtEveryOtherLength) {
  const Bytes good = an_answer().encode().value();
  for (std::size_t n = 0; n < 400; ++n)
    EXPECT_FALSE(Answer::decode(ByteView(good).first(n)).ok()) << n;
  for (std::size_t n = good.size() - 40; n < good.size(); ++n)
    EXPECT_FALSE(Answer::decode(ByteView(good).first(n)).ok()) << n;
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(Answer::decode(longer).ok());
}

TEST(Answer, OfAnotherVersionWithoutPeriodOrWithPaddingThatSpeaksIsRefused) {
  Bytes bytes = an_answer().encode().value();
  bytes[4] ^= 1;
  EXPECT_FALSE(Answer::decode(bytes).ok());
  bytes = an_answer().encode().value();
  bytes.back() = 1;
  EXPECT_FALSE(Answer::decode(bytes).ok());
  Answer none = an_answer();
  none.periods.clear();
  EXPECT_FALSE(Answer::decode(none.encode().value()).ok());
}

// A table of as many cells as a grant may have, with the longest words.
policies::Table largest_table() {
  policies::Table table = TestRegion::get().agreement().grants.at(0).tables.at(0);
  table.question = policies::QuestionKind::counts;
  table.by = {"exploitation_risk", "place_type", "return_interview"};
  return table;
}

TEST(Answer, SizeInAReplyIsKnownBeforehandAndOnePeriodOfAnyTableFits) {
  const auto& codes = policies::CodeList::shipped();
  policies::Agreement agreement = TestRegion::get().agreement();
  policies::Question question;
  question.agreement = agreement.id;
  question.from = question.to = quarter();
  for (auto& p : agreement.parties) p.areas.clear();
  agreement.parties[0].areas.assign(codes.districts().begin(), codes.districts().begin() + 138);
  for (const policies::Table& table : {largest_table(), agreement.grants.at(0).tables.at(0)}) {
    const auto space = policies::CellSpace::make(agreement, table, codes).value();
    Answer a = an_answer();
    auto& cells = a.periods[0].edition.cells;
    cells.assign(space.size(), {policies::CellStatus::released, std::uint64_t{1} << 40U});
    for (std::size_t i = 0; i < cells.size(); i += 2) cells[i] = {};
    const auto json = to_json(a, question, "urn", agreement, space, codes);
    const std::size_t evidence = a.encode()->size() * 4 / 3;
    EXPECT_LE(json.at("periods").at(0).at("cells").dump().size() + evidence,
              shown_bytes(space, 1) + 2 * kAnswerBucket);
    EXPECT_LE(json.dump().size() + evidence, std::size_t{4} << 20U);
    EXPECT_EQ(shown_bytes(space, 3), 3 * shown_bytes(space, 1));
  }
  const auto flows =
      policies::CellSpace::make(agreement, agreement.grants.at(0).tables.at(0), codes).value();
  ASSERT_EQ(flows.size(), 19'881U);
  EXPECT_LE(shown_bytes(flows, 1), kMaxShownBytes);
  EXPECT_GT(shown_bytes(flows, 2), kMaxShownBytes);
}

TEST(Answer, SaysWhatItsMeasureCountsTwiceAndWhereEverythingIsSuppressed) {
  policies::Table table = TestRegion::get().agreement().grants.at(0).tables.at(0);
  const policies::DisclosureRule rule;
  Answer a = an_answer();
  auto notes = notes_of(a, table, rule);
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_EQ(notes[0], "reports: one episode reported by two agencies counts twice");
  EXPECT_NE(notes[1].find("fewer than 40 children"), std::string::npos) << notes[1];
  table.measure = policies::Measure::children;
  a.periods[0].edition.cells[0] = {};
  notes = notes_of(a, table, rule);
  ASSERT_EQ(notes.size(), 3U);
  EXPECT_EQ(notes[0], "children: a child known to two agencies counts twice");
  EXPECT_EQ(notes[2], "everything is suppressed: no cell reaches the thresholds of the rule");
}

TEST(Answer, SaysTheMatchRatesFloorByTheThresholdsThatEachReleaseHad) {
  const policies::Table& table = TestRegion::get().agreement().grants.at(0).tables.at(0);
  const policies::DisclosureRule rule;
  Answer a = an_answer();
  a.periods[0].edition.rule = rule;
  const std::uint32_t raised = rule.min_children + 4;
  a.periods[0].edition.rule.min_children = raised;
  EXPECT_NE(
      notes_of(a, table, rule)[1].find("fewer than " + std::to_string(5 * raised) + " children"),
      std::string::npos);
  a.periods.push_back(a.periods[0]);
  a.periods[1].edition.rule = rule;
  EXPECT_NE(notes_of(a, table, rule)[1].find("fewer than " + std::to_string(5 * rule.min_children) +
                                             " to " + std::to_string(5 * raised) +
                                             " children, by the period's thresholds"),
            std::string::npos);
}

// A linked table in the place of the region's own.
policies::Table linked_table(policies::QuestionKind kind, std::vector<std::string> by) {
  policies::Table table = TestRegion::get().agreement().grants.at(0).tables.at(0);
  table.question = kind;
  table.by = std::move(by);
  table.measure = policies::Measure::children;
  table.link = policies::LinkBounds{64, 1, 8, 3, 90};
  return table;
}

TEST(Answer, OfALinkedTableSaysWhatIsLeftOutAndWhatCountsTwice) {
  using policies::QuestionKind;
  const policies::DisclosureRule rule;
  const auto notes = [&](QuestionKind kind, std::vector<std::string> by) {
    std::string text;
    for (const auto& note : notes_of(an_answer(), linked_table(kind, std::move(by)), rule))
      text += note + "\n";
    return text;
  };
  const std::string places = notes(QuestionKind::places, {"place_type"});
  EXPECT_NE(places.find("counted once across agencies"), std::string::npos) << places;
  EXPECT_NE(places.find("NHS number an agency does not know"), std::string::npos) << places;
  EXPECT_NE(places.find("match rate: the share"), std::string::npos) << places;
  EXPECT_EQ(places.find("twice"), std::string::npos) << places;
  const std::string repeat = notes(QuestionKind::repeat_missing, {});
  EXPECT_NE(repeat.find("3 or more episodes in the last 90 days"), std::string::npos) << repeat;
  EXPECT_NE(repeat.find("by a day, counts twice"), std::string::npos) << repeat;
  EXPECT_NE(notes(QuestionKind::overlap, {}).find("part of that for one"), std::string::npos);
  EXPECT_EQ(notes(QuestionKind::overlap, {"agency"}).find("part of that"), std::string::npos);
}

TEST(Answer, OfALinkedTableHasItsBoundsRuleAndNamesInJson) {
  policies::Agreement agreement = TestRegion::get().agreement();
  const auto& codes = policies::CodeList::shipped();
  agreement.grants[0].tables[0] = linked_table(policies::QuestionKind::overlap, {});
  agreement.grants[0].tables[0].name = "flows";
  const auto space =
      policies::CellSpace::make(agreement, agreement.grants[0].tables[0], codes).value();
  Answer a = an_answer();
  a.grant = agreement.grants[0].id;
  a.table = "flows";
  a.periods[0].edition.cells.assign(space.size(), {});
  a.periods[0].edition.cells[0] = {policies::CellStatus::released, 25};
  policies::Question question;
  question.agreement = agreement.id;
  question.kind = policies::QuestionKind::overlap;
  question.from = question.to = quarter();
  const auto json = to_json(a, question, "urn", agreement, space, codes);
  EXPECT_EQ(json.at("question").at("kind"), "overlap");
  EXPECT_EQ(json.at("link").at("entries"), 64);
  EXPECT_FALSE(json.at("link").contains("times"));
  EXPECT_EQ(json.at("dimensions").at(0).at("name"), "agencies");
  EXPECT_EQ(json.at("dimensions").at(0).at("names").at(1), "known to 2 agencies or more");
  EXPECT_EQ(json.at("periods").at(0).at("cells").at(0).at("agencies"), "1-or-more");
  const std::string words = json.at("periods").at(0).at("rule").at("words");
  EXPECT_NE(words.find("distinct children across agencies"), std::string::npos) << words;
  agreement.grants[0].tables[0] = linked_table(policies::QuestionKind::repeat_missing, {});
  agreement.grants[0].tables[0].name = "flows";
  const auto region =
      policies::CellSpace::make(agreement, agreement.grants[0].tables[0], codes).value();
  a.periods[0].edition.cells.assign(1, {});
  const auto repeat = to_json(a, question, "urn", agreement, region, codes);
  EXPECT_EQ(repeat.at("link").at("times"), 3);
  EXPECT_EQ(repeat.at("link").at("within_days"), 90);
  EXPECT_EQ(repeat.at("dimensions").at(0).at("names").at(0), "the region");
}

TEST(Answer, TellsASuppressedCellFromAZeroInJson) {
  const auto& agreement = TestRegion::get().agreement();
  const auto& codes = policies::CodeList::shipped();
  const policies::Grant& grant = agreement.grants.at(0);
  const auto space = policies::CellSpace::make(agreement, grant.tables.at(0), codes).value();
  Answer a = an_answer();
  auto& cells = a.periods[0].edition.cells;
  cells.assign(space.size(), {});
  cells[0] = {policies::CellStatus::released, 25};
  cells[1] = {policies::CellStatus::zero, 0};
  policies::Question question;
  question.agreement = agreement.id;
  question.from = question.to = quarter();
  const auto json =
      to_json(a, question, "urn:hedgerow:vale-council:analyst:sam", agreement, space, codes);
  EXPECT_EQ(json.at("schema"), "hedgerow/answer/1");
  const auto& period = json.at("periods").at(0);
  EXPECT_EQ(period.at("cells").at(0).at("value"), 25);
  EXPECT_EQ(period.at("cells").at(1).at("value"), 0);
  EXPECT_EQ(period.at("cells").at(1).at("status"), "zero");
  EXPECT_TRUE(period.at("cells").at(2).at("value").is_null());
  EXPECT_EQ(period.at("cells").at(2).at("status"), "suppressed");
  EXPECT_EQ(period.at("released"), 1);
  EXPECT_EQ(period.at("suppressed"), space.size() - 2);
}

}  // namespace
}  // namespace hedgerow::core
