// "Share Recovery": dkg_recover of crypto/dkg.h.
#include <optional>
#include <string>

#include "crypto/dkg.h"
#include "crypto/dkg_share_cipher.h"

namespace hedgerow {
namespace {

// Step 3: the one index whose static key is ours.
Result<DkgIndex> find_own(const SecretScalar& static_secret, const DkgTranscript& transcript) {
  HR_ASSIGN(const Element own_key, dkg_public_key(static_secret));
  std::optional<DkgIndex> found;
  for (DkgIndex j = 1; j <= transcript.size(); ++j) {
    if (transcript.static_key(j) != own_key) continue;
    if (found) return bad_input("the transcript holds the own static key twice");
    found = j;
  }
  if (!found) return bad_input("the transcript does not hold the own static key");
  return *found;
}

}  // namespace

Result<DkgOutput> dkg_recover(const SecretScalar& static_secret, ByteView transcript,
                              std::span<const DkgSignature> signatures, ByteView bundle) {
  HR_ASSIGN(const DkgTranscript decoded, DkgTranscript::decode(transcript));
  std::vector<DkgPeer> peers;
  for (DkgIndex j = 1; j <= decoded.size(); ++j)
    peers.push_back({std::to_string(j), decoded.static_key(j)});
  HR_ASSIGN(const DkgParameters parameters,
            DkgParameters::make(decoded.threshold(), std::move(peers), decoded.context()));
  HR_ASSIGN(DkgPublicKey key, dkg_verify_certificate(parameters, decoded, signatures));
  HR_ASSIGN(const DkgIndex own, find_own(static_secret, decoded));
  HR_ASSIGN(const std::vector<Bytes> ciphertexts, dkg_decode_bundle(bundle, decoded.size()));

  SecretScalar share;
  for (DkgIndex j = 1; j <= decoded.size(); ++j) {
    const DkgChannel channel{decoded.ephemeral(j), decoded.static_key(j), decoded.static_key(own)};
    auto opened = dkg_open_share(static_secret, channel, decoded.context(), ciphertexts[j - 1U],
                                 decoded.commitment(j), own);
    if (!opened) return culprit_error(opened.error().text, std::to_string(j));
    share = add(share, opened->share);
  }
  const auto actual = multiply_base(share);
  if (!actual || *actual != key.verification_shares[own - 1U])
    return internal("the recovered share does not fit its verification share");
  return DkgOutput{own, std::move(share), std::move(key)};
}

}  // namespace hedgerow
