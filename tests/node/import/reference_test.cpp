#include "node/import/reference.h"

#include <gmock/gmock.h>

#include <string>

namespace hedgerow::import {
namespace {

ReferenceKey key() { return ReferenceKey::copy_from(ByteArray<32>{5}); }

Result<ByteArray<32>> by_hand(std::string_view text) {
  return child_key_by_hand(key(), as_bytes(text));
}

TEST(ReferenceByHand, HasTheKeyedHashOfAnImportedRow) {
  const ByteArray<32> imported = child_key(key(), as_bytes("CLA-0042"));
  for (const char* text : {"CLA-0042", "CLA-0042\n", "CLA-0042\r\n", "  CLA-0042 \n"})
    EXPECT_EQ(by_hand(text).value(), imported) << text;
  EXPECT_NE(by_hand("cla-0042").value(), imported);
  EXPECT_TRUE(by_hand(std::string(kMaxReference, 'x') + "\n").ok());
  EXPECT_TRUE(by_hand("9434765910").ok()) << "ten digits that are no NHS number";
}

TEST(ReferenceByHand, IsRefusedWithoutItsValueBeingSaid) {
  const std::string number = "943 476 5919";
  for (const std::string& text :
       {std::string(), std::string("\n"), std::string(" \t\n"), std::string("a\nb"),
        std::string("a\n\n"), std::string("a\xff"), std::string("a\x01"), std::string("a\0b", 3),
        std::string("a\rb"), number, number + "\n", std::string("943-476-5919"),
        std::string(kMaxReference + 1, 'x')}) {
    const auto refused = by_hand(text);
    ASSERT_FALSE(refused.ok()) << text;
    EXPECT_EQ(refused.error().code, Code::bad_input);
    EXPECT_EQ(refused.error().text.find("943"), std::string::npos);
  }
}

}  // namespace
}  // namespace hedgerow::import
