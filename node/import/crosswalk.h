// `import crosswalk`: an agency's own child references with their NHS numbers, for rows that came
// without (formats.md, Records; docs/design/import.md, Crosswalk).
//
//   child_ref,nhs_number    or, as beside a yearly return,    CHILD,NHS_NUMBER
//
// Identifiers: as in rows.h. A reference is hashed as its line is read; numbers come out in a
// container that wipes itself.
#pragma once

#include <memory>
#include <string>

#include "crypto/base/wiping.h"
#include "node/import/rows.h"

namespace hedgerow::import {

struct CrosswalkEntry {
  ByteArray<32> child_key{};
  std::uint32_t identifier = 0;  // index into ParsedCrosswalk::identifiers
};

struct ParsedCrosswalk {
  WipingVector<CrosswalkEntry> entries;  // in order of child_key, each once
  NhsNumbers identifiers;                // each distinct once; every one belongs to an entry
  // read = good + refused; of the good ones, without_identifier have an empty number.
  Report report;
  std::size_t repeated = 0;  // good, but an earlier row says the same
};

// As MovementParser. Where two sound rows give one child different numbers, both are refused: which
// is right is not for the file to say.
class CrosswalkParser {
 public:
  // `reference_key` outlives the parser; `source` is the file's name, for messages.
  CrosswalkParser(std::string source, const ReferenceKey& reference_key);
  CrosswalkParser(CrosswalkParser&&) noexcept;
  CrosswalkParser& operator=(CrosswalkParser&&) noexcept;
  ~CrosswalkParser();

  Result<void> feed(ByteView chunk);
  Result<ParsedCrosswalk> finish() &&;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace hedgerow::import
