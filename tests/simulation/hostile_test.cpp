// What others may do to a region's messages: repeat, alter, misaddress, delay, invent.
#include "protocol/envelope.h"
#include "tests/simulation/world.h"

namespace hedgerow::simulation {
namespace {

using protocol::Envelope;
using protocol::EnvelopeHeader;
using protocol::MessageType;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kHubName(kHub);

// Hands every frame ever sent to its receiver once more.
void replay_everything(Region& region, const std::vector<SentFrame>& frames) {
  for (const SentFrame& f : frames)
    region.inject(party_names()[f.to], region.curve_of(party_names()[f.from]), f.bytes);
}

TEST(SimulatedReplay, OfEveryFrameChangesNothingBeforeAndAfterARestart) {
  World w(40, 40);
  w.begin();
  w.import_all();
  const auto answer = w.ask();
  w.check(answer);
  Region& region = w.region;
  const std::vector<SentFrame> frames = region.frames();
  ASSERT_GT(frames.size(), 200U);

  const auto before = state_of(region);
  replay_everything(region, frames);
  EXPECT_EQ(state_of(region), before);

  region.restart_all();
  region.run_for(seconds(5));
  const auto restarted = state_of(region);
  ASSERT_EQ(restarted.size(), party_names().size());
  for (const auto& [party, state] : restarted) EXPECT_EQ(state.first, before.at(party).first);
  replay_everything(region, frames);
  EXPECT_EQ(state_of(region), restarted);

  // And when the first of them have expired, also in the opposite order.
  region.run_for(hours(2));
  const auto later = state_of(region);
  replay_everything(region, {frames.rbegin(), frames.rend()});
  EXPECT_EQ(state_of(region), later);
  EXPECT_THAT(faults_of(region), IsEmpty());
}

// A region with a key, in which the hub waits for one good message from vale-council that the
// network keeps back.
class SimulatedForgery : public ::testing::Test {
 protected:
  SimulatedForgery() : w_(41, 40), rng_(seed_of("forger", 41)) { w_.begin(); }

  Region& region() { return w_.region; }
  EnvelopeHeader header(std::uint8_t session) const {
    EnvelopeHeader h;
    h.type = MessageType::installed;
    h.sender = PartyId::parse("vale-council").value();
    h.receiver = PartyId::parse(kHubName).value();
    h.lineage = Lineage::parse("vale-cse").value();
    h.agreement = AgreementHash{sha256(as_bytes(w_.region.identities().agreement))};
    h.session.bytes[0] = session;
    h.sequence = 1;
    h.not_after = w_.region.now() + minutes(10);
    return h;
  }
  Bytes make(const EnvelopeHeader& h, const std::string& signer = "vale-council",
             const std::string& sealed_to = kHubName) {
    return Envelope::make(h, {}, w_.region.keyring(signer).message(),
                          w_.region.identities().nodes.at(sealed_to).node_keys().seal, rng_);
  }
  // Refused: said so to the operator, and nothing has changed anywhere.
  void expect_refused(const std::string& to, const ipc::CurveKey& from, const Bytes& bytes,
                      const std::string& why) {
    const auto before = state_of(region());
    const std::size_t reports = region().reports(to);
    region().inject(to, from, bytes);
    EXPECT_EQ(region().reports(to), reports + 1) << why;
    EXPECT_THAT(region().last_report(to), HasSubstr(why));
    EXPECT_EQ(state_of(region()), before) << why;
    EXPECT_THAT(region().failures(), IsEmpty());
  }
  void expect_refused(const Bytes& bytes, const std::string& why) {
    expect_refused(kHubName, region().curve_of("vale-council"), bytes, why);
  }

  World w_;
  SeededRandom rng_;
};

TEST_F(SimulatedForgery, AGoodMessageIsTakenOnce) {
  const auto before = state_of(region());
  const Bytes good = make(header(1));
  region().inject(kHubName, region().curve_of("vale-council"), good);
  const auto after = state_of(region());
  EXPECT_EQ(after.at(kHubName).second, before.at(kHubName).second + 1);
  region().inject(kHubName, region().curve_of("vale-council"), good);
  EXPECT_EQ(state_of(region()), after);
}

TEST_F(SimulatedForgery, AnAlteredMessageIsRefusedWhicheverByteItIs) {
  const Bytes good = make(header(2));
  const auto before = state_of(region());
  const std::size_t reports = region().reports(kHubName);
  std::size_t altered = 0;
  for (std::size_t i = 0; i < good.size(); ++i)
    for (const std::uint8_t bit : {std::uint8_t{1}, std::uint8_t{0x80}}) {
      Bytes bad = good;
      bad[i] ^= bit;
      region().inject(kHubName, region().curve_of("vale-council"), bad);
      ++altered;
    }
  for (std::size_t size = 1; size < good.size(); size += 7) {
    region().inject(kHubName, region().curve_of("vale-council"),
                    Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
    ++altered;
  }
  Bytes longer = good;
  longer.push_back(0);
  region().inject(kHubName, region().curve_of("vale-council"), longer);
  ++altered;
  EXPECT_EQ(region().reports(kHubName), reports + altered);
  EXPECT_EQ(state_of(region()), before);
  // The good one was really good.
  region().inject(kHubName, region().curve_of("vale-council"), good);
  EXPECT_NE(state_of(region()), before);
}

TEST_F(SimulatedForgery, WhatIsExpiredOrLastsTooLongIsRefused) {
  auto h = header(3);
  h.not_after = region().now() - core::kClockSkew - seconds(1);
  expect_refused(make(h), "expired");
  h.not_after = region().now() + hours(24 * 33);
  expect_refused(make(h), "valid for too long");
}

TEST_F(SimulatedForgery, AStrangerIsRefused) {
  auto h = header(4);
  h.sender = PartyId::parse("vale-stranger").value();
  const Bytes bytes = make(h, "vale-police");
  expect_refused(bytes, "somebody else than its sender");
  const ipc::CurveKey unknown{seed_of("unknown key", 1)};
  expect_refused(kHubName, unknown, make(header(4)), "somebody else than its sender");
  // Relayed by the hub, to whom a node must believe where a frame comes from: the sender is none.
  h.receiver = PartyId::parse("vale-police").value();
  expect_refused("vale-police", region().curve_of(kHubName), make(h, "vale-police", "vale-police"),
                 "stranger");
}

TEST_F(SimulatedForgery, OneNodeCannotSpeakForAnother) {
  // Signed by another's key; and rightly signed, but handed over by another.
  expect_refused(make(header(5), "vale-police"), "signature");
  expect_refused(kHubName, region().curve_of("vale-police"), make(header(5)),
                 "somebody else than its sender");
}

TEST_F(SimulatedForgery, WhatIsForSomebodyElseIsRefused) {
  auto h = header(6);
  h.receiver = PartyId::parse("vale-police").value();
  expect_refused("vale-health", region().curve_of(kHubName), make(h, "vale-council", "vale-police"),
                 "for somebody else");
  // Sealed to another than the receiver it names.
  h.receiver = PartyId::parse(kHubName).value();
  const auto before = state_of(region());
  const std::size_t reports = region().reports(kHubName);
  region().inject(kHubName, region().curve_of("vale-council"),
                  make(h, "vale-council", "vale-police"));
  EXPECT_EQ(region().reports(kHubName), reports + 1);
  EXPECT_EQ(state_of(region()), before);
}

TEST_F(SimulatedForgery, AnotherLineageOrVersionIsRefused) {
  auto h = header(7);
  h.lineage = Lineage::parse("other-lineage").value();
  expect_refused(make(h), "agreement not installed here");
  h = header(7);
  h.agreement.bytes[0] ^= 1;
  expect_refused(make(h), "another version of the agreement");
}

TEST_F(SimulatedForgery, IsRefusedAfterARestartToo) {
  const Bytes taken = make(header(9));
  region().inject(kHubName, region().curve_of("vale-council"), taken);
  region().restart_all();
  region().run_for(seconds(5));
  const auto before = state_of(region());
  region().inject(kHubName, region().curve_of("vale-council"), taken);  // known from before
  EXPECT_EQ(state_of(region()), before);
  const Bytes good = make(header(10));
  for (const std::size_t at : {std::size_t{1}, good.size() / 2, good.size() - 1}) {
    Bytes bad = good;
    bad[at] ^= 1;
    const std::size_t reports = region().reports(kHubName);
    region().inject(kHubName, region().curve_of("vale-council"), bad);
    EXPECT_EQ(region().reports(kHubName), reports + 1);
    EXPECT_EQ(state_of(region()), before);
  }
  auto h = header(11);
  h.lineage = Lineage::parse("other-lineage").value();
  expect_refused(make(h), "agreement not installed here");
  expect_refused(make(header(12), "vale-police"), "signature");
  expect_refused(kHubName, region().curve_of("vale-police"), make(header(13)),
                 "somebody else than its sender");
  region().inject(kHubName, region().curve_of("vale-council"), good);
  EXPECT_NE(state_of(region()), before);
}

TEST_F(SimulatedForgery, WhatComesTooEarlyWaitsForItsTurn) {
  auto h = header(8);
  h.sequence = 2;
  const Bytes second = make(h);
  const auto before = state_of(region());
  region().inject(kHubName, region().curve_of("vale-council"), second);
  EXPECT_EQ(state_of(region()), before);
  region().inject(kHubName, region().curve_of("vale-council"), make(header(8)));
  region().inject(kHubName, region().curve_of("vale-council"), second);
  EXPECT_EQ(state_of(region()).at(kHubName).second, before.at(kHubName).second + 2);
}

TEST(SimulatedDelay, AQuestionKeptBackUntilItExpiresIsRefused) {
  World w(42, 40);
  w.begin();
  w.import_all();
  Region& region = w.region;
  ASSERT_TRUE(settle(region));
  std::optional<Bytes> kept;
  region.intercept([&](const SentFrame& f) {
    const auto envelope = Envelope::decode(f.bytes);
    if (!envelope.ok() || envelope->header().type != MessageType::ask) return false;
    if (!kept) kept = f.bytes;
    return true;
  });
  region.command("vale-council", region.ask_request(question_id(42)));
  ASSERT_TRUE(kept);
  region.crash("vale-council");
  region.run_for(minutes(8));
  const auto before = state_of(region);
  const std::size_t reports = region.reports(kHubName);
  region.inject(kHubName, region.curve_of("vale-council"), *kept);
  EXPECT_EQ(region.reports(kHubName), reports + 1);
  EXPECT_THAT(region.last_report(kHubName), HasSubstr("expired"));
  EXPECT_EQ(state_of(region), before);
  // With the way open the question is answered all the same.
  region.intercept({});
  region.start("vale-council");
  const auto answer = region.wait(region.command(
      "vale-council",
      {{"command", "ask-result"}, {"agreement", "vale-cse"}, {"id", question_id(42).hex()}}));
  w.check(answer.result);
}

TEST(SimulatedTampering, OnTheWholeWayChangesNoAnswer) {
  // Every seventh frame is kept back and comes later, altered; what is sent again comes whole.
  World w(43, 40);
  Region& region = w.region;
  SeededRandom rng(seed_of("tamperer", 43));
  std::size_t tampered = 0;
  std::vector<std::pair<SentFrame, std::size_t>> altered;
  region.intercept([&](const SentFrame& f) {
    if (random_below(rng, 7) != 0) return false;
    ++tampered;
    altered.emplace_back(f, random_below(rng, f.bytes.size()));
    return true;
  });
  const auto pour = [&] {
    for (auto& [frame, at] : altered) {
      Bytes bad = frame.bytes;
      bad[at] ^= 0x10;
      region.inject(party_names()[frame.to], region.curve_of(party_names()[frame.from]), bad);
    }
    altered.clear();
  };
  w.begin();
  pour();
  w.import_all();
  pour();
  const auto answer = w.ask();
  pour();
  region.intercept({});
  EXPECT_GE(tampered, 30U);
  w.check(answer);
}

}  // namespace
}  // namespace hedgerow::simulation
