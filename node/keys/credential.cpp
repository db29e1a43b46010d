#include "node/keys/credential.h"

#include <cstdlib>
#include <system_error>

#include "node/keys/files.h"

namespace hedgerow::keys {

namespace {

namespace fs = std::filesystem;

fs::path certificate_path(const fs::path& folder, std::string_view name) {
  return folder / (std::string(name) + ".pem");
}
fs::path key_path(const fs::path& folder, std::string_view name) {
  return folder / (std::string(name) + ".key");
}

bool fits(const Certificate& certificate, const PersonKey& key) {
  if (const auto* officer = std::get_if<OfficerKey>(&key)) {
    const auto* expected = std::get_if<OfficerPublicKey>(&certificate.key());
    return expected != nullptr && *expected == officer->public_key();
  }
  const auto* expected = std::get_if<VerifyKey>(&certificate.key());
  return expected != nullptr && *expected == std::get<SigningKey>(key).verify_key();
}

Error naming(Error error, const fs::path& path) {
  error.text = path.string() + ": " + error.text;
  return error;
}

Result<void> check_free(const fs::path& path) {
  std::error_code ignored;
  if (fs::symlink_status(path, ignored).type() == fs::file_type::not_found) return {};
  return Error{Code::usage,
               path.string() + " exists already",
               {},
               "nothing is overwritten: move it away, or give another place"};
}

}  // namespace

fs::path default_credential_folder() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config != '\0') return fs::path(config) / "hedgerow";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home != '\0') return fs::path(home) / ".config" / "hedgerow";
  return {};
}

Result<PersonKey> load_person_key(const fs::path& path, const SecretBytes& passphrase) {
  HR_ASSIGN(const SecretBytes pem, read_private_file(path, kMaxKeyFileSize));
  auto key = decrypt_key(pem.expose(), passphrase);
  if (!key.ok()) return naming(std::move(key).error(), path);
  return key;
}

Result<Certificate> load_certificate(const fs::path& path) {
  HR_ASSIGN(const Bytes pem, read_public_file(path, kMaxCertificatePemSize));
  auto certificate = Certificate::decode_pem(pem);
  if (!certificate.ok()) return naming(std::move(certificate).error(), path);
  return certificate;
}

Result<Credential> load_credential(const fs::path& folder, std::string_view name,
                                   const SecretBytes& passphrase) {
  HR_ASSIGN(Certificate certificate, load_certificate(certificate_path(folder, name)));
  HR_ASSIGN(PersonKey key, load_person_key(key_path(folder, name), passphrase));
  if (!fits(certificate, key))
    return denied(key_path(folder, name).string() + " is not the private key of " +
                  certificate_path(folder, name).string());
  return Credential{std::move(certificate), std::move(key)};
}

Result<void> store_credential(const fs::path& folder, std::string_view name,
                              const Certificate& certificate, const PersonKey& key,
                              const SecretBytes& passphrase, Random& rng) {
  HR_CHECK(fits(certificate, key));
  // Both are looked at before either is written, so that no half is left behind.
  HR_TRY(check_free(certificate_path(folder, name)));
  HR_TRY(check_free(key_path(folder, name)));
  HR_ASSIGN(const std::string pem,
            std::visit([&](const auto& k) { return encrypt_key(k, passphrase, rng); }, key));
  HR_TRY(make_private_folder(folder));
  HR_TRY(write_new_file(key_path(folder, name), as_bytes(pem), Readers::owner));
  return write_new_file(certificate_path(folder, name), as_bytes(certificate.pem()),
                        Readers::anybody);
}

}  // namespace hedgerow::keys
