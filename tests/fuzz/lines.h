// A mutator for texts of lines: repeats, drops, exchanges and cuts whole lines, and exchanges
// what stands after '=' or between commas; now and then bytes, as libFuzzer does it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hedgerow::fuzz {

// The first `head` bytes choose modes and are left as they are.
template <std::size_t head>
std::size_t mutate_lines(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed);

std::size_t mutate_text(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed);

template <std::size_t head>
std::size_t mutate_lines(std::uint8_t* data, std::size_t size, std::size_t max_size,
                         unsigned seed) {
  if (size <= head || max_size <= head) return mutate_text(data, size, max_size, seed);
  return head + mutate_text(data + head, size - head, max_size - head, seed);
}

}  // namespace hedgerow::fuzz
