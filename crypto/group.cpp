#include "crypto/group.h"

#include <sodium.h>

#include <algorithm>

#include "crypto/hash.h"

namespace hedgerow {

// The only maker of Elements and Scalars from bytes that are known to be good.
struct GroupAccess {
  static Element element(const ByteArray<32>& bytes) { return Element(bytes); }
  static Scalar scalar(const ByteArray<32>& bytes) {
    Scalar s;
    s.bytes_ = bytes;
    return s;
  }
};

namespace {

bool all_zero(ByteView bytes) { return sodium_is_zero(bytes.data(), bytes.size()) == 1; }

Error identity_error() { return bad_input("a group operation gave the identity"); }

// s mod L == s. The wide copy is wiped, for secret scalars come this way too.
bool is_canonical_scalar(std::span<const std::uint8_t, 32> s) {
  ByteArray<64> wide{};
  std::copy(s.begin(), s.end(), wide.begin());
  ByteArray<32> reduced;
  crypto_core_ristretto255_scalar_reduce(reduced.data(), wide.data());
  const bool same = sodium_memcmp(reduced.data(), s.data(), 32) == 0;
  wipe(wide);
  wipe(reduced);
  return same;
}

// libsodium refuses scalarmult results that are the identity.
Result<Element> multiply_bytes(std::span<const std::uint8_t, 32> s, const Element& p) {
  ByteArray<32> out;
  if (crypto_scalarmult_ristretto255(out.data(), s.data(), p.bytes().data()) != 0)
    return identity_error();
  return GroupAccess::element(out);
}

Result<Element> multiply_base_bytes(std::span<const std::uint8_t, 32> s) {
  ByteArray<32> out;
  if (crypto_scalarmult_ristretto255_base(out.data(), s.data()) != 0) return identity_error();
  return GroupAccess::element(out);
}

void multiply_scalar_bytes(std::span<std::uint8_t, 32> out, std::span<const std::uint8_t, 32> a,
                           std::span<const std::uint8_t, 32> b) {
  crypto_core_ristretto255_scalar_mul(out.data(), a.data(), b.data());
}

// Uniform and non-zero into `out`; `wide` is scratch, so that a batch allocates once.
void draw_scalar(std::span<std::uint8_t, 32> out, std::span<std::uint8_t, 64> wide, Random& rng) {
  do {
    rng.fill(wide);
    crypto_core_ristretto255_scalar_reduce(out.data(), wide.data());
  } while (all_zero(out));
}

}  // namespace

Result<Element> Element::decode(ByteView bytes) {
  if (bytes.size() != kSize) return bad_input("a group element is not 32 bytes long");
  if ((bytes[31] & 0x80) != 0) return bad_input("a group element has bit 255 set");
  if (all_zero(bytes)) return bad_input("a group element is the identity");
  if (crypto_core_ristretto255_is_valid_point(bytes.data()) != 1)
    return bad_input("a group element is not a canonical ristretto255 encoding");
  ByteArray<kSize> copy;
  std::copy(bytes.begin(), bytes.end(), copy.begin());
  return Element(copy);
}

const Element& Element::base() {
  static const Element kBase = [] {
    Result<Element> base = multiply_base(Scalar::from_u64(1));
    HR_CHECK(base.ok());
    return *base;
  }();
  return kBase;
}

Result<std::vector<Element>> decode_elements(ByteView run) {
  if (run.size() % Element::kSize != 0)
    return bad_input("a run of group elements is not a multiple of 32 bytes");
  std::vector<Element> out;
  out.reserve(run.size() / Element::kSize);
  for (std::size_t i = 0; i * Element::kSize < run.size(); ++i) {
    Result<Element> e = Element::decode(run.subspan(i * Element::kSize, Element::kSize));
    if (!e.ok())
      return bad_input("element " + std::to_string(i + 1) + " of a run: " + e.error().text);
    out.push_back(*e);
  }
  return out;
}

Bytes encode_elements(std::span<const Element> elements) {
  Bytes out;
  out.reserve(elements.size() * Element::kSize);
  for (const Element& e : elements) out.insert(out.end(), e.bytes().begin(), e.bytes().end());
  return out;
}

Result<Scalar> Scalar::decode(ByteView bytes) {
  if (bytes.size() != kSize) return bad_input("a scalar is not 32 bytes long");
  if (!is_canonical_scalar(bytes.first<kSize>()))
    return bad_input("a scalar is not below the group order");
  Scalar s;
  std::copy(bytes.begin(), bytes.end(), s.bytes_.begin());
  return s;
}

Scalar Scalar::from_u64(std::uint64_t value) {
  Scalar s;
  for (std::size_t i = 0; i < 8; ++i) s.bytes_[i] = static_cast<std::uint8_t>(value >> (8 * i));
  return s;
}

Scalar Scalar::reduce(std::span<const std::uint8_t, 64> wide) {
  Scalar s;
  crypto_core_ristretto255_scalar_reduce(s.bytes_.data(), wide.data());
  return s;
}

bool Scalar::is_zero() const { return all_zero(bytes_); }

// --- secret scalars ---

SecretScalars SecretScalars::random(std::size_t count, Random& rng) {
  SecretScalars out(count);
  Secret<struct WideTag, 64> wide;
  for (std::size_t i = 0; i < count; ++i) draw_scalar(out.writable(i), wide.writable(), rng);
  return out;
}

std::span<const std::uint8_t, 32> SecretScalars::expose(std::size_t i) const {
  HR_CHECK(i < size());
  return memory_.expose().subspan(i * Scalar::kSize).first<Scalar::kSize>();
}

std::span<std::uint8_t, 32> SecretScalars::writable(std::size_t i) {
  HR_CHECK(i < size());
  return memory_.writable().subspan(i * Scalar::kSize).first<Scalar::kSize>();
}

void SecretScalars::set(std::size_t i, const SecretScalar& s) {
  std::copy(s.expose().begin(), s.expose().end(), writable(i).begin());
}

SecretScalar random_scalar(Random& rng) {
  Secret<struct WideTag, 64> wide;
  SecretScalar out;
  draw_scalar(out.writable(), wide.writable(), rng);
  return out;
}

Result<SecretScalar> decode_secret_scalar(ByteView bytes) {
  if (bytes.size() != Scalar::kSize) return bad_input("a secret scalar is not 32 bytes long");
  const auto fixed = bytes.first<Scalar::kSize>();
  if (!is_canonical_scalar(fixed) || all_zero(bytes))
    return bad_input("a secret scalar is zero or not below the group order");
  return SecretScalar::copy_from(fixed);
}

SecretScalar reduce_secret(std::span<const std::uint8_t, 64> wide) {
  SecretScalar s;
  crypto_core_ristretto255_scalar_reduce(s.writable().data(), wide.data());
  return s;
}

SecretScalar to_secret(const Scalar& s) { return SecretScalar::copy_from(s.bytes()); }

Scalar publish(const SecretScalar& s) {
  ByteArray<32> bytes;
  std::copy(s.expose().begin(), s.expose().end(), bytes.begin());
  return GroupAccess::scalar(bytes);
}

bool is_zero(const SecretScalar& s) { return all_zero(s.expose()); }

// --- scalar arithmetic ---

Scalar add(const Scalar& a, const Scalar& b) {
  ByteArray<32> out;
  crypto_core_ristretto255_scalar_add(out.data(), a.bytes().data(), b.bytes().data());
  return GroupAccess::scalar(out);
}

Scalar subtract(const Scalar& a, const Scalar& b) {
  ByteArray<32> out;
  crypto_core_ristretto255_scalar_sub(out.data(), a.bytes().data(), b.bytes().data());
  return GroupAccess::scalar(out);
}

Scalar multiply(const Scalar& a, const Scalar& b) {
  ByteArray<32> out;
  multiply_scalar_bytes(out, a.bytes(), b.bytes());
  return GroupAccess::scalar(out);
}

Scalar negate(const Scalar& a) {
  ByteArray<32> out;
  crypto_core_ristretto255_scalar_negate(out.data(), a.bytes().data());
  return GroupAccess::scalar(out);
}

Result<Scalar> invert(const Scalar& a) {
  ByteArray<32> out;
  if (a.is_zero() || crypto_core_ristretto255_scalar_invert(out.data(), a.bytes().data()) != 0)
    return bad_input("zero has no inverse");
  return GroupAccess::scalar(out);
}

SecretScalar add(const SecretScalar& a, const SecretScalar& b) {
  SecretScalar out;
  crypto_core_ristretto255_scalar_add(out.writable().data(), a.expose().data(), b.expose().data());
  return out;
}

SecretScalar subtract(const SecretScalar& a, const SecretScalar& b) {
  SecretScalar out;
  crypto_core_ristretto255_scalar_sub(out.writable().data(), a.expose().data(), b.expose().data());
  return out;
}

SecretScalar multiply(const SecretScalar& a, const SecretScalar& b) {
  SecretScalar out;
  multiply_scalar_bytes(out.writable(), a.expose(), b.expose());
  return out;
}

SecretScalar multiply(const SecretScalar& a, const Scalar& b) {
  SecretScalar out;
  multiply_scalar_bytes(out.writable(), a.expose(), b.bytes());
  return out;
}

SecretScalar negate(const SecretScalar& a) {
  SecretScalar out;
  crypto_core_ristretto255_scalar_negate(out.writable().data(), a.expose().data());
  return out;
}

Result<SecretScalar> invert(const SecretScalar& a) {
  SecretScalar out;
  if (is_zero(a) ||
      crypto_core_ristretto255_scalar_invert(out.writable().data(), a.expose().data()) != 0)
    return bad_input("zero has no inverse");
  return out;
}

Result<SecretScalars> invert_all(const SecretScalars& scalars) {
  const std::size_t n = scalars.size();
  if (n == 0) return SecretScalars();
  // Montgomery: out[i] first holds the product of all before i; then, from the end, it is
  // multiplied by the inverse of the product of all up to i.
  SecretScalars out(n);
  SecretScalar running = to_secret(Scalar::from_u64(1));
  SecretScalar scratch;
  for (std::size_t i = 0; i < n; ++i) {
    out.set(i, running);
    multiply_scalar_bytes(scratch.writable(), running.expose(), scalars.expose(i));
    std::swap(scratch, running);
  }
  HR_ASSIGN(SecretScalar inverse, invert(running));  // zero where any factor was
  for (std::size_t i = n; i-- > 0;) {
    multiply_scalar_bytes(scratch.writable(), out.expose(i), inverse.expose());
    out.set(i, scratch);
    multiply_scalar_bytes(scratch.writable(), inverse.expose(), scalars.expose(i));
    std::swap(scratch, inverse);
  }
  return out;
}

// --- elements ---

Result<Element> multiply(const SecretScalar& s, const Element& p) {
  return multiply_bytes(s.expose(), p);
}
Result<Element> multiply(const Scalar& s, const Element& p) { return multiply_bytes(s.bytes(), p); }
Result<Element> multiply(const SecretScalars& scalars, std::size_t i, const Element& p) {
  return multiply_bytes(scalars.expose(i), p);
}
Result<SharedElement> multiply_shared(const SecretScalar& s, const Element& p) {
  SharedElement out;
  if (crypto_scalarmult_ristretto255(out.writable().data(), s.expose().data(), p.bytes().data()) !=
      0)
    return identity_error();
  return out;
}
Result<Element> multiply_base(const SecretScalar& s) { return multiply_base_bytes(s.expose()); }
Result<Element> multiply_base(const Scalar& s) { return multiply_base_bytes(s.bytes()); }

Result<Element> add(const Element& a, const Element& b) {
  ByteArray<32> out;
  HR_CHECK(crypto_core_ristretto255_add(out.data(), a.bytes().data(), b.bytes().data()) == 0);
  if (all_zero(out)) return identity_error();
  return GroupAccess::element(out);
}

Result<Element> subtract(const Element& a, const Element& b) {
  ByteArray<32> out;
  HR_CHECK(crypto_core_ristretto255_sub(out.data(), a.bytes().data(), b.bytes().data()) == 0);
  if (all_zero(out)) return identity_error();
  return GroupAccess::element(out);
}

Result<Element> multiply_and_sum(std::span<const Scalar> scalars,
                                 std::span<const Element> elements) {
  HR_CHECK(scalars.size() == elements.size());
  // The running sum may pass through the identity (its encoding is zeros), which libsodium's
  // addition takes; only the result may not be it.
  ByteArray<32> sum{};
  for (std::size_t i = 0; i < scalars.size(); ++i) {
    if (scalars[i].is_zero()) continue;
    HR_ASSIGN(const Element term, multiply(scalars[i], elements[i]));
    HR_CHECK(crypto_core_ristretto255_add(sum.data(), sum.data(), term.bytes().data()) == 0);
  }
  if (all_zero(sum)) return identity_error();
  return GroupAccess::element(sum);
}

Element element_from_uniform(std::span<const std::uint8_t, 64> uniform) {
  ByteArray<32> out;
  HR_CHECK(crypto_core_ristretto255_from_hash(out.data(), uniform.data()) == 0);
  HR_CHECK(!all_zero(out));  // a preimage of it would be a break of SHA-512
  return GroupAccess::element(out);
}

Element map_to_group(ByteView message, ByteView dst) {
  Bytes uniform = expand_message_xmd_sha512(message, dst, 64);
  WipeOnExit wipe_uniform(uniform);
  return element_from_uniform(ByteView(uniform).first<64>());
}

Scalar hash_to_scalar(ByteView message, ByteView dst) {
  return Scalar::reduce(ByteView(expand_message_xmd_sha512(message, dst, 64)).first<64>());
}

}  // namespace hedgerow
