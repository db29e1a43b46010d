// The published vectors of C2SP cocktail-dkg, byte for byte (tests/vectors/c2sp).
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "crypto/dkg.h"
#include "crypto/hash.h"
#include "test_paths.h"

namespace hedgerow {
namespace {

using nlohmann::json;

const json& vectors() {
  static const json file = [] {
    std::ifstream in(HEDGEROW_SOURCE_DIR
                     "/tests/vectors/c2sp/cocktail-dkg-ristretto255-sha512.json");
    return json::parse(in);
  }();
  return file;
}

Bytes hex(const json& j) { return from_hex(j.get<std::string>()).value(); }
Element element(const json& j) { return Element::decode(hex(j)).value(); }

// H(seed || ciphersuite || t || n || label) of the vectors' own derivation.
Bytes labelled(const json& v, const std::string& label) {
  Writer w;
  w.raw(hex(vectors()["seed"])).raw(as_bytes(kDkgCiphersuite));
  w.u32(v["t"].get<std::uint32_t>()).u32(v["n"].get<std::uint32_t>()).raw(as_bytes(label));
  return std::move(w).take();
}

// The vectors' stream of random bytes.
class VectorRandom : public Random {
 public:
  explicit VectorRandom(Bytes label) : label_(std::move(label)) {}
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& b : out) {
      if (used_ == block_.size()) {
        block_ = sha512(Writer().raw(label_).u64(counter_++).data());
        used_ = 0;
      }
      b = block_[used_++];
    }
  }

 private:
  Bytes label_;
  ByteArray<64> block_{};
  std::size_t used_ = 64;
  std::uint64_t counter_ = 0;
};

struct Session {
  const json& v;
  std::vector<SecretScalar> secrets;
  std::optional<DkgParameters> parameters;
  Bytes extension;

  explicit Session(const json& vector) : v(vector), extension(hex(vector["extension"])) {
    std::vector<DkgPeer> peers;
    for (std::size_t i = 0; i < v["n"]; ++i) {
      secrets.push_back(decode_secret_scalar(hex(v["config"]["static_secret_keys"][i])).value());
      peers.push_back({std::to_string(i + 1), element(v["config"]["static_public_keys"][i])});
    }
    parameters =
        DkgParameters::make(v["t"].get<DkgIndex>(), std::move(peers), hex(v["context"])).value();
  }
  DkgIndex n() const { return parameters->size(); }
  Bytes payload(DkgIndex i) const {
    return v.contains("payloads") ? hex(v["payloads"][i - 1U]) : Bytes{};
  }
  DkgRound1 begin(DkgIndex i) const {
    VectorRandom rng(labelled(v, "round1_participant_" + std::to_string(i)));
    return DkgRound1::begin(*parameters, i, secrets[i - 1U], rng, payload(i)).value();
  }
};

class DkgVectors : public testing::TestWithParam<std::size_t> {
 protected:
  Session session{vectors()["vectors"][GetParam()]};
  const json& v = session.v;
};

TEST_P(DkgVectors, DeriveStaticKeysAndContext) {
  ASSERT_EQ(vectors()["ciphersuite"], kDkgCiphersuite);
  std::vector<DkgPeer> peers;
  for (DkgIndex i = 1; i <= session.n(); ++i) {
    const ByteArray<64> wide = sha512(labelled(v, "static_secret_key_" + std::to_string(i)));
    const SecretScalar secret = reduce_secret(wide);
    EXPECT_EQ(to_hex(secret.expose()), v["config"]["static_secret_keys"][i - 1U]);
    EXPECT_EQ(to_hex(dkg_public_key(secret)->bytes()), v["config"]["static_public_keys"][i - 1U]);
    peers.push_back(session.parameters->peer(i));
  }
  EXPECT_EQ(to_hex(dkg_context(hex(v["session_tag"]), peers)), v["context"]);
}

TEST_P(DkgVectors, ReproduceRound1) {
  for (DkgIndex i = 1; i <= session.n(); ++i) {
    const DkgRound1 round = session.begin(i);
    const json& expected = v["round1"][i - 1U];
    ASSERT_EQ(expected["participant_id"], i);
    const DkgMessage1& m = round.message();
    ASSERT_EQ(m.commitment.size(), expected["vss_commitment"].size());
    for (std::size_t k = 0; k < m.commitment.size(); ++k)
      EXPECT_EQ(to_hex(m.commitment[k].bytes()), expected["vss_commitment"][k]);
    EXPECT_EQ(to_hex(m.ephemeral.bytes()), expected["ephemeral_public_key"]);
    EXPECT_EQ(to_hex(m.proof.bytes()), expected["pop"]);
    EXPECT_EQ(to_hex(dkg_proof_message(session.parameters->context(), m.commitment, m.ephemeral)),
              expected["pop_intermediate"]["message"]);
    ASSERT_EQ(m.ciphertexts.size(), expected["encrypted_shares"].size());
    for (std::size_t j = 0; j < m.ciphertexts.size(); ++j)
      EXPECT_EQ(to_hex(m.ciphertexts[j]), expected["encrypted_shares"][j]);
    EXPECT_EQ(DkgMessage1::decode(*session.parameters, i, m.encode()).value(), m);
  }
}

TEST_P(DkgVectors, ReproduceRounds2And3) {
  std::vector<DkgMessage1> messages;
  for (DkgIndex i = 1; i <= session.n(); ++i) messages.push_back(session.begin(i).message());

  std::vector<DkgRound3> rounds;
  std::vector<DkgSignature> signatures;
  for (DkgIndex i = 1; i <= session.n(); ++i) {
    auto round2 = session.begin(i).receive(messages);
    ASSERT_TRUE(round2.ok()) << round2.error().text;
    const json& expected = v["round2"][i - 1U];
    EXPECT_EQ(to_hex(round2->verification_share().bytes()), expected["verification_share"]);
    EXPECT_EQ(to_hex(round2->group_key().bytes()), v["group_public_key"]);
    for (DkgIndex j = 1; j <= session.n(); ++j)
      EXPECT_EQ(to_hex(round2->payloads()[j - 1U].expose()), to_hex(session.payload(j)));

    auto round3 = std::move(*round2).certify(session.extension);
    ASSERT_TRUE(round3.ok());
    EXPECT_EQ(to_hex(round3->share().expose()), expected["secret_share"]);
    EXPECT_EQ(to_hex(round3->transcript().hash()), v["round3"]["transcript_hash"]);
    EXPECT_EQ(to_hex(round3->signature().bytes()), v["round3"]["signatures"][i - 1U]["signature"]);
    signatures.push_back(round3->signature());
    rounds.push_back(std::move(*round3));
  }
  for (DkgIndex i = 1; i <= session.n(); ++i) {
    const auto output = std::move(rounds[i - 1U]).finish(signatures);
    ASSERT_TRUE(output.ok()) << output.error().text;
    EXPECT_EQ(to_hex(output->key.group_key.bytes()), v["group_public_key"]);
    EXPECT_EQ(to_hex(output->share.expose()), v["round2"][i - 1U]["secret_share"]);
    for (DkgIndex m = 1; m <= session.n(); ++m)
      EXPECT_EQ(to_hex(output->key.verification_shares[m - 1U].bytes()),
                v["round2"][m - 1U]["verification_share"]);
  }
}

TEST_P(DkgVectors, ExtensionIsTheHashOfThePayloads) {
  if (!v.contains("payloads")) {
    EXPECT_TRUE(session.extension.empty());
    return;
  }
  Writer w;
  w.u64(session.n());
  for (DkgIndex i = 1; i <= session.n(); ++i) {
    const Bytes payload = session.payload(i);
    w.u64(payload.size()).raw(payload);
  }
  EXPECT_EQ(to_bytes(sha512(w.data())), session.extension);
}

TEST_P(DkgVectors, RecoverTheShare) {
  if (!v.contains("recovery")) {
    EXPECT_NE(session.n(), 3);  // every 2-of-3 entry has one
    return;
  }
  std::vector<DkgMessage1> messages;
  for (DkgIndex i = 1; i <= session.n(); ++i) messages.push_back(session.begin(i).message());
  const DkgTranscript transcript =
      DkgTranscript::make(*session.parameters, messages, session.extension);
  std::vector<DkgSignature> signatures;
  for (const json& s : v["round3"]["signatures"])
    signatures.push_back(DkgSignature::decode(hex(s["signature"])).value());
  std::vector<Bytes> ciphertexts;
  for (const json& c : v["recovery"]["ciphertexts"]) ciphertexts.push_back(hex(c));

  const auto output = dkg_recover(session.secrets[0], transcript.bytes(), signatures,
                                  dkg_encode_bundle(ciphertexts));
  ASSERT_TRUE(output.ok()) << output.error().text;
  EXPECT_EQ(output->index, v["recovery"]["participant_id"]);
  EXPECT_EQ(to_hex(output->share.expose()), v["recovery"]["recovered_secret_share"]);
  EXPECT_EQ(to_hex(output->key.verification_shares[0].bytes()),
            v["recovery"]["recovered_verification_share"]);
}

TEST(DkgVectorFile, HoldsTheFourPublishedSessions) { ASSERT_EQ(vectors()["vectors"].size(), 4U); }

INSTANTIATE_TEST_SUITE_P(Published, DkgVectors, testing::Range<std::size_t>(0, 4),
                         [](const auto& param_info) {
                           const json& v = vectors()["vectors"][param_info.param];
                           return v["t"].dump() + "of" + v["n"].dump() +
                                  (v.contains("payloads") ? "Payloads" : "");
                         });

}  // namespace
}  // namespace hedgerow
