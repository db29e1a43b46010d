// A whole group of participants in one process.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "crypto/dkg.h"
#include "crypto/random.h"
#include "crypto/shamir.h"

namespace hedgerow {

inline SeededRandom seeded(std::uint8_t n) {
  ByteArray<32> seed{};
  seed[0] = n;
  return SeededRandom(seed);
}

// "p1" to "pn" with static keys from a seed, and their parameters for one session.
struct DkgGroup {
  std::vector<DkgStaticKey> keys;
  std::optional<DkgParameters> parameters;

  DkgGroup(DkgIndex threshold, DkgIndex n, std::string_view session = "session") {
    SeededRandom rng = seeded(1);
    for (DkgIndex i = 0; i < n; ++i) keys.push_back(generate_dkg_static_key(rng));
    parameters =
        DkgParameters::make(threshold, peers(), dkg_context(as_bytes(session), peers())).value();
  }

  std::vector<DkgPeer> peers() const {
    std::vector<DkgPeer> out;
    for (std::size_t i = 0; i < keys.size(); ++i)
      out.push_back({"p" + std::to_string(i + 1), keys[i].public_key});
    return out;
  }
  const SecretScalar& secret(DkgIndex i) const { return keys[i - 1U].secret; }
  DkgIndex n() const { return parameters->size(); }

  std::vector<DkgRound1> round1(std::uint8_t seed = 2) const {
    SeededRandom rng = seeded(seed);
    std::vector<DkgRound1> out;
    for (DkgIndex i = 1; i <= n(); ++i)
      out.push_back(DkgRound1::begin(*parameters, i, secret(i), rng).value());
    return out;
  }
  static std::vector<DkgMessage1> messages(const std::vector<DkgRound1>& rounds) {
    std::vector<DkgMessage1> out;
    for (const DkgRound1& r : rounds) out.push_back(r.message());
    return out;
  }

  std::vector<DkgRound3> round3(ByteView extension = {}) const {
    std::vector<DkgRound1> rounds = round1();
    const auto all = messages(rounds);
    std::vector<DkgRound3> out;
    for (DkgRound1& r : rounds)
      out.push_back(std::move(r).receive(all).value().certify(extension).value());
    return out;
  }
  static std::vector<DkgSignature> signatures(const std::vector<DkgRound3>& rounds) {
    std::vector<DkgSignature> out;
    for (const DkgRound3& r : rounds) out.push_back(r.signature());
    return out;
  }

  std::vector<DkgOutput> outputs() const {
    std::vector<DkgRound3> rounds = round3();
    const auto all = signatures(rounds);
    std::vector<DkgOutput> out;
    for (DkgRound3& r : rounds) out.push_back(std::move(r).finish(all).value());
    return out;
  }
};

// f(0) from the shares of the participants named.
inline SecretScalar recover(const std::vector<DkgOutput>& outputs,
                            const std::vector<DkgIndex>& who) {
  std::vector<SecretShare> shares;
  for (DkgIndex i : who)
    shares.push_back({ParticipantIndex::from(i).value(), outputs[i - 1U].share.clone()});
  return recover_secret(shares).value();
}

}  // namespace hedgerow
