#include "node/import/postcodes.h"

#include <lzma.h>

#include <algorithm>
#include <array>
#include <bit>

#include "crypto/base/check.h"
#include "node/import/shipped_postcodes.h"

namespace hedgerow::import {

namespace {

constexpr std::string_view kMagic = "hedgerow-postcodes/1";
constexpr std::uint32_t kUnits = 26 * 26;
constexpr std::size_t kBitmap = (kUnits + 7) / 8;
constexpr std::size_t kDistrictCode = 9;
constexpr std::size_t kMaxDistricts = 1024;
constexpr std::size_t kMaxSectors = 50'000;
constexpr std::size_t kMaxRuns = 200'000;
constexpr std::size_t kMaxFile = 8U << 20U;         // decompressed
constexpr std::uint64_t kMaxMemory = 16ULL << 20U;  // of the decoder

bool is_letter(std::uint8_t c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(std::uint8_t c) { return c >= '0' && c <= '9'; }
std::uint32_t letter(std::uint8_t c) { return static_cast<std::uint32_t>(c - 'A'); }
std::uint32_t digit(std::uint8_t c) { return static_cast<std::uint32_t>(c - '0'); }

Result<Bytes> decompress(ByteView packed) {
  Bytes out(kMaxFile);
  std::uint64_t memory = kMaxMemory;
  std::size_t in_at = 0;
  std::size_t out_at = 0;
  const lzma_ret done = lzma_stream_buffer_decode(&memory, 0, nullptr, packed.data(), &in_at,
                                                  packed.size(), out.data(), &out_at, out.size());
  if (done != LZMA_OK || in_at != packed.size()) return bad_input("postcodes: not an xz file");
  out.resize(out_at);
  return out;
}

bool ascending(const std::vector<std::uint32_t>& numbers) {
  return std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal<>()) ==
         numbers.end();
}

}  // namespace

std::optional<std::uint32_t> postcode_number(ByteView cell) {
  std::array<std::uint8_t, 7> c{};
  std::size_t n = 0;
  for (std::uint8_t b : cell) {
    if (b == ' ') continue;
    if (b >= 'a' && b <= 'z') b = static_cast<std::uint8_t>(b - 'a' + 'A');
    if (n == c.size() || !(is_letter(b) || is_digit(b))) return std::nullopt;
    c[n++] = b;
  }
  if (n < 5) return std::nullopt;
  const std::size_t outward = n - 3;
  if (!is_digit(c[outward]) || !is_letter(c[outward + 1]) || !is_letter(c[outward + 2]))
    return std::nullopt;
  const std::size_t letters = is_letter(c[1]) ? 2 : 1;
  if (!is_letter(c[0]) || letters >= outward || !is_digit(c[letters]) || outward - letters > 2)
    return std::nullopt;
  std::uint32_t number = letter(c[0]);
  number = number * 27 + (letters == 2 ? letter(c[1]) + 1 : 0);
  number = number * 10 + digit(c[letters]);
  std::uint32_t further = 0;
  if (outward - letters == 2) {
    const std::uint8_t last = c[letters + 1];
    further = is_digit(last) ? digit(last) + 1 : letter(last) + 11;
  }
  number = number * 37 + further;
  number = number * 10 + digit(c[outward]);
  return number * kUnits + letter(c[outward + 1]) * 26 + letter(c[outward + 2]);
}

Postcodes Postcodes::shipped() {
  auto shipped = decode(shipped_postcodes());
  HR_CHECK(shipped.ok());
  return std::move(shipped).value();
}

Result<Postcodes> Postcodes::decode(ByteView file) {
  HR_ASSIGN(const Bytes plain, decompress(file));
  Reader in(plain);
  Postcodes out;
  HR_TRY(out.read(in));
  HR_TRY(in.finish("postcodes"));
  return out;
}

Result<void> Postcodes::read(Reader& in) {
  const auto broken = [] { return bad_input("postcodes: not the file that is shipped"); };
  if (as_text(in.raw(kMagic.size())) != kMagic) return broken();
  const std::size_t districts = in.u16();
  if (districts == 0 || districts > kMaxDistricts) return broken();
  for (std::size_t i = 0; i < districts; ++i)
    districts_.emplace_back(as_text(in.raw(kDistrictCode)));

  const std::size_t sectors = in.count(kMaxSectors, sizeof(std::uint32_t) + kBitmap);
  sectors_.reserve(sectors);
  for (std::size_t i = 0; i < sectors; ++i) sectors_.push_back(in.u32());
  const ByteView bitmaps = in.raw(sectors * kBitmap);
  bitmaps_.assign(bitmaps.begin(), bitmaps.end());

  const std::size_t runs = in.count(kMaxRuns, sizeof(std::uint32_t) + sizeof(std::uint16_t));
  starts_.reserve(runs);
  district_at_.reserve(runs);
  for (std::size_t i = 0; i < runs; ++i) starts_.push_back(in.u32());
  for (std::size_t i = 0; i < runs; ++i) district_at_.push_back(in.u16());
  if (in.failed() || !ascending(sectors_) || !ascending(starts_) ||
      std::any_of(district_at_.begin(), district_at_.end(),
                  [&](std::uint16_t d) { return d >= districts; }))
    return broken();
  for (const std::uint8_t b : bitmaps_) size_ += static_cast<std::size_t>(std::popcount(b));
  return {};
}

std::string_view Postcodes::district_of(std::uint32_t number) const {
  const auto sector = std::lower_bound(sectors_.begin(), sectors_.end(), number / kUnits);
  if (sector == sectors_.end() || *sector != number / kUnits) return {};
  const std::size_t unit = number % kUnits;
  const auto at = static_cast<std::size_t>(sector - sectors_.begin());
  if ((bitmaps_[at * kBitmap + unit / 8] >> (unit % 8) & 1) == 0) return {};
  const auto run = std::upper_bound(starts_.begin(), starts_.end(), number);
  if (run == starts_.begin()) return {};
  return districts_[district_at_[static_cast<std::size_t>(run - starts_.begin()) - 1]];
}

}  // namespace hedgerow::import
