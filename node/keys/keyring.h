// A node's own keys, under HOME/keys (0700, files 0400):
//
//   master.key   32 random bytes; or, where systemd hands it over, the credential `hedgerow-master`
//   node.keys    the message, seal, DKG and log keys, encrypted under the master key
//   curve.key    two lines of hex, public then secret: all that the gateway reads
//   node.pem     the node's certificate
//
// The bytes of node.keys stand in docs/design/identities.md. Files are made with O_EXCL and
// fsynced; nothing is ever overwritten but node.pem, which is renewed by rename.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "crypto/aead.h"
#include "crypto/base/ids.h"
#include "crypto/certificate.h"
#include "crypto/group.h"
#include "crypto/seal.h"
#include "crypto/sign.h"

namespace hedgerow::keys {

inline constexpr std::string_view kMasterCredential = "hedgerow-master";

class Keyring {
 public:
  // Makes HOME (if absent) and all keys. Has no certificate yet.
  // Error configuration: HOME/keys exists, or a file cannot be written.
  static Result<Keyring> create(const std::filesystem::path& home, const PartyId& party,
                                Random& rng);

  // With its certificate. Errors configuration, each naming the file: missing; owned by another
  // user; readable by group or others; not encrypted under this master key; node.pem missing, of
  // another kind or party, or not of these keys. Dates are the caller's to check.
  static Result<Keyring> open(const std::filesystem::path& home);

  // The same, but node.pem need not exist yet (to ask for a certificate).
  static Result<Keyring> open_uncertified(const std::filesystem::path& home);

  // Checks that the certificate is this node's and writes node.pem (also over an older one).
  Result<void> install_certificate(const Certificate& certificate);

  const PartyId& party() const { return party_; }
  const SigningKey& message() const { return message_; }
  const SealSecretKey& seal() const { return seal_; }
  const SigningKey& log() const { return log_; }
  const SecretScalar& dkg() const { return dkg_; }
  const NodePublicKeys& public_keys() const { return public_keys_; }

  bool has_certificate() const { return certificate_.has_value(); }
  const Certificate& certificate() const;  // HR_CHECK: has_certificate()

  // Keeps something under the master key, e.g. a store's key. `purpose` is bound to it: bytes
  // wrapped for one purpose do not unwrap for another. Error configuration: altered, or other keys.
  Bytes wrap(std::string_view purpose, ByteView plaintext, Random& rng) const;
  Result<SecretBytes> unwrap(std::string_view purpose, ByteView wrapped) const;

 private:
  Keyring(std::filesystem::path home, PartyId party, AeadKey master, SigningKey message,
          SealSecretKey seal, SecretScalar dkg, SigningKey log, const NodePublicKeys& public_keys);

  std::filesystem::path home_;
  PartyId party_;
  AeadKey master_;
  SigningKey message_;
  SealSecretKey seal_;
  SecretScalar dkg_;
  SigningKey log_;
  NodePublicKeys public_keys_;
  std::optional<Certificate> certificate_;
};

}  // namespace hedgerow::keys
