#include "node/core/match_rate.h"

#include "core_fixture.h"

namespace hedgerow::core {
namespace {

using policies::MatchBand;

class MatchRateTest : public ::testing::Test {
 protected:
  const policies::Agreement& agreement_ = TestRegion::get().agreement();
  const policies::Grant& grant_ = agreement_.grants.at(0);
  const SigningKey& key_ = TestRegion::get().at("vale-council").keyring.message();

  protocol::sum::ReleaseId release(const std::string& period = "2026-Q3") const {
    return protocol::sum::release_id(agreement_.id, grant_.id, grant_.tables.at(0).name, period);
  }
  Bytes statement(const std::string& sender, MatchBand band,
                  const std::string& period = "2026-Q3") const {
    return sign_match_rate(key_,
                           {party(sender), agreement_.id, agreement_.hash, session_id(7), 0,
                            kNow + std::chrono::hours(1)},
                           release(period), band);
  }
  // An answer with nothing released, whose notes fit.
  Answer answer() const {
    Answer a;
    a.grant = grant_.id;
    a.table = grant_.tables.at(0).name;
    AnswerPeriod p;
    p.period = policies::Period::parse("2026-Q3").value();
    p.edition.cells.resize(4);
    for (const PartyId& id : agreement_.contributors()) p.parties.push_back({id, "answered", {}});
    p.parties[0].match_rate = statement(p.parties[0].party.str(), MatchBand::from_80);
    a.periods = {p};
    a.notes = notes_of(a, grant_.tables.at(0), grant_.disclosure);
    return a;
  }
  void expect_refused(const Answer& a, std::string_view words) const {
    const auto checked = check_notes(a, agreement_);
    ASSERT_FALSE(checked.ok());
    EXPECT_NE(checked.error().text.find(words), std::string::npos) << checked.error().text;
    EXPECT_EQ(checked.error().culprit, agreement_.hub.str());
  }
};

TEST_F(MatchRateTest, IsReadBackInWords) {
  const Bytes said = statement("vale-council", MatchBand::from_80);
  EXPECT_TRUE(read_match_rate(said, party("vale-council"), agreement_.id, release()).ok());
  EXPECT_EQ(match_rate_in_words(said, key_.verify_key()), "80-95 %");
  EXPECT_EQ(match_rate_in_words({}, key_.verify_key()), "not stated");
  EXPECT_LE(said.size(), protocol::sum::kMaxMatchStatement);
}

TEST_F(MatchRateTest, OfAnotherKeyOrAlteredIsNotVerifiable) {
  Bytes said = statement("vale-council", MatchBand::from_80);
  const SigningKey& other = TestRegion::get().at("vale-police").keyring.message();
  EXPECT_EQ(match_rate_in_words(said, other.verify_key()), "not verifiable");
  said[said.size() - 65] ^= 1;  // the band, before the signature
  EXPECT_EQ(match_rate_in_words(said, key_.verify_key()), "not verifiable");
  EXPECT_EQ(match_rate_in_words(Bytes{1, 2, 3}, key_.verify_key()), "not verifiable");
}

TEST_F(MatchRateTest, OfAnotherPartyReleaseOrLineageIsRefusedNamingTheSender) {
  const Bytes said = statement("vale-council", MatchBand::from_95);
  const auto refused = [&](const Result<protocol::Statement>& read, const std::string& sender) {
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().culprit, sender);
  };
  refused(read_match_rate(said, party("vale-police"), agreement_.id, release()), "vale-police");
  refused(read_match_rate(said, party("vale-council"), agreement_.id, release("2026-Q2")),
          "vale-council");
  refused(
      read_match_rate(said, party("vale-council"), Lineage::parse("vale-other").value(), release()),
      "vale-council");
  refused(read_match_rate(Bytes{1}, party("vale-council"), agreement_.id, release()),
          "vale-council");
  Bytes longer = said;
  longer.resize(protocol::sum::kMaxMatchStatement + 1);
  refused(read_match_rate(longer, party("vale-council"), agreement_.id, release()), "vale-council");
  const Bytes other_type =
      protocol::Statement::sign(
          key_, protocol::MessageType::sum_void,
          {party("vale-council"), agreement_.id, agreement_.hash, session_id(7), 0, kNow},
          protocol::sum::MatchRate{release(), 1}.encode())
          .encode();
  refused(read_match_rate(other_type, party("vale-council"), agreement_.id, release()),
          "vale-council");
}

TEST_F(MatchRateTest, AnswerWithFittingNotesAndPartiesPasses) {
  EXPECT_TRUE(check_notes(answer(), agreement_).ok());
}

TEST_F(MatchRateTest, AnswerWithOtherNotesIsRefused) {
  Answer a = answer();
  a.notes.pop_back();
  expect_refused(a, "other notes");
  a = answer();
  a.notes.emplace_back("all is well");
  expect_refused(a, "other notes");
  a = answer();
  a.table = "none";
  expect_refused(a, "other notes");
}

TEST_F(MatchRateTest, AnswerOfOtherPartiesOrRatesIsRefused) {
  Answer a = answer();
  a.periods[0].parties.pop_back();
  expect_refused(a, "other parties");
  a = answer();
  std::swap(a.periods[0].parties[0], a.periods[0].parties[1]);
  expect_refused(a, "other parties");
  a = answer();
  a.periods[0].parties[1].match_rate = a.periods[0].parties[0].match_rate;
  expect_refused(a, "another party or release");
  a = answer();
  a.periods[0].parties[0].match_rate =
      statement(a.periods[0].parties[0].party.str(), MatchBand::from_95, "2026-Q2");
  expect_refused(a, "another party or release");
}

}  // namespace
}  // namespace hedgerow::core
