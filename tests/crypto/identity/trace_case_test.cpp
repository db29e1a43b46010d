#include "crypto/trace_case.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "crypto/hash.h"
#include "crypto/random.h"

namespace hedgerow {
namespace {

class TraceCase : public ::testing::Test {
 protected:
  CaseOpening opening(std::string_view reference) {
    return CaseOpening::make(as_bytes(reference), rng).value();
  }

  SeededRandom rng{ByteArray<32>{21}};
  SealKeyPair first = random_seal_key_pair(rng);
  SealKeyPair second = random_seal_key_pair(rng);
};

// The commitment, from its definition.
TEST_F(TraceCase, IsCommittedToAsTheDesignSays) {
  const CaseOpening o = opening("MASH/2026/0417");
  Writer w;
  w.text("hedgerow/v1/trace-case").bytes(o.blinding.expose()).text("MASH/2026/0417");
  const ByteArray<64> expected = sha512(w.data());
  EXPECT_EQ(to_hex(o.commitment().view()), to_hex(ByteView(expected).first(32)));
  EXPECT_TRUE(o.opens(o.commitment()));
}

TEST_F(TraceCase, CommitsToAnotherValueEachTime) {
  EXPECT_NE(opening("MASH/2026/0417").commitment(), opening("MASH/2026/0417").commitment());
}

TEST_F(TraceCase, TwoOfficersOpenItTogether) {
  for (const std::string& reference :
       {std::string("x"), std::string("Fall 4711, \xc3\x9c-Akte"), std::string(256, 'r')}) {
    const CaseOpening o = opening(reference);
    const SealedCase sealed = seal_case_opening(o, first.public_key, second.public_key, rng);
    const auto half = open_first_layer(sealed, first);
    ASSERT_TRUE(half.ok()) << half.error().text;
    const auto opened = open_second_layer(*half, second);
    ASSERT_TRUE(opened.ok()) << opened.error().text;
    EXPECT_EQ(as_text(opened->reference.expose()), reference);
    EXPECT_TRUE(opened->opens(o.commitment()));
    EXPECT_FALSE(opened->opens(opening(reference).commitment()));
  }
}

TEST_F(TraceCase, NeitherOfficerOpensItAlone) {
  const SealedCase sealed =
      seal_case_opening(opening("r"), first.public_key, second.public_key, rng);
  EXPECT_EQ(open_first_layer(sealed, second).error().code, Code::bad_input);
  const HalfOpenedCase half = open_first_layer(sealed, first).value();
  EXPECT_EQ(open_second_layer(half, first).error().code, Code::bad_input);
}

TEST_F(TraceCase, IsOfOneSizeAndOneLayoutWhateverTheReference) {
  // What is drawn and what is written does not depend on the reference's length.
  SeededRandom a(ByteArray<32>{5});
  SeededRandom b(ByteArray<32>{5});
  const CaseOpening short_one = CaseOpening::make(as_bytes("r"), a).value();
  const CaseOpening long_one = CaseOpening::make(Bytes(256, 'r'), b).value();
  const SealedCase sealed_short =
      seal_case_opening(short_one, first.public_key, second.public_key, a);
  const SealedCase sealed_long =
      seal_case_opening(long_one, first.public_key, second.public_key, b);
  EXPECT_EQ(sealed_short.size(), 386U);
  EXPECT_TRUE(std::equal(sealed_short.begin(), sealed_short.begin() + 32, sealed_long.begin()));
  EXPECT_NE(sealed_short, sealed_long);
}

TEST_F(TraceCase, RefusesWhatIsAltered) {
  const SealedCase sealed =
      seal_case_opening(opening("r"), first.public_key, second.public_key, rng);
  const HalfOpenedCase half = open_first_layer(sealed, first).value();
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    SealedCase bad = sealed;
    bad[i] ^= 1;
    EXPECT_FALSE(open_first_layer(bad, first).ok()) << i;
  }
  for (std::size_t i = 0; i < half.size(); ++i) {
    HalfOpenedCase bad = half;
    bad[i] ^= 1;
    EXPECT_FALSE(open_second_layer(bad, second).ok()) << i;
  }
}

TEST_F(TraceCase, RefusesReferencesThatCannotBeShown) {
  for (const std::string& bad : {std::string(), std::string(257, 'r'), std::string("two\nlines"),
                                 std::string("\xc3"), std::string("a\xe2\x80\xae")}) {
    const auto made = CaseOpening::make(as_bytes(bad), rng);
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().code, Code::bad_input);
  }
  EXPECT_TRUE(check_case_reference(as_bytes("MASH/2026/0417")).ok());
}

// Whoever writes the boxes may write anything: the second officer's program reads it as strictly.
TEST_F(TraceCase, RefusesAnOpeningThatIsLaidOutOtherwise) {
  const auto refused = [&](const Bytes& plain) {
    const Bytes box = seal(second.public_key, plain, rng);
    HalfOpenedCase half{};
    std::copy(box.begin(), box.end(), half.begin());
    const auto opened = open_second_layer(half, second);
    return !opened.ok() && opened.error().code == Code::bad_input;
  };
  Bytes plain(kCaseOpeningSize, 0);
  plain[32] = 1;
  plain[34] = 'r';
  EXPECT_FALSE(refused(plain));
  for (const auto& [at, value] : std::vector<std::pair<std::size_t, std::uint8_t>>{
           {32, 0}, {33, 1}, {33, 255}, {34, '\n'}, {35, 1}, {kCaseOpeningSize - 1, 1}}) {
    Bytes bad = plain;
    bad[at] = value;
    EXPECT_TRUE(refused(bad)) << at << ' ' << int{value};
  }
}

}  // namespace
}  // namespace hedgerow
