#include "node/cli/trace_opening.h"

#include <gtest/gtest.h>

#include "crypto/random.h"

namespace hedgerow::cli {
namespace {

class TraceOpeningFile : public ::testing::Test {
 protected:
  TraceOpeningFile() {
    id.bytes[0] = 0x3f;
    sealed = seal_case_opening(inside, first.public_key, second.public_key, rng);
  }
  TraceOpening opening() const {
    return TraceOpening::from_sealed(id, inside.commitment(), sealed).value();
  }
  static void refused(const std::string& file, std::string_view text) {
    const auto parsed = TraceOpening::parse(as_bytes(file));
    ASSERT_FALSE(parsed.ok()) << file;
    EXPECT_EQ(parsed.error().code, Code::bad_input);
    EXPECT_NE(parsed.error().text.find(text), std::string::npos) << parsed.error().text;
    EXPECT_EQ(parsed.error().text.find('\n'), std::string::npos);
  }

  SeededRandom rng{ByteArray<32>{31}};
  SealKeyPair first = random_seal_key_pair(rng);
  SealKeyPair second = random_seal_key_pair(rng);
  CaseOpening inside = CaseOpening::make(as_bytes("MASH/2026/0417"), rng).value();
  SessionId id;
  SealedCase sealed{};
};

TEST_F(TraceOpeningFile, GoesFromOneOfficerToTheOther) {
  const std::string exported = opening().file();
  EXPECT_TRUE(exported.starts_with("hedgerow/trace-opening/1\nid 3f00")) << exported;
  const auto read = TraceOpening::parse(as_bytes(exported));
  ASSERT_TRUE(read.ok()) << read.error().text;
  const auto half = open_with(*read, first);
  ASSERT_TRUE(half.ok()) << half.error().text;
  const std::string handed_on = std::get<TraceOpening>(*half).file();
  const auto last = open_with(TraceOpening::parse(as_bytes(handed_on)).value(), second);
  ASSERT_TRUE(last.ok()) << last.error().text;
  const auto& opened = std::get<CaseOpening>(*last);
  EXPECT_EQ(as_text(opened.reference.expose()), "MASH/2026/0417");
  EXPECT_TRUE(opened.opens(read->commitment));
}

TEST_F(TraceOpeningFile, SaysWhoseTurnItIs) {
  const auto wrong = open_with(opening(), second);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, Code::bad_input);
  EXPECT_NE(wrong.error().hint.find("first key"), std::string::npos);
  const TraceOpening half = std::get<TraceOpening>(open_with(opening(), first).value());
  const auto again = open_with(half, first);
  ASSERT_FALSE(again.ok());
  EXPECT_NE(again.error().hint.find("second key"), std::string::npos);
}

TEST_F(TraceOpeningFile, RefusesOtherFilesWithOneLine) {
  const std::string good = opening().file();
  refused("", "not an opening of a trace");
  refused("\n", "not an opening of a trace");
  refused("-----BEGIN CERTIFICATE-----\n", "not an opening of a trace");
  refused("hedgerow/trace-opening/2\n" + good, "in a form that this program does not know");
  refused(std::string("hedgerow/trace-opening/1"), "id");
  refused("hedgerow/trace-opening/1\n", "id");
  for (const char* part : {"id", "commitment", "sealed"}) {
    std::string bad = good;
    bad.replace(bad.find(std::string("\n") + part + " "), 2, "\nX");
    refused(bad, part);
  }
  refused(good + "more\n", "sealed part");
  refused(good.substr(0, good.size() - 1), "sealed part");
  refused(good.substr(0, good.size() - 9) + "\n", "sealed part");
  std::string upper = good;
  upper[upper.find("3f") + 1] = 'F';
  refused(upper, "id");
  refused("hedgerow/trace-opening/1\nid \ncommitment \nsealed \n", "id");
}

TEST_F(TraceOpeningFile, AnExchangedCommitmentDoesNotFit) {
  TraceOpening other = opening();
  other.commitment.bytes[5] ^= 1;
  const TraceOpening half = std::get<TraceOpening>(open_with(other, first).value());
  const CaseOpening opened = std::get<CaseOpening>(open_with(half, second).value());
  EXPECT_FALSE(opened.opens(half.commitment));
}

}  // namespace
}  // namespace hedgerow::cli
