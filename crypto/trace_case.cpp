#include "crypto/trace_case.h"

#include <algorithm>

#include "crypto/base/plain_text.h"
#include "crypto/domains.h"
#include "crypto/hash.h"

namespace hedgerow {

namespace {

constexpr std::size_t kLengthAt = CaseBlinding::kSize;
constexpr std::size_t kReferenceAt = kLengthAt + 2;

// A field of a hash, without a copy of what is secret.
void update_field(Sha512& hash, ByteView field) {
  Writer length;
  length.u32(static_cast<std::uint32_t>(field.size()));
  hash.update(length.data()).update(field);
}

Error not_laid_out() {
  return bad_input("the opening of a case reference is not laid out as such");
}

}  // namespace

Result<void> check_case_reference(ByteView reference) {
  if (reference.empty()) return bad_input("the case reference is empty");
  if (reference.size() > kMaxCaseReference)
    return bad_input("the case reference is longer than 256 bytes");
  if (!is_plain_text(reference))
    return bad_input("the case reference is not plain text in UTF-8 on one line");
  return {};
}

Result<CaseOpening> CaseOpening::make(ByteView reference, Random& rng) {
  HR_TRY(check_case_reference(reference));
  return CaseOpening{CaseBlinding::random(rng), SecretBytes::copy_from(reference)};
}

CaseCommitment CaseOpening::commitment() const {
  Sha512 hash;
  update_field(hash, as_bytes(kDomainTraceCase));
  update_field(hash, blinding.expose());
  update_field(hash, reference.expose());
  const ByteArray<64> whole = hash.finish();
  CaseCommitment commitment;
  std::copy_n(whole.begin(), commitment.bytes.size(), commitment.bytes.begin());
  return commitment;
}

bool CaseOpening::opens(const CaseCommitment& other) const {
  return equal_in_constant_time(commitment().view(), other.view());
}

SealedCase seal_case_opening(const CaseOpening& opening, const SealPublicKey& first,
                             const SealPublicKey& second, Random& rng) {
  HR_CHECK(first != second);
  const ByteView reference = opening.reference.expose();
  HR_CHECK(check_case_reference(reference).ok());
  SecretBytes laid_out(kCaseOpeningSize);
  const auto out = laid_out.writable();
  std::ranges::fill(out, std::uint8_t{0});
  std::ranges::copy(opening.blinding.expose(), out.begin());
  out[kLengthAt] = static_cast<std::uint8_t>(reference.size() & 0xffu);
  out[kLengthAt + 1] = static_cast<std::uint8_t>(reference.size() >> 8u);
  std::ranges::copy(reference, out.begin() + kReferenceAt);
  const Bytes box = seal(first, seal(second, laid_out.expose(), rng), rng);
  SealedCase sealed{};
  HR_CHECK(box.size() == sealed.size());
  std::ranges::copy(box, sealed.begin());
  return sealed;
}

Result<HalfOpenedCase> open_first_layer(const SealedCase& sealed, const SealKeyPair& first) {
  HR_ASSIGN(const Bytes box, unseal(first.secret_key, first.public_key, sealed));
  HalfOpenedCase half{};
  HR_CHECK(box.size() == half.size());
  std::ranges::copy(box, half.begin());
  return half;
}

Result<CaseOpening> open_second_layer(const HalfOpenedCase& half, const SealKeyPair& second) {
  HR_ASSIGN(Bytes plain, unseal(second.secret_key, second.public_key, half));
  const WipeOnExit wiped(plain);
  const ByteView in(plain);
  HR_CHECK(in.size() == kCaseOpeningSize);
  const std::size_t length = in[kLengthAt] | static_cast<std::size_t>(in[kLengthAt + 1]) << 8u;
  if (length > kMaxCaseReference) return not_laid_out();
  const ByteView reference = in.subspan(kReferenceAt, length);
  const ByteView padding = in.subspan(kReferenceAt + length);
  if (!check_case_reference(reference).ok() ||
      std::ranges::any_of(padding, [](std::uint8_t b) { return b != 0; }))
    return not_laid_out();
  return CaseOpening{CaseBlinding::copy_from(in.first<CaseBlinding::kSize>()),
                     SecretBytes::copy_from(reference)};
}

}  // namespace hedgerow
