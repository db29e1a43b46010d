// Passphrases come from a file or from a prompt without echo; never from an argument.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "crypto/base/secret.h"

namespace hedgerow::keys {

// The first line of the file, without its line end. Errors: configuration: missing, or open to
// other users; usage: empty.
Result<SecretBytes> read_passphrase_file(const std::filesystem::path& path);

// Asks on the terminal (not on standard input). `twice`: asks again, for a new passphrase.
// Errors usage: no terminal, nothing entered, or two that differ.
Result<SecretBytes> prompt_passphrase(std::string_view prompt, bool twice);

// From the file where one is given, else by prompt.
Result<SecretBytes> obtain_passphrase(const std::optional<std::filesystem::path>& file,
                                      std::string_view prompt, bool twice);

}  // namespace hedgerow::keys
