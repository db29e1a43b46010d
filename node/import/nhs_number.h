// An NHS number: ten digits of which the last is a modulus-11 check digit (NHS Data Dictionary,
// "NHS NUMBER"). It exists in memory during import and trace only and wipes itself when it goes;
// it is never put into a std::string, a log or an error.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "crypto/base/bytes.h"
#include "crypto/base/secret.h"
#include "crypto/base/wiping.h"

namespace hedgerow::import {

class NhsNumber {
 public:
  static constexpr std::size_t kDigits = 10;

  NhsNumber() = default;  // all zero bytes: not a number
  NhsNumber(const NhsNumber&) = default;
  NhsNumber& operator=(const NhsNumber&) = default;
  ~NhsNumber() { wipe(digits_); }

  // The ten ASCII digits: what follows "nhs:" in the pseudonym's input (cryptography.md A).
  ByteView digits() const { return digits_; }

  friend auto operator<=>(const NhsNumber&, const NhsNumber&) = default;

 private:
  friend class NhsNumberParse;
  ByteArray<kDigits> digits_{};
};

enum class NhsNumberFault {
  format,       // not ten digits once spaces are taken away
  check_digit,  // ten digits, but the modulus-11 check fails
};

// Parses a cell. Spaces are allowed anywhere; nothing else than digits and spaces is.
class NhsNumberParse {
 public:
  explicit NhsNumberParse(ByteView cell);
  bool ok() const { return !fault_; }
  const NhsNumber& number() const { return number_; }  // only where ok()
  NhsNumberFault fault() const { return *fault_; }     // only where not ok()

 private:
  NhsNumber number_;
  std::optional<NhsNumberFault> fault_;
};

// Whether a reference is in truth an NHS number: valid once spaces and hyphens are taken away.
// The keyed hash of such a reference could be enumerated on a stolen node (formats.md, Records).
bool looks_like_nhs_number(ByteView cell);

// Whether free text has an NHS number in it: whole groups of digits with single spaces or hyphens
// between them, ten digits together, whose check digit holds. Other digits may stand beside it as
// groups of their own; ten digits within a longer group are no number.
bool contains_nhs_number(ByteView text);

// Distinct numbers, in the order in which they first came.
using NhsNumbers = WipingVector<NhsNumber>;

// Gives each distinct number its place among them. The nodes are wiped as they go, like the
// numbers.
class NhsNumberIndex {
 public:
  std::uint32_t position_of(const NhsNumber& number);
  // In order of position; the index is empty afterwards.
  NhsNumbers take();

 private:
  using Positions = std::map<NhsNumber, std::uint32_t, std::less<>,
                             WipingAllocator<std::pair<const NhsNumber, std::uint32_t>>>;
  Positions positions_;
  NhsNumbers numbers_;
};

}  // namespace hedgerow::import
