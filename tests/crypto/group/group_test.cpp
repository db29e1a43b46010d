#include "crypto/group.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "crypto/hash.h"
#include "crypto/random.h"
#include "tests/crypto/group/vectors.h"

namespace hedgerow {
namespace {

// L = 2^252 + 27742317777372353535851937790883648493, little-endian.
constexpr const char* kOrder = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

Scalar small(std::uint64_t n) { return Scalar::from_u64(n); }
Element element(const std::string& text) {
  const Result<Element> e = Element::decode(hex(text));
  HR_CHECK(e.ok());
  return *e;
}

TEST(Group, GivesTheSmallMultiplesOfRfc9496) {
  const auto multiples = load_vectors("rfc9496/ristretto255.json").at("small_multiples");
  ASSERT_EQ(multiples.size(), 16u);
  EXPECT_FALSE(Element::decode(hex(multiples[0].get<std::string>())).ok());  // the identity
  for (std::uint64_t n = 1; n < 16; ++n) {
    const Element expected = element(multiples[n].get<std::string>());
    EXPECT_EQ(*multiply_base(small(n)), expected);
    EXPECT_EQ(*multiply_base(to_secret(small(n))), expected);
    EXPECT_EQ(*multiply(small(n), Element::base()), expected);
    if (n > 1) {
      EXPECT_EQ(*add(*multiply_base(small(n - 1)), Element::base()), expected);
    }
    if (n < 15) {
      EXPECT_EQ(*subtract(*multiply_base(small(n + 1)), Element::base()), expected);
    }
  }
}

TEST(Group, RefusesTheBadEncodingsOfRfc9496) {
  const auto bad_encodings = load_vectors("rfc9496/ristretto255.json").at("bad_encodings");
  EXPECT_EQ(bad_encodings.size(), 29u);
  for (const auto& bad : bad_encodings)
    EXPECT_FALSE(Element::decode(hex(bad.get<std::string>())).ok()) << bad;
}

TEST(Group, MapsTheLabelsOfRfc9496) {
  const auto cases = load_vectors("rfc9496/ristretto255.json").at("hash_to_group_sha512_label");
  ASSERT_EQ(cases.size(), 7u);
  for (const auto& v : cases) {
    const ByteArray<64> uniform = sha512(to_bytes(v.at("label").get<std::string>()));
    EXPECT_EQ(element_from_uniform(uniform), element(v.at("encoding").get<std::string>()));
  }
}

// libsodium 1.0.18 ignores bit 255 and takes the identity for a valid point.
TEST(Element, RefusesBit255AndTheIdentity) {
  for (std::uint64_t n = 1; n < 16; ++n) {
    ByteArray<32> bytes = multiply_base(small(n))->bytes();
    ASSERT_TRUE(Element::decode(bytes).ok());
    bytes[31] |= 0x80;
    const Result<Element> refused = Element::decode(bytes);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::bad_input);
    EXPECT_NE(refused.error().text.find("bit 255"), std::string::npos);
  }
  const Result<Element> identity = Element::decode(ByteArray<32>{});
  ASSERT_FALSE(identity.ok());
  EXPECT_NE(identity.error().text.find("identity"), std::string::npos);
  ByteArray<32> identity_with_bit{};
  identity_with_bit[31] = 0x80;
  EXPECT_FALSE(Element::decode(identity_with_bit).ok());
}

TEST(Element, RefusesOtherLengths) {
  const Bytes good = to_bytes(ByteView(Element::base().bytes()));
  EXPECT_FALSE(Element::decode(ByteView(good).first(31)).ok());
  EXPECT_FALSE(Element::decode({}).ok());
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(Element::decode(longer).ok());
}

TEST(Element, RunNamesTheFirstBadOne) {
  const std::vector<Element> three{*multiply_base(small(1)), *multiply_base(small(2)),
                                   *multiply_base(small(3))};
  Bytes run = encode_elements(three);
  EXPECT_EQ(*decode_elements(run), three);
  EXPECT_TRUE(decode_elements({})->empty());
  EXPECT_FALSE(decode_elements(ByteView(run).first(95)).ok());
  std::fill(run.begin() + 32, run.begin() + 64, std::uint8_t{0});
  const auto bad = decode_elements(run);
  ASSERT_FALSE(bad.ok());
  EXPECT_NE(bad.error().text.find("element 2"), std::string::npos);
}

TEST(Element, IsNeverTheIdentity) {
  const Element g = Element::base();
  EXPECT_FALSE(subtract(g, g).ok());
  EXPECT_FALSE(add(g, *multiply_base(negate(small(1)))).ok());
  EXPECT_FALSE(multiply(Scalar(), g).ok());
  EXPECT_FALSE(multiply(SecretScalar(), g).ok());
  EXPECT_FALSE(multiply_base(SecretScalar()).ok());
  EXPECT_FALSE(multiply_base(Scalar()).ok());
  EXPECT_FALSE(multiply_and_sum({}, {}).ok());
  const std::vector<Scalar> cancel{small(2), negate(small(1))};
  const std::vector<Element> elements{g, *multiply_base(small(2))};
  EXPECT_FALSE(multiply_and_sum(cancel, elements).ok());
}

TEST(Element, SumMayPassThroughTheIdentity) {
  const Element g = Element::base();
  const std::vector<Scalar> scalars{small(1), negate(small(1)), small(0), small(5)};
  EXPECT_EQ(*multiply_and_sum(scalars, std::vector<Element>(4, g)), *multiply_base(small(5)));
}

TEST(Scalar, RefusesWhatIsNotBelowTheOrder) {
  const Bytes order = hex(kOrder);
  EXPECT_FALSE(Scalar::decode(order).ok());
  EXPECT_FALSE(decode_secret_scalar(order).ok());
  Bytes below = order;
  --below[0];
  ASSERT_TRUE(Scalar::decode(below).ok());
  EXPECT_EQ(*Scalar::decode(below), negate(small(1)));
  EXPECT_TRUE(decode_secret_scalar(below).ok());
  Bytes above = order;
  ++above[0];
  EXPECT_FALSE(Scalar::decode(above).ok());
  EXPECT_FALSE(Scalar::decode(Bytes(32, 0xff)).ok());
  EXPECT_FALSE(Scalar::decode(Bytes(31, 0)).ok());
  EXPECT_FALSE(Scalar::decode(Bytes(33, 0)).ok());
}

TEST(Scalar, MayBeZeroButASecretOneFromBytesMayNot) {
  EXPECT_TRUE(Scalar::decode(Bytes(32, 0))->is_zero());
  EXPECT_FALSE(decode_secret_scalar(Bytes(32, 0)).ok());
  EXPECT_FALSE(decode_secret_scalar(Bytes(31, 1)).ok());
}

TEST(Scalar, ObeysTheLawsOfAField) {
  SeededRandom rng(ByteArray<32>{11});
  for (int i = 0; i < 50; ++i) {
    const Scalar a = publish(random_scalar(rng));
    const Scalar b = publish(random_scalar(rng));
    const Scalar c = publish(random_scalar(rng));
    EXPECT_EQ(multiply(a, add(b, c)), add(multiply(a, b), multiply(a, c)));
    EXPECT_EQ(subtract(add(a, b), b), a);
    EXPECT_TRUE(add(a, negate(a)).is_zero());
    EXPECT_EQ(multiply(a, *invert(a)), small(1));
    EXPECT_EQ(*multiply_base(multiply(a, b)), *multiply(a, *multiply_base(b)));
  }
  EXPECT_FALSE(invert(Scalar()).ok());
}

TEST(SecretScalar, ComputesAsThePublicOneDoes) {
  SeededRandom rng(ByteArray<32>{12});
  const SecretScalar a = random_scalar(rng);
  const SecretScalar b = random_scalar(rng);
  const Scalar pa = publish(a);
  const Scalar pb = publish(b);
  EXPECT_EQ(publish(add(a, b)), add(pa, pb));
  EXPECT_EQ(publish(subtract(a, b)), subtract(pa, pb));
  EXPECT_EQ(publish(multiply(a, b)), multiply(pa, pb));
  EXPECT_EQ(publish(multiply(a, pb)), multiply(pa, pb));
  EXPECT_EQ(publish(negate(a)), negate(pa));
  EXPECT_EQ(publish(*invert(a)), *invert(pa));
  EXPECT_EQ(publish(to_secret(pa)), pa);
  EXPECT_FALSE(invert(SecretScalar()).ok());
  static_assert(!std::is_copy_constructible_v<SecretScalar>);
  static_assert(!std::is_copy_constructible_v<SecretScalars>);
}

TEST(SecretScalars, InvertAllEqualsInvertingEach) {
  SeededRandom rng(ByteArray<32>{13});
  for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{100}}) {
    const SecretScalars scalars = SecretScalars::random(n, rng);
    const Result<SecretScalars> inverses = invert_all(scalars);
    ASSERT_TRUE(inverses.ok());
    ASSERT_EQ(inverses->size(), n);
    for (std::size_t i = 0; i < n; ++i)
      EXPECT_EQ(publish(inverses->at(i)), publish(*invert(scalars.at(i))));
  }
}

TEST(SecretScalars, InvertAllRefusesAZero) {
  SeededRandom rng(ByteArray<32>{14});
  SecretScalars scalars = SecretScalars::random(5, rng);
  scalars.set(3, SecretScalar());
  EXPECT_FALSE(invert_all(scalars).ok());
}

TEST(SecretScalars, AreEmptyOnceMovedFrom) {
  SeededRandom rng(ByteArray<32>{15});
  SecretScalars a = SecretScalars::random(3, rng);
  const SecretScalars b = std::move(a);
  EXPECT_EQ(a.size(), 0u);
  EXPECT_EQ(b.size(), 3u);
  EXPECT_DEATH(static_cast<void>(a.expose(0)), "size");
}

// Draws all zeros first, then ones.
class ZerosFirst : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    std::fill(out.begin(), out.end(), draws_++ == 0 ? std::uint8_t{0} : std::uint8_t{1});
  }
  int draws() const { return draws_; }

 private:
  int draws_ = 0;
};

TEST(RandomScalar, IsDrawnAgainWhereItWouldBeZero) {
  ZerosFirst rng;
  EXPECT_FALSE(is_zero(random_scalar(rng)));
  EXPECT_EQ(rng.draws(), 2);
}

TEST(HashToScalar, IsTheExpandedMessageReduced) {
  const Bytes wide = expand_message_xmd_sha512(as_bytes("m"), as_bytes("d"), 64);
  EXPECT_EQ(hash_to_scalar(as_bytes("m"), as_bytes("d")),
            Scalar::reduce(ByteView(wide).first<64>()));
  EXPECT_NE(map_to_group(as_bytes("m"), as_bytes("d")), map_to_group(as_bytes("m"), as_bytes("e")));
}

}  // namespace
}  // namespace hedgerow
