#include "protocol/trace/fetch.h"

#include "tests/protocol/trace/people.h"

namespace hedgerow::protocol::trace {
namespace {

class Fetched : public Traced {
 protected:
  Bytes header_statement(const PartyId& sender, const DirectoryHeader& header,
                         UtcTime not_after = kTraceNow + std::chrono::hours(1)) {
    SessionId id;
    rng_.fill(id.bytes);
    return Statement::sign(nodes_.at(sender), MessageType::trace_header,
                           {sender, lineage_, agreement_, id, 0, not_after}, header.encode())
        .encode();
  }
  Result<SignedHeader> verify(ByteView statement, std::int32_t today = kToday) {
    return verify_header(statement, police_, nodes_.at(police_).verify_key(), lineage_, agreement_,
                         today, kTraceNow);
  }
  SignedHeader large() {
    DirectoryHeader h = directories_.at(police_).header;
    h.records = 16384;
    return {h, {}};
  }
  Chunk chunk(std::uint32_t number, std::size_t records = kChunkRecords) {
    return {kToday, number, Bytes(records * kTraceRecordSize)};
  }
};

TEST_F(Fetched, AHeaderCountsOnlyFromItsResponderForTodayOrYesterday) {
  const DirectoryHeader& h = directories_.at(police_).header;
  EXPECT_TRUE(verify(header_statement(police_, h)).ok());
  EXPECT_TRUE(verify(header_statement(police_, h), kToday + 1).ok());
  EXPECT_FALSE(verify(header_statement(police_, h), kToday + 2).ok());
  EXPECT_FALSE(verify(header_statement(police_, h), kToday - 1).ok());
  const auto other = verify(header_statement(health_, h));
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().culprit, "vale-police");
  EXPECT_FALSE(verify(header_statement(police_, h, kTraceNow - std::chrono::seconds(1))).ok());
  Bytes altered = header_statement(police_, h);
  altered[altered.size() - 70] ^= 1U;
  EXPECT_FALSE(verify(altered).ok());
}

TEST_F(Fetched, AsksForEveryChunkOnceInOrder) {
  DirectoryFetch f(police_);
  Step step = f.start(kTraceNow);
  ASSERT_EQ(step.send.size(), 1U);
  EXPECT_EQ(step.send[0].type, MessageType::trace_header_get);
  step = f.on_header(large(), 0, kTraceNow);
  for (std::uint32_t i = 0; i < 4; ++i) {
    ASSERT_EQ(step.send.size(), 1U) << i;
    EXPECT_EQ(ChunkGet::decode(step.send[0].body)->chunk, i);
    EXPECT_FALSE(f.ended());
    step = f.on_chunk(chunk(i), kTraceNow).value();
  }
  EXPECT_TRUE(step.send.empty());
  EXPECT_EQ(f.state(), DirectoryFetch::State::complete);
}

TEST_F(Fetched, GoesOnWithTheChunkThatIsMissing) {
  DirectoryFetch f(police_);
  f.start(kTraceNow);
  const Step step = f.on_header(large(), 3, kTraceNow);
  EXPECT_EQ(ChunkGet::decode(step.send.at(0).body)->chunk, 3U);
  DirectoryFetch whole(police_);
  whole.start(kTraceNow);
  EXPECT_TRUE(whole.on_header(large(), 4, kTraceNow).send.empty());
  EXPECT_EQ(whole.state(), DirectoryFetch::State::complete);
}

TEST_F(Fetched, AChunkThatComesTwiceChangesNothingAndAnotherThanAskedForEndsIt) {
  DirectoryFetch f(police_);
  f.start(kTraceNow);
  f.on_header(large(), 0, kTraceNow);
  ASSERT_TRUE(f.on_chunk(chunk(0), kTraceNow).ok());
  EXPECT_TRUE(f.on_chunk(chunk(0), kTraceNow)->send.empty());
  EXPECT_EQ(f.chunks(), 1U);
  const auto wrong = f.on_chunk(chunk(2), kTraceNow);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().culprit, "vale-police");
  EXPECT_EQ(f.state(), DirectoryFetch::State::failed);

  DirectoryFetch shorter(police_);
  shorter.start(kTraceNow);
  shorter.on_header(large(), 0, kTraceNow);
  EXPECT_FALSE(shorter.on_chunk(chunk(0, 4095), kTraceNow).ok());
}

TEST_F(Fetched, ASilentResponderIsGivenUpInTime) {
  DirectoryFetch f(police_);
  const Step step = f.start(kTraceNow);
  EXPECT_EQ(step.wake_at, kTraceNow + kHeaderPatience);
  f.on_time(kTraceNow + kHeaderPatience - std::chrono::milliseconds(1));
  EXPECT_FALSE(f.ended());
  f.on_time(kTraceNow + kHeaderPatience);
  EXPECT_EQ(f.state(), DirectoryFetch::State::failed);
  EXPECT_EQ(f.why(), "did not answer in time");
}

}  // namespace
}  // namespace hedgerow::protocol::trace
