#include "node/import/shipped_postcodes.h"

// The assembler takes the file as it is; as a C array it would be two megabytes of source.
asm(R"(
  .section .rodata
  .balign 16
  .globl hedgerow_shipped_postcodes_begin
  .hidden hedgerow_shipped_postcodes_begin
hedgerow_shipped_postcodes_begin:
  .incbin ")" HEDGEROW_POSTCODES R"("
  .globl hedgerow_shipped_postcodes_end
  .hidden hedgerow_shipped_postcodes_end
hedgerow_shipped_postcodes_end:
  .byte 0
  .previous
)");

extern "C" {
extern const std::uint8_t hedgerow_shipped_postcodes_begin[];
extern const std::uint8_t hedgerow_shipped_postcodes_end[];
}

namespace hedgerow::import {

ByteView shipped_postcodes() {
  return {hedgerow_shipped_postcodes_begin, hedgerow_shipped_postcodes_end};
}

}  // namespace hedgerow::import
