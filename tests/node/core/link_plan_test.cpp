// A hub's plan against what everybody else makes of the same agreement, field by field.
#include "node/core/link_plan.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "core_fixture.h"

namespace hedgerow::core {
namespace {

using protocol::link::Plan;

class LinkPlanTest : public ::testing::Test {
 protected:
  LinkPlanTest() {
    auto& agreement = node_.context().agreement;
    for (auto& p : agreement.parties)
      p.roles.mixer = p.id == party("vale-health") || p.id == party("vale-police");
    auto& table = agreement.grants.front().tables.front();
    table.question = policies::QuestionKind::places;
    table.by = {"destination"};
    table.link = policies::LinkBounds{64, 4, 0, 0, 0};
  }

  // As the hub sends it, with what link_plan() leaves open.
  Plan plan() {
    const auto& grant = node_.context().agreement.grants.front();
    Plan p = link_plan(node_.context(), grant, grant.tables.front(),
                       policies::Period::parse("2026-Q3").value(), codes_)
                 .value();
    p.id.attempt = 1;
    p.contributors = node_.context().agreement.contributors();
    p.thresholds = {8, 1, 5, false};
    p.expiry = kNow + link_lifetime(p);
    return p;
  }
  Result<void> check(const Plan& p, UtcTime now = kNow) {
    return check_link_plan(node_.context(), p, codes_, now);
  }

  TestNode node_{"vale-council", 1};
  const policies::CodeList& codes_ = policies::CodeList::shipped();
};

TEST_F(LinkPlanTest, AgreesWithItselfWhateverIsLeftOpen) {
  Plan p = plan();
  EXPECT_TRUE(check(p).ok());
  p.id.attempt = 700;
  p.thresholds = {9, 2, 10, true};
  p.editions_head.bytes[0] = 1;
  p.contributors.pop_back();
  p.expiry = kNow + link_lifetime(p) + kMostSkew;
  EXPECT_TRUE(check(p).ok());
}

TEST_F(LinkPlanTest, RefusesEveryFieldThatTheAgreementHasOtherwise) {
  struct Change {
    const char* what;
    std::function<void(Plan&)> make;
  };
  const std::vector<Change> changes = {
      {"release", [](Plan& p) { p.id.release.bytes[0] ^= 1U; }},
      {"lineage", [](Plan& p) { p.lineage = Lineage::parse("other").value(); }},
      {"agreement", [](Plan& p) { p.agreement.bytes[0] ^= 1U; }},
      {"grant", [](Plan& p) { p.grant += "x"; }},
      {"table", [](Plan& p) { p.table += "x"; }},
      {"a period without its release", [](Plan& p) { p.period = "2026-Q2"; }},
      {"period of another kind", [](Plan& p) { p.period = "2026-07"; }},
      {"no period", [](Plan& p) { p.period = "2026"; }},
      {"kind", [](Plan& p) { p.kind = protocol::link::Kind::children_by_agency; }},
      {"cell space", [](Plan& p) { p.cell_space.bytes[0] ^= 1U; }},
      {"cells", [](Plan& p) { ++p.cells; }},
      {"a contributor that is none",
       [](Plan& p) { p.contributors.push_back(party("vale-youth")); }},
      {"the hub as contributor",
       [](Plan& p) {
         p.contributors.push_back(party("vale-partnership"));
         std::sort(p.contributors.begin(), p.contributors.end());
       }},
      {"a mixer less", [](Plan& p) { p.mixers.pop_back(); }},
      {"another mixer", [](Plan& p) { p.mixers.back() = party("vale-voice"); }},
      {"mixers' order", [](Plan& p) { std::swap(p.mixers.front(), p.mixers.back()); }},
      {"entries", [](Plan& p) { --p.entries; }},
      {"cells a child", [](Plan& p) { ++p.cells_per_child; }},
      {"episodes a child", [](Plan& p) { ++p.episodes_per_child; }},
      {"expiry",
       [](Plan& p) { p.expiry = kNow + link_lifetime(p) + kMostSkew + std::chrono::seconds(1); }},
  };
  for (const Change& c : changes) {
    SCOPED_TRACE(c.what);
    Plan p = plan();
    c.make(p);
    const auto checked = check(p);
    ASSERT_FALSE(checked.ok());
    EXPECT_EQ(checked.error().code, Code::denied);
  }
}

TEST_F(LinkPlanTest, RefusesATableThatIsNotLinked) {
  const Plan p = plan();
  node_.context().agreement.grants.front().tables.front().link.reset();
  EXPECT_FALSE(check(p).ok());
}

// The quarter ends on 30 September, and settles in fourteen days.
TEST_F(LinkPlanTest, RefusesAPeriodThatIsNotSettledAndAnAgreementThatIsNotInForce) {
  Plan p = plan();
  p.period = "2026-Q4";
  p.id.release = protocol::release_id(p.lineage, p.grant, p.table, p.period);
  const auto early = check(p);
  ASSERT_FALSE(early.ok());
  EXPECT_EQ(early.error().code, Code::try_again);
  EXPECT_THAT(early.error().text, ::testing::HasSubstr("not settled"));

  Plan late = plan();
  const UtcTime after = kNow + std::chrono::hours(24 * 600);
  late.expiry = after + std::chrono::seconds(5);
  const auto over = check(late, after);
  ASSERT_FALSE(over.ok());
  EXPECT_THAT(over.error().text, ::testing::HasSubstr("not in force"));
}

}  // namespace
}  // namespace hedgerow::core
