// What the key is for: the threshold OPRF under the shares that a run produced.
#include "crypto/threshold_oprf.h"
#include "tests/protocol/dkg/dkg_region.h"

namespace hedgerow::protocol {
namespace {

TEST(KeyGeneration, EveryQuorumGivesTheSamePseudonyms) {
  DkgRegion region(2, 3);
  region.start();
  region.run();
  region.expect_complete();
  const KeyInfo& info = region.announced.at(party("reader-a"));

  std::vector<WipingBytes> inputs;
  inputs.push_back(identifier_input(as_bytes("9434765919")).value());
  inputs.push_back(identifier_input(as_bytes("9434765870")).value());
  const auto pseudonyms_by = [&](std::size_t a, std::size_t b) {
    auto blinded = ThresholdBlinded::blind(inputs, region.rng).value();
    std::vector<VerifiedShare> answers;
    for (const std::size_t i : {a, b}) {
      const KeyShareRecord& r = region.shares.at(info.keyholders[i]);
      auto evaluated =
          evaluate_share(r.x_i, info.verification_shares[i], blinded.blinded_elements(), region.rng)
              .value();
      auto verified = blinded.verify_share(ParticipantIndex::from(i + 1).value(),
                                           info.verification_shares[i], std::move(evaluated));
      EXPECT_TRUE(verified.ok());
      answers.push_back(std::move(verified).value());
    }
    return std::move(blinded).combine(answers, info.threshold).value();
  };
  const auto ab = pseudonyms_by(0, 1);
  const auto bc = pseudonyms_by(1, 2);
  const auto ca = pseudonyms_by(2, 0);
  ASSERT_EQ(ab.size(), 2U);
  EXPECT_TRUE(ab[0] == bc[0] && bc[0] == ca[0]);
  EXPECT_TRUE(ab[1] == bc[1] && bc[1] == ca[1]);
  EXPECT_FALSE(ab[0] == ab[1]);
}

}  // namespace
}  // namespace hedgerow::protocol
