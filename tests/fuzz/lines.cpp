#include "tests/fuzz/lines.h"

#include <random>

#include "tests/fuzz/target.h"

namespace hedgerow::fuzz {
namespace {

using Rng = std::minstd_rand;

std::size_t below(Rng& rng, std::size_t n) { return n == 0 ? 0 : rng() % n; }

std::vector<std::string> split(std::string_view text, std::string_view ends) {
  std::vector<std::string> parts;
  std::string part;
  for (const char c : text) {
    part.push_back(c);
    if (ends.find(c) == std::string_view::npos) continue;
    parts.push_back(std::exchange(part, {}));
  }
  if (!part.empty()) parts.push_back(std::move(part));
  return parts;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& p : parts) all += p;
  return all;
}

// Words at which the grammars of our texts turn.
constexpr std::string_view kWords[] = {
    "",           "0",          "-1",         "99999999999999999999",
    "1e9",        "true",       "\"",         "\"\"",
    "[",          "]",          "{ a = 1 }",  "[[a]]",
    "2026-02-29", "9999-12-31", "P1M",        "P0D",
    "P999999Y",   "2026/27",    "\\u0000",    "\xff",
    "\r",         "nan",        "0x7fffffff", ",",
    "\"a,b\"",    ";",          "E06000060",  "CHANGE"};

void exchange_parts(std::vector<std::string>& parts, Rng& rng) {
  const std::size_t a = below(rng, parts.size());
  const std::size_t b = below(rng, parts.size());
  switch (rng() % 5) {
    case 0:
      parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(a));
      return;
    case 1: {
      const std::string copy = parts[b];
      parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(a), copy);
      return;
    }
    case 2:
      std::swap(parts[a], parts[b]);
      return;
    case 3:
      parts[a] = parts[b];
      return;
    default:
      parts[a].resize(below(rng, parts[a].size() + 1));
      return;
  }
}

void change_value(std::string& line, Rng& rng) {
  auto cells = split(line, "=,[]\" ");
  if (cells.empty()) return;
  if (rng() % 2 == 0) {
    exchange_parts(cells, rng);
  } else {
    std::string& cell = cells[below(rng, cells.size())];
    const char end = cell.empty() ? ' ' : cell.back();
    cell = std::string(kWords[below(rng, std::size(kWords))]) + end;
  }
  line = joined(cells);
}

}  // namespace

std::size_t mutate_text(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed) {
  Rng rng(seed);
  if (size == 0 || rng() % 4 == 0) return plain_mutation(data, size, max_size);
  auto lines = split(as_text({data, size}), "\n");
  const std::size_t rounds = 1 + rng() % 3;
  for (std::size_t i = 0; i < rounds && !lines.empty(); ++i) {
    if (rng() % 2 == 0)
      exchange_parts(lines, rng);
    else
      change_value(lines[below(rng, lines.size())], rng);
  }
  const std::string text = joined(lines);
  const std::size_t n = std::min(text.size(), max_size);
  std::copy_n(text.begin(), n, data);
  return n;
}

}  // namespace hedgerow::fuzz
