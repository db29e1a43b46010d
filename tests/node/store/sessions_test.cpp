#include "node/store/sessions.h"

#include "tests/node/store/store_fixture.h"

namespace hedgerow::store {
namespace {

using ::testing::ElementsAre;

WipingBytes state(std::initializer_list<std::uint8_t> bytes) { return {bytes}; }

using SessionsTest = LineageStoreTest;

TEST_F(SessionsTest, AStateComesBackAfterAReopening) {
  const Session s{session_id(1), "dkg", "vale-police", state({1, 2, 3}), at_ms(10), false};
  ASSERT_TRUE(commit([&] { return store().sessions().put(s); }).ok());
  reopen();
  const Session found = store().sessions().get(s.id, "dkg").value().value();
  EXPECT_EQ(found.kind, "dkg");
  EXPECT_EQ(found.peer, "vale-police");
  EXPECT_EQ(found.state, s.state);
  EXPECT_EQ(found.not_after, at_ms(10));
  EXPECT_FALSE(found.finished);
  EXPECT_FALSE(store().sessions().get(s.id, "sum").value().has_value());
}

TEST_F(SessionsTest, ListsTheUnfinishedInOrderAndPrunesTheFinishedOnes) {
  ASSERT_TRUE(commit([&]() -> Result<void> {
                Sessions sessions = store().sessions();
                for (std::uint8_t i = 1; i <= 4; ++i)
                  HR_TRY(sessions.put(
                      {session_id(i), i == 4 ? "b" : "a", "", state({i}), at_ms(10), i == 2}));
                return {};
              }).ok());
  std::vector<std::uint8_t> open;
  const auto unfinished = store().sessions().unfinished().value();
  for (const Session& s : unfinished) open.push_back(s.id.bytes[0]);
  EXPECT_THAT(open, ElementsAre(1, 3, 4));
  EXPECT_EQ(store().sessions().list("a")->size(), 3U);
  EXPECT_EQ(commit([&] { return store().sessions().prune(at_ms(10)); }).value(), 0U);
  EXPECT_EQ(commit([&] { return store().sessions().prune(at_ms(11)); }).value(), 1U);
  ASSERT_TRUE(commit([&] { return store().sessions().remove(session_id(1), "a"); }).ok());
  EXPECT_EQ(store().sessions().list("a")->size(), 1U);
}

TEST_F(SessionsTest, RefusesWhatIsOutOfBounds) {
  const auto refused = [&](Session s) {
    return commit([&] { return store().sessions().put(s); }).error().code;
  };
  EXPECT_EQ(refused({session_id(1), std::string(kMaxSessionKind + 1, 'k'), "", {}, {}, false}),
            Code::bad_input);
  EXPECT_EQ(refused({session_id(1), "k", std::string(kMaxSessionPeer + 1, 'p'), {}, {}, false}),
            Code::bad_input);
  EXPECT_EQ(refused({session_id(1), "k", "", WipingBytes(kMaxSessionState + 1), {}, false}),
            Code::bad_input);
}

class ReplayTest : public LineageStoreTest {
 protected:
  bool advance(std::uint8_t session, std::uint64_t sequence, std::int64_t not_after) {
    return commit([&] {
             return store().replay().advance(party("police"), session_id(session), sequence,
                                             at_ms(not_after));
           })
        .value();
  }
};

TEST_F(ReplayTest, AcceptsEachSequenceOnceAndOnlyForward) {
  EXPECT_EQ(store().replay().last(party("police"), session_id(1)).value(), 0U);
  EXPECT_TRUE(advance(1, 1, 10));
  EXPECT_FALSE(advance(1, 1, 10));
  EXPECT_TRUE(advance(1, 5, 10));
  EXPECT_FALSE(advance(1, 4, 10));
  reopen();
  EXPECT_FALSE(advance(1, 5, 10));
  EXPECT_EQ(store().replay().last(party("police"), session_id(1)).value(), 5U);
  EXPECT_TRUE(advance(2, 1, 10));
  EXPECT_EQ(store().replay().last(party("health"), session_id(1)).value(), 0U);
}

TEST_F(ReplayTest, ForgetsOnlyWhatTheLatestExpiryAllows) {
  EXPECT_TRUE(advance(1, 1, 100));
  EXPECT_TRUE(advance(1, 2, 10));  // an earlier expiry does not shorten the mark's life
  EXPECT_EQ(commit([&] { return store().replay().prune(at_ms(100)); }).value(), 0U);
  EXPECT_FALSE(advance(1, 2, 100));
  EXPECT_EQ(commit([&] { return store().replay().prune(at_ms(101)); }).value(), 1U);
}

TEST_F(ReplayTest, RefusesASequenceBeyondWhatCanBeStored) {
  const auto refused = commit(
      [&] { return store().replay().advance(party("police"), session_id(1), ~0ULL, at_ms(1)); });
  EXPECT_EQ(refused.error().code, Code::bad_input);
}

class OutboxTest : public LineageStoreTest {
 protected:
  Result<std::uint64_t> add(const char* to, std::uint8_t session, std::uint64_t sequence,
                            std::size_t size = 10, std::int64_t not_after = 100) {
    return commit([&] {
      return store().outbox().add({0, party(to), session_id(session), sequence, "type",
                                   Bytes(size, static_cast<std::uint8_t>(sequence)),
                                   at_ms(not_after), at_ms(1)});
    });
  }
  static std::vector<std::uint64_t> sequences(const std::vector<OutboxItem>& items) {
    std::vector<std::uint64_t> all;
    for (const OutboxItem& i : items) all.push_back(i.sequence);
    return all;
  }
};

TEST_F(OutboxTest, GivesBackTheIdenticalBytesInOrder) {
  ASSERT_TRUE(add("police", 1, 1).ok());
  ASSERT_TRUE(add("health", 1, 1).ok());
  ASSERT_TRUE(add("police", 2, 7, 0).ok());
  reopen();
  const auto all = store().outbox().pending(0, 100, 1'000'000).value();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].receiver, party("police"));
  EXPECT_EQ(all[0].session, session_id(1));
  EXPECT_EQ(all[0].type, "type");
  EXPECT_EQ(all[0].bytes, Bytes(10, 1));
  EXPECT_EQ(all[0].not_after, at_ms(100));
  EXPECT_EQ(all[0].enqueued_at, at_ms(1));
  EXPECT_EQ(all[1].receiver, party("health"));
  EXPECT_TRUE(all[2].bytes.empty());
  EXPECT_EQ(sequences(store().outbox().pending(all[0].position, 1, 1'000'000).value()),
            std::vector<std::uint64_t>{1});
  EXPECT_EQ(sequences(store().outbox().pending_for(party("police"), 0, 9, 1'000'000).value()),
            (std::vector<std::uint64_t>{1, 7}));
  EXPECT_EQ(store().outbox().count().value(), 3U);
  EXPECT_EQ(store().outbox().count_for(party("police")).value(), 2U);
}

TEST_F(OutboxTest, ListsNoMoreThanAskedButAlwaysOne) {
  for (std::uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(add("police", 1, i, 1000).ok());
  EXPECT_EQ(store().outbox().pending(0, 2, 1'000'000)->size(), 2U);
  EXPECT_EQ(store().outbox().pending(0, 100, 2500)->size(), 2U);
  EXPECT_EQ(store().outbox().pending(0, 100, 1)->size(), 1U);
  EXPECT_EQ(store().outbox().pending(0, 0, 1)->size(), 0U);
}

TEST_F(OutboxTest, AnAcknowledgementRemovesUpToItsSequence) {
  for (std::uint64_t i = 1; i <= 4; ++i) ASSERT_TRUE(add("police", 1, i).ok());
  ASSERT_TRUE(add("police", 2, 1).ok());
  ASSERT_TRUE(add("health", 1, 1).ok());
  const auto ack = [&](std::uint64_t n) {
    return commit([&] { return store().outbox().ack(party("police"), session_id(1), n); }).value();
  };
  const auto waits = [&](std::uint64_t n) {
    return store().outbox().waits(party("police"), session_id(1), n).value();
  };
  EXPECT_TRUE(waits(3));
  EXPECT_EQ(ack(3), 3U);
  EXPECT_EQ(ack(3), 0U);
  EXPECT_FALSE(waits(3));
  EXPECT_TRUE(waits(4));
  EXPECT_EQ(sequences(store().outbox().pending(0, 100, 1'000'000).value()),
            (std::vector<std::uint64_t>{4, 1, 1}));
}

TEST_F(OutboxTest, ASequenceIsNeverGivenTwiceEvenWhenAllIsAcknowledgedAndPruned) {
  const auto next = [&] {
    return commit([&] { return store().outbox().next_sequence(party("police"), session_id(1)); })
        .value();
  };
  EXPECT_EQ(next(), 1U);
  ASSERT_TRUE(add("police", 1, 1).ok());
  EXPECT_EQ(next(), 2U);
  ASSERT_TRUE(commit([&] { return store().outbox().ack(party("police"), session_id(1), 9); }).ok());
  ASSERT_TRUE(commit([&] { return store().outbox().prune(at_ms(1000)); }).ok());
  reopen();
  EXPECT_EQ(next(), 3U);
  // A month after the last message the session is over for certain.
  constexpr std::int64_t kMonthMs = 31LL * 24 * 3600 * 1000;
  ASSERT_TRUE(commit([&] { return store().outbox().prune(at_ms(kMonthMs)); }).ok());
  EXPECT_EQ(next(), 1U);
}

TEST_F(OutboxTest, PruningDropsAndNamesTheExpired) {
  ASSERT_TRUE(add("police", 1, 1, 10, 50).ok());
  ASSERT_TRUE(add("police", 1, 2, 10, 60).ok());
  const auto dropped = commit([&] { return store().outbox().prune(at_ms(55)); }).value();
  EXPECT_EQ(sequences(dropped), std::vector<std::uint64_t>{1});
  EXPECT_TRUE(dropped[0].bytes.empty());
  EXPECT_EQ(store().outbox().count().value(), 1U);
}

TEST_F(OutboxTest, RefusesTheSameSequenceTwiceAndWhatIsOutOfBounds) {
  ASSERT_TRUE(add("police", 1, 1).ok());
  EXPECT_EQ(add("police", 1, 1).error().code, Code::bad_input);
  EXPECT_EQ(add("police", 1, 0).error().code, Code::bad_input);
  EXPECT_EQ(add("police", 1, ~0ULL).error().code, Code::bad_input);
  EXPECT_EQ(add("police", 1, 2, kMaxMessage + 1).error().code, Code::bad_input);
}

}  // namespace
}  // namespace hedgerow::store
