// No identifier is left in this process's memory after an import (product.md, promise 1): every
// writable mapping is searched. The markers stand in the program masked only, so that neither
// the test nor its literals are what is found.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "crypto/base/wiping.h"
#include "crypto/random.h"
#include "node/import/crosswalk.h"
#include "node/import/rows.h"

namespace hedgerow::import {
namespace {

constexpr std::uint8_t kMask = 0xa5;

// A marker, masked at compile time.
template <std::size_t N>
struct Masked {
  ByteArray<N - 1> bytes{};
  consteval Masked(const char (&text)[N]) {  // NOLINT: meant to convert
    for (std::size_t i = 0; i + 1 < N; ++i)
      bytes[i] = static_cast<std::uint8_t>(static_cast<std::uint8_t>(text[i]) ^ kMask);
  }
};

struct Marker {
  const char* what;
  ByteView masked;
};

constexpr Masked kNumber("9990483728");
constexpr Masked kNumberSpaced("999 048 3728");
constexpr Masked kSecondNumber("9991726357");
constexpr Masked kChild("kid-Quillfeather-88");
constexpr Masked kShortChild("Q8z#7k");
constexpr Masked kSource("rec/Quillfeather/0042");
constexpr Masked kCase("case:Quillfeather:IX");
constexpr Masked kBirth("2011-03-07");
constexpr Masked kMisplaced("Quillfeather Cottage");

const std::array<Marker, 9> kMarkers{{
    {"NHS number", kNumber.bytes},
    {"NHS number with spaces", kNumberSpaced.bytes},
    {"second NHS number", kSecondNumber.bytes},
    {"child_ref", kChild.bytes},
    {"short child_ref", kShortChild.bytes},
    {"source_ref", kSource.bytes},
    {"case_ref", kCase.bytes},
    {"date of birth", kBirth.bytes},
    {"name of a place where a code belongs", kMisplaced.bytes},
}};

struct Mapping {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
};

// The search allocates nothing: memory just given back is where careless copies lie, and an
// allocation of its own would write over them.
constexpr std::size_t kMaxMappings = 512;

std::size_t read_whole(const char* path, std::span<char> out) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  std::size_t size = 0;
  for (ssize_t got = 1; file >= 0 && got > 0 && size < out.size();
       size += static_cast<std::size_t>(got > 0 ? got : 0))
    got = read(file, out.data() + size, out.size() - size);
  if (file >= 0) close(file);
  return size;
}

std::uintptr_t read_hex(std::string_view text) {
  std::uintptr_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

std::span<const Mapping> writable_mappings() {
  static std::array<Mapping, kMaxMappings> mappings;
  static std::array<char, 1 << 17> text;
  std::size_t count = 0;
  std::string_view left(text.data(), read_whole("/proc/self/maps", text));
  while (!left.empty() && count < mappings.size()) {
    // "55d0c0a00000-55d0c0a21000 rw-p ..."
    const auto line = left.substr(0, left.find('\n'));
    const auto dash = line.find('-');
    const auto blank = line.find(' ');
    if (line.substr(blank + 1, 2) == "rw")
      mappings[count++] = {read_hex(line.substr(0, dash)),
                           read_hex(line.substr(dash + 1, blank - dash - 1))};
    left.remove_prefix(std::min(left.size(), line.size() + 1));
  }
  return {mappings.data(), count};
}

// How often each marker stands in memory. Reads through /proc/self/mem into a masked copy, so
// guard pages are skipped and the copy itself never matches.
std::array<std::size_t, kMarkers.size()> count_in_memory() {
  std::array<std::size_t, kMarkers.size()> found{};
  const int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  EXPECT_GE(memory, 0);
  constexpr std::size_t kBlock = 1 << 16;
  constexpr std::size_t kOverlap = 64;
  static std::array<std::uint8_t, kBlock> block;
  std::size_t bytes_read = 0;
  for (const Mapping& mapping : writable_mappings()) {
    for (std::uintptr_t at = mapping.begin; at < mapping.end; at += kBlock - kOverlap) {
      const std::size_t want = std::min<std::size_t>(kBlock, mapping.end - at);
      const ssize_t got = pread(memory, block.data(), want, static_cast<off_t>(at));
      if (got <= 0) continue;
      bytes_read += static_cast<std::size_t>(got);
      for (ssize_t i = 0; i < got; ++i) block[static_cast<std::size_t>(i)] ^= kMask;
      // A match that begins in the overlap is the next block's, unless this is the last.
      const bool last = at + want == mapping.end;
      const std::size_t until = static_cast<std::size_t>(got) - (last ? 0 : kOverlap);
      for (std::size_t m = 0; m < kMarkers.size(); ++m) {
        const ByteView marker = kMarkers[m].masked;
        const std::uint8_t* from = block.data();
        const std::uint8_t* end = block.data() + got;
        while (const void* hit = memmem(from, static_cast<std::size_t>(end - from), marker.data(),
                                        marker.size())) {
          const auto* where = static_cast<const std::uint8_t*>(hit);
          if (where < block.data() + until) ++found[m];
          from = where + 1;
        }
      }
      wipe(block);
    }
  }
  close(memory);
  EXPECT_GT(bytes_read, 100'000U);
  return found;
}

// In front of each long cell, once to three times: freed memory loses its first bytes to the
// allocator, and blocks of some sizes are soon used again.
constexpr std::string_view kPadding = "0123456789abcdef-0123456789abcdef-";

void append(WipingBytes& out, std::string_view text) {
  out.insert(out.end(), text.begin(), text.end());
}

void unmask(WipingBytes& out, ByteView masked) {
  for (const std::uint8_t b : masked) out.push_back(b ^ kMask);
}

struct Cells {
  ByteView nhs, child, birth, source, case_ref, origin;
  std::size_t padding = 1;
};

void append_row(WipingBytes& out, const Cells& cells) {
  unmask(out, cells.nhs);
  append(out, ",\"");
  if (cells.child.size() > kShortChild.bytes.size())
    for (std::size_t i = 0; i < cells.padding; ++i) append(out, kPadding);
  unmask(out, cells.child);
  append(out, "\",");
  unmask(out, cells.birth);
  append(out, ",");
  unmask(out, cells.source);
  append(out, ",missing,2026-08-01,,");
  unmask(out, cells.origin);
  append(out, ",E06000038,");
  append(out, kPadding);
  unmask(out, cells.case_ref);
  append(out, "\n");
}

// A file in which every marker stands many times, in good rows and in bad ones.
WipingBytes make_file() {
  WipingBytes out;
  out.reserve(1 << 20);
  append(out,
         "nhs_number,child_ref,date_of_birth,source_ref,event,started_at,ended_at,origin,"
         "destination,case_ref\n");
  for (int i = 0; i < 300; ++i) {
    WipingBytes numbered;
    numbered.reserve(64);
    append(numbered, std::to_string(i));
    for (auto& b : numbered) b ^= kMask;
    // A source_ref of its own for each row: the marker, and then the number.
    WipingBytes source;
    source.reserve(128);
    for (const char c : kPadding) source.push_back(static_cast<std::uint8_t>(c) ^ kMask);
    source.insert(source.end(), kSource.bytes.begin(), kSource.bytes.end());
    source.insert(source.end(), numbered.begin(), numbered.end());
    Cells cells{kNumber.bytes,
                kChild.bytes,
                kBirth.bytes,
                source,
                kCase.bytes,
                {},
                1 + static_cast<std::size_t>(i % 3)};
    if (i % 3 == 1) cells.nhs = kNumberSpaced.bytes;
    if (i % 3 == 2) cells.nhs = kSecondNumber.bytes;
    if (i % 5 == 1) cells.child = kShortChild.bytes;
    if (i % 7 == 3) cells.origin = kMisplaced.bytes;  // refused: unknown-area
    if (i % 11 == 4) cells.source = kNumber.bytes;    // refused: it is an NHS number
    if (i % 13 == 5) cells.birth = kChild.bytes;      // refused: date-format
    append_row(out, cells);
  }
  // A quote that is not closed, and a last line without end.
  append(out, "\"");
  unmask(out, kChild.bytes);
  append(out, "\n");
  unmask(out, kNumber.bytes);
  append(out, ",");
  unmask(out, kChild.bytes);
  return out;
}

struct Outcome {
  std::size_t good = 0;
  std::size_t refused = 0;
  std::size_t numbers = 0;
};

[[gnu::noinline]] std::optional<ParsedFile> import(CaseRefSealer* case_refs) {
  const auto key = ReferenceKey::copy_from(ByteArray<32>{3});
  MovementParser parser(ParseContext{policies::CodeList::shipped(), "movements.csv", key, case_refs,
                                     policies::parse_day("2024-11-22").value(),
                                     policies::parse_day("2026-11-22").value()});
  const WipingBytes text = make_file();
  // Chunks of an odd size, so that cells are cut in two.
  for (std::size_t at = 0; at < text.size(); at += 997)
    if (!parser.feed(ByteView(text).subspan(at, std::min<std::size_t>(997, text.size() - at))).ok())
      return std::nullopt;
  auto file = std::move(parser).finish();
  if (!file.ok()) return std::nullopt;
  return std::move(file).value();
}

[[gnu::noinline]] Outcome import_and_forget() {
  SeededRandom rng{ByteArray<32>{9}};
  CaseRefSealer case_refs(random_seal_key_pair(rng).public_key, rng);
  const auto file = import(&case_refs);
  if (!file) return {};
  return {file->movements.size(), file->report.refused, file->identifiers.size()};
}

std::string what_was_found() {
  const auto found = count_in_memory();
  std::string out;
  for (std::size_t m = 0; m < kMarkers.size(); ++m)
    if (found[m] != 0)
      out += std::string(kMarkers[m].what) + ": " + std::to_string(found[m]) + "; ";
  return out;
}

TEST(MemoryAfterImport, HoldsNoIdentifier) {
  const Outcome outcome = import_and_forget();
  ASSERT_EQ(outcome.numbers, 2U);
  ASSERT_GT(outcome.good, 150U);
  ASSERT_GT(outcome.refused, 50U);
  EXPECT_EQ(what_was_found(), "");
}

TEST(MemoryAfterImport, HoldsTheNumbersAndNothingElseUntilTheFileIsDropped) {
  {
    SeededRandom rng{ByteArray<32>{9}};
    CaseRefSealer case_refs(random_seal_key_pair(rng).public_key, rng);
    const auto file = import(&case_refs);
    ASSERT_TRUE(file.has_value());
    const auto found = count_in_memory();
    EXPECT_EQ(found[0], 1U);
    EXPECT_EQ(found[2], 1U);
    for (const std::size_t m : {1U, 3U, 4U, 5U, 6U, 7U, 8U})
      EXPECT_EQ(found[m], 0U) << kMarkers[m].what;
  }
  EXPECT_EQ(what_was_found(), "");
}

[[gnu::noinline]] std::size_t read_crosswalk_and_forget() {
  WipingBytes text;
  text.reserve(1 << 20);
  append(text, "child_ref,nhs_number\n");
  for (int i = 0; i < 300; ++i) {
    append(text, "\"");
    for (int n = 0; n <= i % 2; ++n) append(text, kPadding);
    unmask(text, kChild.bytes);
    append(text, std::to_string(i % 50));  // each six times
    append(text, "\",");
    ByteView number = kNumber.bytes;
    if (i % 3 == 1) number = kNumberSpaced.bytes;
    if (i % 10 == 4) number = kSecondNumber.bytes;
    unmask(text, number);
    append(text, i % 7 == 3 ? "9\n" : "\n");  // refused: nhs-format
  }
  unmask(text, kNumber.bytes);
  append(text, ",");
  unmask(text, kNumber.bytes);  // refused: it is an NHS number
  const auto key = ReferenceKey::copy_from(ByteArray<32>{3});
  CrosswalkParser parser("crosswalk.csv", key);
  for (std::size_t at = 0; at < text.size(); at += 997)
    if (!parser.feed(ByteView(text).subspan(at, std::min<std::size_t>(997, text.size() - at))).ok())
      return 0;
  const auto file = std::move(parser).finish();
  if (!file.ok() || file->report.refused < 40 || file->entries.size() < 40) return 0;
  return file->identifiers.size();
}

TEST(MemoryAfterCrosswalk, HoldsNoIdentifier) {
  ASSERT_EQ(read_crosswalk_and_forget(), 2U);
  EXPECT_EQ(what_was_found(), "");
}

// The search finds what it must: copies as a careless line of code would leave them behind.
TEST(MemoryScan, FindsAStringThatWasGivenBackUnwiped) {
  {
    std::string careless("padding, because the allocator writes over the beginning: ");
    for (const std::uint8_t b : kSource.bytes) careless += static_cast<char>(b ^ kMask);
    ASSERT_GT(careless.size(), 60U);
  }
  EXPECT_NE(what_was_found().find("source_ref"), std::string::npos);
}

TEST(MemoryScan, FindsAShortStringInsideItsObject) {
  auto careless = std::make_unique<std::string>();
  for (const std::uint8_t b : kShortChild.bytes) *careless += static_cast<char>(b ^ kMask);
  EXPECT_NE(what_was_found().find("short child_ref"), std::string::npos);
  for (char& c : *careless) c = 0;
}

}  // namespace
}  // namespace hedgerow::import
