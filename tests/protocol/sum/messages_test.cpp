#include "protocol/sum/messages.h"

#include <gtest/gtest.h>

#include "tests/protocol/sum/region.h"

namespace hedgerow::protocol::sum {
namespace {

Hash64 hash_of(std::uint8_t b) {
  Hash64 h;
  h.bytes.fill(b);
  return h;
}

Manifest golden_manifest() {
  Manifest m;
  m.lineage = Lineage::parse("vale-cse").value();
  m.agreement.bytes.fill(0xa9);
  m.grant = "movements";
  m.table = "flows";
  m.period = "2026-Q1";
  m.release = release_id(m.lineage, m.grant, m.table, m.period);
  m.place_level = "district";
  m.cell_space.bytes.fill(0xce);
  m.cells = 3;
  m.contributors = {party("agency-a"), party("agency-b"), party("agency-c")};
  m.editions_head.bytes.fill(0xed);
  m.thresholds = {8, 1, 5, true};
  m.attempt = 2;
  m.expiry = from_unix_ms(1790000600000);
  return m;
}

AttemptId golden_id() { return {golden_manifest().release, 2}; }

Advert golden_advert() {
  return {golden_id(),
          MaskPublicKey::decode(
              *from_hex("358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd166254"))
              .value()};
}

MaskedInput golden_input() { return {golden_id(), hash_of(0x11), {1, 0xfedcba9876543210U}}; }

Opening golden_opening() {
  Opening o{golden_id(), hash_of(0x11), MaskSeed()};
  for (auto& b : o.seed.writable()) b = 0x33;
  return o;
}

// The golden bytes were put together outside this program, from the layouts in messages.h.
const std::string kId = "5818d52d6588de6021bb5d32b1a967f502000000";
std::string repeated(std::string_view two_digits, std::size_t times) {
  std::string s;
  for (std::size_t i = 0; i < times; ++i) s += two_digits;
  return s;
}

TEST(SumMessages, ReleaseIdHasGoldenBytesAndDependsOnEachPart) {
  const auto lineage = Lineage::parse("vale-cse").value();
  const auto id = release_id(lineage, "movements", "flows", "2026-Q1");
  EXPECT_EQ(id.hex(), "5818d52d6588de6021bb5d32b1a967f5");
  EXPECT_NE(id, release_id(Lineage::parse("vale-csf").value(), "movements", "flows", "2026-Q1"));
  EXPECT_NE(id, release_id(lineage, "movement", "sflows", "2026-Q1"));
  EXPECT_NE(id, release_id(lineage, "movements", "flows2", "026-Q1"));
  EXPECT_NE(id, release_id(lineage, "movements", "flows", "2026-Q2"));
}

TEST(SumMessages, ManifestHasGoldenBytes) {
  EXPECT_EQ(to_hex(golden_manifest().encode()),
            "5818d52d6588de6021bb5d32b1a967f50800000076616c652d637365" + repeated("a9", 32) +
                "090000006d6f76656d656e747305000000666c6f777307000000323032362d5131"
                "080000006469737472696374" +
                repeated("ce", 32) +
                "0300000003000000080000006167656e63792d61080000006167656e63792d62"
                "080000006167656e63792d63" +
                repeated("ed", 32) + "0800000001000000050000000102000000c09359c4a0010000");
  EXPECT_EQ(Manifest::decode(golden_manifest().encode()).value(), golden_manifest());
}

TEST(SumMessages, EveryOtherBodyHasGoldenBytes) {
  EXPECT_EQ(to_hex(golden_advert().encode()),
            kId + "358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd166254");
  EXPECT_EQ(to_hex(StatementList{golden_id(), {to_bytes("one"), to_bytes("two"), to_bytes("three")}}
                       .encode()),
            kId + "03000000030000006f6e650300000074776f050000007468726565");
  EXPECT_EQ(to_hex(RosterSignature{golden_id(), hash_of(0x11)}.encode()), kId + repeated("11", 64));
  EXPECT_EQ(to_hex(golden_input().encode()),
            kId + repeated("11", 64) + "0200000001000000000000001032547698badcfe");
  EXPECT_EQ(to_hex(MaskedHash{golden_id(), hash_of(0x11), hash_of(0x22)}.encode()),
            kId + repeated("11", 64) + repeated("22", 64));
  EXPECT_EQ(to_hex(golden_opening().encode()), kId + repeated("11", 64) + repeated("33", 32));
  EXPECT_EQ(to_hex(Refusal{golden_id(), RefusalReason::editions, "another history"}.encode()),
            kId + "020f000000616e6f7468657220686973746f7279");
  EXPECT_EQ(to_hex(Void{golden_id()}.encode()), kId);
}

TEST(SumMessages, MatchRateHasGoldenBytesAndNoOtherBands) {
  const ReleaseId release = golden_id().release;
  EXPECT_EQ(to_hex(MatchRate{release, 3}.encode()), release.hex() + "03");
  for (unsigned band = 0; band < 256; ++band)
    EXPECT_EQ(MatchRate::decode(MatchRate{release, static_cast<std::uint8_t>(band)}.encode()).ok(),
              band <= kMaxMatchBand)
        << band;
}

TEST(SumMessages, HashesHaveGoldenValues) {
  EXPECT_EQ(roster_hash(as_bytes("manifest"), as_bytes("roster")).hex(),
            "01eb24caf9e93a95420771ce7c98359e26cb70e1d7eece243328d31676d1b360"
            "f20626af3903ddbfe85fe0e923ae624a26452f042878e240c3572b58f7e665ef");
  EXPECT_NE(roster_hash(as_bytes("manifestr"), as_bytes("oster")),
            roster_hash(as_bytes("manifest"), as_bytes("roster")));
  EXPECT_EQ(masked_input_hash(as_bytes("body")).hex(),
            "568844013b882ea57819da5849ddea94a8aa83157cc4b752f10ba807b0908a36"
            "6db13f4df32525967e6f2f7dc0400ac74de5604aad176b1570687cfc81f6ce4d");
}

// Every decoder gives back the same bytes, and refuses every shortening and any byte more.
template <class T>
void round_trip(const Bytes& bytes) {
  const auto decoded = T::decode(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.error().text;
  EXPECT_EQ(decoded->encode(), bytes);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(T::decode(ByteView(bytes).first(n)).ok()) << n;
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(T::decode(longer).ok());
}

TEST(SumMessages, DecodersReadExactlyWhatIsWritten) {
  round_trip<Manifest>(golden_manifest().encode());
  round_trip<Advert>(golden_advert().encode());
  round_trip<StatementList>(StatementList{golden_id(), {to_bytes("one"), Bytes()}}.encode());
  round_trip<RosterSignature>(RosterSignature{golden_id(), hash_of(1)}.encode());
  round_trip<MaskedInput>(golden_input().encode());
  round_trip<MaskedHash>(MaskedHash{golden_id(), hash_of(1), hash_of(2)}.encode());
  round_trip<Opening>(golden_opening().encode());
  round_trip<Refusal>(Refusal{golden_id(), RefusalReason::denied, "no"}.encode());
  round_trip<Void>(Void{golden_id()}.encode());
  round_trip<MatchRate>(MatchRate{golden_id().release, 4}.encode());
}

template <class Change>
void expect_manifest_refused(Change change) {
  Manifest m = golden_manifest();
  change(m);
  EXPECT_FALSE(Manifest::decode(m.encode()).ok());
}

TEST(SumMessages, ManifestRefusesWhatIsOutOfBounds) {
  expect_manifest_refused([](Manifest& m) { m.cells = 0; });
  expect_manifest_refused([](Manifest& m) { m.cells = kMaxCells + 1; });
  expect_manifest_refused([](Manifest& m) { m.contributors.pop_back(); });
  expect_manifest_refused([](Manifest& m) { m.contributors.push_back(m.contributors.back()); });
  expect_manifest_refused([](Manifest& m) { std::swap(m.contributors[0], m.contributors[1]); });
  expect_manifest_refused([](Manifest& m) { m.contributors[1] = PartyId(); });
  expect_manifest_refused([](Manifest& m) { m.lineage = Lineage(); });
  expect_manifest_refused([](Manifest& m) { m.grant = ""; });
  expect_manifest_refused([](Manifest& m) { m.table = "two words"; });
  expect_manifest_refused([](Manifest& m) { m.period = "2026\n"; });
  expect_manifest_refused([](Manifest& m) { m.place_level = std::string(65, 'x'); });
  expect_manifest_refused([](Manifest& m) { m.attempt = 0; });
  expect_manifest_refused([](Manifest& m) {
    m.contributors.clear();
    for (char a = 'a'; a <= 'z'; ++a)
      for (char b = 'a'; b <= 'c'; ++b) m.contributors.push_back(party(std::string("x") + a + b));
    ASSERT_GT(m.contributors.size(), kMaxContributors);
  });
  Bytes bytes = golden_manifest().encode();
  bytes[bytes.size() - 13] = 2;  // true_zero
  EXPECT_FALSE(Manifest::decode(bytes).ok());
}

TEST(SumMessages, DecodersRefuseCountsAboveTheirMaximum) {
  StatementList many{golden_id(), std::vector<Bytes>(kMaxContributors + 1)};
  EXPECT_FALSE(StatementList::decode(many.encode()).ok());
  StatementList long_one{golden_id(), {Bytes(kMaxSmallStatement + 1)}};
  EXPECT_FALSE(StatementList::decode(long_one.encode()).ok());
  MaskedInput wide{golden_id(), hash_of(1), {}};
  wide.y.resize(kVectors * kMaxCells + 1);
  EXPECT_FALSE(MaskedInput::decode(wide.encode()).ok());
  // A count that promises more than there is allocates nothing and fails.
  Bytes promise = MaskedInput{golden_id(), hash_of(1), {}}.encode();
  promise[promise.size() - 4] = 0xff;
  EXPECT_FALSE(MaskedInput::decode(promise).ok());
}

TEST(SumMessages, AdvertRefusesAnUnusableKey) {
  Bytes bytes = golden_advert().encode();
  bytes.back() |= 0x80U;
  EXPECT_FALSE(Advert::decode(bytes).ok());
  std::fill(bytes.end() - 32, bytes.end(), std::uint8_t{0});
  EXPECT_FALSE(Advert::decode(bytes).ok());
}

TEST(SumMessages, RefusalRefusesUnknownReasonsAndUnprintableTexts) {
  Bytes bytes = Refusal{golden_id(), RefusalReason::denied, "no"}.encode();
  for (const unsigned reason : {0U, 6U, 255U}) {
    bytes[20] = static_cast<std::uint8_t>(reason);
    EXPECT_FALSE(Refusal::decode(bytes).ok());
  }
  EXPECT_FALSE(Refusal::decode(Refusal{golden_id(), RefusalReason::denied, "a\nb"}.encode()).ok());
  EXPECT_FALSE(
      Refusal::decode(Refusal{golden_id(), RefusalReason::denied, std::string(201, 'x')}.encode())
          .ok());
}

TEST(SumMessages, OnlyReasonsThatCanPassAreTriedAgain) {
  EXPECT_EQ(code_of(RefusalReason::denied), Code::denied);
  EXPECT_EQ(code_of(RefusalReason::editions), Code::denied);
  EXPECT_EQ(code_of(RefusalReason::opened), Code::denied);
  EXPECT_EQ(code_of(RefusalReason::not_ready), Code::try_again);
  EXPECT_EQ(code_of(RefusalReason::void_attempt), Code::try_again);
}

}  // namespace
}  // namespace hedgerow::protocol::sum
