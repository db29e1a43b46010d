#include "node/keys/passphrase.h"

#include "crypto/key_file.h"
#include "node/keys/terminal.h"

namespace hedgerow::keys {

namespace {

SecretLine passphrase_line(std::string_view prompt, bool twice) {
  return {"passphrase", prompt, "give it with a passphrase file", kMaxPassphraseSize, twice};
}

}  // namespace

Result<SecretBytes> read_passphrase_file(const std::filesystem::path& path) {
  return read_secret_line(path, passphrase_line({}, false));
}

Result<SecretBytes> prompt_passphrase(std::string_view prompt, bool twice) {
  return prompt_secret_line(passphrase_line(prompt, twice));
}

Result<SecretBytes> obtain_passphrase(const std::optional<std::filesystem::path>& file,
                                      std::string_view prompt, bool twice) {
  return file ? read_passphrase_file(*file) : prompt_passphrase(prompt, twice);
}

}  // namespace hedgerow::keys
