#include "protocol/pseudonymise/messages.h"

#include <gtest/gtest.h>

#include "crypto/hash.h"

namespace hedgerow::protocol {
namespace {

// RFC 9496: the encodings of G and 2G.
constexpr const char* kG = "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76";
constexpr const char* k2G = "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919";

EvaluateRequest request() {
  EvaluateRequest m;
  m.key.bytes.fill(0x11);
  m.share_version = 2;
  m.batch.bytes.fill(0x22);
  m.purpose = "import";
  m.blinded_elements = {Element::base(), *add(Element::base(), Element::base())};
  return m;
}

EvaluateResponse response() {
  Sha256 hash;
  hash.bytes.fill(0x33);
  BatchId batch;
  batch.bytes.fill(0x22);
  return {batch,
          *ParticipantIndex::from(0x0102),
          3,
          hash,
          {Element::base()},
          DleqProof{Scalar::from_u64(4), Scalar::from_u64(5)}};
}

EvaluationSet a_set() {
  return *EvaluationSet::from({*ParticipantIndex::from(1), *ParticipantIndex::from(0x0203)});
}

EvaluateCheck a_check() {
  EvaluateCheck m{{}, 2, {}, {}, *add(Element::base(), Element::base())};
  m.key.bytes.fill(0x11);
  m.batch.bytes.fill(0x22);
  m.request_hash.bytes.fill(0x33);
  return m;
}

EvaluateChecked checked() {
  EvaluateChecked m{{},
                    *ParticipantIndex::from(0x0102),
                    3,
                    {},
                    Element::base(),
                    DleqProof{Scalar::from_u64(4), Scalar::from_u64(5)}};
  m.batch.bytes.fill(0x22);
  m.check_hash.bytes.fill(0x33);
  return m;
}

EvaluateRefusal refusal() {
  EvaluateRefusal m;
  m.batch.bytes.fill(0x22);
  m.request_hash.bytes.fill(0x33);
  m.reason = RefusalReason::quota;
  m.quota_left = 258;
  return m;
}

std::string repeat(const std::string& byte, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += byte;
  return out;
}

TEST(EvaluateRequest, HasTheseBytes) {
  const std::string expected = repeat("11", 16) + "02000000" + repeat("22", 16) + "06000000" +
                               "696d706f7274" + "00" + "40000000" + kG + k2G;
  EXPECT_EQ(to_hex(request().encode()), expected);
  const auto back = EvaluateRequest::decode(*from_hex(expected));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->key, request().key);
  EXPECT_EQ(back->share_version, 2u);
  EXPECT_EQ(back->batch, request().batch);
  EXPECT_EQ(back->purpose, "import");
  EXPECT_EQ(back->blinded_elements, request().blinded_elements);
  EXPECT_FALSE(back->set.has_value());
  EXPECT_EQ(*EvaluateRequest::peek_batch(*from_hex(expected)), request().batch);
}

TEST(EvaluateRequest, ThatNamesASetHasTheseBytes) {
  EvaluateRequest m = request();
  m.set = a_set();
  const std::string expected = repeat("11", 16) + "02000000" + repeat("22", 16) + "06000000" +
                               "696d706f7274" + "02" + "0100" + "0302" + "40000000" + kG + k2G;
  EXPECT_EQ(to_hex(m.encode()), expected);
  EXPECT_EQ(EvaluateRequest::decode(*from_hex(expected))->set, a_set());
}

TEST(EvaluateRequest, RefusesASetThatIsNotAscendingOrHasIndexZeroOrTooMany) {
  const auto with = [](const std::vector<std::uint16_t>& numbers) {
    Writer w;
    w.raw(request().key.view()).u32(2).raw(request().batch.view()).text("import");
    w.u8(static_cast<std::uint8_t>(numbers.size()));
    for (const std::uint16_t n : numbers) w.u16(n);
    w.bytes(encode_elements(request().blinded_elements));
    return EvaluateRequest::decode(w.data()).ok();
  };
  EXPECT_TRUE(with({1}));
  EXPECT_TRUE(with({1, 2, 65535}));
  EXPECT_FALSE(with({0, 1}));
  EXPECT_FALSE(with({2, 1}));
  EXPECT_FALSE(with({2, 2}));
  std::vector<std::uint16_t> many;
  for (std::uint16_t i = 1; i <= kMaxEvaluationSet; ++i) many.push_back(i);
  EXPECT_TRUE(with(many));
  many.push_back(kMaxEvaluationSet + 1);
  EXPECT_FALSE(with(many));
}

TEST(EvaluateResponse, HasTheseBytes) {
  const std::string expected = repeat("22", 16) + "0201" + "03000000" + repeat("33", 32) +
                               "20000000" + kG + "40000000" + "04" + repeat("00", 31) + "05" +
                               repeat("00", 31);
  EXPECT_EQ(to_hex(response().encode()), expected);
  const auto back = EvaluateResponse::decode(*from_hex(expected));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->batch, response().batch);
  EXPECT_EQ(back->index.number(), 0x0102);
  EXPECT_EQ(back->share_version, 3u);
  EXPECT_EQ(back->request_hash, response().request_hash);
  EXPECT_EQ(back->evaluated_elements, response().evaluated_elements);
  EXPECT_EQ(back->proof, response().proof);
}

TEST(EvaluateResponse, WithoutAProofHasTheseBytes) {
  EvaluateResponse m = response();
  m.proof.reset();
  const std::string expected =
      repeat("22", 16) + "0201" + "03000000" + repeat("33", 32) + "20000000" + kG + "00000000";
  EXPECT_EQ(to_hex(m.encode()), expected);
  EXPECT_FALSE(EvaluateResponse::decode(*from_hex(expected))->proof.has_value());
}

TEST(EvaluateCheck, HasTheseBytes) {
  const std::string expected =
      repeat("11", 16) + "02000000" + repeat("22", 16) + repeat("33", 32) + k2G;
  EXPECT_EQ(to_hex(a_check().encode()), expected);
  const auto back = EvaluateCheck::decode(*from_hex(expected));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->key, a_check().key);
  EXPECT_EQ(back->share_version, 2u);
  EXPECT_EQ(back->batch, a_check().batch);
  EXPECT_EQ(back->request_hash, a_check().request_hash);
  EXPECT_EQ(back->element, a_check().element);
  EXPECT_EQ(*EvaluateRequest::peek_batch(*from_hex(expected)), a_check().batch);
}

TEST(EvaluateChecked, HasTheseBytes) {
  const std::string expected = repeat("22", 16) + "0201" + "03000000" + repeat("33", 32) + kG +
                               "04" + repeat("00", 31) + "05" + repeat("00", 31);
  EXPECT_EQ(to_hex(checked().encode()), expected);
  const auto back = EvaluateChecked::decode(*from_hex(expected));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->batch, checked().batch);
  EXPECT_EQ(back->index.number(), 0x0102);
  EXPECT_EQ(back->share_version, 3u);
  EXPECT_EQ(back->check_hash, checked().check_hash);
  EXPECT_EQ(back->evaluated_element, checked().evaluated_element);
  EXPECT_EQ(back->proof, checked().proof);
}

TEST(EvaluateCheck, RefusesBadElementsAndAnAnswerBadScalars) {
  Bytes identity = a_check().encode();
  std::fill(identity.end() - 32, identity.end(), std::uint8_t{0});
  EXPECT_FALSE(EvaluateCheck::decode(identity).ok());
  Bytes bit255 = a_check().encode();
  bit255.back() |= 0x80;
  EXPECT_FALSE(EvaluateCheck::decode(bit255).ok());
  Bytes scalar = checked().encode();
  std::fill(scalar.end() - 32, scalar.end(), std::uint8_t{0xff});
  EXPECT_FALSE(EvaluateChecked::decode(scalar).ok());
  Bytes index_zero = checked().encode();
  index_zero[16] = index_zero[17] = 0;
  EXPECT_FALSE(EvaluateChecked::decode(index_zero).ok());
}

TEST(EvaluateRefusal, HasTheseBytes) {
  const std::string expected = repeat("22", 16) + repeat("33", 32) + "01" + "02010000";
  EXPECT_EQ(to_hex(refusal().encode()), expected);
  const auto back = EvaluateRefusal::decode(*from_hex(expected));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->batch, refusal().batch);
  EXPECT_EQ(back->request_hash, refusal().request_hash);
  EXPECT_EQ(back->reason, RefusalReason::quota);
  EXPECT_EQ(back->quota_left, 258u);
}

template <class Message>
void refuses_every_other_length(const Bytes& good) {
  for (std::size_t n = 0; n < good.size(); ++n)
    EXPECT_FALSE(Message::decode(ByteView(good).first(n)).ok()) << n;
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(Message::decode(longer).ok());
}

TEST(EvaluateMessages, RefuseTruncationAndTrailingBytes) {
  refuses_every_other_length<EvaluateRequest>(request().encode());
  refuses_every_other_length<EvaluateResponse>(response().encode());
  refuses_every_other_length<EvaluateRefusal>(refusal().encode());
  refuses_every_other_length<EvaluateCheck>(a_check().encode());
  refuses_every_other_length<EvaluateChecked>(checked().encode());
  EvaluateRequest named = request();
  named.set = a_set();
  refuses_every_other_length<EvaluateRequest>(named.encode());
  EvaluateResponse unproven = response();
  unproven.proof.reset();
  refuses_every_other_length<EvaluateResponse>(unproven.encode());
}

TEST(EvaluateRequest, RefusesBadElements) {
  Bytes bytes = request().encode();
  const std::size_t second = bytes.size() - 32;
  Bytes bit255 = bytes;
  bit255.back() |= 0x80;
  EXPECT_FALSE(EvaluateRequest::decode(bit255).ok());
  Bytes identity = bytes;
  std::fill(identity.begin() + static_cast<std::ptrdiff_t>(second), identity.end(),
            std::uint8_t{0});
  const auto refused = EvaluateRequest::decode(identity);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().text.find("element 2"), std::string::npos);
}

TEST(EvaluateRequest, Takes1To512Elements) {
  EvaluateRequest m = request();
  m.blinded_elements.clear();
  EXPECT_FALSE(EvaluateRequest::decode(m.encode()).ok());
  m.blinded_elements.assign(kMaxBatch, Element::base());
  EXPECT_TRUE(EvaluateRequest::decode(m.encode()).ok());
  m.blinded_elements.push_back(Element::base());
  EXPECT_FALSE(EvaluateRequest::decode(m.encode()).ok());
}

TEST(EvaluateRequest, RefusesARunThatIsNoMultipleOf32) {
  Writer w;
  w.raw(request().key.view()).u32(1).raw(request().batch.view()).text("import").u8(0);
  w.bytes(Bytes(33, 1));
  EXPECT_FALSE(EvaluateRequest::decode(w.data()).ok());
}

TEST(EvaluateRequest, RefusesAPurposeThatIsNoName) {
  for (const std::string& purpose : {std::string(), std::string("ab"), std::string("Import"),
                                     std::string("a\nb c"), std::string(65, 'a')}) {
    EvaluateRequest m = request();
    m.purpose = purpose;
    EXPECT_FALSE(EvaluateRequest::decode(m.encode()).ok()) << purpose;
  }
}

TEST(EvaluateRequest, PeekRefusesWhatIsCutShort) {
  const Bytes bytes = request().encode();
  EXPECT_TRUE(EvaluateRequest::peek_batch(ByteView(bytes).first(36)).ok());
  EXPECT_FALSE(EvaluateRequest::peek_batch(ByteView(bytes).first(35)).ok());
}

TEST(EvaluateResponse, RefusesIndexZeroAndBadScalars) {
  Bytes index_zero = response().encode();
  index_zero[16] = index_zero[17] = 0;
  EXPECT_FALSE(EvaluateResponse::decode(index_zero).ok());
  Bytes bad_scalar = response().encode();
  std::fill(bad_scalar.end() - 32, bad_scalar.end(), std::uint8_t{0xff});
  EXPECT_FALSE(EvaluateResponse::decode(bad_scalar).ok());
}

TEST(EvaluateRefusal, RefusesUnknownReasonsAndAMisplacedQuota) {
  for (const int reason : {0, 9, 255}) {
    Bytes bytes = refusal().encode();
    bytes[48] = static_cast<std::uint8_t>(reason);
    EXPECT_FALSE(EvaluateRefusal::decode(bytes).ok()) << reason;
  }
  EvaluateRefusal m = refusal();
  m.reason = RefusalReason::busy;
  EXPECT_FALSE(EvaluateRefusal::decode(m.encode()).ok());
}

}  // namespace
}  // namespace hedgerow::protocol
