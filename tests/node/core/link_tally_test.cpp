// What a contributor brings to a link, against its bounds: the same entries however often it is
// asked, never more than the table allows, and the companion sum counts just these.
#include "node/core/link_tally.h"

#include <map>
#include <set>

#include "core_fixture.h"
#include "crypto/link_token.h"

namespace hedgerow::core {
namespace {

using store::MovementRow;

class LinkTallyTest : public ::testing::Test {
 protected:
  LinkTallyTest() {
    const auto events = codes_.codes(policies::Vocabulary::event);
    missing_ = static_cast<std::uint8_t>(std::find(events.begin(), events.end(), "missing") -
                                         events.begin());
    table_.by.clear();
    table_.measure = policies::Measure::children;
    for (std::size_t i = 0; i < 60; ++i) {
      const Element pseudonym = random_element(rng_);
      children_.push_back(pseudonym.bytes());
    }
  }

  // Of a child with a number, in a district, on a day of the period.
  void row(std::size_t child, const std::string& district, std::int32_t day, bool numbered = true) {
    MovementRow r;
    r.source_key[0] = 1;
    r.source_key[1] = static_cast<std::uint8_t>(rows_.size() & 0xffU);
    r.source_key[2] = static_cast<std::uint8_t>(rows_.size() >> 8U);
    ByteArray<32> reference{};
    reference[0] = 2;
    reference[1] = static_cast<std::uint8_t>(child);
    r.child_key = reference;
    if (numbered) r.pseudonym = children_[child];
    r.event = missing_;
    r.started_day = period_.first_day().number + day;
    r.destination = district;
    rows_.push_back(r);
  }
  void freeze() {
    auto t = store::Transaction::begin(node_.store().database()).value();
    store::ImportBatch batch;
    rng_.fill(batch.id.bytes);
    batch.at = kNow;
    ASSERT_TRUE(node_.store().records().apply_import(batch, rows_).ok());
    ASSERT_TRUE(node_.store().records().freeze(grant_.id, period_.label(), kNow).ok());
    ASSERT_TRUE(t.commit().ok());
  }
  LinkTally count() {
    const auto cells = policies::CellSpace::make_link_cells(agreement_, table_, codes_).value();
    return link_tally(node_.store(), grant_, grant_.disclosure, table_, period_, cells, codes_)
        .value();
  }
  void expect_companion(const LinkTally& t) const {
    std::map<std::uint32_t, std::set<Pseudonym>> children;
    for (const auto& e : t.entries) children[e.cell].insert(e.child);
    for (std::size_t i = 0; i < t.input.c.size(); ++i) {
      const auto at = children.find(static_cast<std::uint32_t>(i));
      EXPECT_EQ(t.input.c[i], at == children.end() ? 0U : at->second.size());
      EXPECT_EQ(t.input.v[i], t.input.c[i]);
    }
    EXPECT_TRUE(t.input.check(t.input.c.size()).ok());
  }

  SeededRandom rng_{ByteArray<32>{71}};
  TestNode node_{"vale-council", 1};
  const policies::Agreement& agreement_ = TestRegion::get().agreement();
  const policies::CodeList& codes_ = policies::CodeList::shipped();
  policies::Grant grant_ = agreement_.grants.front();
  policies::Table table_ = grant_.tables.front();
  policies::Period period_ = policies::Period::parse("2026-Q3").value();
  std::uint8_t missing_ = 0;
  std::vector<ByteArray<32>> children_;
  std::vector<MovementRow> rows_;
};

TEST_F(LinkTallyTest, BringsAChildOnceWhateverItsRowsAndNoneWithoutNumber) {
  table_.question = policies::QuestionKind::overlap;
  table_.link = policies::LinkBounds{16, 1, 0, 0, 0};
  for (std::size_t c = 0; c < 5; ++c)
    for (int day : {1, 1, 40}) row(c, "E06000060", day);
  row(7, "E06000060", 3, false);
  row(8, "E06000060", 100);  // the next quarter
  freeze();
  const LinkTally t = count();
  EXPECT_EQ(t.entries.size(), 5U);
  EXPECT_EQ(t.input.c[0], 5U);
  expect_companion(t);
}

TEST_F(LinkTallyTest, LeavesOutCellsOfAChildBeyondTheBound) {
  table_.question = policies::QuestionKind::places;
  table_.by = {"destination"};
  table_.link = policies::LinkBounds{64, 2, 0, 0, 0};
  for (const char* d : {"E06000060", "E06000042", "E07000178", "E07000177"})
    for (std::size_t c = 0; c < 6; ++c) row(c, d, 1);
  freeze();
  const LinkTally t = count();
  std::map<Pseudonym, std::size_t> cells;
  for (const auto& e : t.entries) ++cells[e.child];
  EXPECT_EQ(cells.size(), 6U);
  for (const auto& [child, n] : cells) EXPECT_EQ(n, 2U);
  expect_companion(t);
}

TEST_F(LinkTallyTest, LeavesOutEpisodesBeyondTheBoundAndBeforeTheWindow) {
  table_.question = policies::QuestionKind::repeat_missing;
  table_.link = policies::LinkBounds{64, 1, 3, 2, 30};
  for (int day : {1, 70, 75, 80, 85, 91}) row(1, "E06000060", day);
  row(2, "E06000060", 2);  // before the last thirty days
  freeze();
  const LinkTally t = count();
  EXPECT_EQ(t.entries.size(), 3U);
  for (const auto& e : t.entries) EXPECT_GE(e.day, period_.last_day().number - 29);
  EXPECT_EQ(t.input.c[0], 1U);
}

TEST_F(LinkTallyTest, NeverBringsMoreThanTheTableAllowsAndAlwaysTheSame) {
  table_.question = policies::QuestionKind::overlap;
  table_.link = policies::LinkBounds{16, 1, 0, 0, 0};
  for (std::size_t c = 0; c < 60; ++c) row(c, "E06000060", static_cast<int>(c % 80));
  freeze();
  const LinkTally first = count(), again = count();
  EXPECT_EQ(first.entries.size(), 16U);
  EXPECT_TRUE(std::equal(first.entries.begin(), first.entries.end(), again.entries.begin(),
                         again.entries.end()));
  expect_companion(first);
  // Not simply the first ones: nobody who knows a child can foresee whether it is among them.
  std::set<ByteArray<32>> sorted(children_.begin(), children_.end());
  std::size_t n = 0, among_first = 0;
  for (const auto& key : sorted) {
    if (n++ == 16) break;
    for (const auto& e : first.entries)
      among_first += std::equal(key.begin(), key.end(), e.child.expose().begin()) ? 1U : 0U;
  }
  EXPECT_LT(among_first, 16U);
  // 16 of 60: the answer will say so, in a band.
  EXPECT_EQ(first.match, policies::MatchBand::under_50);
}

}  // namespace
}  // namespace hedgerow::core
