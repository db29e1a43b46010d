// Where a row says that it was, as it is stored: a district of the code list's vintage,
// kOutsideEngland, or "" for unknown (formats.md, Records).
//
// A code is resolved as of the row's day. A postcode is not: the directory says in which of
// today's districts it lies, which is the very area that a row of any day is counted in, also
// where the district of that day was split since.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "crypto/base/bytes.h"
#include "node/import/postcodes.h"
#include "policies/calendar.h"
#include "policies/code_list.h"

namespace hedgerow::import {

struct Place {
  enum class Kind : std::uint8_t {
    area,              // `area` says where; may be unknown
    unknown_postcode,  // has the shape of one, but does not exist: the area is unknown
    not_an_area,       // never the code of a district
  };
  Kind kind = Kind::area;
  std::string area;
  bool ambiguous = false;  // a former code that was split: the area is unknown
  bool other_day = false;  // a code not in use on the day, but understood
};

// One for each import. Where no postcodes are given, the shipped ones are taken into memory when
// the first one is looked up, and go with this object. What is given outlives it. Not thread-safe.
class Places {
 public:
  explicit Places(const policies::CodeList& codes, const Postcodes* postcodes = nullptr)
      : codes_(codes), postcodes_(postcodes) {}
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;

  // A district's code, a full postcode, "outside-england", or empty. No std::string is made of
  // the cell: a name or an address may stand in it by mistake.
  Place resolve(ByteView cell, policies::Day day);
  // The same, but for a cell that may hold nothing but a postcode.
  Place resolve_postcode(ByteView cell, policies::Day day);

 private:
  Place of_code(std::string_view code, policies::Day day) const;
  Place of_postcode(std::uint32_t number, policies::Day day);

  const policies::CodeList& codes_;
  const Postcodes* postcodes_;
  std::optional<Postcodes> own_;
};

}  // namespace hedgerow::import
