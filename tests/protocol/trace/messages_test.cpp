#include "protocol/trace/messages.h"

#include "tests/protocol/trace/people.h"

namespace hedgerow::protocol::trace {
namespace {

// Every proper prefix, and one byte too many, is refused; what is taken encodes to the same bytes.
template <class T>
void is_exact(const Bytes& good) {
  const auto decoded = T::decode(good);
  ASSERT_TRUE(decoded.ok()) << decoded.error().text;
  EXPECT_EQ(decoded->encode(), good);
  for (std::size_t n = 0; n < good.size(); n += 1 + good.size() / 300)
    EXPECT_FALSE(T::decode(ByteView(good).first(n)).ok()) << n;
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(T::decode(longer).ok());
}

TEST_F(Traced, MessagesAreExact) {
  Requester r = begin(known_);
  const Step step = asked(r);
  is_exact<Order>(r.order().encode());
  is_exact<Ask>(step.send.at(0).body);
  is_exact<Notice>(step.send.at(2).body);
  is_exact<DirectoryHeader>(directories_.at(police_).header.encode());
  is_exact<ChunkGet>(ChunkGet{kToday, 3}.encode());
  is_exact<Chunk>(Chunk{kToday, 3, Bytes(512)}.encode());
  is_exact<Refusal>(Refusal{{}, RefusalReason::quota}.encode());
  const Bytes statement = answer(directories_.at(police_), police_, step.send.at(1).body);
  is_exact<Answer>(Statement::decode(statement)->body());
}

TEST_F(Traced, DecodersRefuseWhatIsOutOfBounds) {
  DirectoryHeader h = directories_.at(police_).header;
  for (const std::uint32_t records : {0U, 1023U, 2048U, 262144U}) {
    h.records = records;
    EXPECT_FALSE(DirectoryHeader::decode(h.encode()).ok()) << records;
  }
  EXPECT_FALSE(Chunk::decode(Chunk{0, 0, {}}.encode()).ok());
  EXPECT_FALSE(Chunk::decode(Chunk{0, 0, Bytes(255)}.encode()).ok());
  EXPECT_FALSE(Chunk::decode(Chunk{0, 0, Bytes((kChunkRecords + 1) * 256)}.encode()).ok());
  Bytes refusal = Refusal{{}, RefusalReason::quota}.encode();
  for (const std::uint8_t reason : {std::uint8_t{0}, std::uint8_t{9}}) {
    refusal.back() = reason;
    EXPECT_FALSE(Refusal::decode(refusal).ok());
  }
  const Requester r = begin(known_);
  Order order = r.order();
  std::swap(order.points[0], order.points[1]);
  EXPECT_FALSE(Order::decode(order.encode()).ok()) << "not in order";
  order.points[1] = order.points[0];
  EXPECT_FALSE(Order::decode(order.encode()).ok()) << "twice";
  order.points.clear();
  EXPECT_FALSE(Order::decode(order.encode()).ok()) << "none";
  order = r.order();
  order.reason = std::string(501, 'x');
  EXPECT_FALSE(Order::decode(order.encode()).ok()) << "long";
}

TEST_F(Traced, APointThatIsNoElementIsRefused) {
  Requester r = begin(known_);
  Bytes ask = asked(r).send.at(0).body;
  std::fill(ask.end() - 32, ask.end(), std::uint8_t{0});
  EXPECT_FALSE(Ask::decode(ask).ok()) << "the identity";
  ask.back() = 0x80;
  EXPECT_FALSE(Ask::decode(ask).ok()) << "bit 255";
}

TEST_F(Traced, EveryBitOfWhatAPersonSignedCounts) {
  const Requester r = begin(known_);
  const Bytes good = sign_request(r, practitioner_);
  for (std::size_t i = 0; i < good.size(); i += 3) {
    Bytes bad = good;
    bad[i] ^= 1U;
    EXPECT_FALSE(verify_signed(bad, MessageType::trace_request, root_, lineage_, kTraceNow).ok())
        << i;
  }
}

TEST_F(Traced, AKindOfCertificateForEachPart) {
  const Requester r = begin(known_);
  const auto as = [&](MessageType type, const Person& by) {
    const Bytes s = sign(by.key, by.certificate, type, lineage_, agreement_, r.id(), r.not_after(),
                         r.order().encode())
                        .encode();
    return verify_signed(s, type, root_, lineage_, kTraceNow);
  };
  EXPECT_TRUE(as(MessageType::trace_request, practitioner_).ok());
  EXPECT_TRUE(as(MessageType::trace_collect, practitioner_).ok());
  EXPECT_TRUE(as(MessageType::trace_approval, approver_).ok());
  const auto refused = as(MessageType::trace_approval, practitioner_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::denied);
  EXPECT_FALSE(as(MessageType::trace_request, approver_).ok());
  EXPECT_FALSE(as(MessageType::trace_collect, approver_).ok());
  EXPECT_FALSE(
      as(MessageType::trace_request, person(council_, CertificateKind::analyst, "analyst")).ok());
}

TEST_F(Traced, AStatementIsOfItsSendersAgencyLineageAndTime) {
  const Requester r = begin(known_);
  const Bytes statement = sign_request(r, practitioner_);
  EXPECT_FALSE(
      verify_signed(statement, MessageType::trace_collect, root_, lineage_, kTraceNow).ok());
  EXPECT_FALSE(verify_signed(statement, MessageType::trace_request, root_,
                             Lineage::parse("vale-other").value(), kTraceNow)
                   .ok());
  EXPECT_FALSE(verify_signed(statement, MessageType::trace_request, root_, lineage_,
                             r.not_after() + std::chrono::milliseconds(1))
                   .ok());
  // A root vouches for its own people only, whatever agency they claim to ask for.
  const OfficerKey police_key = OfficerKey::random(rng_);
  const Validity dates{kTraceNow - std::chrono::days(10), kTraceNow + std::chrono::days(300)};
  const Certificate police_root = issue_root(police_, police_key, dates, rng_).value();
  SigningKey key = SigningKey::random(rng_);
  Certificate certificate =
      issue({police_, CertificateKind::practitioner, "somebody"}, SubjectKey(key.verify_key()),
            dates, police_root, police_key, rng_)
          .value();
  const Person stranger{std::move(certificate), std::move(key)};
  const Bytes claimed = Statement::sign(stranger.key, MessageType::trace_request,
                                        {council_, lineage_, agreement_, r.id(), 0, r.not_after()},
                                        Statement::decode(sign_request(r, stranger))->body())
                            .encode();
  EXPECT_FALSE(verify_signed(claimed, MessageType::trace_request, root_, lineage_, kTraceNow).ok());
  const Bytes own = sign_request(r, stranger);
  EXPECT_FALSE(verify_signed(own, MessageType::trace_request, root_, lineage_, kTraceNow).ok());
  EXPECT_TRUE(
      verify_signed(own, MessageType::trace_request, police_root, lineage_, kTraceNow).ok());
}

TEST(TraceRefusal, EveryReasonHasANameAndWords) {
  for (std::uint8_t n = 1; n <= 8; ++n) {
    EXPECT_FALSE(name_of(static_cast<RefusalReason>(n)).empty()) << int{n};
    EXPECT_FALSE(in_words(static_cast<RefusalReason>(n)).empty()) << int{n};
  }
}

}  // namespace
}  // namespace hedgerow::protocol::trace
