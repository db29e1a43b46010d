#include "node/audit/log.h"

#include <sys/stat.h>

#include "node/audit/confirmed.h"
#include "tests/node/audit/log_fixture.h"

namespace hedgerow::audit {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

TEST_F(LogTest, KeepsEntriesInOrderAcrossReopening) {
  const Entry first = entry("question");
  const Entry second = entry("release");
  EXPECT_EQ(append(first).first, 0U);
  const Appended done = append(second);
  EXPECT_EQ(done.first, 1U);
  EXPECT_EQ(done.size, 2U);
  const MerkleHash root = log().root();
  EXPECT_EQ(done.root, root);
  reopen();
  EXPECT_EQ(log().size(), 2U);
  EXPECT_EQ(log().root(), root);
  EXPECT_EQ(log().read(0).value(), first);
  EXPECT_EQ(log().read(1).value(), second);
  EXPECT_EQ(log().read(2).error().code, Code::bad_input);
  EXPECT_EQ(log().last_time(), second.time);
  EXPECT_EQ(log().cut_bytes(), 0U);
}

TEST_F(LogTest, TheRootIsThatOfRfc6962OverTheEntriesBytes) {
  const Entry a = entry("a");
  const Entry b = entry("b");
  append(a);
  append(b);
  EXPECT_EQ(log().root(), node_hash(leaf_hash(encode(a).value()), leaf_hash(encode(b).value())));
}

TEST_F(LogTest, AFileHasTheseBytes) {
  const Entry e = entry("question");
  append(e);
  const Bytes bytes = encode(e).value();
  Writer expected;
  expected.u32(static_cast<std::uint32_t>(bytes.size())).raw(bytes);
  expected.raw(ByteView(leaf_hash(bytes)).first(8));
  EXPECT_EQ(file_bytes(entries()), expected.data());
}

TEST_F(LogTest, FilesArePrivate) {
  exchange("vale-cse", 1);
  for (const auto& item : fs::directory_iterator(directory())) {
    struct stat status {};
    ASSERT_EQ(::stat(item.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << item.path();
  }
}

TEST_F(LogTest, CheckpointsAndProofsVerify) {
  for (int i = 0; i < 9; ++i) append(entry("question"));
  const std::string note = log().checkpoint();
  EXPECT_EQ(note, log().checkpoint());
  const Checkpoint checkpoint = open_checkpoint(note, log().key()).value();
  EXPECT_EQ(checkpoint.size, 9U);
  const MerkleHash leaf = leaf_hash(log().read_bytes(5).value());
  EXPECT_TRUE(
      verify_inclusion(leaf, 5, 9, log().inclusion_proof(5, 9).value(), checkpoint.root).ok());
  for (int i = 0; i < 4; ++i) append(entry("question"));
  EXPECT_TRUE(verify_consistency(9, 13, log().consistency_proof(9, 13).value(), checkpoint.root,
                                 log().root())
                  .ok());
  EXPECT_EQ(log_name(PartyId::parse("vale-council").value()), log().key().name);
}

TEST_F(LogTest, ABadEntryAppendsNothing) {
  append(entry("question"));
  const Bytes before = file_bytes(entries());
  Entry bad = entry("question");
  bad.kind = "";
  EXPECT_EQ(log().append(std::vector<Entry>{entry("question"), bad}).error().code, Code::bad_input);
  EXPECT_EQ(log().append(std::vector<Entry>(kMaxAppend + 1, entry("question"))).error().code,
            Code::bad_input);
  EXPECT_EQ(log().size(), 1U);
  EXPECT_EQ(file_bytes(entries()), before);
}

TEST_F(LogTest, ConfirmsEachDatabaseByItself) {
  exchange("vale-cse", 1);
  exchange("node", 1);
  exchange("vale-cse", 2);
  reopen();
  EXPECT_EQ(log().confirmed_generation("vale-cse"), 2U);
  EXPECT_EQ(log().confirmed_generation("node"), 1U);
  EXPECT_EQ(log().confirmed_generation("other"), 0U);
  EXPECT_EQ(log().confirmed_size(), 3U);
  EXPECT_EQ(log().confirm("vale-cse", 1).error().code, Code::bad_input);
  EXPECT_EQ(log().confirm("", 1).error().code, Code::bad_input);
}

TEST_F(LogTest, TheNumberOfDatabasesIsBounded) {
  for (std::size_t i = 0; i < kMaxDatabases; ++i)
    ASSERT_TRUE(
        log().confirm(std::string(kMaxEntryName - 2, 'd') + std::to_string(10 + i), 1).ok());
  EXPECT_EQ(log().confirm("one-more", 1).error().code, Code::bad_input);
  reopen();
  EXPECT_EQ(log().confirmed_generation(std::string(kMaxEntryName - 2, 'd') + "73"), 1U);
}

TEST_F(LogTest, EveryTornTailIsCutOffAndReported) {
  exchange("vale-cse", 1);
  const std::uint64_t whole = file_bytes(entries()).size();
  append(entry("question", "vale-cse", 2));
  const Bytes all = file_bytes(entries());
  const Bytes slots = file_bytes(confirmed());
  close();
  for (std::size_t n = whole; n < all.size(); ++n) {
    write_file(entries(), ByteView(all).first(n));
    const Log cut = open().value();
    EXPECT_EQ(cut.size(), 1U) << n;
    EXPECT_EQ(cut.cut_bytes(), n - whole) << n;
    EXPECT_EQ(file_bytes(entries()).size(), whole);
    EXPECT_EQ(file_bytes(confirmed()), slots);
  }
}

TEST_F(LogTest, ATailWhoseBlocksNeverReachedTheDiskIsCutOff) {
  exchange("vale-cse", 1);
  const std::size_t whole = file_bytes(entries()).size();
  append(entry("question", "vale-cse", 2));
  append(entry("question", "vale-cse", 2));
  Bytes torn = file_bytes(entries());
  close();
  std::fill(torn.begin() + static_cast<std::ptrdiff_t>(whole + 90),
            torn.begin() + static_cast<std::ptrdiff_t>(whole + 100), std::uint8_t{0});
  write_file(entries(), torn);
  EXPECT_EQ(open()->size(), 1U);
  write_file(entries(), ByteView(torn).first(whole));
  torn.assign(whole, 0);
  Bytes zeros = file_bytes(entries());
  zeros.resize(zeros.size() + 5000);
  write_file(entries(), zeros);
  const Log opened = open().value();
  EXPECT_EQ(opened.size(), 1U);
  EXPECT_EQ(opened.cut_bytes(), 5000U);
}

TEST_F(LogTest, EveryAlteredByteBelowTheConfirmedSizeIsTampering) {
  exchange("vale-cse", 1);
  exchange("vale-cse", 2);
  const Bytes whole = file_bytes(entries());
  close();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Bytes altered = whole;
    altered[i] ^= 1;
    write_file(entries(), altered);
    const auto opened = open();
    ASSERT_FALSE(opened.ok()) << i;
    EXPECT_EQ(opened.error().code, Code::configuration);
    EXPECT_THAT(opened.error().text, HasSubstr("tampered"));
    EXPECT_EQ(file_bytes(entries()), altered) << "evidence is left as it is";
  }
}

TEST_F(LogTest, ACutBelowTheConfirmedSizeIsTampering) {
  exchange("vale-cse", 1);
  exchange("vale-cse", 2);
  const Bytes whole = file_bytes(entries());
  close();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    write_file(entries(), ByteView(whole).first(n));
    ASSERT_FALSE(open().ok()) << n;
  }
}

TEST_F(LogTest, EntriesExchangedForOtherWellFormedOnesAreTampering) {
  exchange("vale-cse", 1);
  close();
  Entry forged = entry("question", "vale-cse", 1);
  const Bytes bytes = encode(forged).value();
  Writer record;
  record.bytes(bytes).raw(ByteView(leaf_hash(bytes)).first(8));
  write_file(entries(), record.data());
  EXPECT_THAT(open().error().text, HasSubstr("not those that were confirmed"));
}

TEST_F(LogTest, ATornConfirmationLeavesTheOneBefore) {
  exchange("vale-cse", 1);
  exchange("vale-cse", 2);
  const Bytes slots = file_bytes(confirmed());
  close();
  const auto newest = [&] {
    const auto a = decode_slot(ByteView(slots).first(kSlotSize));
    const auto b = decode_slot(ByteView(slots).subspan(kSlotSize));
    return a->sequence > b->sequence ? 0U : 1U;
  }();
  Bytes torn = slots;
  for (std::size_t i = 20; i < 60; ++i) torn[newest * kSlotSize + i] = 0;
  write_file(confirmed(), torn);
  const Log opened = open().value();
  EXPECT_EQ(opened.confirmed_generation("vale-cse"), 1U);
  EXPECT_EQ(opened.confirmed_size(), 1U);
  EXPECT_EQ(opened.size(), 2U);
}

TEST_F(LogTest, WithoutAValidConfirmationNothingOpens) {
  exchange("vale-cse", 1);
  close();
  Bytes slots = file_bytes(confirmed());
  slots[10] ^= 1;
  slots[kSlotSize + 10] ^= 1;
  write_file(confirmed(), slots);
  EXPECT_THAT(open().error().text, HasSubstr("tampered"));
  write_file(confirmed(), {});
  EXPECT_EQ(open().error().code, Code::configuration);
  fs::remove(confirmed());
  EXPECT_EQ(open().error().code, Code::configuration);
  EXPECT_EQ(Log::create(directory(), "hedgerow/vale-council", key_, Durability::full).error().code,
            Code::configuration)
      << "a log whose state was removed is not begun anew";
}

TEST_F(LogTest, ACreationThatWasInterruptedIsFinished) {
  close();
  fs::remove(confirmed());
  write_file(directory() / "confirmed.new", as_bytes("half"));
  ASSERT_TRUE(Log::create(directory(), "hedgerow/vale-council", key_, Durability::full).ok());
  EXPECT_TRUE(open().ok());
}

TEST_F(LogTest, AnAlteredSlotIsNeverBelieved) {
  Confirmed c;
  c.sequence = 6;
  c.size = 3;
  c.generations = {{"node", 4}, {"vale-cse", 300}};
  const Bytes slot = encode_slot(c);
  EXPECT_EQ(slot.size(), kSlotSize);
  EXPECT_EQ(decode_slot(slot)->generations, c.generations);
  const std::size_t used = 4 + 8 + 8 + 32 + 4 + (4 + 4 + 8) + (4 + 8 + 8) + 32;
  EXPECT_NE(slot[used - 1], 0);
  for (std::size_t i = 0; i < used; ++i) {
    Bytes altered = slot;
    altered[i] ^= 1;
    EXPECT_FALSE(decode_slot(altered).ok()) << i;
  }
}

TEST_F(LogTest, IsOpenOnlyOnceAtATime) {
  const auto second = open();
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().text, HasSubstr("in use"));
}

TEST_F(LogTest, AnEntryAlteredWhileTheNodeRunsIsNotGivenOut) {
  append(entry("question"));
  Bytes bytes = file_bytes(entries());
  bytes[20] ^= 1;
  write_file(entries(), bytes);
  EXPECT_EQ(log().read(0).error().code, Code::configuration);
}

TEST_F(LogTest, ALongLogIsReadThroughASmallBuffer) {
  constexpr std::uint64_t kMany = 3000;
  std::vector<Entry> batch;
  for (std::uint64_t i = 0; i < kMany; ++i) {
    batch.push_back(entry("question").add("text", std::string(i % 5 == 0 ? 8000 : 10, 'x')));
    if (batch.size() == kMaxAppend || i + 1 == kMany) {
      ASSERT_TRUE(log().append(batch).ok());
      batch.clear();
    }
  }
  ASSERT_TRUE(log().confirm("node", 1).ok());
  const MerkleHash root = log().root();
  reopen();
  EXPECT_EQ(log().size(), kMany);
  EXPECT_EQ(log().root(), root);
  EXPECT_EQ(log().read(kMany - 1)->field("text"), "xxxxxxxxxx");
}

}  // namespace
}  // namespace hedgerow::audit
