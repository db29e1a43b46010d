// What an officer revokes counts nowhere any more.
#include "node/core/gate.h"
#include "protocol/credentials.h"
#include "protocol/envelope.h"
#include "tests/simulation/paper.h"

namespace hedgerow::simulation {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kHubName(kHub);
const std::string kHome = "vale-council";

bool all_have(Region& region, const std::string& of, std::uint64_t number) {
  return std::all_of(party_names().begin(), party_names().end(), [&](const std::string& who) {
    if (!region.is_up(who)) return false;
    const auto& list =
        region.lineage(who).context().peers.find(PartyId::parse(of).value())->revoked;
    return list && list->number() == number;
  });
}

void publish(Region& region, const std::string& at, const RevocationList& list) {
  const Outcome o = region.wait(region.command(at, revoke_request(list)));
  ASSERT_TRUE(o.result) << (o.error ? o.error->text : "");
}

TEST(SimulatedRevocation, ARevokedAnalystIsRefusedAtEveryNode) {
  World w(70, 40);
  w.begin();
  w.import_all();
  Region& region = w.region;
  // One question waits at the hub for a node that is off; another is kept for later.
  region.crash("vale-police");
  const auto waiting = region.command(kHome, region.ask_request(question_id(70, 1)));
  region.run_for(seconds(20));
  ASSERT_FALSE(region.outcome(waiting).ended());
  const auto kept = region.ask_request(question_id(70, 2));

  const RevocationList list =
      revoke(region, kHome, {region.identities().analysts.at(kHome).certificate}, 1);
  publish(region, kHome, list);
  const Outcome ended = region.wait(waiting, seconds(5));
  ASSERT_TRUE(ended.error);
  EXPECT_EQ(ended.error->code, Code::denied);
  EXPECT_THAT(ended.error->text, HasSubstr("vale-council:analyst:analyst was revoked"));
  region.run_for(seconds(5));
  EXPECT_TRUE(region.lineage(kHubName).context().store.questions().waiting().value().empty());

  // The node that was off hears of it from the hub.
  region.start("vale-police");
  ASSERT_TRUE(region.run_until([&] { return all_have(region, kHome, 1); }, minutes(2)));
  ASSERT_TRUE(settle(region));
  expect_refused(region, kHome, kept, Code::denied, "was revoked");

  // And where its own home would still vouch for it.
  const Bytes statement = *from_base64(kept.at("question").get<std::string>());
  const auto asked =
      protocol::verify_question(statement, region.identities().roots.at(kHome), region.now());
  ASSERT_TRUE(asked.ok());
  const Bytes countersigned =
      protocol::countersign(region.keyring(kHome).message(), PartyId::parse(kHome).value(), *asked,
                            Lineage::parse("vale-cse").value(), region.now())
          .encode();
  const auto refused_everywhere = [&] {
    for (const std::string& party : party_names()) {
      auto& node = region.lineage(party);
      const auto admitted =
          core::admit_countersigned(node.context(), node.keys(), countersigned, region.now(),
                                    policies::RestrictionScope::all);
      ASSERT_FALSE(admitted.ok()) << party;
      EXPECT_EQ(admitted.error().code, Code::denied);
      EXPECT_THAT(admitted.error().text, HasSubstr("was revoked")) << party;
    }
  };
  refused_everywhere();
  region.restart_all();
  region.run_for(seconds(5));
  refused_everywhere();
  EXPECT_THAT(faults_of(region), IsEmpty());
}

TEST(SimulatedRevocation, ARevokedNodeIsShutOut) {
  World w(71, 40);
  w.begin();
  w.import_all();
  Region& region = w.region;
  ASSERT_TRUE(settle(region));
  const std::string gone = "vale-voice";
  ASSERT_TRUE(region.hub_lets_in(gone));
  publish(region, gone, revoke(region, gone, {region.identities().nodes.at(gone)}, 1));
  ASSERT_TRUE(region.run_until([&] { return all_have(region, gone, 1); }, minutes(2)));
  EXPECT_FALSE(region.hub_lets_in(gone));
  EXPECT_TRUE(region.hub_lets_in("vale-police"));

  // Whatever it still says is refused, by the hub and where the hub would relay it.
  SeededRandom rng(seed_of("revoked node", 71));
  protocol::EnvelopeHeader h;
  h.type = protocol::MessageType::installed;
  h.sender = PartyId::parse(gone).value();
  h.lineage = Lineage::parse("vale-cse").value();
  h.agreement = AgreementHash{sha256(as_bytes(region.identities().agreement))};
  h.sequence = 1;
  h.not_after = region.now() + minutes(10);
  const auto says = [&](const std::string& to, const std::string& through,
                        protocol::MessageType type) {
    ++h.session.bytes[0];
    h.type = type;
    h.receiver = PartyId::parse(to).value();
    const auto before = state_of(region);
    const std::size_t reports = region.reports(to);
    region.inject(to, region.curve_of(through),
                  protocol::Envelope::make(h, {}, region.keyring(gone).message(),
                                           region.keyring(to).public_keys().seal, rng));
    EXPECT_EQ(region.reports(to), reports + 1);
    EXPECT_THAT(region.last_report(to), HasSubstr("was revoked"));
    EXPECT_EQ(state_of(region), before);
  };
  says(kHubName, gone, protocol::MessageType::installed);
  says(kHubName, gone, protocol::MessageType::renewed);
  says("vale-police", kHubName, protocol::MessageType::installed);
  says("vale-police", kHubName, protocol::MessageType::renewed);
  expect_refused(region, gone, renew_request(issue_node(region, gone, for_days(region, 330))),
                 Code::denied, "a revoked certificate cannot be renewed");

  // Nobody waits for it in vain without being told.
  const Outcome waits =
      region.wait(region.command(kHome, region.ask_request(question_id(71))), seconds(30));
  ASSERT_FALSE(waits.progress.empty());
  EXPECT_EQ(waits.progress.back().at("party"), gone);
  EXPECT_THAT(waits.progress.back().at("text").get<std::string>(), HasSubstr("was revoked"));
  region.restart_all();
  region.run_for(seconds(10));
  EXPECT_FALSE(region.hub_lets_in(gone));
  EXPECT_THAT(region.failures(), IsEmpty());
}

TEST(SimulatedRevocation, AnOldCertificateIsRevokedOnceItIsReplaced) {
  World w(72, 20);
  w.begin();
  Region& region = w.region;
  const std::string node = "vale-health";
  const Certificate renewed = issue_node(region, node, for_days(region, 330));
  ASSERT_TRUE(region.wait(region.command(node, renew_request(renewed))).result);
  ASSERT_TRUE(settle(region));
  publish(region, node, revoke(region, node, {region.identities().nodes.at(node)}, 1));
  ASSERT_TRUE(region.run_until([&] { return all_have(region, node, 1); }, minutes(2)));
  EXPECT_TRUE(region.hub_lets_in(node));
  w.import_all();
  EXPECT_THAT(region.failures(), IsEmpty());
}

TEST(SimulatedRevocation, AListIsRefusedThatIsNotTheRootsLatest) {
  World w(73, 20);
  w.begin();
  Region& region = w.region;
  ASSERT_TRUE(settle(region));
  const Certificate& analyst = region.identities().analysts.at(kHome).certificate;
  const Certificate& officer = region.identities().officers.at(0);
  const RevocationList fifth = revoke(region, kHome, {analyst}, 5);
  publish(region, kHome, fifth);
  ASSERT_TRUE(region.run_until([&] { return all_have(region, kHome, 5); }, minutes(2)));
  ASSERT_TRUE(settle(region));
  const auto refused = [&](const RevocationList& list, Code code, const std::string& words) {
    expect_refused(region, kHome, revoke_request(list), code, words);
  };
  refused(revoke(region, kHome, {analyst, officer}, 4), Code::denied, "number 5 is known");
  refused(revoke(region, kHome, {analyst, officer}, 5), Code::denied, "number 5 is known");
  refused(revoke(region, kHome, {officer}, 6), Code::denied, "takes back");
  {  // a root of the same name that the agreement does not name
    SeededRandom rng(seed_of("impostor", 73));
    const OfficerKey key = OfficerKey::random(rng);
    const Certificate root =
        issue_root(PartyId::parse(kHome).value(), key, for_days(region, 300), rng).value();
    refused(issue_list({}, 9, for_days(region, 200), root, key, rng).value(), Code::bad_input,
            "of no root that an agreement here names");
  }
  Bytes altered = revoke(region, kHome, {analyst, officer}, 7).der();
  altered[altered.size() / 2] ^= 1;  // inside what is signed
  if (const auto list = RevocationList::decode_der(altered); list.ok())
    refused(*list, Code::bad_input, "");
  expect_refused(
      region, kHome,
      {{"command", "keys-revoke"}, {"list", to_base64(as_bytes(region.identities().bundle))}},
      Code::bad_input, "where a list of revoked ones belongs");
  expect_refused(region, kHome,
                 {{"command", "keys-revoke"}, {"list", to_base64(Bytes(kMaxListPemSize + 1))}},
                 Code::usage, "too large");
  // The one that is known, once more, changes nothing.
  const auto before = state_of(region);
  publish(region, kHome, fifth);
  EXPECT_EQ(state_of(region).at("vale-police"), before.at("vale-police"));

  // In a message: from a node that is not the hub, of a stranger, altered.
  SeededRandom rng(seed_of("forger", 73));
  std::uint8_t next = 1;
  const auto inject = [&](const std::string& from, const std::string& to, const Bytes& body) {
    protocol::EnvelopeHeader h;
    h.type = protocol::MessageType::revocations;
    h.sender = PartyId::parse(from).value();
    h.receiver = PartyId::parse(to).value();
    h.lineage = Lineage::parse("vale-cse").value();
    h.agreement = AgreementHash{sha256(as_bytes(region.identities().agreement))};
    h.session.bytes[0] = next++;
    h.sequence = 1;
    h.not_after = region.now() + minutes(10);
    region.inject(to, region.curve_of(from == kHubName || to == kHubName ? from : kHubName),
                  protocol::Envelope::make(h, body, region.keyring(from).message(),
                                           region.keyring(to).public_keys().seal, rng));
  };
  const RevocationList eighth = revoke(region, kHome, {analyst, officer}, 8);
  const Bytes& good = eighth.der();
  const auto body = [](const std::string& party, const Bytes& list) {
    return protocol::Revocations{PartyId::parse(party).value(), list}.encode();
  };
  inject("vale-health", "vale-police", body(kHome, good));
  EXPECT_THAT(region.last_report("vale-police"), HasSubstr("only the hub hands on"));
  inject(kHubName, "vale-police", body("vale-stranger", good));
  EXPECT_THAT(region.last_report("vale-police"), HasSubstr("of a stranger"));
  inject(kHubName, "vale-police", body("vale-health", good));
  EXPECT_THAT(region.last_report("vale-police"), HasSubstr("another root's"));
  inject(kHubName, "vale-police", body(kHome, altered));
  EXPECT_TRUE(all_have(region, kHome, 5));
  // By another party's hand it is still the root's.
  publish(region, "vale-health", eighth);
  ASSERT_TRUE(region.run_until([&] { return all_have(region, kHome, 8); }, minutes(2)));
  EXPECT_THAT(region.failures(), IsEmpty());
}

TEST(SimulatedRevocation, ARevokedOfficerInstallsNothingNew) {
  World w(74, 20);
  Region& region = w.region;
  const std::string party = "vale-police";
  std::size_t at = 0;
  while (party_names()[at] != party) ++at;
  const RevocationList list = revoke(region, party, {region.identities().officers.at(at)}, 1);
  auto request = region.install_request();
  request["certificates"] = to_base64(as_bytes(region.identities().bundle + list.pem()));
  for (const std::string& who : {party, kHome}) {  // its own node, and another's
    const Outcome o = region.wait(region.command(who, request));
    ASSERT_TRUE(o.error) << who;
    EXPECT_EQ(o.error->code, Code::denied);
    EXPECT_THAT(o.error->text, HasSubstr("vale-police:officer:officer, which signed, was revoked"));
    EXPECT_TRUE(region.core(who).lineages().empty());
  }
  // A list that the root signed later, in the same file, and that takes the entry back.
  auto shortened = request;
  shortened["certificates"] = to_base64(
      as_bytes(region.identities().bundle + list.pem() + revoke(region, party, {}, 2).pem()));
  const Outcome taken_back = region.wait(region.command(kHome, shortened));
  ASSERT_TRUE(taken_back.error);
  EXPECT_EQ(taken_back.error->code, Code::denied);
  EXPECT_EQ(taken_back.error->culprit, party);
  EXPECT_THAT(taken_back.error->text, HasSubstr("takes back the revocation"));
  // What is installed stays; but it cannot be installed anew.
  w.begin();
  publish(region, party, list);
  ASSERT_TRUE(region.run_until([&] { return all_have(region, party, 1); }, minutes(2)));
  expect_refused(region, kHome, region.install_request(), Code::denied,
                 "which signed, was revoked");
  // Nor with a later list that says nothing of it, against the one that is known here.
  shortened["certificates"] =
      to_base64(as_bytes(region.identities().bundle + revoke(region, party, {}, 2).pem()));
  expect_refused(region, kHome, shortened, Code::denied, "takes back the revocation");
  w.import_all();
  w.check(w.ask());
}

}  // namespace
}  // namespace hedgerow::simulation
