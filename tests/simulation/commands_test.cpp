// What people, peers and a gateway may ask of a running core out of turn: twice, too much, too
// long, of the wrong node.
#include "crypto/hash.h"
#include "node/core/core.h"
#include "protocol/asking.h"
#include "protocol/envelope.h"
#include "tests/simulation/world.h"

namespace hedgerow::simulation {
namespace {

using nlohmann::json;
using protocol::Envelope;
using protocol::MessageType;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kHubName(kHub);
const std::string kHome = "vale-council";

json result_request(const SessionId& id) {
  return {{"command", "ask-result"}, {"agreement", "vale-cse"}, {"id", id.hex()}};
}

policies::Question flows(const std::string& from, const std::string& to) {
  policies::QuestionWords words;
  words.agreement = "vale-cse";
  words.purpose = "pattern-detection";
  words.kind = "flows";
  words.from = from;
  words.to = to;
  words.by = "origin,destination";
  words.where = {"event=missing"};
  words.reason = "Which way missing episodes lead";
  return policies::make_question(words).value();
}

// The analyst's statement, whatever the question.
protocol::Statement signed_question(const Region& region, const SessionId& id,
                                    const policies::Question& question) {
  const auto& who = region.identities();
  return protocol::sign_question(who.analysts.at("vale-council").key,
                                 who.analysts.at("vale-council").certificate, question.agreement,
                                 AgreementHash{sha256(as_bytes(who.agreement))}, id,
                                 region.now() + std::chrono::hours(24), policies::encode(question));
}

json ask_request(const Region& region, const SessionId& id, const policies::Question& question) {
  return {{"command", "ask"},
          {"agreement", "vale-cse"},
          {"question", to_base64(signed_question(region, id, question).encode())}};
}

// A region in which a question waits, because a contributor is away.
class SimulatedWaiting : public ::testing::Test {
 protected:
  SimulatedWaiting() : w_(60, 40) {
    w_.begin();
    w_.import_all();
    HR_CHECK(settle(region()));
    region().crash("vale-health");
    asked_ = region().command(kHome, region().ask_request(id_));
    region().run_for(minutes(2));
    HR_CHECK(!region().outcome(asked_).ended());
  }
  Region& region() { return w_.region; }

  World w_;
  const SessionId id_ = question_id(60);
  core::ConnectionId asked_ = 0;
};

TEST_F(SimulatedWaiting, ServesEverybodyWhoAsksForTheResult) {
  const auto second = region().command(kHome, result_request(id_));
  const auto third = region().command(kHome, result_request(id_));
  region().run_for(seconds(5));
  region().hang_up(asked_);  // whoever asked goes; the two others go on waiting
  region().hang_up(third);
  const auto fourth = region().command(kHome, result_request(id_));
  region().start("vale-health");
  const Outcome two = region().wait(second);
  const Outcome four = region().wait(fourth);
  w_.check(two.result);
  w_.check(four.result);
  EXPECT_EQ(*two.result, *four.result);
}

TEST_F(SimulatedWaiting, TellsEverybodyWhoAsksForTheResultThatItIsRefused) {
  const auto second = region().command(kHome, result_request(id_));
  region().core(kHome).on_time(region().now() + std::chrono::hours(25));  // it waits for a day
  const Outcome one = region().outcome(asked_);
  const Outcome two = region().outcome(second);
  ASSERT_TRUE(one.error && two.error);
  EXPECT_EQ(one.error->code, Code::try_again);
  EXPECT_EQ(*one.error, *two.error);
}

TEST_F(SimulatedWaiting, RefusesAnotherQuestionUnderItsId) {
  const auto& who = region().identities();
  const Lineage lineage = Lineage::parse("vale-cse").value();
  const PartyId home = PartyId::parse(kHome).value();
  policies::Question other = flows("2026-Q3", "2026-Q3");
  other.reason = "Another reason, which would be on every log";
  const auto verified = protocol::verify_question(signed_question(region(), id_, other).encode(),
                                                  who.roots.at(kHome), region().now())
                            .value();
  const auto countersigned = protocol::countersign(region().keyring(kHome).message(), home,
                                                   verified, lineage, region().now());
  auto& hub = region().lineage(kHubName).context();
  protocol::EnvelopeHeader h;
  h.type = MessageType::ask;
  h.sender = home;
  h.receiver = PartyId::parse(kHubName).value();
  h.lineage = lineage;
  h.agreement = verified.agreement;
  h.session = id_;
  h.sequence = hub.store.replay().last(home, id_).value() + 1;
  h.not_after = region().now() + minutes(5);
  SeededRandom rng(seed_of("second question", 60));
  const Bytes before = hub.store.questions().get(id_).value()->question;
  region().inject(kHubName, region().curve_of(kHome),
                  Envelope::make(h, countersigned.encode(), region().keyring(kHome).message(),
                                 who.nodes.at(kHubName).node_keys().seal, rng));
  EXPECT_THAT(region().last_report(kHubName), HasSubstr("another question under the id"));
  EXPECT_EQ(hub.store.questions().get(id_).value()->question, before);
  region().start("vale-health");
  w_.check(region().wait(asked_).result);
}

TEST_F(SimulatedWaiting, RefusesAnNhsNumberAsAReasonAndLogsNothing) {
  std::vector<std::string> faults;
  const std::size_t before = verified_log(region(), kHome, faults).size();
  policies::Question about = flows("2026-Q3", "2026-Q3");
  const std::string number = nhs_number(3);
  about.reason = "What became of " + number.substr(0, 3) + " " + number.substr(3) + "?";
  const Outcome o =
      region().wait(region().command(kHome, ask_request(region(), question_id(63), about)));
  ASSERT_TRUE(o.error);
  EXPECT_EQ(o.error->code, Code::usage);
  EXPECT_EQ(o.error->text, "the reason has an NHS number in it");
  EXPECT_THAT(o.error->hint, HasSubstr("every party"));
  EXPECT_EQ(verified_log(region(), kHome, faults).size(), before);
  EXPECT_THAT(faults, IsEmpty());
}

TEST(SimulatedQuestion, OverTwoNewPeriodsReleasesBothInTurn) {
  World w(61, 60);
  w.begin();
  w.import_all();
  Region& region = w.region;
  const Outcome o = region.wait(
      region.command(kHome, ask_request(region, question_id(61), flows("2026-Q2", "2026-Q3"))),
      std::chrono::seconds(3600));
  ASSERT_TRUE(o.result) << (o.error ? o.error->text : "");
  ASSERT_TRUE(settle(region));
  EXPECT_THAT(faults_of(region), IsEmpty());

  const json& periods = o.result->at("periods");
  ASSERT_EQ(periods.size(), 2U);
  EXPECT_EQ(periods[0].at("period"), "2026-Q2");
  EXPECT_EQ(periods[1].at("period"), "2026-Q3");
  EXPECT_EQ(o.result->at("evidence").at("receipts").size(), contributor_names().size());

  auto& editions = region.lineage(kHubName).context().store;
  const auto first = editions.editions().get(1).value();
  const auto second = editions.editions().get(2).value();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->period, "2026-Q2");
  EXPECT_EQ(second->period, "2026-Q3");
  EXPECT_FALSE(editions.editions().get(3).value());
  for (const std::string& party : contributor_names()) {
    const auto head = region.lineage(party).context().store.editions().head().value();
    ASSERT_TRUE(head) << party;
    EXPECT_EQ(head->sequence, 2U) << party;
    EXPECT_EQ(head->head, second->head) << party;
  }
  // A question about the later period alone is served from its edition.
  const auto again = w.ask(2);
  w.check(again);
  EXPECT_EQ(again->at("periods")[0].at("cells"), periods[1].at("cells"));
}

TEST(SimulatedQuestion, WhoseReceiptsDoNotComeEndsAfterADay) {
  World w(62, 40);
  w.begin();
  w.import_all();
  Region& region = w.region;
  region.command(kHome, region.ask_request(question_id(62)));
  auto& hub = region.lineage(kHubName).context().store;
  ASSERT_TRUE(
      region.run_until([&] { return hub.editions().head().value().has_value(); }, seconds(600)));
  region.crash("vale-voice");
  region.run_for(minutes(10));
  ASSERT_EQ(hub.questions().waiting().value().size(), 1U);
  region.core(kHubName).on_time(region.now() + std::chrono::hours(24));
  EXPECT_EQ(hub.questions().get(question_id(62)).value()->status, store::QuestionStatus::refused);
  EXPECT_THAT(hub.questions().waiting().value(), IsEmpty());
  EXPECT_TRUE(hub.editions().head().value()) << "what was released is for the next question";
}

TEST(SimulatedQuestion, WithFiltersTooLongToWriteDownIsLoggedByItsHash) {
  World w(62, 40);
  w.begin();
  policies::Question question = flows("2026-Q3", "2026-Q3");
  for (const char* dimension : {"event", "place_type", "sex"}) {
    auto& codes = question.where[dimension];
    codes.clear();
    for (int i = 100; i < 164; ++i) codes.push_back(std::string(50, 'x') + std::to_string(i));
  }
  ASSERT_TRUE(policies::is_canonical(question));
  const Outcome o =
      w.region.wait(w.region.command(kHome, ask_request(w.region, question_id(62), question)));
  ASSERT_TRUE(o.error);
  EXPECT_EQ(o.error->code, Code::denied);
  std::vector<std::string> faults;
  const auto log = verified_log(w.region, kHome, faults);
  EXPECT_THAT(faults, IsEmpty());
  ASSERT_EQ(log.back().kind, "question");
  EXPECT_EQ(log.back().field("decision"), "deny");
  EXPECT_THAT(std::string(log.back().field("text")),
              HasSubstr(policies::question_hash(question).hex()));
  EXPECT_TRUE(w.region.is_up(kHome));
}

class SimulatedCommand : public ::testing::Test {
 protected:
  SimulatedCommand() : w_(63, 40) { w_.begin(); }
  Region& region() { return w_.region; }
  World w_;
};

TEST_F(SimulatedCommand, IsToldWhenItsReplyIsTooLarge) {
  // Control characters take six bytes each in JSON.
  auto& log = region().core(kHome).log();
  SeededRandom rng(seed_of("entries", 63));
  std::vector<audit::Entry> entries;
  for (int i = 0; i < 120; ++i) {
    auto e = audit::make_entry("test", region().now(), rng);
    e.add("text", std::string(audit::kMaxEntryValue, '\x01'));
    entries.push_back(std::move(e));
  }
  ASSERT_TRUE(log.append(entries).ok());
  const Outcome large =
      region().wait(region().command(kHome, {{"command", "audit-show"}, {"limit", 1000}}));
  ASSERT_TRUE(large.error);
  EXPECT_THAT(large.error->text, HasSubstr("too large"));
  const Outcome small =
      region().wait(region().command(kHome, {{"command", "audit-show"}, {"limit", 50}}));
  ASSERT_TRUE(small.result);
  EXPECT_EQ(small.result->at("entries").size(), 50U);
}

TEST_F(SimulatedCommand, TakesOneFileAndNoSecond) {
  const json request = {{"command", "import-movements"}, {"source", "movements.csv"}};
  const std::string csv = to_csv(w_.records.at("vale-police"));
  auto& store = region().lineage("vale-police").context().store;
  for (const auto& frame :
       {ipc::data_end_frame(), ipc::data_frame(as_bytes("nhs_number,child_ref\n"))}) {
    const auto id = region().command("vale-police", request, csv);
    ASSERT_FALSE(region().outcome(id).ended());  // it waits for the keyholders
    region().core("vale-police").on_control(id, frame, region().now());
    const Outcome o = region().outcome(id);
    ASSERT_TRUE(o.error);
    EXPECT_EQ(o.error->code, Code::usage);
    EXPECT_THAT(o.error->text, HasSubstr("a file where none is expected"));
    region().run_for(seconds(60));
    EXPECT_EQ(store.records().current_rows().value(), 0U);
  }
  // A file to a command that takes none.
  const auto status = region().command("vale-police", {{"command", "status"}}, csv);
  ASSERT_TRUE(region().outcome(status).result);
  // The node goes on.
  EXPECT_TRUE(region().wait(region().command("vale-police", request, csv)).result);
}

TEST_F(SimulatedCommand, LooksAtNoPeerThatTheAgreementDoesNotName) {
  auto& core = region().core(kHubName);
  const std::size_t up = core.peers_up();
  EXPECT_EQ(up, contributor_names().size());
  const auto before = state_of(region());
  const std::size_t frames = region().frames().size();
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const ipc::CurveKey stranger{seed_of("stranger", i)};
    core.on_gateway(ipc::PeerUp{stranger}, region().now());
    core.on_gateway(ipc::Credit{stranger, ipc::kWindow}, region().now());
    if (i % 2 == 0) core.on_gateway(ipc::PeerDown{stranger}, region().now());
  }
  EXPECT_EQ(core.peers_up(), up);
  EXPECT_EQ(state_of(region()), before);
  EXPECT_EQ(region().frames().size(), frames);
}

// A core alone, set up as the test likes.
class LoneCore : public core::Surroundings {
 public:
  LoneCore(Region& region, const std::string& party, bool listens)
      : keyring_(keys::Keyring::open(region.home(party)).value()), now_(region.now()) {
    core::CoreSetup setup;
    setup.party = PartyId::parse(party).value();
    (listens ? setup.listen : setup.hub) = "tcp://127.0.0.1:0";
    setup.state = region.home(party) / "lone";
    setup.durability = store::Durability::simulated;
    std::filesystem::create_directories(setup.state);
    core_ = core::Core::open(std::move(setup), keyring_, rng_, *this, now_).value();
  }
  Error install(const json& request) {
    core_->on_control(1, ipc::control_frame(ipc::ControlKind::request, request.dump()), now_);
    HR_CHECK(last_ && ipc::control_kind(*last_).value() == ipc::ControlKind::error);
    return ipc::read_error(*last_);
  }
  core::Core& core() { return *core_; }

  bool send_to_peer(const ipc::CurveKey&, ByteView) override { return false; }
  void configure_gateway(const ipc::Configure&) override { ++configured_; }
  void reply(core::ConnectionId, const ipc::Frame& frame) override { last_ = frame; }
  void report(const std::string&) override {}
  int configured() const { return configured_; }

 private:
  keys::Keyring keyring_;
  UtcTime now_;
  SeededRandom rng_{seed_of("lone", 1)};
  std::optional<ipc::Frame> last_;
  int configured_ = 0;
  std::unique_ptr<core::Core> core_;
};

TEST(SimulatedInstallation, OnTheWrongKindOfNodeIsRefused) {
  Region region(64);
  LoneCore council(region, kHome, true);
  const Error listens = council.install(region.install_request());
  EXPECT_EQ(listens.code, Code::denied);
  EXPECT_THAT(listens.text, HasSubstr("set up to listen, but is not the agreement's hub"));
  LoneCore hub(region, kHubName, false);
  const Error dials = hub.install(region.install_request());
  EXPECT_EQ(dials.code, Code::denied);
  EXPECT_THAT(dials.text, HasSubstr("hub, but is not set up to listen"));
  for (LoneCore* alone : {&council, &hub}) {
    EXPECT_TRUE(alone->core().lineages().empty());
    EXPECT_EQ(alone->configured(), 0);
  }
}

}  // namespace
}  // namespace hedgerow::simulation
