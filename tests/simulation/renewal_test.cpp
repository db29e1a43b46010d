// Node certificates run out after 90 days; a region does not.
#include "protocol/credentials.h"
#include "protocol/envelope.h"
#include "tests/simulation/paper.h"

namespace hedgerow::simulation {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kHubName(kHub);
constexpr const char* kLater = "2026-Q4";  // settled when the first certificates have run out

Options ninety_days() {
  Options o;
  o.node_life = hours(24 * 90);
  return o;
}

const Certificate& known_at(Region& region, const std::string& who, const std::string& of) {
  return region.lineage(who).context().peers.find(PartyId::parse(of).value())->node;
}

bool all_know(Region& region, const std::string& of, const Certificate& c) {
  for (const std::string& who : party_names())
    if (!region.is_up(who) || !(known_at(region, who, of) == c)) return false;
  return true;
}

TEST(SimulatedRenewal, ARegionAnswersBeyondItsFirstCertificates) {
  World w(60, 40, ninety_days());
  w.begin();
  w.import_all();
  w.check(w.ask(1));
  Region& region = w.region;
  region.run_for(Days(75));
  region.core("vale-council").on_time(region.now());
  EXPECT_THAT(region.last_report("vale-council"), HasSubstr("expires on"));

  // One is off when the others renew, and comes back when its own has run out.
  region.run_for(Days(15) - hours(2));
  region.crash("vale-police");
  std::map<std::string, Certificate> renewed;
  for (const std::string& party : party_names()) {
    if (party == "vale-police") continue;
    const Certificate c = issue_node(region, party, for_days(region, 90));
    const Outcome o = region.wait(region.command(party, renew_request(c)));
    ASSERT_TRUE(o.result) << party << (o.error ? o.error->text : "");
    renewed.emplace(party, c);
  }
  region.run_for(hours(3));
  region.start("vale-police");
  EXPECT_THAT(region.failures(), IsEmpty());
  const Certificate late = issue_node(region, "vale-police", for_days(region, 90));
  ASSERT_TRUE(region.wait(region.command("vale-police", renew_request(late))).result);
  renewed.emplace("vale-police", late);
  EXPECT_TRUE(region.run_until(
      [&] {
        return std::all_of(renewed.begin(), renewed.end(),
                           [&](const auto& r) { return all_know(region, r.first, r.second); });
      },
      minutes(5)));

  const auto answer =
      region.wait(region.command("vale-council", region.ask_request(question_id(60, 2), kLater)));
  ASSERT_TRUE(answer.result) << (answer.error ? answer.error->text : "");
  EXPECT_EQ(answer.result->at("periods").at(0).at("period"), kLater);
  ASSERT_TRUE(settle(region));
  // Also after a restart, and the logs verify from before the renewal to after it.
  region.restart_all();
  region.run_for(seconds(10));
  for (const auto& [party, c] : renewed) EXPECT_TRUE(all_know(region, party, c));
  EXPECT_THAT(faults_of(region), IsEmpty());
}

TEST(SimulatedRenewal, WithoutItTheNodeRefusesAndSaysWhatToDo) {
  World w(61, 40, ninety_days());
  w.begin();
  w.import_all();
  Region& region = w.region;
  region.run_for(Days(90));
  const auto ask = [&](std::uint8_t n) {
    return region.wait(
        region.command("vale-council", region.ask_request(question_id(61, n), kLater)), minutes(3));
  };
  const Outcome own = ask(1);
  ASSERT_TRUE(own.error);
  EXPECT_EQ(own.error->code, Code::denied);
  EXPECT_THAT(own.error->text, HasSubstr("certificate of vale-council has expired"));
  EXPECT_THAT(own.error->hint, HasSubstr("hedgerow keys renew"));
  // The hub's operator is late too; then a contributor's alone.
  const auto renew = [&](const std::string& party) {
    const Certificate c = issue_node(region, party, for_days(region, 90));
    ASSERT_TRUE(region.wait(region.command(party, renew_request(c))).result);
    region.run_for(seconds(30));
  };
  renew("vale-council");
  const Outcome hub = ask(2);
  ASSERT_TRUE(hub.error);
  EXPECT_EQ(hub.error->culprit, kHubName);
  for (const char* party : {"vale-partnership", "vale-health", "vale-voice"}) renew(party);
  const Outcome waits = ask(3);
  EXPECT_FALSE(waits.ended());
  ASSERT_GE(waits.progress.size(), 2U);
  EXPECT_EQ(waits.progress.back().at("party"), "vale-police");
  EXPECT_THAT(waits.progress.back().at("text").get<std::string>(), HasSubstr("has expired"));
  renew("vale-police");
  region.run_for(minutes(3));
  const Outcome answered = region.wait(region.command(
      "vale-council",
      {{"command", "ask-result"}, {"agreement", "vale-cse"}, {"id", question_id(61, 3).hex()}}));
  EXPECT_TRUE(answered.result) << (answered.error ? answered.error->text : "");
}

TEST(SimulatedRenewal, ACrashAtAnyPointLosesNothing) {
  World w(62, 20);
  w.begin();
  Region& region = w.region;
  std::int64_t days = 290;
  for (const char* point :
       {"before_commit", "after_append", "after_transaction", "after_confirm"}) {
    SCOPED_TRACE(point);
    const Certificate c = issue_node(region, "vale-voice", for_days(region, ++days + 10));
    region.plan({"vale-voice", point, 0});
    const auto id = region.command("vale-voice", renew_request(c));
    region.wait(id, minutes(1));
    EXPECT_TRUE(region.run_until([&] { return all_know(region, "vale-voice", c); }, minutes(5)));
  }
  EXPECT_THAT(faults_of(region), IsEmpty());
}

TEST(SimulatedRenewal, RefusesWhatIsNotTheNodesOwnLaterCertificate) {
  World w(63, 20);
  w.begin();
  Region& region = w.region;
  const std::string node = "vale-voice";
  const Validity later = for_days(region, 299);
  const Validity longer{later.not_before, later.not_after + hours(24 * 2)};
  const auto refused = [&](const Certificate& c, Code code, const std::string& words) {
    expect_refused(region, node, renew_request(c), code, words);
  };
  NodePublicKeys foreign = region.keyring(node).public_keys();
  foreign.seal = region.keyring("vale-police").public_keys().seal;
  refused(issue_node(region, node, longer, foreign), Code::bad_input, "other keys");
  refused(issue_node(region, "vale-police", longer), Code::bad_input, "another party's");
  refused(issue_node(region, node, longer, {}, "vale-police"), Code::bad_input, "another party's");
  refused(region.identities().analysts.at("vale-council").certificate, Code::bad_input,
          "not a node's");
  refused(issue_node(region, node, later), Code::denied, "does not last longer");
  refused(issue_node(region, node, {region.now() - hours(9), region.now() - hours(1)}),
          Code::denied, "expired");
  expect_refused(region, node, {{"command", "keys-renew"}, {"certificate", "bm9uZQ=="}},
                 Code::bad_input, "without a certificate");
  // By hand, where no message came through: the same checks, and all before any is taken.
  const Certificate good = issue_node(region, node, longer);
  const Certificate bad = issue_node(region, "vale-police", later);
  expect_refused(region, "vale-health", peers_request(good.pem() + bad.pem()), Code::denied,
                 "does not last longer");
  expect_refused(region, node, peers_request(good.pem()), Code::bad_input, "own certificate");
  const Outcome taken = region.wait(region.command("vale-health", peers_request(good.pem())));
  ASSERT_TRUE(taken.result);
  EXPECT_EQ(taken.result->at("renewed"), nlohmann::json::array({node}));
  EXPECT_EQ(known_at(region, "vale-health", node), good);
  EXPECT_FALSE(known_at(region, "vale-police", node) == good);
}

TEST(SimulatedRenewal, AMessageIsTakenFromThePartyItselfAlone) {
  World w(64, 20);
  w.begin();
  Region& region = w.region;
  SeededRandom rng(seed_of("forger", 64));
  const Lineage lineage = Lineage::parse("vale-cse").value();
  const AgreementHash agreement{sha256(as_bytes(region.identities().agreement))};
  const Certificate good = issue_node(region, "vale-voice", for_days(region, 310));
  std::uint8_t next = 1;
  const auto inject = [&](const std::string& from, const std::string& signer,
                          const Certificate& renewed) {
    protocol::EnvelopeHeader h;
    h.type = protocol::MessageType::renewed;
    h.sender = PartyId::parse(from).value();
    h.receiver = PartyId::parse(kHubName).value();
    h.lineage = lineage;
    h.agreement = agreement;
    h.session.bytes[0] = next++;
    h.sequence = 1;
    h.not_after = region.now() + minutes(10);
    const auto statement = protocol::sign_renewal(region.keyring(signer).message(), lineage,
                                                  agreement, h.session, renewed, region.now());
    const Bytes bytes =
        protocol::Envelope::make(h, statement.encode(), region.keyring(from).message(),
                                 region.keyring(kHubName).public_keys().seal, rng);
    region.inject(kHubName, region.curve_of(from), bytes);
  };
  const Certificate before = known_at(region, kHubName, "vale-voice");
  inject("vale-voice", "vale-police", good);  // signed by someone else
  EXPECT_THAT(region.last_report(kHubName), HasSubstr("vale-voice"));
  EXPECT_EQ(known_at(region, kHubName, "vale-voice"), before);
  inject("vale-police", "vale-police", good);  // another party's
  EXPECT_THAT(region.last_report(kHubName), HasSubstr("another party"));
  EXPECT_EQ(known_at(region, kHubName, "vale-voice"), before);
  inject("vale-voice", "vale-voice", issue_node(region, "vale-voice", for_days(region, 200)));
  EXPECT_THAT(region.last_report(kHubName), HasSubstr("does not last longer"));
  EXPECT_EQ(known_at(region, kHubName, "vale-voice"), before);
  inject("vale-voice", "vale-voice", good);
  EXPECT_EQ(known_at(region, kHubName, "vale-voice"), good);
  EXPECT_THAT(region.failures(), IsEmpty());
}

}  // namespace
}  // namespace hedgerow::simulation
