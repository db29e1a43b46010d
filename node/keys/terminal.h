// What is asked of a person: on the controlling terminal, not on standard input, which may be a
// file.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "crypto/base/secret.h"

namespace hedgerow::keys {

// One line that nobody else is to see.
struct SecretLine {
  std::string_view what;    // "passphrase", in errors
  std::string_view prompt;  // where it is asked for
  std::string_view hint;    // where there is no terminal
  std::size_t max_size = 0;
  bool twice = false;  // a new one: it is asked for again
};

// The first line of a file, without its line end. Errors: configuration: missing, or open to other
// users; usage: empty.
Result<SecretBytes> read_secret_line(const std::filesystem::path& file, const SecretLine& line);
// Asked for without echo. Errors usage: no terminal, nothing entered, too long, two that
// differ.
Result<SecretBytes> prompt_secret_line(const SecretLine& line);
// From the file where one is given, else by prompt.
Result<SecretBytes> obtain_secret_line(const std::optional<std::filesystem::path>& file,
                                       const SecretLine& line);

// Whether the person types "yes". Error usage: no terminal.
Result<bool> asked_yes(std::string_view question, std::string_view hint);

}  // namespace hedgerow::keys
