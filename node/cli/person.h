// A person's credential as commands name it: --credential NAME.pem, beside its NAME.key, and
// --passphrase-file.
#pragma once

#include <string>

#include "crypto/certificate.h"

namespace CLI {
class App;
}

namespace hedgerow::cli {

struct PersonOptions {
  std::string credential;
  std::string passphrase_file;
};

void add_person_options(CLI::App& command, PersonOptions& options, const std::string& whose);

// The certificate alone, so that nobody types a passphrase for nothing. Errors: usage, and as
// keys::load_certificate.
Result<Certificate> look_at(const PersonOptions& options);

struct Person {
  Certificate certificate;
  SigningKey key;
};
// Errors as keys::load_credential; denied: a key that signs no statements, an officer's.
Result<Person> unlock(const PersonOptions& options);

}  // namespace hedgerow::cli
