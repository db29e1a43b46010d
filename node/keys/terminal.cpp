#include "node/keys/terminal.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "node/keys/files.h"

namespace hedgerow::keys {

namespace {

constexpr std::size_t kMaxReply = 64;

Error usage(std::string text, std::string_view hint = {}) {
  return {Code::usage, std::move(text), {}, std::string(hint)};
}

// The controlling terminal; without echo it is as it was before when this goes.
class Terminal {
 public:
  enum class Echo { on, off };

  explicit Terminal(Echo echo) : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (fd_ < 0 || ::tcgetattr(fd_, &before_) != 0) return;
    if (echo == Echo::on) {
      ready_ = true;
      return;
    }
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet_ = ready_ = ::tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
  }
  ~Terminal() {
    if (quiet_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
    if (fd_ >= 0) ::close(fd_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  bool ready() const { return ready_; }
  bool say(std::string_view text) const {
    return ::write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  }
  Result<SecretBytes> ask(std::string_view prompt, const SecretLine& line) const {
    if (!say(std::string(prompt) + ": ")) return usage("the terminal cannot be written to");
    auto entered = read_line(line.what, line.max_size);
    say("\n");
    if (entered.ok() && entered->empty())
      return usage("no " + std::string(line.what) + " was entered");
    return entered;
  }
  Result<SecretBytes> read_line(std::string_view what, std::size_t max_size) const {
    SecretBytes line(max_size);
    std::size_t size = 0;
    for (;;) {
      std::uint8_t c = 0;
      const ssize_t n = ::read(fd_, &c, 1);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return usage("no " + std::string(what) + " was entered");
      if (c == '\n') break;
      if (size == line.size()) return usage("the " + std::string(what) + " is too long");
      line.writable()[size++] = c;
    }
    return SecretBytes::copy_from(line.expose().first(size));
  }

 private:
  int fd_;
  termios before_{};
  bool ready_ = false;
  bool quiet_ = false;
};

}  // namespace

Result<SecretBytes> read_secret_line(const std::filesystem::path& file, const SecretLine& line) {
  auto all = read_private_file(file, line.max_size + 2);
  if (!all.ok()) {
    Error error = std::move(all).error();
    if (!error.hint.empty()) error.hint = "chmod 0400 it; others may have read it";  // not a key
    return error;
  }
  const ByteView bytes = all->expose();
  auto end = std::ranges::find(bytes, std::uint8_t{'\n'});
  if (end != bytes.begin() && end != bytes.end() && *(end - 1) == '\r') --end;
  if (end == bytes.begin()) return usage(file.string() + " holds no " + std::string(line.what));
  return SecretBytes::copy_from(bytes.first(static_cast<std::size_t>(end - bytes.begin())));
}

Result<SecretBytes> prompt_secret_line(const SecretLine& line) {
  const Terminal terminal(Terminal::Echo::off);
  if (!terminal.ready())
    return usage("the " + std::string(line.what) + " is needed, and there is no terminal to ask on",
                 line.hint);
  HR_ASSIGN(SecretBytes entered, terminal.ask(line.prompt, line));
  if (!line.twice) return entered;
  HR_ASSIGN(const SecretBytes again, terminal.ask("The same again", line));
  if (!equal_in_constant_time(entered.expose(), again.expose()))
    return usage("the two " + std::string(line.what) + "s differ");
  return entered;
}

Result<SecretBytes> obtain_secret_line(const std::optional<std::filesystem::path>& file,
                                       const SecretLine& line) {
  return file ? read_secret_line(*file, line) : prompt_secret_line(line);
}

Result<bool> asked_yes(std::string_view question, std::string_view hint) {
  const Terminal terminal(Terminal::Echo::on);
  if (!terminal.ready()) return usage("a yes is needed, and there is no terminal to ask on", hint);
  if (!terminal.say(std::string(question) + " (yes or no): "))
    return usage("the terminal cannot be written to");
  const auto reply = terminal.read_line("reply", kMaxReply);
  return reply.ok() && as_text(reply->expose()) == "yes";
}

}  // namespace hedgerow::keys
