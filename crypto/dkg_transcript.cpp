// DkgTranscript of crypto/dkg_message.h.
#include "crypto/dkg_message.h"
#include "crypto/hash.h"

namespace hedgerow {
namespace {

template <class T>
const T& at(const std::vector<T>& items, DkgIndex index) {
  HR_CHECK(index >= 1 && index <= items.size());
  return items[index - 1U];
}

// A length of "Round 3", u64 little-endian.
ByteView read_long(Reader& r, std::size_t max) {
  const std::uint64_t length = r.u64();
  if (length > max) {
    r.fail();
    return {};
  }
  return r.raw(static_cast<std::size_t>(length));
}

}  // namespace

DkgTranscript DkgTranscript::make(const DkgParameters& parameters,
                                  std::span<const DkgMessage1> messages, ByteView extension) {
  HR_CHECK(messages.size() == parameters.size() && extension.size() <= kDkgMaxExtension);
  DkgTranscript t;
  t.context_ = parameters.context();
  t.extension_ = to_bytes(extension);
  t.threshold_ = parameters.threshold();
  for (DkgIndex j = 1; j <= parameters.size(); ++j) {
    const DkgMessage1& message = messages[j - 1U];
    HR_CHECK(message.commitment.size() == parameters.threshold());
    t.static_keys_.push_back(parameters.peer(j).static_key);
    t.commitments_.push_back(message.commitment);
    t.proofs_.push_back(message.proof);
    t.ephemerals_.push_back(message.ephemeral);
  }
  t.bytes_ = t.encode();
  return t;
}

Bytes DkgTranscript::encode() const {
  Writer w;
  w.u64(kDkgCiphersuite.size()).raw(as_bytes(kDkgCiphersuite));
  w.u64(context_.size()).raw(context_);
  w.u32(static_cast<std::uint32_t>(static_keys_.size())).u32(threshold_);
  w.raw(encode_elements(static_keys_));
  for (const auto& commitment : commitments_) w.raw(encode_elements(commitment));
  for (const DkgSignature& proof : proofs_) w.raw(proof.bytes());
  w.raw(encode_elements(ephemerals_));
  w.u64(extension_.size()).raw(extension_);
  return std::move(w).take();
}

Result<DkgTranscript> DkgTranscript::decode(ByteView bytes) {
  constexpr std::size_t kMaxSuite = 64;
  Reader r(bytes);
  const ByteView suite = read_long(r, kMaxSuite);
  if (!r.failed() && as_text(suite) != kDkgCiphersuite)
    return bad_input("the transcript is of another ciphersuite");
  DkgTranscript t;
  t.context_ = to_bytes(read_long(r, kDkgMaxContext));
  const std::uint32_t n = r.u32();
  const std::uint32_t threshold = r.u32();
  if (n == 0 || n > kDkgMaxParticipants || threshold == 0 || threshold > n) r.fail();
  const std::size_t each = r.failed() ? 0 : n;
  t.threshold_ = static_cast<DkgIndex>(threshold);

  const ByteView static_keys = r.raw(each * Element::kSize);
  const ByteView commitments = r.raw(each * threshold * Element::kSize);
  const ByteView proofs = r.raw(each * DkgSignature::kSize);
  const ByteView ephemerals = r.raw(each * Element::kSize);
  t.extension_ = to_bytes(read_long(r, kDkgMaxExtension));
  HR_TRY(r.finish("the transcript of a key generation"));

  HR_ASSIGN(t.static_keys_, decode_elements(static_keys));
  HR_ASSIGN(t.ephemerals_, decode_elements(ephemerals));
  const std::size_t commitment_size = threshold * Element::kSize;
  for (std::size_t j = 0; j < each; ++j) {
    HR_ASSIGN(auto commitment,
              decode_elements(commitments.subspan(j * commitment_size, commitment_size)));
    t.commitments_.push_back(std::move(commitment));
    HR_ASSIGN(const DkgSignature proof,
              DkgSignature::decode(proofs.subspan(j * DkgSignature::kSize, DkgSignature::kSize)));
    t.proofs_.push_back(proof);
  }
  t.bytes_ = to_bytes(bytes);
  return t;
}

ByteArray<64> DkgTranscript::hash() const { return sha512(bytes_); }

const Element& DkgTranscript::static_key(DkgIndex index) const { return at(static_keys_, index); }
const std::vector<Element>& DkgTranscript::commitment(DkgIndex index) const {
  return at(commitments_, index);
}
const DkgSignature& DkgTranscript::proof(DkgIndex index) const { return at(proofs_, index); }
const Element& DkgTranscript::ephemeral(DkgIndex index) const { return at(ephemerals_, index); }

Result<DkgPublicKey> DkgTranscript::public_key() const {
  std::vector<Element> sums = commitments_[0];  // sum over j of C_{j,k}
  for (std::size_t j = 1; j < commitments_.size(); ++j)
    for (std::size_t k = 0; k < sums.size(); ++k) {
      HR_ASSIGN(sums[k], add(sums[k], commitments_[j][k]));
    }
  DkgPublicKey key{sums[0], {}, threshold_, hash()};
  for (DkgIndex m = 1; m <= size(); ++m) {
    HR_ASSIGN(const Element share, dkg_evaluate_commitment(sums, m));
    key.verification_shares.push_back(share);
  }
  return key;
}

}  // namespace hedgerow
