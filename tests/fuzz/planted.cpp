// A decoder with a fault, for the test of the replay itself: it dislikes inputs that begin with
// "crash", and is linked into no other program.
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz {
namespace {

void run(ByteView input) { HR_CHECK(!as_text(input).starts_with("crash")); }

std::vector<Bytes> seeds() { return {to_bytes("a good input")}; }

const Registration registered({"planted", run, seeds});

}  // namespace
}  // namespace hedgerow::fuzz
