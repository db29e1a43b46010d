// The crowd as a program: for measuring a hub among strangers by hand, and for the test beside it.
//
//   crowd ENDPOINT HUB-KEY-HEX IDLE SILENT FLOOD-PER-S OPENS-PER-S SECONDS
//
// Prints a line each 100 ms: seconds, opened, welcomed, ended, held.
#include <cstdio>
#include <cstdlib>

#include "tests/node/gateway/crowd.h"

int main(int argc, char** argv) {
  using namespace hedgerow;
  if (argc != 8) {
    std::fprintf(stderr,
                 "usage: %s ENDPOINT HUB-KEY-HEX IDLE SILENT FLOOD-PER-S OPENS-PER-S SECONDS\n",
                 argv[0]);
    return 64;
  }
  const auto number = [&](int i) {
    return static_cast<std::size_t>(std::strtoull(argv[i], nullptr, 10));
  };
  const auto bytes = from_hex(argv[2]);
  const auto hub = ipc::CurveKey::from(bytes ? ByteView(*bytes) : ByteView());
  if (!hub.ok()) {
    std::fprintf(stderr, "not a key: %s\n", argv[2]);
    return 64;
  }
  gateway::Crowd crowd({argv[1], *hub, number(3), number(4), number(5), number(6)});
  for (std::size_t tenth = 1; tenth <= number(7) * 10; ++tenth) {
    crowd.run_for(std::chrono::milliseconds(100));
    const gateway::CrowdCount c = crowd.count();
    std::printf("%zu.%zu %llu %llu %llu %zu\n", tenth / 10, tenth % 10,
                static_cast<unsigned long long>(c.opened),
                static_cast<unsigned long long>(c.welcomed),
                static_cast<unsigned long long>(c.ended), c.held);
    std::fflush(stdout);
  }
  return 0;
}
