#include "crypto/dkg_share_cipher.h"

#include <sodium.h>

#include <algorithm>

#include "crypto/dkg_message.h"
#include "crypto/hash.h"

namespace hedgerow {
namespace {

constexpr std::string_view kH6Prefix = "COCKTAIL-DKG-Ristretto255-SHA512-H6";
constexpr std::size_t kKeySize = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t kTagSize = crypto_aead_xchacha20poly1305_ietf_ABYTES;

}  // namespace

DkgShareCipher::DkgShareCipher(const DkgChannel& channel, const SharedElement& ephemeral_shared,
                               const SharedElement& static_shared, ByteView context) {
  Sha512 h6;
  h6.update(as_bytes(kH6Prefix));
  h6.update(ephemeral_shared.expose()).update(static_shared.expose());
  h6.update(channel.ephemeral.bytes());
  h6.update(channel.sender.bytes()).update(channel.receiver.bytes());
  h6.update(Writer().u64(context.size()).data()).update(context);
  ByteArray<64> out = h6.finish();
  std::ranges::copy(out, derived_.writable().begin());
  wipe(out);
}

Result<DkgShareCipher> DkgShareCipher::of_sender(const DkgChannel& channel,
                                                 const SecretScalar& ephemeral_secret,
                                                 const SecretScalar& static_secret,
                                                 ByteView context) {
  HR_ASSIGN(const SharedElement ephemeral_shared,
            multiply_shared(ephemeral_secret, channel.receiver));
  HR_ASSIGN(const SharedElement static_shared, multiply_shared(static_secret, channel.receiver));
  return DkgShareCipher(channel, ephemeral_shared, static_shared, context);
}

Result<DkgShareCipher> DkgShareCipher::of_receiver(const DkgChannel& channel,
                                                   const SecretScalar& static_secret,
                                                   ByteView context) {
  HR_ASSIGN(const SharedElement ephemeral_shared,
            multiply_shared(static_secret, channel.ephemeral));
  HR_ASSIGN(const SharedElement static_shared, multiply_shared(static_secret, channel.sender));
  return DkgShareCipher(channel, ephemeral_shared, static_shared, context);
}

Bytes DkgShareCipher::encrypt(ByteView plaintext) && {
  Bytes out(plaintext.size() + kTagSize);
  const auto key = derived_.expose();
  HR_CHECK(crypto_aead_xchacha20poly1305_ietf_encrypt(
               out.data(), nullptr, plaintext.data(), plaintext.size(), nullptr, 0, nullptr,
               key.subspan<kKeySize>().data(), key.data()) == 0);
  return out;
}

std::optional<SecretBytes> DkgShareCipher::decrypt(ByteView ciphertext) const {
  if (ciphertext.size() < kTagSize) return std::nullopt;
  SecretBytes out(ciphertext.size() - kTagSize);
  const auto key = derived_.expose();
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(out.writable().data(), nullptr, nullptr,
                                                 ciphertext.data(), ciphertext.size(), nullptr, 0,
                                                 key.subspan<kKeySize>().data(), key.data()) != 0)
    return std::nullopt;
  return out;
}

Result<DkgOpenedShare> dkg_open_share(const SecretScalar& static_secret, const DkgChannel& channel,
                                      ByteView context, ByteView ciphertext,
                                      std::span<const Element> commitment, std::uint16_t own) {
  HR_ASSIGN(const DkgShareCipher cipher,
            DkgShareCipher::of_receiver(channel, static_secret, context));
  const std::optional<SecretBytes> plaintext = cipher.decrypt(ciphertext);
  if (!plaintext) return bad_input("an encrypted share cannot be opened");
  if (plaintext->size() < Scalar::kSize) return bad_input("an encrypted share is too short");
  auto share = decode_secret_scalar(plaintext->expose().first(Scalar::kSize));
  if (!share) return bad_input("an encrypted share is no scalar");
  HR_ASSIGN(const Element actual, multiply_base(*share));
  const auto expected = dkg_evaluate_commitment(commitment, own);
  if (!expected || *expected != actual)
    return bad_input("a share does not lie on the committed polynomial");
  return DkgOpenedShare{std::move(share).value(),
                        SecretBytes::copy_from(plaintext->expose().subspan(Scalar::kSize))};
}

}  // namespace hedgerow
