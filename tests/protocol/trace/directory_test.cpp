#include "protocol/trace/directory.h"

#include <algorithm>

#include "tests/protocol/trace/people.h"

namespace hedgerow::protocol::trace {
namespace {

TEST_F(Traced, ADirectoryHoldsItsChildrenAndNobodyElse) {
  const Directory& d = directories_.at(police_);
  EXPECT_EQ(d.header.records, 1024U);
  EXPECT_EQ(d.records.size(), 1024U);
  const auto found = [&](const Pseudonym& child) {
    const Element t = trace_point(lineage_, police_, kToday, child);
    const TraceKeys keys = trace_keys(t, *multiply(d.secret, t));
    const Bytes run = d.chunk(0);
    const auto record = find_record(run, keys.tag);
    return record ? open_trace_record(keys.key, *record).value() : std::string("nothing");
  };
  EXPECT_EQ(found(known_), "Duty of vale-police");
  EXPECT_EQ(found(child()), "nothing");
}

TEST_F(Traced, ADirectoryIsSortedAndItsRootIsOfItsChunks) {
  const Directory& d = directories_.at(police_);
  EXPECT_TRUE(std::ranges::is_sorted(d.records));
  DirectoryRoot root;
  for (std::uint32_t i = 0; i < d.header.chunks(); ++i) root.add(d.chunk(i));
  EXPECT_EQ(root.records(), d.header.records);
  EXPECT_EQ(root.root(), d.header.root);
  DirectoryRoot other;
  Bytes run = d.chunk(0);
  run[300] ^= 1U;
  other.add(run);
  EXPECT_NE(other.root(), d.header.root);
}

TEST_F(Traced, EveryRecordIsFoundInItsChunkAndNothingBesideThem) {
  Bytes run;
  std::vector<TraceTag> tags;
  for (std::uint8_t i = 1; i <= 7; ++i) {
    TraceRecord record{};
    record[0] = static_cast<std::uint8_t>(2 * i);
    run.insert(run.end(), record.begin(), record.end());
  }
  for (std::uint8_t first = 0; first < 17; ++first) {
    TraceTag tag{};
    tag[0] = first;
    const auto found = find_record(run, tag);
    const bool there = first >= 2 && first <= 14 && first % 2 == 0;
    ASSERT_EQ(found.has_value(), there) << int{first};
    if (found) {
      EXPECT_EQ((*found)[0], first);
      EXPECT_EQ(found->size(), kTraceRecordSize);
    }
  }
  EXPECT_FALSE(find_record({}, TraceTag{}).has_value());
}

TEST(Bucket, IsTheSmallestThatHoldsAll) {
  EXPECT_EQ(bucket_of(0), 1024U);
  EXPECT_EQ(bucket_of(1024), 1024U);
  EXPECT_EQ(bucket_of(1025), 4096U);
  EXPECT_EQ(bucket_of(4097), 16384U);
  EXPECT_EQ(bucket_of(16385), 32768U);
  EXPECT_EQ(bucket_of(32769), 65536U);
  EXPECT_EQ(bucket_of(65537), 131072U);
  EXPECT_EQ(bucket_of(131072), 131072U);
}

// Two of one size, whose children nobody knows, have the same size on the wire.
TEST_F(Traced, TheNumberOfChildrenShowsAsItsBucketOnly) {
  const Directory none = directory(police_, {});
  const Directory some = directory(police_, {child(), child(), child(), child()});
  EXPECT_EQ(none.header.encode().size(), some.header.encode().size());
  EXPECT_EQ(none.header.records, some.header.records);
  EXPECT_EQ(none.chunk(0).size(), some.chunk(0).size());
}

TEST_F(Traced, ChunksAreWholeAndTheLastIsTheRest) {
  DirectoryHeader h = directories_.at(police_).header;
  h.records = 16384;
  EXPECT_EQ(h.chunks(), 4U);
  EXPECT_EQ(h.records_in(3), 4096U);
  EXPECT_EQ(h.records_in(4), 0U);
  h.records = 1024;
  EXPECT_EQ(h.chunks(), 1U);
  EXPECT_EQ(h.records_in(0), 1024U);
}

}  // namespace
}  // namespace hedgerow::protocol::trace
