// RFC 9497, ristretto255-SHA512, mode 0x01 (VOPRF): the verifiable oblivious function under one
// key. Names as in the RFC. Hedgerow itself uses it through crypto/threshold_oprf.h; this is the
// single-key function that the threshold one must equal.
//
// The RFC's finalize for mode 0x01 verifies the proof first; so does this one, and without a
// valid proof there is no output.
#pragma once

#include <span>
#include <vector>

#include "crypto/dleq.h"
#include "crypto/group.h"

namespace hedgerow {

inline constexpr std::size_t kMaxOprfInputSize = 65535;  // bytes; RFC 9497 section 1.2
inline constexpr std::size_t kOprfOutputSize = 64;

struct OprfKeyPair {
  SecretScalar secret_key;
  Element public_key;
};

struct Evaluation {
  std::vector<Element> evaluated_elements;
  DleqProof proof;
};

// RFC 9497 section 3.2.1. Errors: info above 65,535 bytes; 256 attempts gave zero.
Result<OprfKeyPair> derive_key_pair(std::span<const std::uint8_t, 32> seed, ByteView info);

// HashToGroup of the suite. Errors: input above kMaxOprfInputSize.
Result<Element> hash_oprf_input(ByteView input);

// The last step of Finalize: the output for an input and its unblinded element.
ByteArray<kOprfOutputSize> finalize_output(ByteView input, const Element& unblinded_element);

// The server: evaluated_elements[j] = secret_key * blinded_elements[j], and one proof for all.
// 1 to 65,535 elements. Errors: none that an honest server meets.
Result<Evaluation> blind_evaluate(const SecretScalar& secret_key, const Element& public_key,
                                  std::span<const Element> blinded_elements, Random& rng);

// The function itself, for whoever holds the key. Errors: input too long.
Result<ByteArray<kOprfOutputSize>> evaluate(const SecretScalar& secret_key, ByteView input);

// The client of one batch, between Blind and Finalize.
class OprfClient {
 public:
  // Draws one blind for each input, in order. Errors: no input; an input too long.
  static Result<OprfClient> blind(std::span<const ByteView> inputs, Random& rng);

  const std::vector<Element>& blinded_elements() const { return blinded_elements_; }

  // The outputs in the order of the inputs. Single use: the blinds are gone afterwards, whatever
  // the outcome. Errors: a proof that does not hold, an evaluation of another size.
  Result<std::vector<ByteArray<kOprfOutputSize>>> finalize(const Evaluation& evaluation,
                                                           const Element& public_key) &&;

 private:
  OprfClient() = default;
  std::vector<SecretBytes> inputs_;
  SecretScalars blinds_;
  std::vector<Element> blinded_elements_;
};

}  // namespace hedgerow
