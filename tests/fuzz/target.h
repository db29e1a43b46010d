// A fuzz target: one decoder, or a family of them, fed with any bytes (docs/design/fuzzing.md).
//
// Each source file here registers one target. All of them are linked into two programs:
// hedgerow_fuzz (libFuzzer; the preset `fuzz`), which runs the target after which it is called,
// and fuzz_replay, which runs every target over its seeds and its corpus in the ordinary tests.
//
// A target holds its assertions with HR_CHECK: whatever it does not like ends the process. What
// bytes come to must not depend on anything but the bytes.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/check.h"

namespace hedgerow::fuzz {

using Run = void (*)(ByteView input);
using Seeds = std::vector<Bytes> (*)();
// Changes the `size` bytes at `data` in place, to at most `max_size`; gives the new size. Knows
// the format (composes, re-signs), so that more than the outermost check is reached.
using Mutate = std::size_t (*)(std::uint8_t* data, std::size_t size, std::size_t max_size,
                               unsigned seed);

struct Target {
  std::string_view name;
  Run run;
  Seeds seeds;  // real messages, made afresh: the corpus holds only what fuzzing found beyond
  Mutate mutate = nullptr;
};

// In the order of their names.
const std::vector<Target>& targets();
const Target* find_target(std::string_view name);

class Registration {
 public:
  explicit Registration(Target target);
};

// The seed or mutation of libFuzzer's own, for custom mutators; does nothing in the replay.
std::size_t plain_mutation(std::uint8_t* data, std::size_t size, std::size_t max_size);

inline bool same(ByteView a, ByteView b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

// The decoder takes only what its encoder makes.
template <class Message>
void check_canonical(ByteView input) {
  const auto message = Message::decode(input);
  if (message.ok()) HR_CHECK(same(message->encode(), input));
}

// An error is never silent, and its code is one of the documented ones.
template <class T>
void check_error(const Result<T>& result) {
  if (!result.ok()) HR_CHECK(!result.error().text.empty());
}

// An input of several parts: text behind lengths where the first bytes say so. Takes what is
// there; never fails.
class Parts {
 public:
  explicit Parts(ByteView input) : left_(input) {}
  std::uint8_t byte() {
    if (left_.empty()) return 0;
    const std::uint8_t b = left_.front();
    left_ = left_.subspan(1);
    return b;
  }
  // The next `n` bytes, or fewer where fewer are left.
  ByteView take(std::size_t n) {
    const ByteView v = left_.first(std::min(n, left_.size()));
    left_ = left_.subspan(v.size());
    return v;
  }
  ByteView rest() { return take(left_.size()); }
  bool empty() const { return left_.empty(); }

 private:
  ByteView left_;
};

// `first` before `rest`: a seed of a target that chooses its decoder by the first byte.
inline Bytes chosen(std::uint8_t first, ByteView rest) {
  Bytes out{first};
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

}  // namespace hedgerow::fuzz
