#include "crypto/dleq.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "crypto/domains.h"
#include "crypto/hash.h"

namespace hedgerow {
namespace {

constexpr std::size_t kMaxProofBatch = std::numeric_limits<std::uint16_t>::max();

Bytes dst(std::string_view prefix, std::string_view context) {
  Bytes out = to_bytes(prefix);
  out.insert(out.end(), context.begin(), context.end());
  return out;
}

// RFC 9497's transcripts: I2OSP(length, 2) before each variable part, big-endian.
class Transcript {
 public:
  Transcript& part(ByteView bytes) {
    HR_CHECK(bytes.size() <= std::numeric_limits<std::uint16_t>::max());
    number(bytes.size());
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  Transcript& part(const Element& e) { return part(ByteView(e.bytes())); }
  Transcript& number(std::size_t n) {
    out_.push_back(static_cast<std::uint8_t>(n >> 8));
    out_.push_back(static_cast<std::uint8_t>(n & 0xff));
    return *this;
  }
  Transcript& label(std::string_view text) {
    out_.insert(out_.end(), text.begin(), text.end());
    return *this;
  }
  const Bytes& bytes() const { return out_; }

 private:
  Bytes out_;
};

// The weights d_j of ComputeComposites.
std::vector<Scalar> composite_weights(const Element& b, std::span<const Element> c,
                                      std::span<const Element> d, std::string_view context) {
  const ByteArray<64> seed =
      sha512(Transcript().part(b).part(dst(kOprfSeedPrefix, context)).bytes());
  const Bytes scalar_dst = dst(kOprfHashToScalarPrefix, context);
  std::vector<Scalar> weights;
  weights.reserve(c.size());
  for (std::size_t j = 0; j < c.size(); ++j) {
    Transcript t;
    t.part(ByteView(seed)).number(j).part(c[j]).part(d[j]).label(kOprfComposite);
    weights.push_back(hash_to_scalar(t.bytes(), scalar_dst));
  }
  return weights;
}

Scalar challenge(const Element& b, const Element& m, const Element& z, const Element& t2,
                 const Element& t3, std::string_view context) {
  Transcript t;
  t.part(b).part(m).part(z).part(t2).part(t3).label(kOprfChallenge);
  return hash_to_scalar(t.bytes(), dst(kOprfHashToScalarPrefix, context));
}

bool sizes_fit(std::span<const Element> c, std::span<const Element> d) {
  return c.size() == d.size() && !c.empty() && c.size() <= kMaxProofBatch;
}

Error does_not_hold() { return bad_input("a proof of equal logarithms does not hold"); }

}  // namespace

ByteArray<DleqProof::kSize> DleqProof::encode() const {
  ByteArray<kSize> out;
  std::copy(c.bytes().begin(), c.bytes().end(), out.begin());
  std::copy(s.bytes().begin(), s.bytes().end(), out.begin() + Scalar::kSize);
  return out;
}

Result<DleqProof> DleqProof::decode(ByteView bytes) {
  if (bytes.size() != kSize) return bad_input("a proof is not 64 bytes long");
  HR_ASSIGN(const Scalar c, Scalar::decode(bytes.first(Scalar::kSize)));
  HR_ASSIGN(const Scalar s, Scalar::decode(bytes.last(Scalar::kSize)));
  return DleqProof{c, s};
}

Result<DleqProof> generate_proof(const SecretScalar& k, const Element& a, const Element& b,
                                 std::span<const Element> c, std::span<const Element> d,
                                 std::string_view context, Random& rng) {
  HR_CHECK(sizes_fit(c, d));
  const std::vector<Scalar> weights = composite_weights(b, c, d, context);
  HR_ASSIGN(const Element m, multiply_and_sum(weights, c));
  HR_ASSIGN(const Element z, multiply(k, m));  // ComputeCompositesFast
  const SecretScalar r = random_scalar(rng);
  HR_ASSIGN(const Element t2, multiply(r, a));
  HR_ASSIGN(const Element t3, multiply(r, m));
  const Scalar proof_c = challenge(b, m, z, t2, t3, context);
  return DleqProof{proof_c, publish(subtract(r, multiply(k, proof_c)))};
}

Result<void> verify_proof(const Element& a, const Element& b, std::span<const Element> c,
                          std::span<const Element> d, std::string_view context,
                          const DleqProof& proof) {
  if (!sizes_fit(c, d)) return bad_input("a proof's batch is empty or of two sizes");
  const std::vector<Scalar> weights = composite_weights(b, c, d, context);
  const Result<Element> m = multiply_and_sum(weights, c);
  const Result<Element> z = multiply_and_sum(weights, d);
  if (!m.ok() || !z.ok()) return does_not_hold();
  const std::vector<Scalar> response{proof.s, proof.c};
  const Result<Element> t2 = multiply_and_sum(response, std::vector<Element>{a, b});
  const Result<Element> t3 = multiply_and_sum(response, std::vector<Element>{*m, *z});
  if (!t2.ok() || !t3.ok()) return does_not_hold();
  if (!(challenge(b, *m, *z, *t2, *t3, context) == proof.c)) return does_not_hold();
  return {};
}

}  // namespace hedgerow
