// Which postcodes exist, and in which district each lies: the ONS Postcode Directory of November
// 2025, shipped compressed (node/import/data; licence and attribution there) and compiled in.
//
// In memory it takes 1.5 MB: a bitmap of the units of each sector that exist, and the points at
// which, in the order of postcodes, the district changes.
//
// The file, xz over (numbers little-endian):
//   "hedgerow-postcodes/1"
//   u16 n, n district codes of 9 bytes
//   u32 n, n sectors (u32, ascending), n bitmaps of 85 bytes: bit (unit % 8) of byte (unit / 8)
//   u32 n, n first postcodes of a run (u32, ascending), n districts (u16, by place in the list)
// A sector's number: two letters, digit, further letter or digit, digit; the base of each place is
// 26, 27, 10, 37, 10, where 27 and 37 count from 1 and 0 is "none". A unit's: two letters, base 26.
// A postcode's number: sector * 676 + unit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/result.h"

namespace hedgerow::import {

// The number of a full postcode: one or two letters, a digit, at most one more letter or digit;
// then a digit and two letters; capitals or not, blanks anywhere. Nothing for any other text.
std::optional<std::uint32_t> postcode_number(ByteView cell);

class Postcodes {
 public:
  // The shipped directory: some milliseconds.
  static Postcodes shipped();
  // bad_input on anything but the format above.
  static Result<Postcodes> decode(ByteView file);

  // The code of the district (of any country of the United Kingdom, or an island's), as of
  // November 2025; empty where no such postcode exists.
  std::string_view district_of(std::uint32_t number) const;

  std::size_t size() const { return size_; }  // postcodes

 private:
  Postcodes() = default;
  Result<void> read(Reader& in);

  std::vector<std::string> districts_;
  std::vector<std::uint32_t> sectors_;
  Bytes bitmaps_;
  std::vector<std::uint32_t> starts_;
  std::vector<std::uint16_t> district_at_;
  std::size_t size_ = 0;
};

}  // namespace hedgerow::import
