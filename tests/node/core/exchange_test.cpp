#include "node/core/exchange.h"

#include <cerrno>

#include "core_fixture.h"
#include "crypto/base/disk.h"
#include "node/core/lineage_node.h"

namespace hedgerow::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ExchangeTest : public ::testing::Test {
 protected:
  std::uint64_t waiting() { return council_.store().outbox().count().value(); }
  TestNode council_{"vale-council", 1};
  TestNode police_{"vale-police", 2};
  SessionId session_ = session_id(1);
};

TEST_F(ExchangeTest, DeliversAMessageAndAcknowledgesIt) {
  const Bytes bytes = council_.message(session_, police_.id(), "one");
  const auto d = police_.take(bytes);
  ASSERT_TRUE(d.ok() && *d);
  EXPECT_EQ((*d)->from, party("vale-council"));
  EXPECT_EQ((*d)->sequence, 1U);
  EXPECT_EQ((*d)->body, to_bytes("one"));
  ASSERT_EQ(police_.outlet.sent.size(), 1U);
  EXPECT_EQ(acknowledged(police_.outlet.sent[0], council_), 1U);
}

TEST_F(ExchangeTest, NodesSendThroughTheHubAndTheHubToEachItself) {
  council_.message(session_, police_.id(), "one");
  Work work;
  work.message(session_, police_.id(), MessageType::evaluate_request, {}, seconds(60));
  ASSERT_TRUE(council_.exchange().commit(std::move(work), kNow).ok());
  EXPECT_EQ(council_.outlet.to.back(),
            TestRegion::get().at("vale-partnership").keyring.public_keys().curve);
  TestNode hub("vale-partnership", 3);
  Work from_hub;
  from_hub.message(session_, police_.id(), MessageType::sum_start, {}, seconds(60));
  ASSERT_TRUE(hub.exchange().commit(std::move(from_hub), kNow).ok());
  EXPECT_EQ(hub.outlet.to.back(), police_.keyring().public_keys().curve);
}

TEST_F(ExchangeTest, DropsADuplicateAndAcknowledgesItAgain) {
  const Bytes bytes = council_.message(session_, police_.id(), "one");
  ASSERT_TRUE(police_.take(bytes).ok());
  police_.outlet.take();
  const auto generation = police_.store().database().generation();
  const auto again = police_.take(bytes);
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->has_value());
  EXPECT_EQ(police_.store().database().generation(), generation) << "nothing was written";
  ASSERT_EQ(police_.outlet.sent.size(), 1U);
  EXPECT_EQ(acknowledged(police_.outlet.sent[0], council_), 1U);
}

TEST_F(ExchangeTest, DropsWhatComesTooEarlyUntilItComesInItsTurn) {
  const Bytes one = council_.message(session_, police_.id(), "one");
  const Bytes two = council_.message(session_, police_.id(), "two");
  auto d = police_.take(two);
  ASSERT_TRUE(d.ok());
  EXPECT_FALSE(d->has_value());
  EXPECT_TRUE(police_.outlet.sent.empty()) << "not acknowledged";
  EXPECT_TRUE(police_.take(one).value().has_value());
  d = police_.take(two);
  ASSERT_TRUE(d.ok() && *d);
  EXPECT_EQ((*d)->body, to_bytes("two"));
}

TEST_F(ExchangeTest, SessionsAndSendersCountApart) {
  EXPECT_TRUE(police_.take(council_.message(session_, police_.id(), "a")).value());
  EXPECT_TRUE(police_.take(council_.message(session_id(2), police_.id(), "b")).value());
  TestNode health("vale-health", 3);
  const auto d = police_.take(health.message(session_, police_.id(), "c"));
  ASSERT_TRUE(d.ok() && *d);
  EXPECT_EQ((*d)->sequence, 1U);
}

TEST_F(ExchangeTest, DropsAReplayAfterTheProcessWasKilled) {
  const Bytes one = council_.message(session_, police_.id(), "one");
  const Bytes two = council_.message(session_, police_.id(), "two");
  ASSERT_TRUE(police_.take(one).value());
  police_.reopen(kNow);
  EXPECT_FALSE(police_.take(one).value().has_value());
  EXPECT_EQ(acknowledged(police_.outlet.sent.at(0), council_), 1U);
  EXPECT_TRUE(police_.take(two).value().has_value());
  EXPECT_FALSE(police_.take(two).value().has_value());
}

TEST_F(ExchangeTest, ReceivedButNotCommittedComesAgain) {
  const Bytes one = council_.message(session_, police_.id(), "one");
  const auto envelope = protocol::Envelope::decode(one);
  ASSERT_TRUE(police_.exchange().receive(*envelope, kNow).value().has_value());
  EXPECT_TRUE(police_.outlet.sent.empty());
  police_.reopen(kNow);
  EXPECT_TRUE(police_.take(one).value().has_value());
}

TEST_F(ExchangeTest, AcknowledgedMessagesLeaveTheOutbox) {
  const Bytes one = council_.message(session_, police_.id(), "one");
  const Bytes two = council_.message(session_, police_.id(), "two");
  ASSERT_EQ(waiting(), 2U);
  ASSERT_TRUE(police_.take(one).ok());
  ASSERT_TRUE(council_.take(police_.outlet.take().at(0)).ok());
  EXPECT_EQ(council_.exchange().next_wake(), kNow + kAckPatience);
  council_.pass(kNow + kAckPatience);
  EXPECT_EQ(waiting(), 1U);
  ASSERT_TRUE(police_.take(two).ok());
  const Bytes ack = police_.outlet.take().at(0);
  ASSERT_TRUE(council_.take(ack).ok());
  council_.pass(kNow + kAckPatience);
  EXPECT_EQ(waiting(), 0U);
  EXPECT_TRUE(council_.take(ack).ok()) << "an ack twice is harmless";
  EXPECT_FALSE(council_.exchange().next_wake()) << "nothing is due";
}

TEST_F(ExchangeTest, WhatIsAcknowledgedLeavesWithTheNextTransaction) {
  ASSERT_TRUE(police_.take(council_.message(session_, police_.id(), "one")).ok());
  const auto before = council_.store().database().generation();
  ASSERT_TRUE(council_.take(police_.outlet.take().at(0)).ok());
  EXPECT_EQ(council_.store().database().generation(), before) << "no transaction of its own";
  ASSERT_TRUE(council_.exchange().commit(Work{}, kNow).ok());
  EXPECT_EQ(council_.store().database().generation(), before + 1);
  EXPECT_EQ(waiting(), 0U);
  EXPECT_FALSE(council_.exchange().next_wake());
}

TEST_F(ExchangeTest, WhatIsAcknowledgedIsNotSentAgain) {
  const Bytes one = council_.message(session_, police_.id(), "one");
  const Bytes two = council_.message(session_, police_.id(), "two");
  ASSERT_TRUE(police_.take(one).ok());
  ASSERT_TRUE(council_.take(police_.outlet.take().at(0)).ok());
  council_.exchange().on_peer_up(
      TestRegion::get().at("vale-partnership").keyring.public_keys().curve, kNow);
  EXPECT_THAT(council_.outlet.take(), ::testing::ElementsAre(two));
}

TEST_F(ExchangeTest, WhatIsAcknowledgedAndExpiresLeavesNoSkip) {
  ASSERT_TRUE(police_.take(council_.message(session_, police_.id(), "one", seconds(1))).ok());
  const UtcTime late = kNow + seconds(2);
  ASSERT_TRUE(council_.take(police_.outlet.take().at(0), late).ok());
  council_.pass(late);  // and prunes, the first time
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(ExchangeTest, AnAckThatACrashForgotComesAgain) {
  const Bytes one = council_.message(session_, police_.id(), "one");
  ASSERT_TRUE(police_.take(one).ok());
  ASSERT_TRUE(council_.take(police_.outlet.take().at(0)).ok());
  council_.reopen(kNow);
  EXPECT_EQ(waiting(), 1U);
  council_.exchange().on_peer_up(
      TestRegion::get().at("vale-partnership").keyring.public_keys().curve, kNow);
  EXPECT_THAT(council_.outlet.take(), ::testing::ElementsAre(one));
  EXPECT_FALSE(police_.take(one).value().has_value()) << "it counted";
  ASSERT_TRUE(council_.take(police_.outlet.take().at(0)).ok());
  council_.pass(kNow + kAckPatience);
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(ExchangeTest, AcksOfManySessionsAreNotHeld) {
  Work work;
  for (std::size_t i = 1; i <= kMostAcked; ++i) {
    SessionId session;
    session.bytes[0] = static_cast<std::uint8_t>(i >> 8U);
    session.bytes[1] = static_cast<std::uint8_t>(i);
    work.message(session, police_.id(), MessageType::evaluate_request, {}, seconds(60));
  }
  ASSERT_TRUE(council_.exchange().commit(std::move(work), kNow).ok());
  for (const Bytes& bytes : council_.outlet.take()) {
    EXPECT_EQ(waiting(), kMostAcked);
    ASSERT_TRUE(police_.take(bytes).ok());
    ASSERT_TRUE(council_.take(police_.outlet.take().at(0)).ok());
  }
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(ExchangeTest, AckOfOnePartyLeavesWhatWaitsForAnother) {
  council_.message(session_, party("vale-health"), "for health");
  ASSERT_TRUE(police_.take(council_.message(session_, police_.id(), "for police")).ok());
  ASSERT_TRUE(council_.take(police_.outlet.take().at(0)).ok());
  council_.pass(kNow + kAckPatience);
  EXPECT_EQ(waiting(), 1U);
  EXPECT_EQ(council_.store().outbox().count_for(party("vale-health")).value(), 1U);
}

TEST_F(ExchangeTest, SendsTheSameBytesAgainUntilTheyAreAcknowledged) {
  const Bytes first = council_.message(session_, police_.id(), "one");
  council_.pass(kNow + kFirstResend - milliseconds(1));
  EXPECT_TRUE(council_.outlet.take().empty());
  UtcTime t = kNow;
  for (int i = 0; i < 3; ++i) {
    t = *council_.exchange().next_wake();
    council_.pass(t);
    EXPECT_THAT(council_.outlet.take(), ::testing::ElementsAre(first));
  }
  council_.reopen(t);
  council_.exchange().on_peer_up(
      TestRegion::get().at("vale-partnership").keyring.public_keys().curve, t);
  EXPECT_THAT(council_.outlet.take(), ::testing::ElementsAre(first));
  EXPECT_TRUE(police_.take(first, t).value().has_value());
}

TEST_F(ExchangeTest, PausesBetweenSendingsGrowToALimit) {
  council_.message(session_, police_.id(), "one", seconds(3600));
  UtcTime t = kNow;
  milliseconds last{0};
  for (int i = 0; i < 8; ++i) {
    const UtcTime next = *council_.exchange().next_wake();
    EXPECT_GE(next - t, last);
    EXPECT_LE(next - t, kLongestResend);
    last = next - t;
    t = next;
    council_.pass(t);
  }
  EXPECT_EQ(last, kLongestResend);
}

TEST_F(ExchangeTest, LongSilenceIsAskedOnceAMinuteUntilThereIsSomethingNew) {
  council_.message(session_, police_.id(), "one", seconds(3600));
  UtcTime t = kNow;
  const auto pause = [&] {
    const UtcTime next = *council_.exchange().next_wake();
    const auto waited = next - t;
    t = next;
    council_.pass(t);
    council_.outlet.take();
    return std::chrono::duration_cast<milliseconds>(waited);
  };
  for (int i = 0; i < kPatientResends; ++i) EXPECT_LE(pause(), kLongestResend);
  EXPECT_GT(pause(), kLongestResend);
  EXPECT_EQ(pause(), kSilentResend);
  EXPECT_EQ(pause(), kSilentResend);
  Work work;
  work.message(session_, police_.id(), MessageType::evaluate_request, to_bytes("two"),
               seconds(3600));
  ASSERT_TRUE(council_.exchange().commit(std::move(work), t).ok());
  EXPECT_EQ(pause(), kLongestResend);
  EXPECT_EQ(pause(), kSilentResend);
}

TEST_F(ExchangeTest, AWaitingMessageThatCannotBeReadIsNoSilence) {
  struct NoReads : DiskFaults {
    int before(const DiskOperation& o) override { return o.action == DiskAction::read ? EIO : 0; }
  } disk;
  council_.message(session_, police_.id(), std::string(50'000, 'x'));
  council_.reopen(kNow);
  council_.pass(kNow);  // what a tick reads besides
  set_disk_faults(&disk);
  council_.exchange().on_peer_up(
      TestRegion::get().at("vale-partnership").keyring.public_keys().curve, kNow);
  set_disk_faults(nullptr);
  EXPECT_EQ(council_.exchange().next_wake(), kNow);
  EXPECT_FALSE(council_.exchange().on_time(kNow).ok()) << "although the disk is whole again";
  EXPECT_TRUE(council_.exchange().on_time(kNow).ok());
  EXPECT_EQ(council_.outlet.take().size(), 1U);
}

TEST_F(ExchangeTest, ExpiredMessagesAreNotSentAgain) {
  council_.message(session_, police_.id(), "one", seconds(1));
  council_.pass(kNow + kFirstResend);
  EXPECT_TRUE(council_.outlet.take().empty());
}

TEST_F(ExchangeTest, WhatFoundNoCreditIsSentWhenThereIsSome) {
  council_.outlet.open = false;
  Work work;
  work.message(session_, police_.id(), MessageType::evaluate_request, to_bytes("one"), seconds(60));
  ASSERT_TRUE(council_.exchange().commit(std::move(work), kNow).ok());
  council_.outlet.open = true;
  const auto hub = TestRegion::get().at("vale-partnership").keyring.public_keys().curve;
  council_.exchange().on_credit(ByteArray<32>{1}, kNow);
  EXPECT_TRUE(council_.outlet.take().empty()) << "credit of somebody else";
  council_.exchange().on_credit(hub, kNow);
  EXPECT_EQ(council_.outlet.take().size(), 1U);
  council_.exchange().on_credit(hub, kNow);
  EXPECT_TRUE(council_.outlet.take().empty()) << "sent already";
}

TEST_F(ExchangeTest, CreditGoesToWhatHadNoneAndNotToWhatIsSent) {
  council_.outlet.open = false;
  for (const char* body : {"one", "two", "three"}) {
    Work work;
    work.message(session_, police_.id(), MessageType::evaluate_request, to_bytes(body),
                 seconds(60));
    ASSERT_TRUE(council_.exchange().commit(std::move(work), kNow).ok());
  }
  int credit = 0;
  council_.outlet.on_send = [&] { council_.outlet.open = credit-- > 0; };
  const auto hub = TestRegion::get().at("vale-partnership").keyring.public_keys().curve;
  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
    credit = 1;
    council_.exchange().on_credit(hub, kNow);
    const auto sent = council_.outlet.take();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(protocol::Envelope::decode(sent[0])->header().sequence, sequence);
  }
  credit = 3;
  council_.exchange().on_credit(hub, kNow);
  EXPECT_TRUE(council_.outlet.take().empty()) << "all are sent";
  credit = 3;
  council_.pass(council_.exchange().next_wake().value());
  EXPECT_EQ(council_.outlet.take().size(), 3U) << "nothing was acknowledged";
}

TEST_F(ExchangeTest, NothingIsSentBeforeItIsLoggedCommittedAndConfirmed) {
  bool looked = false;
  council_.outlet.on_send = [&] {
    looked = true;
    const auto generation = council_.store().database().generation();
    EXPECT_FALSE(council_.store().database().in_transaction());
    EXPECT_EQ(waiting(), 1U);
    EXPECT_EQ(council_.log().size(), 1U);
    EXPECT_EQ(council_.log().confirmed_generation("vale-cse"), generation);
    EXPECT_EQ(council_.log().read(0)->generation, generation);
  };
  Work work;
  work.note("question", {{"why", "a test"}});
  work.message(session_, police_.id(), MessageType::evaluate_request, {}, seconds(60));
  ASSERT_TRUE(council_.exchange().commit(std::move(work), kNow).ok());
  EXPECT_TRUE(looked);
}

TEST_F(ExchangeTest, FailedWriteLeavesNothingButAnAbandonedEntry) {
  const Bytes one = police_.message(session_, council_.id(), "one");
  const auto d = council_.exchange().receive(*protocol::Envelope::decode(one), kNow);
  ASSERT_TRUE(d.ok() && *d);
  const auto generation = council_.store().database().generation();
  Work work;
  work.note("question", {{"why", "a test"}});
  work.message(session_, police_.id(), MessageType::evaluate_response, {}, seconds(60));
  work.write([](store::LineageStore&) -> Result<void> { return internal("the disk is full"); });
  bool told = false;
  work.then.push_back([&](const Committed&) { told = true; });
  EXPECT_FALSE(council_.exchange().commit(std::move(work), kNow, &**d).ok());
  EXPECT_FALSE(told);
  EXPECT_TRUE(council_.outlet.sent.empty());
  EXPECT_EQ(waiting(), 0U);
  EXPECT_EQ(council_.store().database().generation(), generation);

  EXPECT_EQ(council_.reopen(kNow).abandoned, 1U);
  EXPECT_EQ(council_.log().read(council_.log().size() - 1)->kind, "abandoned");
  EXPECT_TRUE(council_.take(one).value().has_value()) << "it was not marked as received";
}

TEST_F(ExchangeTest, MessageToItselfStaysInside) {
  Work work;
  work.message(session_, council_.id(), MessageType::ask, to_bytes("mine"), seconds(60));
  ASSERT_TRUE(council_.exchange().commit(std::move(work), kNow).ok());
  EXPECT_TRUE(council_.outlet.sent.empty());
  EXPECT_EQ(waiting(), 0U);
  const auto d = council_.exchange().next_local();
  ASSERT_TRUE(d);
  EXPECT_EQ(d->body, to_bytes("mine"));
  EXPECT_EQ(d->from, council_.id());
  EXPECT_FALSE(council_.exchange().next_local());
}

TEST_F(ExchangeTest, FollowingWorkSeesWhereItsEntryStands) {
  Work work;
  work.note("first", {});
  work.note("second", {});
  std::uint64_t size = 0;
  work.follow.push_back([&](const Committed& done) -> Result<Work> {
    size = done.log.size;
    Work next;
    next.note("third", {});
    return next;
  });
  ASSERT_TRUE(council_.exchange().commit(std::move(work), kNow).ok());
  EXPECT_EQ(size, 2U);
  EXPECT_EQ(council_.log().read(2)->kind, "third");
}

TEST_F(ExchangeTest, OutboxHasABound) {
  const auto commit = [&](std::size_t messages) {
    Work work;
    for (std::size_t i = 0; i < messages; ++i)
      work.message(session_, police_.id(), MessageType::evaluate_request, {}, seconds(60));
    return council_.exchange().commit(std::move(work), kNow);
  };
  ASSERT_TRUE(commit(kMaxOutbox - 1).ok());
  ASSERT_TRUE(police_.take(council_.outlet.take().at(0)).ok());
  ASSERT_TRUE(council_.take(police_.outlet.take().at(0)).ok());
  ASSERT_TRUE(commit(2).ok()) << "what is acknowledged makes room";
  const auto done = commit(2);
  ASSERT_FALSE(done.ok());
  EXPECT_TRUE(is_fatal(done.error())) << "a commit that fails stops the node";
  EXPECT_EQ(waiting(), kMaxOutbox) << "all or nothing";
}

// A peer that asks and never takes what it asked for cannot fill the outbox.
TEST_F(ExchangeTest, RepliesThatCanBeSparedHaveALowerBound) {
  Work work;
  for (std::size_t i = 0; i < kMaxReplies + 10; ++i)
    work.message(session_, police_.id(), MessageType::evaluate_response, {}, seconds(60));
  work.message(session_, police_.id(), MessageType::receipt, {}, seconds(60));
  ASSERT_TRUE(council_.exchange().commit(std::move(work), kNow).ok());
  EXPECT_EQ(waiting(), kMaxReplies + 1);
}

// A message that expired before it was delivered leaves no gap that nothing can cross.
TEST_F(ExchangeTest, ExpiredMessageIsSkippedAndWhatFollowsIsDelivered) {
  council_.message(session_, police_.id(), "too late", seconds(1));
  council_.message(session_, police_.id(), "two");
  UtcTime t = kNow + seconds(2);
  std::vector<Bytes> delivered;
  for (int i = 0; i < 5; ++i, t += seconds(30)) {
    council_.pass(t);
    for (const Bytes& bytes : council_.outlet.take()) {
      const auto d = police_.take(bytes, t);
      ASSERT_TRUE(d.ok()) << d.error().text;
      if (*d && (*d)->type != MessageType::skip) delivered.push_back((*d)->body);
    }
    for (const Bytes& ack : police_.outlet.take()) ASSERT_TRUE(council_.take(ack, t).ok());
  }
  EXPECT_THAT(delivered, ::testing::ElementsAre(to_bytes("two")));
  EXPECT_EQ(waiting(), 0U);
}

// A message that its handler refuses is consumed and acknowledged, or it would come for ever.
TEST_F(ExchangeTest, RefusedMessageIsStillAcknowledged) {
  TestNode health("vale-health", 5);
  LineageNode node(std::move(health.context()), health.environment(),
                   policies::CodeList::shipped());
  Work work;  // only the hub may send this
  work.message(session_, party("vale-health"), MessageType::sum_start, to_bytes("x"), seconds(60));
  ASSERT_TRUE(council_.exchange().commit(std::move(work), kNow).ok());
  const Bytes bytes = council_.outlet.take().at(0);
  const auto refused = node.on_envelope(*protocol::Envelope::decode(bytes), kNow);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().culprit, "vale-council");
  EXPECT_FALSE(is_fatal(refused.error()));
  ASSERT_EQ(health.outlet.sent.size(), 1U);
  EXPECT_EQ(acknowledged(health.outlet.sent[0], council_), 1U);
  EXPECT_EQ(node.context().store.replay().last(council_.id(), session_).value(), 1U);
  EXPECT_TRUE(node.on_envelope(*protocol::Envelope::decode(bytes), kNow).ok())
      << "the second time it is a duplicate";
}

}  // namespace
}  // namespace hedgerow::core
