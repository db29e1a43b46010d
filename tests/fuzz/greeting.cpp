// What a stranger says first to a hub (node/gateway/caller.h), in pieces: the first byte chooses
// the size of the first one.
#include <sys/socket.h>

#include <algorithm>

#include "node/gateway/caller.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::greeting {
namespace {

using namespace gateway;

constexpr std::size_t kMost = 4096;  // fits into a socket's buffer

// The greeting of ZMTP 3.1 (ZeroMQ RFC 37) and a HELLO of CURVE (RFC 26): of all else there may be
// anything.
bool is_opening(ByteView said) {
  if (said.size() < kOpeningSize) return false;
  const auto has = [&](std::size_t at, std::string_view text) {
    return as_text(said.subspan(at, text.size())) == text;
  };
  return said[0] == 0xff && (said[9] & 1U) == 1 && said[10] >= 3 &&
         has(12, std::string("CURVE") + std::string(15, '\0')) &&
         has(kGreetingSize, std::string("\x04\xc8\x05HELLO\x01\x00", 10));
}

void run(ByteView input) {
  Parts parts(input);
  const std::size_t first = parts.byte();
  const ByteView said = parts.take(kMost);
  int ends[2];
  HR_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  ipc::Fd stranger(ends[0]);
  Caller caller(ipc::Fd(ends[1]), 0);
  const auto say = [&](ByteView bytes) {
    HR_CHECK(::send(stranger.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
             static_cast<ssize_t>(bytes.size()));
  };
  Ending ending = Ending::none;
  const auto hear = [&] {
    while (ending == Ending::none && caller.stage() == Caller::Stage::opening) {
      std::uint8_t next = 0;  // nothing where it has heard all
      if (::recv(caller.outer(), &next, 1, MSG_PEEK | MSG_DONTWAIT) < 0) return;
      ending = caller.hear_opening();
    }
  };
  const std::size_t split = std::min(first, said.size());
  say(said.first(split));
  hear();
  say(said.subspan(split));
  hear();
  HR_CHECK((caller.stage() == Caller::Stage::waiting) == is_opening(said));
  HR_CHECK(ending == Ending::none || ending == Ending::no_curve);
  // Whoever may still become one is waited for; silence ends it.
  stranger = ipc::Fd();
  if (ending == Ending::none && caller.stage() == Caller::Stage::opening)
    HR_CHECK(caller.hear_opening() == Ending::silent);
}

std::vector<Bytes> seeds() {
  Bytes good(kOpeningSize, 7);
  const auto put = [&](std::size_t at, std::string_view text) {
    std::ranges::copy(as_bytes(text), good.begin() + static_cast<std::ptrdiff_t>(at));
  };
  good[0] = 0xff;
  good[9] = 0x7f;
  good[10] = 3;
  put(12, std::string("CURVE") + std::string(15, '\0'));
  put(kGreetingSize, std::string("\x04\xc8\x05HELLO\x01\x00", 10));
  HR_CHECK(is_opening(good));
  std::vector<Bytes> all;
  for (const std::uint8_t first : Bytes{0, 10, 64, 255}) all.push_back(chosen(first, good));
  Bytes more = good;
  more.resize(kMost, 9);
  all.push_back(chosen(12, more));
  for (const std::size_t at : {0U, 9U, 10U, 13U, 31U, 64U, 66U, 72U}) {
    Bytes odd = good;
    odd[at] = 2;
    all.push_back(chosen(64, odd));
  }
  all.push_back(chosen(0, ByteView(good).first(100)));
  all.push_back(chosen(0, as_bytes("GET / HTTP/1.1\r\n")));
  return all;
}

const Registration registered({"greeting", run, seeds});

}  // namespace
}  // namespace hedgerow::fuzz::greeting
