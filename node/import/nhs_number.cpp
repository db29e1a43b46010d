#include "node/import/nhs_number.h"

namespace hedgerow::import {

namespace {

// Modulus 11: the nine leading digits weigh 10 down to 2; the check digit makes the sum a
// multiple of 11. A remainder that would ask for the digit 10 belongs to no number.
bool check_digit_holds(ByteView digits) {
  unsigned sum = 0;
  for (std::size_t i = 0; i + 1 < digits.size(); ++i)
    sum += static_cast<unsigned>(digits[i] - '0') * static_cast<unsigned>(10 - i);
  const unsigned check = (11 - sum % 11) % 11;
  return check == static_cast<unsigned>(digits.back() - '0');
}

bool is_digit(std::uint8_t c) { return c >= '0' && c <= '9'; }

// Whether the groups of digits that begin with this text are a number, taken together.
bool begins_with_number(ByteView text) {
  WipingBytes digits;
  digits.reserve(NhsNumber::kDigits);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit_follows = i + 1 < text.size() && is_digit(text[i + 1]);
    if (is_digit(text[i])) {
      digits.push_back(text[i]);
      if (digits.size() == NhsNumber::kDigits) return !digit_follows && check_digit_holds(digits);
    } else if ((text[i] != ' ' && text[i] != '-') || !digit_follows) {
      return false;
    }
  }
  return false;
}

}  // namespace

NhsNumberParse::NhsNumberParse(ByteView cell) {
  std::size_t n = 0;
  for (const std::uint8_t c : cell) {
    if (c == ' ') continue;
    if (c < '0' || c > '9' || n == NhsNumber::kDigits) {
      fault_ = NhsNumberFault::format;
      return;
    }
    number_.digits_[n++] = c;
  }
  if (n != NhsNumber::kDigits)
    fault_ = NhsNumberFault::format;
  else if (!check_digit_holds(number_.digits_))
    fault_ = NhsNumberFault::check_digit;
}

bool looks_like_nhs_number(ByteView cell) {
  WipingBytes bare;
  bare.reserve(cell.size());
  for (const std::uint8_t c : cell)
    if (c != '-') bare.push_back(c);
  return NhsNumberParse(bare).ok();
}

bool contains_nhs_number(ByteView text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins_group = is_digit(text[i]) && (i == 0 || !is_digit(text[i - 1]));
    if (begins_group && begins_with_number(text.subspan(i))) return true;
  }
  return false;
}

std::uint32_t NhsNumberIndex::position_of(const NhsNumber& number) {
  const auto next = static_cast<std::uint32_t>(numbers_.size());
  const auto [at, is_new] = positions_.try_emplace(number, next);
  if (is_new) numbers_.push_back(number);
  return at->second;
}

NhsNumbers NhsNumberIndex::take() {
  positions_.clear();
  return std::exchange(numbers_, {});
}

}  // namespace hedgerow::import
