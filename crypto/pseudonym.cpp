#include "crypto/pseudonym.h"

namespace hedgerow {

Result<Pseudonym> Pseudonym::from_store(ByteView bytes) {
  const Result<Element> element = Element::decode(bytes);
  if (!element.ok()) return configuration("a stored pseudonym is damaged");
  return Pseudonym(*element);
}

}  // namespace hedgerow
