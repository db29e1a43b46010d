#include "node/cli/person.h"

#include <CLI/CLI.hpp>
#include <filesystem>

#include "node/keys/credential.h"
#include "node/keys/passphrase.h"

namespace hedgerow::cli {

void add_person_options(CLI::App& command, PersonOptions& options, const std::string& whose) {
  command.add_option("--credential", options.credential, whose + " certificate, NAME.pem")
      ->required();
  command.add_option("--passphrase-file", options.passphrase_file,
                     "file with the credential's passphrase");
}

Result<Certificate> look_at(const PersonOptions& options) {
  const std::filesystem::path file(options.credential);
  if (file.extension() != ".pem")
    return Error{
        Code::usage, "--credential names a certificate, NAME.pem, beside its NAME.key", {}, {}};
  return keys::load_certificate(file);
}

Result<Person> unlock(const PersonOptions& options) {
  const std::filesystem::path file(options.credential);
  const std::string name = file.stem().string();
  std::optional<std::filesystem::path> passphrase_file;
  if (!options.passphrase_file.empty()) passphrase_file = options.passphrase_file;
  HR_ASSIGN(const SecretBytes passphrase,
            keys::obtain_passphrase(passphrase_file, "passphrase of " + name, false));
  HR_ASSIGN(keys::Credential credential,
            keys::load_credential(file.parent_path(), name, passphrase));
  auto* key = std::get_if<SigningKey>(&credential.key);
  if (key == nullptr)
    return denied("an officer's credential does not sign questions or traces",
                  "an analyst's, a practitioner's or an approver's is needed");
  return Person{std::move(credential.certificate), std::move(*key)};
}

}  // namespace hedgerow::cli
