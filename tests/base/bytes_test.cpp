#include "crypto/base/bytes.h"

#include <gtest/gtest.h>

#include <limits>

#include "crypto/base/ids.h"

namespace hedgerow {
namespace {

TEST(Bytes, HexGoesThereAndBack) {
  const Bytes b{0x00, 0xff, 0x1a};
  EXPECT_EQ(to_hex(b), "00ff1a");
  EXPECT_EQ(from_hex("00FF1a"), b);
  EXPECT_EQ(from_hex(""), Bytes{});
}
TEST(Bytes, HexRefusesWhatIsNotHex) {
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
  EXPECT_FALSE(from_hex("00 11"));
}
TEST(Bytes, Base64IsRfc4648) {
  EXPECT_EQ(to_base64(as_bytes("foobar")), "Zm9vYmFy");
  EXPECT_EQ(to_base64(as_bytes("foob")), "Zm9vYg==");
  EXPECT_EQ(to_base64({}), "");
  EXPECT_EQ(from_base64("Zm9vYg=="), to_bytes("foob"));
  EXPECT_FALSE(from_base64("Zm9vYg="));
  EXPECT_FALSE(from_base64("Zm9v Yg=="));
  // libsodium alone would take these for digits.
  EXPECT_FALSE(from_base64("\xff\xff\xff\xff"));
  EXPECT_FALSE(from_base64("\xff\xff\xff\xfeZm9v"));
}
TEST(Wire, FieldsComeBackAsTheyWereWritten) {
  Writer w;
  w.u8(7).u16(0x0102).u32(0x01020304).u64(0x0102030405060708).i64(-2).text("abc").raw(Bytes{9, 9});
  EXPECT_EQ(to_hex(w.data()),
            "07"
            "0201"
            "04030201"
            "0807060504030201"
            "feffffffffffffff"
            "03000000616263"
            "0909");
  Reader r(w.data());
  EXPECT_EQ(r.u8(), 7);
  EXPECT_EQ(r.u16(), 0x0102);
  EXPECT_EQ(r.u32(), 0x01020304u);
  EXPECT_EQ(r.u64(), 0x0102030405060708u);
  EXPECT_EQ(r.i64(), -2);
  EXPECT_EQ(r.text(3), "abc");
  EXPECT_EQ(r.array<2>(), (ByteArray<2>{9, 9}));
  EXPECT_TRUE(r.finish("x").ok());
}
TEST(Wire, EveryTruncationFails) {
  Writer w;
  w.u32(5).text("abc").u64(1);
  for (std::size_t n = 0; n < w.data().size(); ++n) {
    Reader r(ByteView(w.data()).first(n));
    r.u32();
    r.text(3);
    r.u64();
    EXPECT_FALSE(r.finish("x").ok()) << n;
  }
}
TEST(Wire, TimesAreOfTheYears1970To9999) {
  const auto read = [](std::int64_t ms) {
    Writer w;
    w.i64(ms);
    Reader r(w.data());
    const UtcTime time = r.time();
    return r.finish("x").ok() ? std::optional(to_unix_ms(time)) : std::nullopt;
  };
  constexpr std::int64_t kLast = 253'402'300'799'999;
  for (const std::int64_t good : {std::int64_t{0}, std::int64_t{1}, kLast})
    EXPECT_EQ(read(good), good);
  using Limits = std::numeric_limits<std::int64_t>;
  for (const std::int64_t bad : {std::int64_t{-1}, kLast + 1, Limits::min(), Limits::max()})
    EXPECT_EQ(read(bad), std::nullopt) << bad;
}
TEST(Wire, RefusesBytesLeftOver) {
  const Bytes two{1, 2};
  Reader r(two);
  r.u8();
  EXPECT_FALSE(r.finish("x").ok());
}
TEST(Wire, RefusesLengthsAndCountsAboveTheirMaximum) {
  Writer w;
  w.text("abcd");
  Reader r(w.data());
  EXPECT_EQ(r.text(3), "");
  EXPECT_TRUE(r.failed());
  Writer huge;
  huge.u32(0xffffffff);
  Reader r2(huge.data());
  EXPECT_EQ(r2.count(0xffffffff, 32), 0u);
  EXPECT_TRUE(r2.failed());
}
TEST(Ids, NamesAreCheckedWhereTheyComeIn) {
  EXPECT_TRUE(PartyId::parse("vale-council").ok());
  for (const char* bad :
       {"", "ab", "Vale", "vale council", "-vale", "vale-", "vale/..", "\xc3\xa9tat"})
    EXPECT_FALSE(PartyId::parse(bad).ok()) << bad;
  EXPECT_FALSE(PartyId::parse(std::string(65, 'a')).ok());
}
TEST(Ids, HashNamesGoThereAndBack) {
  ByteArray<32> h{};
  h[0] = 0xab;
  const auto back = parse_sha256_name(to_sha256_name(h));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, h);
  EXPECT_FALSE(parse_sha256_name("sha256:ab").ok());
  EXPECT_FALSE(parse_sha256_name("md5:" + std::string(64, '0')).ok());
}

}  // namespace
}  // namespace hedgerow
