// What exchange refuses at the door: nothing is marked, nothing acknowledged, and the culprit
// named.
#include "core_fixture.h"

namespace hedgerow::core {
namespace {

class ExchangeRefusal : public ::testing::Test {
 protected:
  protocol::EnvelopeHeader header() const {
    return {MessageType::evaluate_request,
            council_.id(),
            police_.id(),
            TestRegion::get().agreement().id,
            TestRegion::get().agreement().hash,
            session_id(1),
            1,
            kNow + std::chrono::seconds(60)};
  }
  Bytes made(const protocol::EnvelopeHeader& h, const char* signer = "vale-council",
             const char* sealed_to = "vale-police") {
    return protocol::Envelope::make(h, to_bytes("x"),
                                    TestRegion::get().at(signer).keyring.message(),
                                    TestRegion::get().at(sealed_to).node.node_keys().seal, rng_);
  }
  void refused(const Bytes& bytes, Code code, std::string_view culprit, UtcTime now = kNow) {
    const auto r = police_.take(bytes, now);
    ASSERT_FALSE(r.ok());
    EXPECT_EQ(r.error().code, code) << r.error().text;
    EXPECT_EQ(r.error().culprit, culprit) << r.error().text;
    EXPECT_TRUE(police_.outlet.sent.empty());
    EXPECT_EQ(police_.store().replay().last(council_.id(), session_id(1)).value(), 0U);
  }

  TestNode council_{"vale-council", 1};
  TestNode police_{"vale-police", 2};
  SeededRandom rng_{ByteArray<32>{6}};
};

TEST_F(ExchangeRefusal, NothingOfAGoodOne) {
  EXPECT_TRUE(police_.take(made(header())).value().has_value());
}

TEST_F(ExchangeRefusal, AStranger) {
  auto h = header();
  h.sender = party("vale-stranger");
  refused(made(h), Code::bad_input, "vale-stranger");
}

TEST_F(ExchangeRefusal, AMessageForSomebodyElse) {
  auto h = header();
  h.receiver = party("vale-health");
  refused(made(h), Code::bad_input, "vale-council");
}

TEST_F(ExchangeRefusal, AnotherLineage) {
  auto h = header();
  h.lineage = Lineage::parse("other-cse").value();
  refused(made(h), Code::bad_input, "vale-council");
}

TEST_F(ExchangeRefusal, AnotherVersionOfTheAgreement) {
  auto h = header();
  h.agreement.bytes[0] ^= 1;
  refused(made(h), Code::denied, "vale-council");
}

TEST_F(ExchangeRefusal, APartyThatSignsForAnother) {
  refused(made(header(), "vale-health"), Code::bad_input, "vale-council");
}

TEST_F(ExchangeRefusal, ASealForAnotherNode) {
  refused(made(header(), "vale-council", "vale-health"), Code::bad_input, "vale-council");
}

TEST_F(ExchangeRefusal, AnExpiredMessage) {
  auto h = header();
  EXPECT_TRUE(police_.exchange()
                  .receive(*protocol::Envelope::decode(made(h)), h.not_after + kClockSkew)
                  .value()
                  .has_value());
  refused(made(h), Code::denied, "vale-council",
          h.not_after + kClockSkew + std::chrono::milliseconds(1));
}

TEST_F(ExchangeRefusal, ASenderWhoseCertificateHasRunOut) {
  auto h = header();
  h.not_after = kAfter + std::chrono::hours(2);
  refused(made(h), Code::denied, "vale-council", kAfter + std::chrono::hours(1));
}

TEST_F(ExchangeRefusal, AMessageValidForLongerThanReplayMarksAreKept) {
  auto h = header();
  h.not_after = kNow + std::chrono::hours(24 * 33);
  refused(made(h), Code::bad_input, "vale-council");
}

TEST_F(ExchangeRefusal, ATamperedMessage) {
  Bytes bytes = made(header());
  bytes[bytes.size() - 100] ^= 1;  // in the sealed part
  refused(bytes, Code::bad_input, "vale-council");
}

TEST_F(ExchangeRefusal, SequenceZero) {
  auto h = header();
  h.sequence = 0;
  const auto r = police_.take(made(h));
  EXPECT_TRUE(r.ok() && !r->has_value()) << "it counts as seen: sequences begin with 1";
}

TEST_F(ExchangeRefusal, APeerWhoseClockIsAheadUntilItIsNot) {
  const Bytes asked = council_.message(session_id(1), police_.id(), "waits");
  ASSERT_TRUE(police_.take(asked, kNow + kMostSkew + std::chrono::seconds(1)).ok());
  const Bytes ack = police_.outlet.take().back();
  const auto r = council_.take(ack);
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, Code::denied);
  EXPECT_EQ(r.error().culprit, "vale-police");
  EXPECT_THAT(r.error().text, testing::HasSubstr("clock is more than 5 minutes ahead"));
  EXPECT_FALSE(r.error().hint.empty());
  council_.pass(kNow + kAckPatience);
  EXPECT_EQ(council_.store().outbox().count().value(), 1U) << "it will be sent again";

  // Nothing else of it is believed, until what was seen of its clock is old.
  const Bytes said = police_.message(session_id(2), council_.id(), "m", std::chrono::hours(1));
  EXPECT_FALSE(council_.take(said).ok());
  EXPECT_TRUE(council_.take(said, kNow + std::chrono::minutes(10)).value().has_value());
  // An ack in time is enough as well.
  EXPECT_FALSE(council_.take(ack).ok());
  ASSERT_TRUE(police_.take(asked, kNow + std::chrono::seconds(200)).ok());
  EXPECT_TRUE(council_.take(police_.outlet.take().back()).ok());
  council_.pass(kNow + kAckPatience);
  EXPECT_EQ(council_.store().outbox().count().value(), 0U);
  const Bytes more = police_.message(session_id(3), council_.id(), "m");
  EXPECT_TRUE(council_.take(more).value().has_value());
}

TEST_F(ExchangeRefusal, AnAckOfAClockThatIsBehind) {
  const Bytes asked = council_.message(session_id(1), police_.id(), "waits");
  ASSERT_TRUE(police_.take(asked, kNow - kMostSkew - std::chrono::seconds(1)).ok());
  const auto r = council_.take(police_.outlet.take().back());
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().culprit, "vale-police");
  EXPECT_THAT(r.error().text, testing::HasSubstr("clock is more than 5 minutes behind"));
  council_.pass(kNow + kAckPatience);
  EXPECT_EQ(council_.store().outbox().count().value(), 1U);
  // It may only have come late: the rest of what the peer says counts.
  const Bytes said = police_.message(session_id(2), council_.id(), "m");
  EXPECT_TRUE(council_.take(said).value().has_value());
}

TEST_F(ExchangeRefusal, AnAckThatIsNone) {
  council_.message(session_id(1), police_.id(), "waits");
  auto h = header();
  h.type = MessageType::ack;
  h.sender = police_.id();
  h.receiver = council_.id();
  const auto r = council_.take(made(h, "vale-police", "vale-council"));
  EXPECT_FALSE(r.ok());
  council_.pass(kNow + kAckPatience);
  EXPECT_EQ(council_.store().outbox().count().value(), 1U);
}

}  // namespace
}  // namespace hedgerow::core
