#include "crypto/base/plain_text.h"

#include <gtest/gtest.h>

namespace hedgerow {
namespace {

TEST(PlainText, IsWhatPeopleTypeInAnyScript) {
  for (const std::string_view text :
       {"", "MASH 01632 960000, Mon-Fri 9-17", "Caf\xc3\xa9 \xe2\x82\xac 5",
        "\xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7", "\xf0\x9f\x8c\xb3", "\xed\x9f\xbf",
        "\xf4\x8f\xbf\xbf", "\xc2\xa0"})
    EXPECT_TRUE(is_plain_text(text)) << to_hex(as_bytes(text));
}

TEST(PlainText, HasNoControlCharactersAndNothingThatTurnsItsDirection) {
  for (char c = 0; c < 0x20; ++c) EXPECT_FALSE(is_plain_text(std::string("a") + c)) << int{c};
  for (const std::string_view text :
       {"\x7f", "\xc2\x80", "\xc2\x9f", "\xd8\x9c", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xa8",
        "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa9", "\xef\xbb\xbf"})
    EXPECT_FALSE(is_plain_text(text)) << to_hex(as_bytes(text));
}

// RFC 3629 section 3: overlong forms, surrogates, above U+10FFFF, cut off, a lone continuation.
TEST(PlainText, IsUtf8) {
  for (const std::string_view text :
       {"\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xed\xa0\x80", "\xed\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\x80", "a\xc3", "\xe2\x82", "\xf0\x9f\x8c",
        "\xc3z"})
    EXPECT_FALSE(is_plain_text(text)) << to_hex(as_bytes(text));
}

}  // namespace
}  // namespace hedgerow
