// The prime-order group ristretto255 (RFC 9496) and its scalars, through libsodium.
//
// An Element is always a canonical encoding of a group element that is not the identity; a
// Scalar is always canonical, below the order L. Both come from bytes only through decode(),
// which applies cryptography.md 0. Operations whose result could be the identity give a Result:
// honest parties meet that case with probability 2^-252, so it means a hostile input.
// Secret operations run in constant time; secret intermediate values stay in locked memory.
#pragma once

#include <compare>
#include <span>
#include <string_view>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/secret.h"

namespace hedgerow {

class Scalar;

class Element {
 public:
  static constexpr std::size_t kSize = 32;

  // Refuses: a length other than 32, bit 255 set, the identity, a non-canonical encoding.
  static Result<Element> decode(ByteView bytes);
  static const Element& base();  // G

  const ByteArray<kSize>& bytes() const& { return bytes_; }
  const ByteArray<kSize>& bytes() const&& = delete;  // would dangle
  friend auto operator<=>(const Element&, const Element&) = default;

 private:
  friend struct GroupAccess;
  explicit Element(const ByteArray<kSize>& bytes) : bytes_(bytes) {}
  ByteArray<kSize> bytes_;
};

// Elements as one contiguous run: n * 32 bytes. The error names the first bad position.
Result<std::vector<Element>> decode_elements(ByteView run);
Bytes encode_elements(std::span<const Element> elements);

// A public scalar. Zero is a Scalar: ask is_zero() where the protocol needs another.
class Scalar {
 public:
  static constexpr std::size_t kSize = 32;

  Scalar() : bytes_{} {}  // zero
  // Refuses: a length other than 32, a value not below L.
  static Result<Scalar> decode(ByteView bytes);
  static Scalar from_u64(std::uint64_t value);
  static Scalar reduce(std::span<const std::uint8_t, 64> wide);  // little-endian, mod L

  const ByteArray<kSize>& bytes() const& { return bytes_; }
  const ByteArray<kSize>& bytes() const&& = delete;
  bool is_zero() const;
  friend bool operator==(const Scalar&, const Scalar&) = default;

 private:
  friend struct GroupAccess;
  ByteArray<kSize> bytes_;
};

using SecretScalar = Secret<struct SecretScalarTag, 32>;

// Many secret scalars in one locked allocation: a Secret alone costs several locked pages.
class SecretScalars {
 public:
  SecretScalars() = default;
  explicit SecretScalars(std::size_t count) : memory_(count * Scalar::kSize) {}  // zeros
  static SecretScalars random(std::size_t count, Random& rng);                   // each non-zero

  std::size_t size() const { return memory_.size() / Scalar::kSize; }  // 0 once moved from
  std::span<const std::uint8_t, 32> expose(std::size_t i) const;
  std::span<std::uint8_t, 32> writable(std::size_t i);
  SecretScalar at(std::size_t i) const { return SecretScalar::copy_from(expose(i)); }
  void set(std::size_t i, const SecretScalar& s);

 private:
  SecretBytes memory_;
};

// --- scalars ---

// Uniform and non-zero: 64 bytes are drawn and reduced mod L, again where that gives zero.
SecretScalar random_scalar(Random& rng);
// Canonical and non-zero, or an error that says nothing about the value.
Result<SecretScalar> decode_secret_scalar(ByteView bytes);
SecretScalar reduce_secret(std::span<const std::uint8_t, 64> wide);
SecretScalar to_secret(const Scalar& s);
// The one door by which a computed scalar becomes public (a proof's response).
Scalar publish(const SecretScalar& s);
bool is_zero(const SecretScalar& s);

Scalar add(const Scalar& a, const Scalar& b);
Scalar subtract(const Scalar& a, const Scalar& b);
Scalar multiply(const Scalar& a, const Scalar& b);
Scalar negate(const Scalar& a);
Result<Scalar> invert(const Scalar& a);  // error: a is zero

SecretScalar add(const SecretScalar& a, const SecretScalar& b);
SecretScalar subtract(const SecretScalar& a, const SecretScalar& b);
SecretScalar multiply(const SecretScalar& a, const SecretScalar& b);
SecretScalar multiply(const SecretScalar& a, const Scalar& b);
SecretScalar negate(const SecretScalar& a);
Result<SecretScalar> invert(const SecretScalar& a);  // error: a is zero

// All inverses for the price of one inversion and three multiplications each. Error: one is zero.
Result<SecretScalars> invert_all(const SecretScalars& scalars);

// --- elements ---

// s * p. Error: the result is the identity (s is zero).
Result<Element> multiply(const SecretScalar& s, const Element& p);
Result<Element> multiply(const Scalar& s, const Element& p);
// scalars[i] * p.
Result<Element> multiply(const SecretScalars& scalars, std::size_t i, const Element& p);
// s * p where the product itself is a secret (Diffie-Hellman): its encoding, in locked memory.
using SharedElement = Secret<struct SharedElementTag, 32>;
Result<SharedElement> multiply_shared(const SecretScalar& s, const Element& p);
// s * G.
Result<Element> multiply_base(const SecretScalar& s);
Result<Element> multiply_base(const Scalar& s);
// Error: the result is the identity.
Result<Element> add(const Element& a, const Element& b);
Result<Element> subtract(const Element& a, const Element& b);
// sum of scalars[i] * elements[i]; zero scalars are skipped. Variable time: public scalars only.
// Error: nothing to sum, or the sum is the identity. The spans have equal sizes.
Result<Element> multiply_and_sum(std::span<const Scalar> scalars,
                                 std::span<const Element> elements);

// RFC 9496 section 4.3.4 on 64 uniform bytes.
Element element_from_uniform(std::span<const std::uint8_t, 64> uniform);

// MAP of cryptography.md, RFC 9497's HashToGroup for its dst:
// element_from_uniform(expand_message_xmd_sha512(message, dst, 64)).
Element map_to_group(ByteView message, ByteView dst);
// RFC 9497 section 4.1: expand_message_xmd_sha512(message, dst, 64), little-endian, mod L.
Scalar hash_to_scalar(ByteView message, ByteView dst);

}  // namespace hedgerow
