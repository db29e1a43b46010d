// Withheld children and duty contacts in a region, from the control socket to the released answer.
#include <set>

#include "tests/simulation/world.h"

namespace hedgerow::simulation {
namespace {

using nlohmann::json;
using std::chrono::hours;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kAgency = "vale-police";
constexpr const char* kReason = "kin may search for her";

std::size_t largest(const PlainAnswer& a) {
  std::uint64_t most = 0;
  for (const auto& [key, cell] : a.cells) most = std::max(most, cell.figure);
  return most;
}

class SimulatedWithhold : public ::testing::Test {
 protected:
  explicit SimulatedWithhold() : w_(101, 200) {
    for (Row& r : rows()) r.with_number = true;
  }
  void begin() {
    w_.begin();
    w_.import_all();
    ASSERT_TRUE(settle(region()));
  }
  Outcome run(const json& request, const std::optional<std::string>& lines = {}) {
    return region().wait(region().command(kAgency, request, lines));
  }
  static json add_request() {
    return {{"command", "withhold-add"},
            {"reason", kReason},
            {"decider", "head of safeguarding"},
            {"review", "2026-12-24"}};
  }
  Outcome withhold(const std::string& reference) { return run(add_request(), reference + "\n"); }
  Outcome end(std::uint64_t number) {
    return run({{"command", "withhold-end"},
                {"number", number},
                {"reason", "danger has passed"},
                {"decider", "head of safeguarding"}});
  }
  json listed(bool all) {
    return run({{"command", "withhold-list"}, {"all", all}}).result->at("decisions");
  }
  // Every child of this agency that has two references, by one of them, and some that have one.
  std::map<std::size_t, std::string> chosen() {
    std::map<std::size_t, std::set<std::string>> references;
    for (const Row& r : rows()) references[r.child].insert(r.reference);
    std::map<std::size_t, std::string> all;
    for (const auto& [child, names] : references)
      if (names.size() > 1 || child % 2 == 0) all[child] = *names.begin();
    return all;
  }
  PlainAnswer without(const std::map<std::size_t, std::string>& children) {
    Records left = w_.records;
    std::erase_if(left.at(kAgency), [&](const Row& r) { return children.contains(r.child); });
    return compute_plainly(left);
  }
  std::vector<audit::Entry> log() {
    std::vector<std::string> faults;
    auto entries = verified_log(region(), kAgency, faults);
    EXPECT_THAT(faults, IsEmpty());
    return entries;
  }
  std::vector<Row>& rows() { return w_.records.at(kAgency); }
  Region& region() { return w_.region; }

  World w_;
};

TEST_F(SimulatedWithhold, LeavesChildrenWithAllTheirReferencesOutOfTheNextRelease) {
  begin();
  const auto children = chosen();
  std::uint64_t number = 0;
  for (const auto& [child, reference] : children) {
    const Outcome o = withhold(reference);
    ASSERT_TRUE(o.result) << (o.error ? o.error->text : "");
    EXPECT_EQ(o.result->at("number"), ++number);
    EXPECT_EQ(o.result->at("known"), true);
    EXPECT_EQ(o.result->at("traceable_until"), nullptr) << "no grant of traces";
  }
  const PlainAnswer everybody = compute_plainly(w_.records);
  w_.plain = without(children);
  ASSERT_LT(largest(w_.plain), largest(everybody));
  ASSERT_NE(w_.plain.released, 0U);
  const auto answer = w_.ask();
  w_.check(answer);
  EXPECT_EQ(answer->dump().find("withh"), std::string::npos);
}

TEST_F(SimulatedWithhold, KeepsWhatWasFrozenBeforeAndCountsWhatEndsBefore) {
  begin();
  w_.plain = compute_plainly(w_.records);
  const auto children = chosen();
  ASSERT_LT(largest(without(children)), largest(w_.plain));
  ASSERT_TRUE(withhold(children.begin()->second).result);
  ASSERT_TRUE(end(1).result);
  // The police freeze the period and end before any sum is made; the decisions come afterwards.
  region().plan({kAgency, "period_frozen", 0, ""});
  const auto asked = region().command("vale-council", region().ask_request(question_id(101)));
  ASSERT_TRUE(region().run_until([&] { return region().planned() == 0 && region().is_up(kAgency); },
                                 seconds(600)));
  for (const auto& [child, reference] : children) ASSERT_TRUE(withhold(reference).result);
  ASSERT_FALSE(region().outcome(asked).ended());
  w_.check(region().wait(asked, seconds(1800)).result);
}

TEST_F(SimulatedWithhold, LeavesNothingOfChildOrReasonOnTheLog) {
  begin();
  const std::string reference = chosen().begin()->second;
  const std::size_t frames = region().frames().size();
  ASSERT_TRUE(withhold(reference).result);
  ASSERT_TRUE(end(1).result);
  region().run_for(hours(1));
  EXPECT_EQ(region().frames().size(), frames) << "something was sent";
  const auto entries = log();
  ASSERT_EQ(count_of(entries, "withhold"), 1U);
  ASSERT_EQ(count_of(entries, "withhold.ended"), 1U);
  using Fields = std::vector<std::pair<std::string, std::string>>;
  const std::string today = policies::to_text(policies::london_day(region().now()));
  for (const auto& e : entries) {
    if (e.kind == "withhold") {
      EXPECT_EQ(e.fields, (Fields{{"number", "1"}, {"date", today}, {"review", "2026-12-24"}}));
    }
    if (e.kind == "withhold.ended") {
      EXPECT_EQ(e.fields, (Fields{{"number", "1"}, {"date", today}}));
    }
  }
}

TEST_F(SimulatedWithhold, IsShownByNumberWithReasonAndDatesAndNoChild) {
  begin();
  const std::string reference = chosen().begin()->second;
  const Outcome early = run({{"command", "withhold-list"}, {"all", true}});
  ASSERT_TRUE(early.result);
  EXPECT_THAT(early.result->at("decisions"), IsEmpty());
  json dated = add_request();
  dated["date"] = "2026-09-30";
  ASSERT_TRUE(run(dated, reference).result);
  const Outcome unknown = withhold("of-nobody");
  ASSERT_TRUE(unknown.result);
  EXPECT_EQ(unknown.result->at("known"), false);
  ASSERT_TRUE(end(2).result);
  region().crash(kAgency);
  region().start(kAgency);
  ASSERT_EQ(listed(false).size(), 1U);
  const json all = listed(true);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0], (json{{"number", 1},
                          {"reason", kReason},
                          {"decider", "head of safeguarding"},
                          {"date", "2026-09-30"},
                          {"review", "2026-12-24"},
                          {"ended", nullptr}}));
  EXPECT_EQ(all[1].at("ended").at("reason"), "danger has passed");
  EXPECT_EQ(run({{"command", "withhold-list"}, {"all", true}, {"after", 1}})
                .result->at("decisions")
                .size(),
            1U);
}

TEST_F(SimulatedWithhold, RefusesBadInputAndStoresNothing) {
  begin();
  const auto refused = [&](const json& change, const std::string& lines) {
    json request = add_request();
    request.update(change);
    const Outcome o = run(request, lines);
    return o.error ? *o.error : Error{};
  };
  const std::string number = nhs_number(3);
  const std::vector<std::pair<Error, std::string>> all = {
      {refused(json::object(), number), "is an NHS number"},
      {refused(json::object(), "\n"), "is empty"},
      {refused(json::object(), "one\ntwo\n"), "is one line"},
      {refused(json::object(), std::string(200, 'x')), "longer than 128"},
      {refused(json::object(), std::string(5000, 'x')), "more lines than this command takes"},
      {refused(json::object(), "a\x1b"), "not plain text"},
      {refused({{"reason", ""}}, "r"), "the reason is empty"},
      {refused({{"reason", "a\nb"}}, "r"), "control character"},
      {refused({{"decider", std::string(201, 'x')}}, "r"), "longer than 200"},
      {refused({{"reason", "Kin of " + number + " may search"}}, "r"),
       "the reason has an NHS number in it"},
      {refused({{"decider", "the head, for " + number}}, "r"),
       "the decider has an NHS number in it"},
      {refused({{"date", "2099-01-01"}}, "r"), "lies in the future"},
      {refused({{"review", "2026-01-01"}}, "r"), "lies in the past"},
  };
  for (const auto& [error, text] : all) {
    EXPECT_EQ(error.code, Code::bad_input) << text;
    EXPECT_THAT(error.text, HasSubstr(text));
    EXPECT_THAT(error.text, Not(HasSubstr(number)));
  }
  EXPECT_THAT(end(1).error->text, HasSubstr("no decision with the number 1"));
  for (const char* field : {"reason", "decider"}) {
    json ended = {{"command", "withhold-end"}, {"number", 1}, {"reason", "r"}, {"decider", "d"}};
    ended[field] = "for " + number;
    EXPECT_THAT(run(ended).error->text, HasSubstr("has an NHS number in it"));
  }
  const Outcome hub = region().wait(region().command(std::string(kHub), add_request(), "r\n"));
  ASSERT_TRUE(hub.error);
  EXPECT_EQ(hub.error->code, Code::denied);
  EXPECT_THAT(listed(true), IsEmpty());
  EXPECT_EQ(count_of(log(), "withhold"), 0U);
  // Whoever leaves before the reference is whole has decided nothing.
  const auto left = region().command(kAgency, add_request());
  region().hang_up(left);
  EXPECT_THAT(listed(true), IsEmpty());
  EXPECT_TRUE(region().is_up(kAgency));
}

TEST_F(SimulatedWithhold, StandsBesideADutyContactOfTheAgreementsOrOnesOwn) {
  begin();
  const json show = {{"command", "duty-show"}};
  const auto before = run(show).result;
  ASSERT_TRUE(before);
  EXPECT_EQ(before->at("own"), false);
  EXPECT_EQ(before->at("hours"), "");
  const auto& contacts = region().lineage(kAgency).context().own().contacts;
  EXPECT_EQ(before->at("contact"), contacts.contains("duty") ? contacts.at("duty") : "");

  const auto set = [&](const std::string& contact, const std::string& when) {
    return run({{"command", "duty-set"}, {"contact", contact}, {"hours", when}});
  };
  const auto done = set("MASH 01632 960000", "Mon-Fri 9-17").result;
  ASSERT_TRUE(done);
  EXPECT_THAT(set(std::string(220, 'c'), "h").error->text, HasSubstr("longer than 220"));
  EXPECT_THAT(set("c", "").error->text, HasSubstr("is empty"));
  EXPECT_THAT(set("c", "h\n").error->text, HasSubstr("control character"));
  const auto after = run(show).result;
  EXPECT_EQ(after->at("own"), true);
  EXPECT_EQ(after->at("contact"), "MASH 01632 960000");
  EXPECT_EQ(after->at("hours"), "Mon-Fri 9-17");
  const auto entries = log();
  ASSERT_EQ(count_of(entries, "duty.contact"), 1U);
  for (const auto& e : entries) {
    if (e.kind != "duty.contact") continue;
    ASSERT_EQ(e.fields.size(), 1U);
    EXPECT_EQ(e.field("hash"), done->at("hash"));
    EXPECT_EQ(e.field("hash"), to_sha256_name(sha256(as_bytes("MASH 01632 960000\nMon-Fri 9-17"))));
  }
  const Outcome hub = region().wait(region().command(
      std::string(kHub), {{"command", "duty-set"}, {"contact", "c"}, {"hours", "h"}}));
  ASSERT_TRUE(hub.error);
  EXPECT_EQ(hub.error->code, Code::denied);
}

}  // namespace
}  // namespace hedgerow::simulation
