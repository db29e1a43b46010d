// Rows that gain an NHS number later: `import crosswalk` in a region, from the control socket to
// the released answer.
#include <set>
#include <sstream>

#include "tests/simulation/world.h"

namespace hedgerow::simulation {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kAgency = "vale-police";

// Every row with its reference alone; and the lines that say whose they are.
std::vector<Row> nameless(std::vector<Row> rows) {
  for (Row& r : rows) r.with_number = false;
  return rows;
}
std::string crosswalk_of(std::vector<Row> rows) {
  for (Row& r : rows) r.with_number = true;
  std::istringstream csv(to_csv(rows));
  std::string text, line;
  while (std::getline(csv, line)) text += line.substr(0, line.find(',', line.find(',') + 1)) + "\n";
  return text;
}
std::size_t references_in(const std::vector<Row>& rows) {
  std::set<std::string> all;
  for (const Row& r : rows) all.insert(r.reference);
  return all.size();
}
std::size_t children_in(const std::vector<Row>& rows) {
  std::set<std::size_t> all;
  for (const Row& r : rows) all.insert(r.child);
  return all.size();
}

class SimulatedCrosswalk : public ::testing::Test {
 protected:
  SimulatedCrosswalk() : w_(91, 40) {
    for (auto& [agency, rows] : w_.records)
      for (Row& r : rows) r.with_number = true;
    w_.plain = compute_plainly(w_.records);
  }
  void import_nameless() {
    w_.begin();
    for (const auto& [agency, rows] : w_.records)
      ASSERT_TRUE(region().import(agency, to_csv(agency == kAgency ? nameless(rows) : rows)));
    ASSERT_TRUE(settle(region()));
  }
  json request(json more = json::object()) const {
    json all = {{"command", "import-crosswalk"}, {"source", "crosswalk.csv"}};
    all.update(more);
    return all;
  }
  Outcome learn(const std::string& text, const json& more = json::object()) {
    Outcome o = region().wait(region().command(kAgency, request(more), text));
    EXPECT_TRUE(settle(region()));
    return o;
  }
  std::uint64_t spent() {
    return region()
        .lineage("vale-council")
        .context()
        .store.ledger()
        .import_spent(PartyId::parse(kAgency).value())
        .value();
  }
  store::LineageStore& store() { return region().lineage(kAgency).context().store; }
  WipingVector<store::KnownChild> known() { return store().children().known().value(); }
  std::size_t with_pseudonym() {
    std::size_t n = 0;
    const auto children = known();
    for (const auto& k : children)
      if (k.pseudonym) ++n;
    return n;
  }
  std::size_t logged() {
    std::vector<std::string> faults;
    return count_of(verified_log(region(), kAgency, faults), "crosswalk");
  }
  Region& region() { return w_.region; }
  const std::vector<Row>& rows() { return w_.records.at(kAgency); }

  World w_;
};

TEST_F(SimulatedCrosswalk, MakesRowsWithoutNumberThoseOfTheirChildren) {
  import_nameless();
  const std::size_t references = references_in(rows());
  EXPECT_EQ(spent(), 0U);
  EXPECT_EQ(with_pseudonym(), 0U);

  const std::string text = crosswalk_of(rows()) + "9990000018,of-nobody\n,without-number\n";
  const Outcome o = learn(text);
  ASSERT_TRUE(o.result);
  const json& report = o.result->at("report");
  EXPECT_EQ(o.result->at("schema"), "hedgerow/crosswalk/1");
  EXPECT_EQ(o.result->at("imported"), true);
  EXPECT_EQ(o.result->at("gained"), references);
  EXPECT_EQ(o.result->at("replaced"), 0);
  EXPECT_EQ(report.at("read"), rows().size() + 2);
  EXPECT_EQ(report.at("repeated"), rows().size() - references);
  EXPECT_EQ(report.at("unknown_children"), 1);
  EXPECT_EQ(report.at("without_number"), 1);
  EXPECT_EQ(report.at("refused"), 0);
  // One element a child, whatever the references, and none for who is not known here; and one for
  // the check of their batch.
  EXPECT_EQ(spent(), children_in(rows()) + 1);
  EXPECT_LT(children_in(rows()), references) << "no child with two references shows nothing";
  EXPECT_EQ(with_pseudonym(), references);
  EXPECT_EQ(logged(), 1U);
  w_.check(w_.ask());
}

TEST_F(SimulatedCrosswalk, GivesThePseudonymThatTheNumberItselfHas) {
  import_nameless();
  ASSERT_TRUE(learn(crosswalk_of(rows())).result);
  std::map<ByteArray<32>, ByteArray<32>> before;
  const auto gained = known();
  for (const auto& k : gained) before[k.child_key] = k.pseudonym.value();
  // The same file with its numbers.
  ASSERT_TRUE(region().import(kAgency, to_csv(rows())));
  const auto imported = known();
  ASSERT_EQ(imported.size(), before.size());
  for (const auto& k : imported) EXPECT_EQ(k.pseudonym, before.at(k.child_key));
}

TEST_F(SimulatedCrosswalk, AsksForNobodyTwiceUnlessTold) {
  import_nameless();
  const std::string text = crosswalk_of(rows());
  const std::size_t references = references_in(rows());
  ASSERT_TRUE(learn(text).result);
  const std::uint64_t paid = spent();

  const Outcome again = learn(text);
  ASSERT_TRUE(again.result);
  EXPECT_EQ(again.result->at("imported"), false);
  EXPECT_EQ(again.result->at("exit"), 0);
  EXPECT_EQ(again.result->at("report").at("have_number"), references);
  EXPECT_EQ(spent(), paid);
  EXPECT_EQ(logged(), 1U);

  // The movements without their numbers again, and a row more of one of these children.
  std::vector<Row> more = nameless(rows());
  more.push_back(more.front());
  const auto imported = region().import(kAgency, to_csv(more));
  ASSERT_TRUE(imported);
  EXPECT_EQ(imported->at("unchanged"), rows().size());
  EXPECT_EQ(spent(), paid);
  EXPECT_EQ(with_pseudonym(), references);
}

TEST_F(SimulatedCrosswalk, ReplacesANumberThatIsCorrectedAndNoReleasedFigure) {
  import_nameless();
  std::vector<Row> wrong = rows();
  const std::string reference = wrong.front().reference;
  for (Row& r : wrong)
    if (r.reference == reference) r.child = 3999;
  ASSERT_TRUE(learn(crosswalk_of(wrong)).result);
  const auto released = w_.ask();
  ASSERT_TRUE(released);

  const auto mistaken = known();
  EXPECT_EQ(learn(crosswalk_of(rows())).result->at("imported"), false);
  const Outcome corrected = learn(crosswalk_of(rows()), {{"replace", true}});
  ASSERT_TRUE(corrected.result);
  EXPECT_EQ(corrected.result->at("gained"), 0);
  EXPECT_EQ(corrected.result->at("replaced"), 1);
  EXPECT_EQ(corrected.result->at("unchanged"), references_in(rows()) - 1);
  std::size_t different = 0;
  const auto right = known();
  for (std::size_t i = 0; i < right.size(); ++i)
    if (right[i].pseudonym != mistaken[i].pseudonym) ++different;
  EXPECT_EQ(different, 1U);
  EXPECT_EQ(logged(), 2U);

  const auto repeated = w_.ask(2);
  ASSERT_TRUE(repeated);
  EXPECT_EQ(repeated->at("periods"), released->at("periods"));
}

TEST_F(SimulatedCrosswalk, StoresNothingWhereARowIsBadOrItIsOnlyLookedAt) {
  import_nameless();
  const std::string text = crosswalk_of(rows()) + "9990000019,x\n";
  const Outcome refused = learn(text);
  ASSERT_TRUE(refused.result);
  EXPECT_EQ(refused.result->at("exit"), 65);
  EXPECT_EQ(refused.result->at("report").at("by_rule").at("nhs-check-digit"), 1);
  const Outcome looked = learn(text, {{"dry_run", true}, {"skip_bad", true}});
  ASSERT_TRUE(looked.result);
  EXPECT_EQ(looked.result->at("exit"), 0);
  EXPECT_EQ(looked.result->at("report").at("asked"), references_in(rows()));
  EXPECT_EQ(spent(), 0U);
  EXPECT_EQ(with_pseudonym(), 0U);
  EXPECT_EQ(logged(), 0U);
  const Outcome skipped = learn(text, {{"skip_bad", true}});
  ASSERT_TRUE(skipped.result);
  EXPECT_EQ(skipped.result->at("gained"), references_in(rows()));
  const Outcome other = learn("nhs_number,name\n");
  ASSERT_TRUE(other.error);
  EXPECT_EQ(other.error->code, Code::bad_input);
  EXPECT_THAT(other.error->text, HasSubstr("crosswalk.csv:1: an unknown column"));
}

TEST_F(SimulatedCrosswalk, IsWholeOrNotThereAfterAFault) {
  import_nameless();
  const std::string text = crosswalk_of(rows());
  // A keyholder is dead.
  region().crash("vale-voice");
  const Outcome dead = region().wait(region().command(kAgency, request(), text));
  ASSERT_TRUE(dead.error);
  EXPECT_EQ(dead.error->code, Code::try_again);
  EXPECT_EQ(with_pseudonym(), 0U);
  region().start("vale-voice");
  // The command's own node dies while it waits for the keyholders; so does the command.
  const auto asked = region().command(kAgency, request(), text);
  ASSERT_FALSE(region().outcome(asked).ended());
  region().crash(kAgency);
  region().run_for(seconds(30));
  region().start(kAgency);
  EXPECT_EQ(with_pseudonym(), 0U);
  const auto left = region().command(kAgency, request(), text);
  region().hang_up(left);
  ASSERT_TRUE(settle(region()));
  EXPECT_EQ(with_pseudonym(), 0U);
  EXPECT_EQ(logged(), 0U);
  const Outcome done = learn(text);
  ASSERT_TRUE(done.result);
  EXPECT_EQ(done.result->at("gained"), references_in(rows()));
  w_.check(w_.ask());
}

TEST_F(SimulatedCrosswalk, CanBeLookedAtBeforeThereIsAKey) {
  Region& r = region();
  ASSERT_TRUE(r.wait(r.command(kAgency, r.install_request())).result);  // here and nowhere else
  const std::string text = "CHILD,NHS_NUMBER\nA1,9990000018\n";
  const Outcome asked = r.wait(r.command(kAgency, request(), text));
  ASSERT_TRUE(asked.error);
  EXPECT_EQ(asked.error->code, Code::try_again);
  const Outcome looked = r.wait(r.command(kAgency, request({{"dry_run", true}}), text));
  ASSERT_TRUE(looked.result);
  EXPECT_EQ(looked.result->at("report").at("unknown_children"), 1);
}

}  // namespace
}  // namespace hedgerow::simulation
