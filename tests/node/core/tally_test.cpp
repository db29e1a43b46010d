// The tally against a count as a person would make it: every row in turn, sets of children.
#include "node/core/tally.h"

#include <numeric>
#include <set>

#include "core_fixture.h"

namespace hedgerow::core {
namespace {

using store::MovementRow;

const std::vector<std::string> kPlaces{"E07000178", "E07000177",       "E06000038", "E06000060",
                                       "E06000052", "outside-england", "",          "W06000015"};

ByteArray<32> key_of(std::uint8_t kind, std::uint64_t n) {
  ByteArray<32> k{};
  k[0] = kind;
  for (std::size_t i = 0; i < 8; ++i) k[i + 1] = static_cast<std::uint8_t>(n >> (8 * i));
  return k;
}

class TallyTest : public ::testing::Test {
 protected:
  TallyTest() {
    const auto codes = codes_.codes(policies::Vocabulary::event);
    for (std::size_t i = 0; i < codes.size(); ++i)
      if (codes[i] == "missing") missing_ = static_cast<std::uint8_t>(i);
  }

  std::uint64_t below(std::uint64_t bound) { return random_below(rng_, bound); }

  // A child has one reference. Some children are never identified, some in some rows only.
  MovementRow random_row(std::uint64_t number) {
    MovementRow row;
    row.source_key = key_of(1, number);
    const std::uint64_t child = below(60);
    row.child_key = key_of(2, child);
    if (child % 3 != 0 && below(3) != 0) row.pseudonym = key_of(3, child);
    row.event = below(4) == 0 ? static_cast<std::uint8_t>(missing_ + 1) : missing_;
    const auto first = period_.first_day().number;
    row.started_day = first - 10 + static_cast<std::int32_t>(below(112));
    row.origin = kPlaces[below(1 + below(3))];
    row.destination = kPlaces[below(1 + below(kPlaces.size()))];
    return row;
  }

  void import(const std::vector<MovementRow>& rows) {
    auto t = store::Transaction::begin(node_.store().database()).value();
    store::ImportBatch batch;
    rng_.fill(batch.id.bytes);
    batch.at = kNow;
    ASSERT_TRUE(node_.store().records().apply_import(batch, rows).ok());
    ASSERT_TRUE(t.commit().ok());
  }
  void freeze() {
    auto t = store::Transaction::begin(node_.store().database()).value();
    ASSERT_TRUE(node_.store().records().freeze(grant_.id, period_.label(), kNow).ok());
    ASSERT_TRUE(t.commit().ok());
  }
  Result<protocol::sum::SumInput> tally_of(const policies::Table& table) {
    auto counted = tally(node_.store(), grant_, table, period_, space_, codes_);
    if (!counted.ok()) return std::move(counted).error();
    return std::move(counted->input);
  }

  // The code under which a place stands in the table.
  std::string code_of(const std::string& place) const {
    const auto& codes = space_.dimensions()[0].codes;
    if (place == policies::kOutsideEngland) return place;
    if (std::find(codes.begin(), codes.end(), place) != codes.end()) return place;
    if (place.size() == 9 && place[0] == 'E') return std::string(policies::kElsewhere);
    return std::string(policies::kUnknown);
  }

  void expect_naive(const std::vector<MovementRow>& rows, const protocol::sum::SumInput& got,
                    bool children_measure) const {
    std::map<ByteArray<32>, ByteArray<32>> identified;  // reference to pseudonym
    for (const auto& r : rows)
      if (r.pseudonym) identified[*r.child_key] = *r.pseudonym;
    std::map<std::vector<std::string>, std::uint64_t> reports;
    std::map<std::vector<std::string>, std::set<ByteArray<32>>> children;
    for (const auto& r : rows) {
      if (r.event != missing_ || r.started_day < period_.first_day().number ||
          r.started_day > period_.last_day().number)
        continue;
      const std::vector<std::string> cell{code_of(r.origin), code_of(r.destination)};
      ++reports[cell];
      const auto it = identified.find(*r.child_key);
      children[cell].insert(it == identified.end() ? *r.child_key : it->second);
    }
    std::size_t above = 0;
    std::size_t below_floor = 0;
    for (std::size_t i = 0; i < space_.size(); ++i) {
      const auto cell = space_.codes_at(i);
      const std::uint64_t c = children.contains(cell) ? children.at(cell).size() : 0;
      const std::uint64_t v = reports.contains(cell) ? reports.at(cell) : 0;
      EXPECT_EQ(got.c[i], c) << cell[0] << " to " << cell[1];
      EXPECT_EQ(got.v[i], children_measure ? c : v) << cell[0] << " to " << cell[1];
      EXPECT_EQ(got.k[i], c >= 8 ? 1U : 0U);
      EXPECT_EQ(got.z[i], c >= 1 && c < 8 ? 1U : 0U);
      above += c >= 8 ? 1 : 0;
      below_floor += c >= 1 && c < 8 ? 1 : 0;
    }
    EXPECT_GT(above, 0U) << "the rows show nothing";
    EXPECT_GT(below_floor, 0U) << "the rows show nothing";
    EXPECT_TRUE(got.check(space_.size()).ok());
  }

  TestNode node_{"vale-council", 1};
  const policies::CodeList& codes_ = policies::CodeList::shipped();
  const policies::Agreement& agreement_ = TestRegion::get().agreement();
  const policies::Grant& grant_ = agreement_.grants.at(0);
  const policies::Table& table_ = grant_.tables.at(0);
  policies::Period period_ = policies::Period::parse("2026-Q3").value();
  policies::CellSpace space_ = policies::CellSpace::make(agreement_, table_, codes_).value();
  SeededRandom rng_{ByteArray<32>{21}};
  std::uint8_t missing_ = 0;
};

TEST_F(TallyTest, EqualsTheNaiveCount) {
  std::vector<MovementRow> rows;
  for (std::uint64_t i = 0; i < 1200; ++i) rows.push_back(random_row(i));
  import(rows);
  freeze();
  const auto reports = tally_of(table_);
  ASSERT_TRUE(reports.ok()) << reports.error().text;
  expect_naive(rows, *reports, false);
  policies::Table by_children = table_;
  by_children.measure = policies::Measure::children;
  const auto children = tally_of(by_children);
  ASSERT_TRUE(children.ok());
  expect_naive(rows, *children, true);
}

TEST_F(TallyTest, RowsThatComeAfterTheFreezeDoNotCount) {
  std::vector<MovementRow> rows;
  for (std::uint64_t i = 0; i < 400; ++i) rows.push_back(random_row(i));
  import(rows);
  freeze();
  std::vector<MovementRow> late;
  for (std::uint64_t i = 300; i < 600; ++i) late.push_back(random_row(i));  // 100 replaced, 200 new
  import(late);
  freeze();
  const auto got = tally_of(table_);
  ASSERT_TRUE(got.ok());
  expect_naive(rows, *got, false);
}

TEST_F(TallyTest, PeriodThatIsNotFrozenIsRefused) {
  import({random_row(1)});
  EXPECT_FALSE(tally_of(table_).ok());
}

TEST_F(TallyTest, FilterThatCannotBeCountedByIsRefused) {
  freeze();
  policies::Table table = table_;
  table.where["factors"] = {"cse"};
  EXPECT_FALSE(tally_of(table).ok());
}

TEST_F(TallyTest, OfCountsFallsIntoTheCellsOfItsCodes) {
  std::vector<MovementRow> rows;
  const auto sexes = codes_.codes(policies::Vocabulary::sex);
  std::map<std::vector<std::string>, std::uint64_t> expected;
  for (std::uint64_t i = 0; i < 300; ++i) {
    MovementRow r = random_row(i);
    r.event = missing_;
    r.started_day = period_.first_day().number;
    r.sex = static_cast<std::uint8_t>(i % 5);  // 0: not given
    if (i % 7 != 0) r.age = static_cast<std::uint8_t>(i % 18);
    ++expected[{r.age ? std::string(policies::age_band(*r.age)) : "unknown", code_of(r.origin),
                r.sex == 0 ? "unknown" : sexes[r.sex - 1U]}];
    rows.push_back(r);
  }
  import(rows);
  freeze();
  policies::Table table = table_;
  table.question = policies::QuestionKind::counts;
  table.by = {"age_band", "origin", "sex"};
  const auto space = policies::CellSpace::make(agreement_, table, codes_).value();
  const auto counted = tally(node_.store(), grant_, table, period_, space, codes_);
  ASSERT_TRUE(counted.ok()) << counted.error().text;
  for (std::size_t i = 0; i < space.size(); ++i)
    EXPECT_EQ(counted->input.v[i], expected[space.codes_at(i)]) << i;
  EXPECT_TRUE(counted->input.check(space.size()).ok());
}

TEST_F(TallyTest, StatesTheMatchRateOfWhatTheTableCounts) {
  // 100 children with one row each, and 30 more rows of the first; 60 are identified, and of them
  // one by another row of the same reference, which the table does not count.
  std::vector<MovementRow> rows;
  const auto add = [&](std::uint64_t child, bool identified, std::uint8_t event) {
    MovementRow r;
    r.source_key = key_of(1, rows.size());
    r.child_key = key_of(2, child);
    if (identified) r.pseudonym = key_of(3, child);
    r.event = event;
    r.started_day = period_.first_day().number;
    rows.push_back(r);
  };
  for (std::uint64_t child = 0; child < 100; ++child) add(child, child < 59, missing_);
  add(59, true, static_cast<std::uint8_t>(missing_ + 1));
  for (int i = 0; i < 30; ++i) add(0, true, missing_);
  import(rows);
  freeze();
  const auto band = [&](policies::Measure measure, std::uint32_t least) {
    policies::Table table = table_;
    table.measure = measure;
    policies::Grant grant = grant_;
    grant.disclosure.min_children = least;
    const auto counted = tally(node_.store(), grant, table, period_, space_, codes_);
    return policies::to_text(counted.value().match);
  };
  EXPECT_EQ(band(policies::Measure::children, 8), "50-80 %");  // 60 of 100
  EXPECT_EQ(band(policies::Measure::reports, 8), "50-80 %");   // 90 of 130
  EXPECT_EQ(band(policies::Measure::children, 20), "50-80 %");
  EXPECT_EQ(band(policies::Measure::children, 21), "not stated");
}

TEST_F(TallyTest, FiltersOnOtherDimensionsLetOnlyTheirRowsCount) {
  std::vector<MovementRow> rows;
  std::uint64_t first_sex = 0;
  std::uint64_t youngest = 0;
  for (std::uint64_t i = 0; i < 60; ++i) {
    MovementRow r = random_row(i);
    r.event = missing_;
    r.started_day = period_.first_day().number;
    r.sex = static_cast<std::uint8_t>(i % 3);  // 0: not given
    if (i % 4 != 0) r.age = static_cast<std::uint8_t>(i % 2 == 0 ? 3 : 15);
    if (r.sex == 1) ++first_sex;
    if (r.age && *r.age == 3) ++youngest;
    rows.push_back(r);
  }
  import(rows);
  freeze();
  const auto total = [&](const std::string& dimension, const std::string& code) {
    policies::Table table = table_;
    table.where[dimension] = {code};
    const auto input = tally_of(table);
    return input.ok() ? std::accumulate(input->v.begin(), input->v.end(), std::uint64_t{0}) : 9999;
  };
  EXPECT_EQ(total("sex", codes_.codes(policies::Vocabulary::sex)[0]), first_sex);
  EXPECT_EQ(total("age_band", std::string(policies::age_band(3))), youngest);
}

}  // namespace
}  // namespace hedgerow::core
