// Directories in a whole region: made at each change of the day, fetched, and gone with their
// secrets two days later (docs/design/trace.md, Days and directories).
#include "protocol/trace/directory.h"

#include <algorithm>

#include "protocol/envelope.h"
#include "tests/policies/sample_agreement.h"
#include "tests/simulation/world.h"

namespace hedgerow::simulation {
namespace {

using nlohmann::json;
using protocol::MessageType;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kAgency = "vale-council";
const std::string kOther = "vale-police";

std::int32_t date_of(UtcTime t) {
  return static_cast<std::int32_t>(
      std::chrono::floor<std::chrono::days>(t).time_since_epoch().count());
}
UtcTime midnight(std::int32_t day) { return std::chrono::sys_days(std::chrono::days(day)); }

Options tracing(const std::string& valid_until = "2027-11-30") {
  Options o;
  o.edit = [valid_until](const std::string& draft) {
    const std::string text = policies::with_trace(draft);
    return policies::replaced(policies::replaced(text, "2027-11-30", valid_until), "2027-06-01",
                              valid_until);
  };
  return o;
}

// Four contributors with a grant of traces, a key, and rows of about forty children.
class SimulatedDirectories : public ::testing::Test {
 protected:
  explicit SimulatedDirectories(const Options& options = tracing()) : w_(95, 40, options) {
    w_.begin();
    for (const auto& [agency, rows] : w_.records) HR_CHECK(region().import(agency, to_csv(rows)));
    HR_CHECK(settle(region()));
  }
  Region& region() { return w_.region; }
  std::int32_t today() { return date_of(region().now()); }
  core::LineageContext& context(const std::string& party) {
    return region().lineage(party).context();
  }
  store::Traces traces(const std::string& party) { return context(party).store.traces(); }
  json fetch(const std::string& party = kAgency) {
    const auto o = region().wait(region().command(party, {{"command", "trace-fetch"}}));
    EXPECT_TRUE(o.result) << (o.error ? o.error->text : "no end");
    return o.result ? *o.result : json::object();
  }
  static json of(const json& result, const std::string& party) {
    for (const json& p : result.at("parties"))
      if (p.at("party") == party) return p;
    return {};
  }
  std::size_t sent(MessageType type) {
    return static_cast<std::size_t>(std::ranges::count_if(region().frames(), [&](const auto& f) {
      return f.from != 0 && protocol::Envelope::decode(f.bytes)->header().type == type;
    }));
  }
  void until(UtcTime time) {
    region().run_for(std::chrono::duration_cast<seconds>(time - region().now()) + seconds(1));
  }
  bool has_secret(const std::string& party, std::int32_t day) {
    return traces(party).own_day(day).value().has_value();
  }
  // What whoever has a child's pseudonym and this party's help finds of it.
  std::optional<std::string> contact_at(const std::string& party, const ByteArray<32>& child) {
    const auto own = traces(party).own_day(today()).value();
    HR_CHECK(own.has_value());
    const PartyId id = PartyId::parse(party).value();
    const Element point =
        trace_point(context(party).id(), id, today(), Pseudonym::from_store(child).value());
    const TraceKeys keys = trace_keys(point, multiply(own->secret, point).value());
    const auto record = region().lineage(kAgency).fetches().find(id, today(), keys.tag).value();
    if (!record) return std::nullopt;
    return open_trace_record(keys.key, *record).value();
  }
  std::vector<audit::Entry> log(const std::string& party) {
    std::vector<std::string> faults;
    auto entries = verified_log(region(), party, faults);
    EXPECT_THAT(faults, IsEmpty());
    return entries;
  }
  // The party sends this to another, outside of any run.
  void send(const std::string& from, const std::string& to, MessageType type, Bytes body) {
    core::Work work;
    SessionId session = question_id(++sessions_);
    work.message(session, PartyId::parse(to).value(), type, std::move(body), seconds(60));
    ASSERT_TRUE(region().lineage(from).commit(std::move(work), region().now()).ok());
    region().run_for(seconds(5));
  }

  World w_;
  std::uint64_t sessions_ = 1000;
};

TEST_F(SimulatedDirectories, AreMadeWhenFirstAskedForAndHoldEveryChildThatIsShared) {
  EXPECT_FALSE(traces(kOther).newest_own_day().value());
  const json result = fetch();
  EXPECT_EQ(result.at("schema"), "hedgerow/trace-fetch/1");
  ASSERT_THAT(result.at("parties"), SizeIs(3));
  for (const json& p : result.at("parties")) {
    EXPECT_EQ(p.at("day"), policies::to_text(policies::Day{today()}));
    EXPECT_EQ(p.at("records"), 1024);
    EXPECT_TRUE(p.at("fetched"));
    EXPECT_EQ(p.at("why"), "");
  }
  const auto shared = context(kOther).store.children().shared(0).value();
  const std::string duty = context(kOther).own().contacts.at("duty");
  ASSERT_GT(shared.size(), 5U);
  for (const auto& child : shared) ASSERT_EQ(contact_at(kOther, child), duty);
  const auto known = context("vale-health").store.children().shared(0).value();
  for (const auto& child : known)
    EXPECT_EQ(contact_at(kOther, child).has_value(), std::ranges::binary_search(shared, child));

  std::string header;
  for (const auto& e : log(kOther))
    if (e.kind == "trace.directory") header = e.field("header");
  EXPECT_THAT(header, SizeIs(64));
  std::string fetched;
  for (const auto& e : log(kAgency))
    if (e.kind == "trace.directory.fetched" && e.field("party") == kOther)
      fetched = e.field("header");
  EXPECT_EQ(fetched, header);
  const std::size_t asked = sent(MessageType::trace_header_get);
  EXPECT_FALSE(of(fetch(), kOther).at("fetched"));
  EXPECT_EQ(sent(MessageType::trace_header_get), asked) << "once a day";
  EXPECT_THAT(faults_of(region()), IsEmpty());
}

TEST_F(SimulatedDirectories, ChangeWithTheDayAndOldSecretsAreErased) {
  fetch();
  const std::int32_t first = today();
  const Bytes before = traces(kOther).own_day(first).value()->header;
  // The officer changes the contact and withholds a child: both show the next day.
  auto& store = context(kOther).store;
  core::Work work;
  work.write([](store::LineageStore& s) {
    return s.set_duty_contact({"MASH 01632 960000", "Mon-Fri 9-17"});
  });
  work.write([](store::LineageStore& s) -> Result<void> {
    const auto children = s.children().known();
    store::WithholdDecision d{{}, "kin may search for her", "head of safeguarding", 1, 2};
    const auto with_number =
        std::ranges::find_if(*children, [](const auto& k) { return k.pseudonym.has_value(); });
    d.child_key = with_number->child_key;
    HR_TRY(s.withheld().add(d));
    return {};
  });
  const auto all = store.children().shared(0).value();
  ASSERT_TRUE(region().lineage(kOther).commit(std::move(work), region().now()).ok());
  const auto shared = store.children().shared(0).value();
  ASSERT_EQ(shared.size() + 1, all.size());

  until(midnight(first + 1));
  EXPECT_TRUE(has_secret(kOther, first)) << "yesterday's still answers";
  ASSERT_TRUE(has_secret(kOther, first + 1));
  EXPECT_NE(traces(kOther).own_day(first + 1).value()->header, before);
  EXPECT_TRUE(of(fetch(), kOther).at("fetched"));
  std::size_t found = 0;
  for (const auto& child : all)
    if (const auto contact = contact_at(kOther, child)) {
      EXPECT_EQ(*contact, "MASH 01632 960000, Mon-Fri 9-17");
      ++found;
    }
  EXPECT_EQ(found, shared.size());

  // Nothing of it stands in what was written meanwhile either.
  std::uintmax_t wal = 1;
  region().at(midnight(first + 2) + milliseconds(50), [&] {
    EXPECT_FALSE(has_secret(kOther, first + 2)) << "erased, and no other there yet";
    wal = std::filesystem::file_size(region().home(kOther) / "state/lineages/vale-cse.db-wal");
  });
  until(midnight(first + 2));
  EXPECT_EQ(wal, 0U);
  EXPECT_FALSE(has_secret(kOther, first));
  EXPECT_FALSE(traces(kOther).chunk(PartyId::parse(kOther).value(), first, 0).value());
  EXPECT_FALSE(traces(kAgency).find_directory(PartyId::parse(kOther).value(), first).value());
  EXPECT_TRUE(traces(kAgency).find_directory(PartyId::parse(kOther).value(), first + 1).value());
  EXPECT_THAT(faults_of(region()), IsEmpty());
}

// What `hedgerow withhold add` says: until when a trace finds the child.
TEST_F(SimulatedDirectories, AnswerForAChildWhoIsWithheldUntilTheEndOfTheNextDay) {
  fetch();
  const auto all = context(kOther).store.children().shared(0).value();
  const Row& row =
      *std::ranges::find_if(w_.records.at(kOther), [](const Row& r) { return r.with_number; });
  const auto added = region().wait(region().command(kOther,
                                                    {{"command", "withhold-add"},
                                                     {"reason", "kin may search for her"},
                                                     {"decider", "head of safeguarding"},
                                                     {"review", "2026-12-24"}},
                                                    row.reference + "\n"));
  ASSERT_TRUE(added.result) << (added.error ? added.error->text : "");
  const std::int32_t until_day = today() + 1;
  EXPECT_EQ(added.result->at("traceable_until"), policies::to_text(policies::Day{until_day}));
  const auto shared = context(kOther).store.children().shared(0).value();
  ASSERT_EQ(shared.size() + 1, all.size());
  const auto child = std::ranges::find_if(
      all, [&](const auto& c) { return !std::ranges::binary_search(shared, c); });
  EXPECT_TRUE(contact_at(kOther, *child));
  until(midnight(until_day));
  EXPECT_TRUE(has_secret(kOther, until_day - 1)) << "the key that answers for the child";
  fetch();
  EXPECT_FALSE(contact_at(kOther, *child));
  until(midnight(until_day + 1));
  EXPECT_FALSE(has_secret(kOther, until_day - 1));
}

TEST_F(SimulatedDirectories, AreThereAtATimeThatTheBucketAloneSays) {
  const auto ready = core::kDirectoryPace * 1024;
  for (const std::string& party : {kOther, std::string("vale-voice")}) {
    const UtcTime begun = midnight(today() + 1);
    fetch(party == kOther ? kAgency : kOther);
    region().at(begun + std::chrono::floor<milliseconds>(ready),
                [&] { EXPECT_FALSE(has_secret(party, date_of(begun))); });
    region().at(begun + std::chrono::ceil<milliseconds>(ready) + milliseconds(1),
                [&] { EXPECT_TRUE(has_secret(party, date_of(begun))); });
    until(begun);
  }
  EXPECT_NE(context(kOther).store.children().shared(0)->size(),
            context("vale-voice").store.children().shared(0)->size());
}

TEST_F(SimulatedDirectories, ANodeThatWasAwayErasesAtItsStartAndMakesTheNextWhenAsked) {
  fetch();
  const std::int32_t first = today();
  region().crash(kOther);
  until(midnight(first + 3));
  region().start(kOther);
  EXPECT_FALSE(has_secret(kOther, first));
  EXPECT_FALSE(traces(kOther).newest_own_day().value());
  region().run_for(seconds(60));
  EXPECT_FALSE(traces(kOther).newest_own_day().value()) << "nobody asks";
  EXPECT_TRUE(of(fetch(), kOther).at("fetched"));
  EXPECT_EQ(traces(kOther).newest_own_day().value(), first + 3);
}

TEST_F(SimulatedDirectories, AChangeOfTheDayThatACrashCutShortIsMadeUpForWithAnotherSecret) {
  fetch();
  const std::int32_t first = today();
  region().plan({kOther, "after_append", 0, "time"});
  until(midnight(first + 1));
  EXPECT_EQ(region().planned(), 0U);
  region().run_for(seconds(10));
  ASSERT_TRUE(has_secret(kOther, first + 1));
  EXPECT_TRUE(has_secret(kOther, first));
  EXPECT_TRUE(of(fetch(), kOther).at("fetched"));
  EXPECT_THAT(faults_of(region()), IsEmpty());
}

TEST_F(SimulatedDirectories, WhatWasErasedIsGoneFromTheWriteAheadLogAfterAKill) {
  fetch();
  const std::int32_t first = today();
  const auto wal = region().home(kOther) / "state/lineages/vale-cse.db-wal";
  core::Work work;
  work.write([&](store::LineageStore& s) -> Result<void> {
    HR_TRY(s.traces().erase_days_before(PartyId::parse(kOther).value(), first + 1));
    return s.traces().drop_directories_before(first + 1);
  });
  ASSERT_TRUE(region().lineage(kOther).commit(std::move(work), region().now()).ok());
  // Killed before the checkpoint: nothing closes the database.
  const auto killed = region().home(kOther) / "killed";
  std::filesystem::copy(region().home(kOther) / "state", killed,
                        std::filesystem::copy_options::recursive);
  region().crash(kOther);
  std::filesystem::remove_all(region().home(kOther) / "state");
  std::filesystem::rename(killed, region().home(kOther) / "state");
  ASSERT_GT(std::filesystem::file_size(wal), 0U);
  region().start(kOther);
  EXPECT_FALSE(traces(kOther).any_before(first + 9).value());
  EXPECT_EQ(std::filesystem::file_size(wal), 0U);
  EXPECT_THAT(faults_of(region()), IsEmpty());
}

TEST_F(SimulatedDirectories, ASilentPartyIsNamed) {
  region().crash(kOther);
  const json result = fetch();
  EXPECT_EQ(of(result, kOther).at("day"), nullptr);
  EXPECT_EQ(of(result, kOther).at("why"), "did not answer in time");
  EXPECT_TRUE(of(result, "vale-health").at("fetched"));
  region().start(kOther);
  EXPECT_TRUE(of(fetch(), kOther).at("fetched"));
}

TEST_F(SimulatedDirectories, WhatWasAlteredBelowItsRootIsDropped) {
  fetch("vale-health");
  {
    auto& db = context(kOther).store.database();
    auto t = store::Transaction::begin(db).value();
    ASSERT_TRUE(db.prepare("UPDATE trace_chunk SET records = zeroblob(length(records))"
                           " WHERE party = 'vale-police'")
                    .run()
                    .ok());
    ASSERT_TRUE(t.commit().ok());
  }
  const json result = fetch();
  EXPECT_EQ(of(result, kOther).at("day"), nullptr);
  EXPECT_THAT(of(result, kOther).at("why"), HasSubstr("root"));
  EXPECT_EQ(count_of(log(kAgency), "trace.directory.bad"), 1U);
  EXPECT_FALSE(traces(kAgency).find_directory(PartyId::parse(kOther).value(), today()).value());
}

TEST_F(SimulatedDirectories, AreForOtherContributorsAlone) {
  fetch();
  const std::size_t before = sent(MessageType::trace_header);
  send(std::string(kHub), kOther, MessageType::trace_header_get, {});
  EXPECT_THAT(region().last_report(kOther), HasSubstr("may not trace"));
  send(kAgency, kOther, MessageType::trace_header_get, to_bytes("more"));
  EXPECT_THAT(region().last_report(kOther), HasSubstr("with a body"));
  EXPECT_EQ(sent(MessageType::trace_header), before);
  send(kAgency, std::string(kHub), MessageType::trace_header_get, {});
  EXPECT_THAT(region().last_report(std::string(kHub)), HasSubstr("where none is made"));
  const std::size_t chunks = sent(MessageType::trace_chunk);
  for (const auto& [day, number] : {std::pair(today(), 1U), std::pair(today() - 1, 0U)}) {
    send(kAgency, kOther, MessageType::trace_chunk_get,
         protocol::trace::ChunkGet{day, number}.encode());
    EXPECT_THAT(region().last_report(kOther), HasSubstr("not here"));
  }
  send(kAgency, kOther, MessageType::trace_chunk_get, to_bytes("no request"));
  EXPECT_THAT(region().last_report(kOther), HasSubstr(kAgency));
  EXPECT_EQ(sent(MessageType::trace_chunk), chunks);
  EXPECT_THAT(region().failures(), IsEmpty());
}

TEST_F(SimulatedDirectories, ARequesterIsSentEachPartTwiceAMinuteAtMost) {
  fetch();
  const std::size_t before = sent(MessageType::trace_chunk);
  core::Work work;
  for (std::uint32_t i = 0; i <= core::kMaxChunksServed; ++i)
    work.message(question_id(7), PartyId::parse(kOther).value(), MessageType::trace_chunk_get,
                 protocol::trace::ChunkGet{today(), 0}.encode(), seconds(60));
  ASSERT_TRUE(region().lineage(kAgency).commit(std::move(work), region().now()).ok());
  region().run_for(seconds(20));
  EXPECT_THAT(region().last_report(kOther), HasSubstr("more of a directory than there is"));
  std::set<std::uint64_t> served;  // each may be sent more than once
  for (std::size_t i = 0; i < region().frames().size(); ++i) {
    const auto e = protocol::Envelope::decode(region().frames()[i].bytes);
    if (e->header().type == MessageType::trace_chunk && e->header().session == question_id(7))
      served.insert(e->header().sequence);
  }
  EXPECT_GT(before, 0U);
  EXPECT_LT(served.size(), core::kMaxChunksServed);  // the fetch before counts
  EXPECT_GT(served.size(), core::kMaxChunksServed / 2);
}

class SimulatedEndOfAgreement : public SimulatedDirectories {
 protected:
  SimulatedEndOfAgreement() : SimulatedDirectories(tracing("2026-11-23")) {}
};

TEST_F(SimulatedEndOfAgreement, ErasesSecretsAlthoughNoneTakesTheirPlace) {
  fetch();
  const std::int32_t first = today();
  until(midnight(first + 1));
  EXPECT_TRUE(has_secret(kOther, first + 1));
  until(midnight(first + 2));
  EXPECT_FALSE(has_secret(kOther, first));
  EXPECT_TRUE(has_secret(kOther, first + 1));
  EXPECT_FALSE(has_secret(kOther, first + 2)) << "no longer in force";
  until(midnight(first + 3));
  EXPECT_FALSE(has_secret(kOther, first + 1));
  EXPECT_FALSE(traces(kOther).any_before(first + 9).value());
  const auto o = region().wait(region().command(kAgency, {{"command", "trace-fetch"}}));
  ASSERT_TRUE(o.error);
  EXPECT_EQ(o.error->code, Code::denied);
}

TEST(SimulatedRegionWithoutTraces, MakesNoDirectoriesAndFetchesNone) {
  Options options;
  options.with_key = true;
  Region region(96, options);
  region.run_for(seconds(30));
  const auto o = region.wait(region.command(kAgency, {{"command", "trace-fetch"}}));
  ASSERT_TRUE(o.error);
  EXPECT_EQ(o.error->code, Code::denied);
  EXPECT_THAT(o.error->text, HasSubstr("no grant of traces"));
  region.run_for(std::chrono::hours(25));
  EXPECT_FALSE(
      region.lineage(kOther).context().store.traces().newest_own_day().value().has_value());
}

TEST(SimulatedRegionWithoutTraces, ErasesWhatAGrantThatIsNoMoreHasLeft) {
  Options options;
  options.with_key = true;
  Region region(97, options);
  region.run_for(seconds(30));
  const std::int32_t first = date_of(region.now());
  const auto traces = [&] { return region.lineage(kOther).context().store.traces(); };
  core::Work work;
  work.write([&](store::LineageStore& s) -> Result<void> {
    for (const std::int32_t day : {first - 2, first}) {
      ByteArray<32> scalar{};
      scalar[0] = 7;
      HR_ASSIGN(const auto secret, decode_secret_scalar(scalar));
      HR_TRY(s.traces().put_day(day, secret, to_bytes("header")));
      HR_TRY(s.traces().put_directory(PartyId::parse(kAgency).value(), day, to_bytes("header")));
    }
    return {};
  });
  ASSERT_TRUE(region.lineage(kOther).commit(std::move(work), region.now()).ok());
  region.crash(kOther);
  region.start(kOther);
  EXPECT_FALSE(traces().any_before(first).value());
  EXPECT_TRUE(traces().any_before(first + 1).value());
  region.run_for(std::chrono::hours(48));
  EXPECT_FALSE(traces().any_before(first + 9).value());
}

}  // namespace
}  // namespace hedgerow::simulation
