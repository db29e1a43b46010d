// How COCKTAIL-DKG encrypts a share for its receiver: H6 over two Diffie-Hellman secrets and the
// context gives key and nonce, XChaCha20-Poly1305 does the rest (C2SP cocktail-dkg v0.2.1,
// "Round 1" step 5; "Ciphersuites").
#pragma once

#include <optional>

#include "crypto/group.h"

namespace hedgerow {

// The public keys on both ends: E, P_s and P_r of H6.
struct DkgChannel {
  Element ephemeral;  // the sender's
  Element sender;
  Element receiver;
};

class DkgShareCipher {
 public:
  // The sender's view: e * P_r and d * P_r. The receiver's: d * E and d * P_s.
  // Error: a secret is zero.
  static Result<DkgShareCipher> of_sender(const DkgChannel& channel,
                                          const SecretScalar& ephemeral_secret,
                                          const SecretScalar& static_secret, ByteView context);
  static Result<DkgShareCipher> of_receiver(const DkgChannel& channel,
                                            const SecretScalar& static_secret, ByteView context);

  // The nonce is derived, so one cipher encrypts once: for one channel and context.
  Bytes encrypt(ByteView plaintext) &&;
  // Empty where it does not authenticate.
  std::optional<SecretBytes> decrypt(ByteView ciphertext) const;

 private:
  DkgShareCipher(const DkgChannel& channel, const SharedElement& ephemeral_shared,
                 const SharedElement& static_shared, ByteView context);

  Secret<struct DkgShareKeyTag, 64> derived_;  // key (32), nonce (24), unused (8)
};

struct DkgOpenedShare {
  SecretScalar share;
  SecretBytes payload;
};

// Opens what a sender meant for participant `own` and checks it against the sender's commitment
// ("Round 2" steps 3.1 to 3.4). Errors, culprit left to the caller: it does not open, is no
// non-zero scalar, or does not lie on the committed polynomial. (The specification admits a zero
// share; no honest polynomial gives one.)
Result<DkgOpenedShare> dkg_open_share(const SecretScalar& static_secret, const DkgChannel& channel,
                                      ByteView context, ByteView ciphertext,
                                      std::span<const Element> commitment, std::uint16_t own);

}  // namespace hedgerow
