#include "node/core/peers.h"

#include "core_fixture.h"

namespace hedgerow::core {
namespace {

class PeersTest : public ::testing::Test {
 protected:
  const TestRegion& region_ = TestRegion::get();
  std::vector<Certificate> certificates_ = region_.certificates();
  SeededRandom rng_{ByteArray<32>{8}};

  Result<Peers> make(UtcTime now = kNow) const {
    return Peers::make(region_.agreement(), certificates_, now);
  }
  void drop(const Certificate& c) { std::erase(certificates_, c); }
  void replace(const Certificate& old, const Certificate& by) {
    drop(old);
    certificates_.push_back(by);
  }
  Certificate node_of(const char* name, const NodePublicKeys& keys, UtcTime until = kAfter) {
    const TestParty& p = region_.at(name);
    return issue({party(name), CertificateKind::node, "node"}, SubjectKey(keys), {kBefore, until},
                 p.root, p.root_key, rng_)
        .value();
  }
  void refused(std::string_view culprit, Code code = Code::bad_input, UtcTime now = kNow) const {
    const auto r = make(now);
    ASSERT_FALSE(r.ok());
    EXPECT_EQ(r.error().culprit, culprit) << r.error().text;
    EXPECT_EQ(r.error().code, code) << r.error().text;
  }
};

TEST_F(PeersTest, KnowsEveryPartyByIdAndByKey) {
  const auto peers = make();
  ASSERT_TRUE(peers.ok()) << peers.error().text;
  EXPECT_EQ(peers->all().size(), 5U);
  const auto* police = peers->find(party("vale-police"));
  ASSERT_NE(police, nullptr);
  EXPECT_EQ(police->node, region_.at("vale-police").node);
  EXPECT_EQ(peers->by_curve_key(police->keys().curve), police);
  EXPECT_EQ(peers->find(party("vale-stranger")), nullptr);
  EXPECT_EQ(peers->by_curve_key(ByteArray<32>{1}), nullptr);
}

TEST_F(PeersTest, TheSameCertificateTwiceIsOne) {
  certificates_.push_back(region_.at("vale-police").node);
  EXPECT_TRUE(make().ok());
}

TEST_F(PeersTest, MissingRootIsRefused) {
  drop(region_.at("vale-police").root);
  refused("vale-police");
}

TEST_F(PeersTest, MissingNodeIsRefused) {
  drop(region_.at("vale-police").node);
  refused("vale-police");
}

TEST_F(PeersTest, TwoNodeCertificatesOfOnePartyAreRefused) {
  certificates_.push_back(node_of("vale-police", region_.at("vale-police").keyring.public_keys()));
  refused("vale-police");
}

TEST_F(PeersTest, RootWithAnotherFingerprintIsRefused) {
  const TestParty& p = region_.at("vale-police");
  replace(p.root, issue_root(party("vale-police"), p.root_key, {kBefore, kAfter}, rng_).value());
  refused("vale-police");
}

TEST_F(PeersTest, NodeOfAnotherRootIsRefused) {
  const OfficerKey key = OfficerKey::random(rng_);
  const Certificate impostor =
      issue_root(party("vale-police"), key, {kBefore, kAfter}, rng_).value();
  const TestParty& p = region_.at("vale-police");
  replace(p.node, issue({party("vale-police"), CertificateKind::node, "node"},
                        SubjectKey(p.keyring.public_keys()), {kBefore, kAfter}, impostor, key, rng_)
                      .value());
  refused("vale-police");
}

TEST_F(PeersTest, StrangerIsRefused) {
  const OfficerKey key = OfficerKey::random(rng_);
  certificates_.push_back(issue_root(party("vale-stranger"), key, {kBefore, kAfter}, rng_).value());
  refused("vale-stranger");
}

TEST_F(PeersTest, ExpiredAndNotYetValidCertificatesAreRefused) {
  const TestParty& p = region_.at("vale-police");
  replace(p.node, node_of("vale-police", p.keyring.public_keys(), kNow - std::chrono::hours(1)));
  refused("vale-police", Code::denied);
  certificates_ = region_.certificates();
  EXPECT_EQ(make(kBefore - std::chrono::hours(1)).error().code, Code::denied);
}

TEST_F(PeersTest, CurveKeyOfTwoPartiesIsRefused) {
  NodePublicKeys keys = region_.at("vale-voice").keyring.public_keys();
  keys.curve = region_.at("vale-council").keyring.public_keys().curve;
  replace(region_.at("vale-voice").node, node_of("vale-voice", keys));
  refused("vale-voice");
}

}  // namespace
}  // namespace hedgerow::core
