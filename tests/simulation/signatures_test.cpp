// An agreement that is installed with signatures that do not count: refused with a line that names
// the party, and nothing is installed.
#include <gmock/gmock.h>

#include "crypto/cms.h"
#include "protocol/asking.h"
#include "tests/simulation/simulator.h"

namespace hedgerow::simulation {
namespace {

using ::testing::HasSubstr;

constexpr const char* kNode = "vale-council";
constexpr const char* kSigner = "vale-police";

class SimulatedSignatures : public ::testing::Test {
 protected:
  // Every party's officer signs, but one: `root` and its key issue that officer's certificate.
  std::string signed_by_all_but(const Certificate& root, const OfficerKey& root_key,
                                const Validity& validity) {
    std::vector<std::string> signatures;
    for (const std::string& party : region_.names())
      signatures.push_back(party == kSigner
                               ? sign(root, root_key, validity)
                               : sign(paper().roots.at(party), paper().root_keys.at(party), kLong));
    return cms_merge(signatures).value();
  }
  std::string sign(const Certificate& root, const OfficerKey& root_key, const Validity& validity) {
    const OfficerKey key = OfficerKey::random(rng_);
    const Certificate officer = issue({root.agency(), CertificateKind::officer, "other-officer"},
                                      SubjectKey(key.public_key()), validity, root, root_key, rng_)
                                    .value();
    return cms_sign(as_bytes(paper().agreement), officer, key, validity.not_before, rng_).value();
  }
  Error refusal_of(const std::string& signatures) {
    nlohmann::json request = region_.install_request();
    request["signatures"] = to_base64(as_bytes(signatures));
    const Outcome done = region_.wait(region_.command(kNode, request));
    EXPECT_FALSE(region_.has_lineage(kNode));
    EXPECT_TRUE(done.error) << "it was installed";
    return done.error.value_or(Error{});
  }
  const Identities& paper() const { return region_.identities(); }

  static constexpr UtcTime kNow{std::chrono::milliseconds(kBeginning)};
  static constexpr Validity kLong{kNow - std::chrono::hours(24 * 30),
                                  kNow + std::chrono::hours(24)};
  Region region_{700};
  SeededRandom rng_{ByteArray<32>{70}};
};

TEST_F(SimulatedSignatures, OfOfficersAnewAreGood) {
  nlohmann::json request = region_.install_request();
  request["signatures"] = to_base64(
      as_bytes(signed_by_all_but(paper().roots.at(kSigner), paper().root_keys.at(kSigner), kLong)));
  EXPECT_TRUE(region_.wait(region_.command(kNode, request)).result);
  EXPECT_TRUE(region_.has_lineage(kNode));
}

TEST_F(SimulatedSignatures, ByAnExpiredCertificateIsRefused) {
  const Error said =
      refusal_of(signed_by_all_but(paper().roots.at(kSigner), paper().root_keys.at(kSigner),
                                   {kLong.not_before, kNow - std::chrono::hours(1)}));
  EXPECT_EQ(said.code, Code::denied) << said.text;
  EXPECT_THAT(said.text, HasSubstr("expired"));
  EXPECT_EQ(said.culprit, kSigner);
}

TEST_F(SimulatedSignatures, ByAnImpostorOfThatNameIsRefused) {
  const OfficerKey key = OfficerKey::random(rng_);
  const Certificate root = issue_root(PartyId::parse(kSigner).value(), key, kLong, rng_).value();
  const Error said = refusal_of(signed_by_all_but(root, key, kLong));
  EXPECT_EQ(said.code, Code::bad_input) << said.text;
  EXPECT_THAT(said.text, HasSubstr("was not issued by"));
  EXPECT_EQ(said.culprit, kSigner);
}

TEST_F(SimulatedSignatures, ByAnAgencyThatIsNoPartyIsRefused) {
  const OfficerKey key = OfficerKey::random(rng_);
  const PartyId stranger = PartyId::parse("vale-stranger").value();
  const Certificate root = issue_root(stranger, key, kLong, rng_).value();
  const Error said = refusal_of(signed_by_all_but(root, key, kLong));
  EXPECT_EQ(said.code, Code::bad_input) << said.text;
  EXPECT_EQ(said.culprit, stranger.str());
}

// A question under an analyst's certificate of yesterday.
TEST(SimulatedQuestion, UnderAnExpiredCertificateIsRefusedAndReachesNobody) {
  Options options;
  options.with_key = true;
  Region region(701, options);
  region.run_for(std::chrono::seconds(30));
  SeededRandom rng(ByteArray<32>{71});
  const SessionId question_id{ByteArray<16>{7}};
  const SigningKey key = SigningKey::random(rng);
  const auto asks_until = [&](UtcTime not_after) {
    const Certificate analyst =
        issue({PartyId::parse(kNode).value(), CertificateKind::analyst, "second"},
              SubjectKey(key.verify_key()), {region.now() - std::chrono::hours(48), not_after},
              region.identities().roots.at(kNode), region.identities().root_keys.at(kNode), rng)
            .value();
    policies::QuestionWords words;
    words.agreement = "vale-cse";
    words.purpose = region.shape().grants.front().purpose;
    words.kind = "flows";
    words.from = std::string(kPeriod);
    words.by = "origin,destination";
    words.where = {"event=" + region.shape().grants.front().event};
    words.reason = "Which way missing episodes lead";
    const auto question = policies::make_question(words).value();
    const auto statement = protocol::sign_question(
        key, analyst, question.agreement, {sha256(as_bytes(region.identities().agreement))},
        question_id, region.now() + std::chrono::hours(24), policies::encode(question));
    return region.wait(region.command(kNode, {{"command", "ask"},
                                              {"agreement", "vale-cse"},
                                              {"question", to_base64(statement.encode())}}),
                       std::chrono::seconds(600));
  };
  const std::uint64_t logged = region.core(kNode).log().size();
  const std::size_t sent = region.frames().size();
  const Outcome refused = asks_until(region.now() - std::chrono::hours(1));
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code, Code::denied) << refused.error->text;
  EXPECT_THAT(refused.error->text, HasSubstr("expired"));
  EXPECT_THAT(refused.error->hint, ::testing::Not(::testing::IsEmpty()));
  region.run_for(std::chrono::seconds(5));
  EXPECT_EQ(region.frames().size(), sent);
  EXPECT_EQ(region.core(kNode).log().size(), logged);
  // It was the date.
  const Outcome asked = asks_until(region.now() + std::chrono::hours(1));
  EXPECT_TRUE(!asked.error || asked.error->code != Code::denied) << asked.error->text;
  EXPECT_GT(region.core(kNode).log().size(), logged);
}

}  // namespace
}  // namespace hedgerow::simulation
