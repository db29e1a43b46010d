// A person's credential: a folder (0700) with NAME.pem, the certificate, and NAME.key, the private
// key under a passphrase (crypto/key_file.h). A root is kept the same way, as root.pem and
// root.key.
#pragma once

#include <filesystem>
#include <string_view>

#include "crypto/certificate.h"
#include "crypto/key_file.h"

namespace hedgerow::keys {

struct Credential {
  Certificate certificate;
  PersonKey key;  // an OfficerKey for roots and officers, a SigningKey for everybody else
};

// $XDG_CONFIG_HOME/hedgerow, else $HOME/.config/hedgerow; empty where neither is set.
std::filesystem::path default_credential_folder();

// Errors: configuration: a file is missing or open to others; bad_input: not a certificate or key;
// denied: the passphrase is wrong, or the key is not the certificate's.
Result<Credential> load_credential(const std::filesystem::path& folder, std::string_view name,
                                   const SecretBytes& passphrase);
// The private key alone. Errors as above.
Result<PersonKey> load_person_key(const std::filesystem::path& path, const SecretBytes& passphrase);
Result<Certificate> load_certificate(const std::filesystem::path& path);

// Writes both files; neither may exist yet. Errors usage: one exists, or the passphrase is too
// short; configuration: cannot be written.
Result<void> store_credential(const std::filesystem::path& folder, std::string_view name,
                              const Certificate& certificate, const PersonKey& key,
                              const SecretBytes& passphrase, Random& rng);

}  // namespace hedgerow::keys
