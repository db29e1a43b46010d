#include "crypto/oprf.h"

#include <gtest/gtest.h>

#include "crypto/domains.h"
#include "crypto/random.h"
#include "tests/crypto/oprf/scripted_random.h"
#include "tests/crypto/oprf/voprf_vectors.h"

namespace hedgerow {
namespace {

std::vector<ByteView> views(const std::vector<Bytes>& inputs) {
  return {inputs.begin(), inputs.end()};
}

TEST(Oprf, GivesTheVectorsOfRfc9497) {
  const VoprfVectors file = voprf_vectors();
  ASSERT_EQ(file.vectors.size(), 3u);  // the last one a batch of two
  EXPECT_EQ(file.vectors[2].inputs.size(), 2u);
  for (const VoprfVector& v : file.vectors) {
    ScriptedScalars blinds(v.blinds);
    auto client = OprfClient::blind(views(v.inputs), blinds);
    ASSERT_TRUE(client.ok());
    EXPECT_TRUE(blinds.exhausted());
    EXPECT_EQ(encode_elements(client->blinded_elements()), joined(v.blinded));

    ScriptedScalars proof_random({v.proof_random});
    const auto evaluation =
        blind_evaluate(file.secret_key, file.public_key, client->blinded_elements(), proof_random);
    ASSERT_TRUE(evaluation.ok());
    EXPECT_TRUE(proof_random.exhausted());
    EXPECT_EQ(encode_elements(evaluation->evaluated_elements), joined(v.evaluated));
    EXPECT_EQ(to_hex(evaluation->proof.encode()), to_hex(v.proof));

    const auto outputs = std::move(*client).finalize(*evaluation, file.public_key);
    ASSERT_TRUE(outputs.ok());
    for (std::size_t i = 0; i < v.inputs.size(); ++i) {
      EXPECT_EQ(to_hex((*outputs)[i]), to_hex(v.outputs[i]));
      EXPECT_EQ(to_hex(*evaluate(file.secret_key, v.inputs[i])), to_hex(v.outputs[i]));
    }
  }
}

TEST(Oprf, DerivesTheKeyOfRfc9497) {
  const VoprfVectors file = voprf_vectors();
  const auto pair = derive_key_pair(ByteView(file.seed).first<32>(), file.key_info);
  ASSERT_TRUE(pair.ok());
  EXPECT_EQ(publish(pair->secret_key), publish(file.secret_key));
  EXPECT_EQ(pair->public_key, file.public_key);
  EXPECT_FALSE(derive_key_pair(ByteView(file.seed).first<32>(), Bytes(65536, 0)).ok());
}

TEST(Oprf, UsesTheDstOfRfc9497) {
  EXPECT_EQ(std::string(kOprfHashToGroupPrefix).append(kOprfContext),
            std::string(as_text(voprf_vectors().group_dst)));
}

template <class Client>
concept CanFinalizeKept = requires(Client& c, const Evaluation& e, const Element& key) {
  c.finalize(e, key);
};

class OprfRun : public testing::Test {
 protected:
  OprfRun() : rng_(ByteArray<32>{31}), key_(random_scalar(rng_)), public_(*multiply_base(key_)) {}

  OprfClient client() {
    const std::vector<Bytes> inputs{to_bytes("a"), to_bytes("b"), to_bytes("c")};
    return *OprfClient::blind(views(inputs), rng_);
  }

  SeededRandom rng_;
  SecretScalar key_;
  Element public_;
};

TEST_F(OprfRun, FinalizeRefusesAnotherKey) {
  OprfClient c = client();
  const auto other = random_scalar(rng_);
  const auto evaluation = blind_evaluate(other, *multiply_base(other), c.blinded_elements(), rng_);
  EXPECT_FALSE(std::move(c).finalize(*evaluation, public_).ok());
}

TEST_F(OprfRun, FinalizeRefusesSwappedMissingAndFurtherElements) {
  for (int change = 0; change < 3; ++change) {
    OprfClient c = client();
    auto evaluation = *blind_evaluate(key_, public_, c.blinded_elements(), rng_);
    auto& elements = evaluation.evaluated_elements;
    if (change == 0) std::swap(elements[0], elements[1]);
    if (change == 1) elements.pop_back();
    if (change == 2) elements.push_back(elements[0]);
    EXPECT_FALSE(std::move(c).finalize(evaluation, public_).ok()) << change;
  }
}

TEST_F(OprfRun, FinalizeIsSingleUse) {
  OprfClient c = client();
  const auto evaluation = *blind_evaluate(key_, public_, c.blinded_elements(), rng_);
  EXPECT_TRUE(std::move(c).finalize(evaluation, public_).ok());
  EXPECT_FALSE(std::move(c).finalize(evaluation, public_).ok());
  static_assert(!CanFinalizeKept<OprfClient>);
}

TEST_F(OprfRun, BlindsAnewEachTime) {
  EXPECT_NE(client().blinded_elements(), client().blinded_elements());
}

TEST_F(OprfRun, RefusesNoInputAndTooLongOnes) {
  EXPECT_FALSE(OprfClient::blind({}, rng_).ok());
  const std::vector<Bytes> too_long{Bytes(kMaxOprfInputSize + 1, 0)};
  EXPECT_FALSE(OprfClient::blind(views(too_long), rng_).ok());
  EXPECT_FALSE(evaluate(key_, too_long[0]).ok());
  EXPECT_TRUE(evaluate(key_, Bytes(kMaxOprfInputSize, 0)).ok());
}

}  // namespace
}  // namespace hedgerow
