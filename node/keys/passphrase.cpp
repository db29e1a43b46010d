#include "node/keys/passphrase.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "crypto/key_file.h"
#include "node/keys/files.h"

namespace hedgerow::keys {

namespace {

Error usage(std::string text, std::string hint = {}) {
  return {Code::usage, std::move(text), {}, std::move(hint)};
}

// The controlling terminal with its echo off, as it was before when this goes.
class QuietTerminal {
 public:
  QuietTerminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (fd_ < 0 || ::tcgetattr(fd_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet_ = ::tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
  }
  ~QuietTerminal() {
    if (quiet_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
    if (fd_ >= 0) ::close(fd_);
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;

  bool quiet() const { return quiet_; }
  bool say(std::string_view text) const {
    return ::write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  }
  Result<SecretBytes> read_line() const {
    SecretBytes line(kMaxPassphraseSize);
    std::size_t size = 0;
    for (;;) {
      std::uint8_t c = 0;
      const ssize_t n = ::read(fd_, &c, 1);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return usage("no passphrase was entered");
      if (c == '\n') break;
      if (size == line.size()) return usage("the passphrase is too long");
      line.writable()[size++] = c;
    }
    return SecretBytes::copy_from(line.expose().first(size));
  }

 private:
  int fd_;
  termios before_{};
  bool quiet_ = false;
};

}  // namespace

Result<SecretBytes> read_passphrase_file(const std::filesystem::path& path) {
  HR_ASSIGN(const SecretBytes all, read_private_file(path, kMaxPassphraseSize + 2));
  const ByteView bytes = all.expose();
  auto end = std::ranges::find(bytes, std::uint8_t{'\n'});
  if (end != bytes.begin() && end != bytes.end() && *(end - 1) == '\r') --end;
  if (end == bytes.begin()) return usage(path.string() + " holds no passphrase");
  return SecretBytes::copy_from(bytes.first(static_cast<std::size_t>(end - bytes.begin())));
}

Result<SecretBytes> prompt_passphrase(std::string_view prompt, bool twice) {
  const QuietTerminal terminal;
  if (!terminal.quiet())
    return usage("a passphrase is needed, and there is no terminal to ask on",
                 "give it with a passphrase file");
  if (!terminal.say(std::string(prompt) + ": ")) return usage("the terminal cannot be written to");
  auto first = terminal.read_line();
  terminal.say("\n");
  if (!first.ok()) return first;
  if (first->empty()) return usage("no passphrase was entered");
  if (!twice) return first;
  if (!terminal.say("The same again: ")) return usage("the terminal cannot be written to");
  auto second = terminal.read_line();
  terminal.say("\n");
  if (!second.ok()) return second;
  if (!equal_in_constant_time(first->expose(), second->expose()))
    return usage("the two passphrases differ");
  return first;
}

Result<SecretBytes> obtain_passphrase(const std::optional<std::filesystem::path>& file,
                                      std::string_view prompt, bool twice) {
  return file ? read_passphrase_file(*file) : prompt_passphrase(prompt, twice);
}

}  // namespace hedgerow::keys
