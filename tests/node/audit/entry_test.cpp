#include "node/audit/entry.h"

#include <gmock/gmock.h>

#include "crypto/random.h"

namespace hedgerow::audit {
namespace {

Entry example() {
  Entry e;
  for (std::size_t i = 0; i < e.random.size(); ++i) e.random[i] = static_cast<std::uint8_t>(i);
  e.time = from_unix_ms(1'790'000'000'123);
  e.database = "vale-cse";
  e.generation = 258;
  e.kind = "question";
  e.add("clause", "movements").add("reason", "Q2 strategic MACE");
  return e;
}

TEST(LogEntry, HasTheseBytes) {
  EXPECT_EQ(to_hex(encode(example()).value()),
            "48524501"                                                          // "HRE" 1
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"  // random
            "7b6c50c4a0010000"                                                  // time
            "08000000"
            "76616c652d637365"  // database
            "0201000000000000"  // generation
            "08000000"
            "7175657374696f6e"  // kind
            "02000000"          // fields
            "06000000"
            "636c61757365"
            "09000000"
            "6d6f76656d656e7473"
            "06000000"
            "726561736f6e"
            "11000000"
            "51322073747261746567696320"
            "4d414345");
}

TEST(LogEntry, RoundTrips) {
  EXPECT_EQ(decode_entry(encode(example()).value()).value(), example());
  Entry bare;
  bare.kind = "start";
  EXPECT_EQ(decode_entry(encode(bare).value()).value(), bare);
}

TEST(LogEntry, FindsAFieldByItsName) {
  EXPECT_EQ(example().field("reason"), "Q2 strategic MACE");
  EXPECT_EQ(example().field("none"), "");
}

TEST(LogEntry, TheSameContentNeverHasTheSameBytes) {
  SeededRandom rng(ByteArray<32>{1});
  const Entry a = make_entry("question", from_unix_ms(1), rng);
  const Entry b = make_entry("question", from_unix_ms(1), rng);
  EXPECT_NE(encode(a).value(), encode(b).value());
}

TEST(LogEntry, CutOrLengthenedBytesAreRefused) {
  Bytes bytes = encode(example()).value();
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(decode_entry(ByteView(bytes).first(n)).ok()) << n;
  bytes.push_back(0);
  EXPECT_FALSE(decode_entry(bytes).ok());
  bytes = encode(example()).value();
  bytes[3] = 2;
  EXPECT_FALSE(decode_entry(bytes).ok());
}

TEST(LogEntry, ACountBeyondItsMaximumIsRefusedBeforeItIsBelieved) {
  Entry e;
  e.kind = "start";
  Bytes bytes = encode(e).value();
  for (std::size_t i = bytes.size() - 4; i < bytes.size(); ++i) bytes[i] = 0xff;
  EXPECT_FALSE(decode_entry(bytes).ok());
}

TEST(LogEntry, RefusesWhatIsOutOfBoundsBothWays) {
  const auto refused = [](auto change) {
    Entry e = example();
    change(e);
    return encode(e).ok() ? Code::internal : encode(e).error().code;
  };
  EXPECT_EQ(refused([](Entry& e) { e.kind = ""; }), Code::bad_input);
  EXPECT_EQ(refused([](Entry& e) { e.kind = "Question"; }), Code::bad_input);
  EXPECT_EQ(refused([](Entry& e) { e.kind = std::string(kMaxEntryName + 1, 'k'); }),
            Code::bad_input);
  EXPECT_EQ(refused([](Entry& e) { e.database = "a b"; }), Code::bad_input);
  EXPECT_EQ(refused([](Entry& e) { e.database = ""; }), Code::bad_input);
  EXPECT_EQ(refused([](Entry& e) { e.add("a\n", "v"); }), Code::bad_input);
  EXPECT_EQ(refused([](Entry& e) { e.add("key", std::string(kMaxEntryValue + 1, 'v')); }),
            Code::bad_input);
  EXPECT_EQ(refused([](Entry& e) {
              for (std::size_t i = 0; i < kMaxEntryFields; ++i) e.add("key", "v");
            }),
            Code::bad_input);

  Bytes bytes = encode(example()).value();
  bytes[4 + 32 + 8 + 4] = ' ';  // first character of the database
  EXPECT_FALSE(decode_entry(bytes).ok());
}

TEST(LogEntry, TheLargestAllowedFits) {
  Entry e;
  e.kind = std::string(kMaxEntryName, 'k');
  e.database = std::string(kMaxEntryName, 'd');
  for (std::size_t i = 0; i < kMaxEntryFields; ++i)
    e.add(std::string(kMaxEntryName, 'f'), std::string(kMaxEntryValue, 'v'));
  const Bytes bytes = encode(e).value();
  EXPECT_LE(bytes.size(), kMaxEntry);
  EXPECT_EQ(decode_entry(bytes).value(), e);
}

}  // namespace
}  // namespace hedgerow::audit
