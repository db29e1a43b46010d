// Distinct children across agencies, in a region of real cores: places, overlap and repeat-missing
// against sets on one table, and the faults that a link must survive. The plain sets are this
// file's own: places have a type here, which regions from seeds do not.
#include <set>

#include "tests/simulation/world.h"

namespace hedgerow::simulation {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::size_t kMinChildren = 4, kMinAgencies = 2, kLocalFloor = 2;

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  HR_CHECK(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

std::string grant(const std::string& name, const std::string& table) {
  return "[[grant]]\nid = \"" + name +
         "\"\npurpose = \"pattern-detection\"\naskers = [\"role:analyst\"]\nreason = "
         "\"required\"\nperiod = \"quarter\"\nsettle = \"P14D\"\nhistory = \"P24M\"\n"
         "[[grant.table]]\nname = \"" +
         name + "\"\n" + table +
         "[grant.disclosure]\nmin_children = 4\nmin_agencies = 2\nround_to = 1\n"
         "true_zero = false\nnoise = \"none\"\n\n";
}

// The template's region with two mixers and three linked tables beside its flows.
std::string linked(std::string draft) {
  draft = replaced(std::move(draft), "roles = [\"contributor\", \"keyholder\"]",
                   "roles = [\"contributor\", \"keyholder\", \"mixer\"]");
  draft = replaced(std::move(draft), "roles = [\"contributor\", \"keyholder\"]",
                   "roles = [\"contributor\", \"keyholder\", \"mixer\"]");
  draft = replaced(std::move(draft), "where = { event = [\"missing\"] }",
                   "where = { event = [\"placement\"] }");
  const std::string tables =
      grant("seen-places",
            "question = \"places\"\nby = [\"destination\", \"place_type\"]\n"
            "place_level = \"district\"\nwhere = { event = [\"sighting\"] }\n"
            "entries = 32\ncells_per_child = 8\n") +
      grant("known-to-several",
            "question = \"overlap\"\nby = []\nwhere = { event = [\"health-attendance\"] }\n"
            "entries = 32\n") +
      grant("missing-again",
            "question = \"repeat-missing\"\nby = []\nwhere = { event = [\"missing\"] }\n"
            "times = 3\nwithin = \"P90D\"\nentries = 32\nepisodes_per_child = 8\n");
  return replaced(std::move(draft), "[retention]", tables + "[retention]");
}

struct Seen {
  std::size_t child = 0;
  std::string event, day, destination, place_type;
  bool with_number = true;
};
using Sightings = std::map<std::string, std::vector<Seen>>;

std::string csv_of(const std::vector<Seen>& rows) {
  std::string text =
      "nhs_number,child_ref,date_of_birth,source_ref,event,started_at,origin,destination,"
      "place_type\n";
  std::size_t n = 0;
  for (const Seen& r : rows)
    text += (r.with_number ? nhs_number(r.child) : std::string()) + ",R" + std::to_string(r.child) +
            ",2012-03-15,S" + std::to_string(++n) + "," + r.event + "," + r.day + ",," +
            r.destination + "," + r.place_type + "\n";
  return text;
}

// At each of three agencies four children known to nobody else, at one railway station; others
// here and there; some known to several; some missing three times in sum only.
Sightings make_sightings(std::uint64_t seed) {
  SeededRandom dice(seed_of("sightings", seed));
  const auto below = [&](std::size_t n) { return random_below(dice, n); };
  const std::vector<std::string> agencies = {"vale-council", "vale-health", "vale-police",
                                             "vale-voice"};
  const std::vector<std::string> places = {"E06000060", "E07000178", "E06000042"};
  const std::vector<std::string> kinds = {"hotel", "park", "shopping-centre"};
  const auto day = [&](std::size_t i) {
    return "2026-0" + std::to_string(7 + i % 3) + "-" + std::to_string(10 + i % 15);
  };
  Sightings all;
  for (std::size_t a = 0; a < agencies.size(); ++a) {
    auto& rows = all[agencies[a]];
    for (std::size_t c = 0; a < 3 && c < 4; ++c)
      rows.push_back(
          {100 * (a + 1) + c, "sighting", day(below(30)), "E07000178", "railway-station"});
    for (std::size_t c = 0; c < 12; ++c) {
      if (below(2) == 0)
        rows.push_back({c, "sighting", day(below(40)), places[below(3)], kinds[below(3)]});
      if (below(2) == 0)
        rows.push_back(
            {c, "health-attendance", day(below(40)), places[below(3)], "hospital", below(6) != 0});
      for (std::size_t k = below(3); k > 0; --k)
        rows.push_back({c, "missing", day(below(9)), places[below(3)], ""});
    }
  }
  return all;
}

// Of one link cell: who knows which child.
struct PlainCell {
  std::map<std::string, std::set<std::size_t>> known;
  std::size_t distinct() const { return at_least(1); }
  std::size_t at_least(std::size_t agencies) const {
    std::map<std::size_t, std::size_t> times;
    for (const auto& [agency, children] : known)
      for (const std::size_t c : children) ++times[c];
    std::size_t n = 0;
    for (const auto& [child, k] : times) n += k >= agencies ? 1U : 0U;
    return n;
  }
  // disclosure.md, rule 4 for links.
  bool gate() const {
    std::size_t k = 0, z = 0;
    for (const auto& [agency, children] : known) ++(children.size() >= kLocalFloor ? k : z);
    return k >= kMinAgencies && (k >= 2 || z == 0);
  }
};

// A child counts where some row of it at that agency has its number.
std::map<std::string, std::set<std::size_t>> numbered(const Sightings& all) {
  std::map<std::string, std::set<std::size_t>> out;
  for (const auto& [agency, rows] : all)
    for (const Seen& r : rows)
      if (r.with_number) out[agency].insert(r.child);
  return out;
}

template <class Key>
PlainCell cell_of(const Sightings& all, Key belongs) {
  const auto with_number = numbered(all);
  PlainCell cell;
  for (const auto& [agency, rows] : all)
    for (const Seen& r : rows)
      if (belongs(r) && with_number.at(agency).contains(r.child))
        cell.known[agency].insert(r.child);
  return cell;
}

class LinkedWorld {
 public:
  explicit LinkedWorld(std::uint64_t number, Options options = {})
      : LinkedWorld(number, make_sightings(number), std::move(options)) {}
  LinkedWorld(std::uint64_t number, Sightings held, Options options = {})
      : seed(number), sightings(std::move(held)), region(number, with_edit(std::move(options))) {}

  static Options with_edit(Options o) {
    o.edit = linked;
    return o;
  }
  void begin() {
    ASSERT_TRUE(region.generate_key()) << testing::PrintToString(region.failures());
    for (const auto& [agency, rows] : sightings)
      ASSERT_TRUE(region.import(agency, csv_of(rows))) << agency;
  }
  static policies::QuestionWords words_of(const std::string& kind, const std::string& by,
                                          const std::string& event) {
    policies::QuestionWords words;
    words.agreement = "vale-cse";
    words.kind = kind;
    words.from = std::string(kPeriod);
    words.by = by;
    words.where = {"event=" + event};
    words.reason = "strategic overview";
    return words;
  }
  Outcome ask(const std::string& kind, const std::string& by, const std::string& event,
              std::uint8_t n) {
    return region.ask(question_id(seed, n), words_of(kind, by, event));
  }
  nlohmann::json places_request(std::uint8_t n) {
    return region.ask_request(question_id(seed, n),
                              words_of("places", "destination,place_type", "sighting"));
  }
  Outcome places(std::uint8_t n = 1) {
    return ask("places", "destination,place_type", "sighting", n);
  }
  Outcome overlap(std::uint8_t n = 2) { return ask("overlap", "", "health-attendance", n); }
  Outcome repeat_missing(std::uint8_t n = 3) { return ask("repeat-missing", "", "missing", n); }

  void check_places(const Outcome& o) const {
    ASSERT_TRUE(o.result) << (o.error ? o.error->text : "nothing");
    std::size_t released = 0;
    for (const auto& cell : o.result->at("periods").at(0).at("cells")) {
      const PlainCell plain = cell_of(sightings, [&](const Seen& r) {
        return r.event == "sighting" && r.destination == cell.at("destination") &&
               r.place_type == cell.at("place_type");
      });
      const bool shown = plain.gate() && plain.distinct() >= kMinChildren;
      EXPECT_EQ(cell.at("status") == "released", shown) << cell.dump();
      if (shown) {
        EXPECT_EQ(cell.at("value"), plain.distinct()) << cell.dump();
        ++released;
      }
    }
    EXPECT_GE(released, 1U);
  }
  void check_overlap(const Outcome& o) const {
    ASSERT_TRUE(o.result) << (o.error ? o.error->text : "nothing");
    const PlainCell plain =
        cell_of(sightings, [](const Seen& r) { return r.event == "health-attendance"; });
    std::size_t before = 0, k = 0;
    for (const auto& cell : o.result->at("periods").at(0).at("cells")) {
      const std::size_t n = plain.at_least(++k);
      const bool shown =
          plain.gate() && n >= kMinChildren && (before == 0 || before - n >= kMinChildren);
      EXPECT_EQ(cell.at("status") == "released", shown) << cell.dump();
      if (!shown) continue;
      EXPECT_EQ(cell.at("value"), n);
      before = n;
    }
    EXPECT_EQ(k, 4U);
  }
  void check_repeat_missing(const Outcome& o) const {
    ASSERT_TRUE(o.result) << (o.error ? o.error->text : "nothing");
    const PlainCell plain = cell_of(sightings, [](const Seen& r) { return r.event == "missing"; });
    std::map<std::size_t, std::set<std::string>> days;
    const auto with_number = numbered(sightings);
    for (const auto& [agency, rows] : sightings)
      for (const Seen& r : rows)
        if (r.event == "missing" && with_number.at(agency).contains(r.child))
          days[r.child].insert(r.day);
    std::size_t n = 0;
    for (const auto& [child, all] : days) n += all.size() >= 3 ? 1U : 0U;
    const bool shown = plain.gate() && n >= kMinChildren;
    const auto& cell = o.result->at("periods").at(0).at("cells").at(0);
    EXPECT_EQ(cell.at("status") == "released", shown) << cell.dump() << n;
    if (shown) {
      EXPECT_EQ(cell.at("value"), n);
    }
  }
  void check_faults() {
    ASSERT_TRUE(settle(region));
    EXPECT_THAT(faults_of(region), IsEmpty());
  }

  std::uint64_t seed;
  Sightings sightings;
  Region region;
};

TEST(SimulatedLink, AnswersPlacesOverlapAndRepeatMissingAsPlainSetsDo) {
  LinkedWorld w(1);
  w.begin();
  w.check_places(w.places());
  w.check_overlap(w.overlap());
  w.check_repeat_missing(w.repeat_missing());
  w.check_faults();
}

// Four at each of three agencies, none known to two: nobody alone sees more than four, and the
// region sees twelve.
TEST(SimulatedLink, ShowsAHotspotThatNoAgencyCouldHaveSeen) {
  LinkedWorld w(2);
  w.begin();
  const Outcome o = w.places();
  w.check_places(o);
  bool found = false;
  for (const auto& cell : o.result->at("periods").at(0).at("cells"))
    if (cell.at("destination") == "E07000178" && cell.at("place_type") == "railway-station") {
      EXPECT_EQ(cell.at("value"), 12);
      found = true;
    }
  EXPECT_TRUE(found);
}

TEST(SimulatedLink, ServesASecondQuestionFromTheRelease) {
  LinkedWorld w(3);
  w.begin();
  const Outcome first = w.places(1);
  const std::size_t frames = w.region.frames().size();
  const Outcome second = w.places(9);
  ASSERT_TRUE(first.result && second.result);
  EXPECT_EQ(first.result->at("periods"), second.result->at("periods"));
  EXPECT_LT(w.region.frames().size() - frames, frames / 4);
  w.check_faults();
}

// Who sends how much to whom, and when, while all three questions are asked.
struct Sight {
  std::int64_t at_ms = 0;
  std::size_t from = 0, to = 0, bytes = 0;
  friend bool operator==(const Sight&, const Sight&) = default;
  friend void PrintTo(const Sight& s, std::ostream* out) {
    *out << s.at_ms << " ms: " << s.from << " -> " << s.to << ", " << s.bytes << " bytes";
  }
};

std::vector<Sight> sights_of(LinkedWorld& w) {
  w.begin();
  const std::size_t first = w.region.frames().size();
  w.check_places(w.places());
  w.check_overlap(w.overlap());
  w.check_repeat_missing(w.repeat_missing());
  w.check_faults();
  std::vector<Sight> out;
  for (std::size_t i = first; i < w.region.frames().size(); ++i) {
    const SentFrame& f = w.region.frames()[i];
    out.push_back({to_unix_ms(f.at), f.from, f.to, f.bytes.size()});
  }
  return out;
}

// A child more at one agency, known to another or to nobody: nobody sees another frame, another
// byte, or a frame at another time. (Computing takes no time here; that it is the same work,
// tests/protocol/link/cost_test.cpp counts.)
TEST(SimulatedLink, LooksTheSameOutsideWithOneChildMore) {
  const std::uint64_t seed = 70;
  LinkedWorld without(seed);
  const std::vector<Sight> before = sights_of(without);
  ASSERT_GT(before.size(), 100U);
  const std::vector<std::pair<std::string, std::size_t>> additions = {{"vale-council", 200},
                                                                      {"vale-voice", 700}};
  for (const auto& [agency, child] : additions) {
    SCOPED_TRACE(agency + ", " + std::to_string(child));
    Sightings more = make_sightings(seed);
    const auto holds = [&, who = child](const auto& held) {
      return std::any_of(held.second.begin(), held.second.end(),
                         [&](const Seen& r) { return r.child == who; });
    };
    EXPECT_EQ(std::count_if(more.begin(), more.end(), holds), child == 200 ? 1 : 0);
    auto& rows = more.at(agency);
    EXPECT_FALSE(holds(*more.find(agency)));
    rows.push_back({child, "sighting", "2026-08-04", "E07000178", "railway-station"});
    rows.push_back({child, "health-attendance", "2026-08-05", "E06000042", "hospital"});
    for (const char* day : {"2026-08-06", "2026-08-16", "2026-08-26"})
      rows.push_back({child, "missing", day, "E06000042", ""});
    LinkedWorld with(seed, std::move(more));
    EXPECT_EQ(sights_of(with), before);
  }
}

TEST(SimulatedLink, ToleratesLossDuplicatesAndDisorder) {
  for (std::uint64_t seed = 10; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    Options o;
    o.loss = 80;
    o.duplication = 80;
    o.in_order = false;
    o.longest_delay = std::chrono::milliseconds(300);
    LinkedWorld w(seed, o);
    w.begin();
    w.check_places(w.places());
    w.check_faults();
  }
}

// Whoever ends in the middle says so when it is back, and the next attempt counts.
TEST(SimulatedLink, SurvivesTheEndOfAnyPartyAtAnyPoint) {
  std::size_t forgotten = 0;
  std::uint64_t seed = 30;
  for (const std::string& party : {std::string("vale-council"), std::string("vale-police"),
                                   std::string("vale-voice"), std::string(kHub)})
    for (const std::size_t skip : {std::size_t{2}, std::size_t{7}}) {
      SCOPED_TRACE(party + " " + std::to_string(skip));
      LinkedWorld w(++seed);
      w.begin();
      w.region.plan({party, skip % 2 == 0 ? "after_append" : "after_transaction", skip});
      Outcome o = w.places();
      if (o.lost) {  // the asker's own node ended: asked again when it is back
        w.region.run_for(seconds(5));
        o = w.places(7);
      }
      w.check_places(o);
      EXPECT_EQ(w.region.planned(), 0U);
      w.check_faults();
      std::vector<std::string> faults;
      forgotten += count_of(verified_log(w.region, party, faults), "link-forgotten");
    }
  EXPECT_GE(forgotten, 2U);
}

// What the link counted is gone with the process. Where somebody may have opened, the same sum goes
// on once a link has counted anew; else all of it begins anew. Nothing is opened twice.
TEST(SimulatedLink, AHubThatEndsInTheCompanionSumCountsAnew) {
  std::uint64_t seed = 50;
  for (const std::size_t skip : {std::size_t{5}, std::size_t{10}, std::size_t{16}, std::size_t{20},
                                 std::size_t{22}, std::size_t{24}, std::size_t{26}}) {
    SCOPED_TRACE(skip);
    LinkedWorld w(++seed);
    w.begin();
    w.region.plan(
        {std::string(kHub), skip % 2 == 0 ? "after_transaction" : "before_commit", skip, "sum"});
    w.check_places(w.places());
    w.region.forget_plan();
    // That others go on after it, twice is enough.
    if (skip % 10 == 0) w.check_overlap(w.overlap());
    w.check_faults();
  }
}

// Contributors have the edition, and follow its chain: whoever asks again gets none of their
// entries, and is told why.
TEST(SimulatedLink, AHubThatIsSetBackRunsNoSecondLinkOfAReleasedPeriod) {
  LinkedWorld w(80);
  w.begin();
  const std::string hub(kHub);
  w.region.crash(hub);
  w.region.keep_copy(hub);
  w.region.start(hub);
  w.region.run_for(seconds(5));
  w.check_places(w.places(1));
  ASSERT_TRUE(settle(w.region));
  w.region.crash(hub);
  w.region.put_copy_back(hub);
  w.region.start(hub);
  w.region.run_for(seconds(5));
  const Outcome again = w.places(9);
  EXPECT_FALSE(again.result);
  std::vector<std::string> ignored;
  EXPECT_GE(count_of(verified_log(w.region, hub, ignored), "link-called"), 1U);
  for (const std::string& party : w.region.shape().contributors()) {
    const auto log = verified_log(w.region, party, ignored);
    EXPECT_EQ(count_of(log, "link-sent"), 1U) << party;
    EXPECT_GE(std::count_if(log.begin(), log.end(),
                            [](const audit::Entry& e) {
                              return e.kind == "release.refused" && e.field("why") == "editions";
                            }),
              1)
        << party;
  }
}

// The hub waits for a confirmation past the expiry, so that contributors can name whom they miss,
// and sleeps meanwhile (a region ends where a node asks to be woken without end).
TEST(SimulatedLink, AConfirmationThatStaysAwayEndsTheAttemptAndNamesItsParty) {
  LinkedWorld w(90);
  w.begin();
  bool away = true;
  w.region.intercept([&](const SentFrame& f) {
    const auto e = protocol::Envelope::decode(f.bytes);
    return away && e.ok() && e->header().type == protocol::MessageType::link_confirmation &&
           e->header().sender.str() == "vale-voice";
  });
  const auto id = w.region.command(w.region.shape().homes.front(), w.places_request(1));
  w.region.run_for(seconds(200));
  EXPECT_FALSE(w.region.outcome(id).result);
  std::vector<std::string> ignored;
  const auto log = verified_log(w.region, std::string(kHub), ignored);
  const auto failed =
      std::find_if(log.begin(), log.end(), [](const auto& e) { return e.kind == "link-failed"; });
  ASSERT_NE(failed, log.end());
  EXPECT_EQ(failed->field("party"), "vale-voice");
  away = false;
  Outcome o = w.region.wait(id);
  for (std::uint8_t n = 2; n < 5 && !o.result; ++n) o = w.places(n);
  w.check_places(o);
  w.check_faults();
}

TEST(SimulatedLink, WaitsForAMixerThatIsAway) {
  LinkedWorld w(60);
  w.begin();
  w.region.crash("vale-health");
  const auto id = w.region.command(w.region.shape().homes.front(), w.places_request(1));
  w.region.run_for(seconds(300));
  EXPECT_FALSE(w.region.outcome(id).result);
  w.region.start("vale-health");
  w.check_places(w.region.wait(id));
  w.check_faults();
}

}  // namespace
}  // namespace hedgerow::simulation
