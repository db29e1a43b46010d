#include "crypto/mask.h"

#include <sodium.h>

#include <algorithm>

#include "crypto/domains.h"
#include "crypto/hash.h"

namespace hedgerow {

namespace {

static_assert(crypto_scalarmult_curve25519_BYTES == 32);
static_assert(crypto_scalarmult_curve25519_SCALARBYTES == 32);
static_assert(crypto_stream_chacha20_KEYBYTES == MaskSeed::kSize);

constexpr std::size_t kChunkBytes = 4096;  // a whole number of ChaCha20 blocks and of values
constexpr std::size_t kBlockBytes = 64;
constexpr std::size_t kValueBytes = 8;
static_assert(kChunkBytes % kBlockBytes == 0 && kChunkBytes % kValueBytes == 0);

std::uint64_t little_endian(const std::uint8_t* p) {
  std::uint64_t v = 0;
  for (std::size_t i = 0; i < kValueBytes; ++i) v |= static_cast<std::uint64_t>(p[i]) << (8U * i);
  return v;
}

// Calls use(value, stream word) for each value in turn.
template <class Use>
void with_stream(std::span<std::uint64_t> values, const MaskSeed& seed, Use use) {
  static constexpr std::uint8_t kNonce[crypto_stream_chacha20_NONCEBYTES] = {};
  Secret<struct MaskChunkTag, kChunkBytes> chunk;
  std::uint64_t block = 0;
  while (!values.empty()) {
    const std::size_t n = std::min(values.size(), kChunkBytes / kValueBytes);
    std::uint8_t* p = chunk.writable().data();
    sodium_memzero(p, kChunkBytes);
    crypto_stream_chacha20_xor_ic(p, p, n * kValueBytes, kNonce, block, seed.expose().data());
    for (std::size_t i = 0; i < n; ++i) use(values[i], little_endian(p + i * kValueBytes));
    values = values.subspan(n);
    block += kChunkBytes / kBlockBytes;
  }
}

}  // namespace

Result<MaskPublicKey> MaskPublicKey::decode(ByteView bytes) {
  if (bytes.size() != 32) return bad_input("a mask key of the wrong length");
  if ((bytes[31] & 0x80U) != 0) return bad_input("a mask key that is not canonical");
  // X25519 of a point of small order is zero whatever the scalar.
  static constexpr std::uint8_t kAnyScalar[32] = {8};
  ByteArray<32> product{};
  if (crypto_scalarmult_curve25519(product.data(), kAnyScalar, bytes.data()) != 0)
    return bad_input("a mask key of small order");
  MaskPublicKey key;
  std::copy(bytes.begin(), bytes.end(), key.bytes_.begin());
  return key;
}

MaskPublicKey mask_public_key(const MaskSecretKey& secret) {
  MaskPublicKey key;
  HR_CHECK(crypto_scalarmult_curve25519_base(key.bytes_.data(), secret.expose().data()) == 0);
  return key;
}

Result<MaskSeed> pairwise_seed(const MaskSecretKey& own, const MaskPublicKey& peer,
                               const Hash64& h) {
  const MaskPublicKey own_public = mask_public_key(own);
  if (own_public == peer) return bad_input("two contributors with the same mask key");

  Secret<struct MaskSharedTag, 32> shared;
  if (crypto_scalarmult_curve25519(shared.writable().data(), own.expose().data(),
                                   peer.view().data()) != 0)
    return bad_input("a mask key of small order");

  Writer message;
  message.raw(as_bytes(kDomainSum)).raw(h.view());
  message.raw(std::min(own_public, peer).view()).raw(std::max(own_public, peer).view());
  Secret<struct MaskMacTag, 64> mac;
  hmac_sha512_into(shared.expose(), message.data(), mac.writable());
  return MaskSeed::copy_from(mac.expose().first<MaskSeed::kSize>());
}

void add_mask(std::span<std::uint64_t> values, const MaskSeed& seed) {
  with_stream(values, seed, [](std::uint64_t& v, std::uint64_t m) { v += m; });
}

void subtract_mask(std::span<std::uint64_t> values, const MaskSeed& seed) {
  with_stream(values, seed, [](std::uint64_t& v, std::uint64_t m) { v -= m; });
}

}  // namespace hedgerow
