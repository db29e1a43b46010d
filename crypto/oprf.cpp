#include "crypto/oprf.h"

#include <string>

#include "crypto/domains.h"
#include "crypto/hash.h"

namespace hedgerow {
namespace {

Bytes suite_dst(std::string_view prefix) {
  return to_bytes(std::string(prefix) + std::string(kOprfContext));
}

ByteArray<2> i2osp2(std::size_t n) {
  return {static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n & 0xff)};
}

}  // namespace

Result<OprfKeyPair> derive_key_pair(std::span<const std::uint8_t, 32> seed, ByteView info) {
  if (info.size() > kMaxOprfInputSize) return bad_input("a key's info is too long");
  SecretBytes derive_input(seed.size() + 2 + info.size() + 1);
  const std::span<std::uint8_t> out = derive_input.writable();
  const ByteArray<2> info_size = i2osp2(info.size());
  std::copy(seed.begin(), seed.end(), out.begin());
  std::copy(info_size.begin(), info_size.end(), out.begin() + 32);
  std::copy(info.begin(), info.end(), out.begin() + 34);
  const Bytes dst = suite_dst(kOprfDeriveKeyPairPrefix);
  for (unsigned counter = 0; counter <= 255; ++counter) {
    out.back() = static_cast<std::uint8_t>(counter);
    Bytes wide = expand_message_xmd_sha512(derive_input.expose(), dst, 64);
    WipeOnExit wipe_wide(wide);
    SecretScalar secret_key = reduce_secret(ByteView(wide).first<64>());
    if (is_zero(secret_key)) continue;
    HR_ASSIGN(const Element public_key, multiply_base(secret_key));
    return OprfKeyPair{std::move(secret_key), public_key};
  }
  return internal("no key could be derived from this seed");
}

Result<Element> hash_oprf_input(ByteView input) {
  if (input.size() > kMaxOprfInputSize) return bad_input("an OPRF input is too long");
  return map_to_group(input, suite_dst(kOprfHashToGroupPrefix));
}

ByteArray<kOprfOutputSize> finalize_output(ByteView input, const Element& unblinded_element) {
  HR_CHECK(input.size() <= kMaxOprfInputSize);
  return Sha512()
      .update(i2osp2(input.size()))
      .update(input)
      .update(i2osp2(Element::kSize))
      .update(unblinded_element.bytes())
      .update(as_bytes(kOprfFinalize))
      .finish();
}

Result<Evaluation> blind_evaluate(const SecretScalar& secret_key, const Element& public_key,
                                  std::span<const Element> blinded_elements, Random& rng) {
  std::vector<Element> evaluated;
  evaluated.reserve(blinded_elements.size());
  for (const Element& blinded : blinded_elements) {
    HR_ASSIGN(const Element e, multiply(secret_key, blinded));
    evaluated.push_back(e);
  }
  HR_ASSIGN(const DleqProof proof, generate_proof(secret_key, Element::base(), public_key,
                                                  blinded_elements, evaluated, kOprfContext, rng));
  return Evaluation{std::move(evaluated), proof};
}

Result<ByteArray<kOprfOutputSize>> evaluate(const SecretScalar& secret_key, ByteView input) {
  HR_ASSIGN(const Element element, hash_oprf_input(input));
  HR_ASSIGN(const Element evaluated, multiply(secret_key, element));
  return finalize_output(input, evaluated);
}

Result<OprfClient> OprfClient::blind(std::span<const ByteView> inputs, Random& rng) {
  if (inputs.empty()) return bad_input("nothing to blind");
  OprfClient client;
  client.blinds_ = SecretScalars::random(inputs.size(), rng);
  for (std::size_t j = 0; j < inputs.size(); ++j) {
    HR_ASSIGN(const Element element, hash_oprf_input(inputs[j]));
    HR_ASSIGN(const Element blinded, multiply(client.blinds_, j, element));
    client.inputs_.push_back(SecretBytes::copy_from(inputs[j]));
    client.blinded_elements_.push_back(blinded);
  }
  return client;
}

Result<std::vector<ByteArray<kOprfOutputSize>>> OprfClient::finalize(const Evaluation& evaluation,
                                                                     const Element& public_key) && {
  const OprfClient burnt = std::move(*this);  // gone on every way out
  HR_TRY(verify_proof(Element::base(), public_key, burnt.blinded_elements_,
                      evaluation.evaluated_elements, kOprfContext, evaluation.proof));
  HR_ASSIGN(const SecretScalars inverses, invert_all(burnt.blinds_));
  std::vector<ByteArray<kOprfOutputSize>> outputs;
  outputs.reserve(burnt.inputs_.size());
  for (std::size_t j = 0; j < burnt.inputs_.size(); ++j) {
    HR_ASSIGN(const Element unblinded, multiply(inverses, j, evaluation.evaluated_elements[j]));
    outputs.push_back(finalize_output(burnt.inputs_[j].expose(), unblinded));
  }
  return outputs;
}

}  // namespace hedgerow
