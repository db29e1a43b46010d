#include "node/import/csv_line.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "crypto/base/check.h"
#include "crypto/base/secret.h"

namespace hedgerow::import {

namespace {

// libcsv grows its cell buffer with realloc and gives it back with free, neither of which wipes.
// These do; the size stands in front of the block, padded to keep the block aligned.
constexpr std::size_t kSizePrefix = alignof(std::max_align_t);

std::size_t block_size(const std::uint8_t* base) {
  std::size_t size = 0;
  std::memcpy(&size, base, sizeof size);
  return size;
}

void wiping_free(void* block) {
  if (block == nullptr) return;
  auto* base = static_cast<std::uint8_t*>(block) - kSizePrefix;
  wipe({base + kSizePrefix, block_size(base)});
  std::free(base);
}

void* wiping_realloc(void* block, std::size_t size) {
  auto* base = static_cast<std::uint8_t*>(std::malloc(kSizePrefix + size));
  if (base == nullptr) return nullptr;
  std::memcpy(base, &size, sizeof size);
  if (block != nullptr) {
    const auto* old = static_cast<std::uint8_t*>(block) - kSizePrefix;
    std::memcpy(base + kSizePrefix, block, std::min(size, block_size(old)));
    wiping_free(block);
  }
  return base + kSizePrefix;
}

}  // namespace

// Everything is reserved once: a buffer that grows would leave wiped copies, but slowly.
CsvLine::CsvLine(std::size_t max_line) {
  text_.reserve(max_line);
  ends_.reserve(32);
  restart();
}

CsvLine::~CsvLine() { csv_free(&parser_); }

void CsvLine::restart() {
  csv_free(&parser_);
  HR_CHECK(csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI) == 0);
  csv_set_realloc_func(&parser_, &wiping_realloc);
  csv_set_free_func(&parser_, &wiping_free);
  csv_set_blk_size(&parser_, 1024);
}

void CsvLine::end_of_cell(void* data, std::size_t size, void* self) {
  auto& line = *static_cast<CsvLine*>(self);
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  if (size != 0) line.text_.insert(line.text_.end(), bytes, bytes + size);
  line.ends_.push_back(line.text_.size());
}

bool CsvLine::split(ByteView line) {
  clear();
  const bool whole =
      csv_parse(&parser_, line.data(), line.size(), &end_of_cell, nullptr, this) == line.size() &&
      csv_fini(&parser_, &end_of_cell, nullptr, this) == 0;
  // Running out of memory is not the file's fault.
  HR_CHECK(whole || csv_error(&parser_) == CSV_EPARSE);
  if (!whole) restart();
  return whole;
}

ByteView CsvLine::cell(std::size_t i) const {
  std::size_t from = i == 0 ? 0 : ends_[i - 1];
  std::size_t to = ends_[i];
  const auto blank = [this](std::size_t at) { return text_[at] == ' ' || text_[at] == '\t'; };
  while (from < to && blank(from)) ++from;
  while (from < to && blank(to - 1)) --to;
  return ByteView(text_).subspan(from, to - from);
}

bool CsvLine::all_empty() const {
  for (std::size_t i = 0; i < size(); ++i)
    if (!cell(i).empty()) return false;
  return true;
}

void CsvLine::clear() {
  wipe(text_);
  text_.clear();
  ends_.clear();
}

bool is_utf8(ByteView text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const std::uint8_t lead = text[i++];
    if (lead < 0x80) continue;
    // The second byte's range is what rules out overlong forms, surrogates and too large values.
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
    std::size_t more = 0;
    if (lead >= 0xc2 && lead <= 0xdf) {
      more = 1;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      more = 2;
      if (lead == 0xe0) low = 0xa0;
      if (lead == 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      more = 3;
      if (lead == 0xf0) low = 0x90;
      if (lead == 0xf4) high = 0x8f;
    } else {
      return false;
    }
    for (; more != 0; --more, ++i, low = 0x80, high = 0xbf)
      if (i == text.size() || text[i] < low || text[i] > high) return false;
  }
  return true;
}

bool has_control_character(ByteView text) {
  return std::any_of(text.begin(), text.end(),
                     [](std::uint8_t c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

}  // namespace hedgerow::import
