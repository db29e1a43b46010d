// What a crosswalk that has been read means for this node's children (docs/design/import.md,
// Crosswalk): for whom the keyholders are asked, and what of their answers is new.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "crypto/base/ids.h"
#include "node/core/import_desk.h"
#include "node/import/crosswalk.h"
#include "node/store/children.h"

namespace hedgerow::core {

class CrosswalkPlan {
 public:
  // `known` in order of child_key. Children whom the store does not know are left out; with
  // `replace` those who have a pseudonym are asked for too.
  CrosswalkPlan(import::ParsedCrosswalk file, std::span<const store::KnownChild> known,
                bool replace);

  const import::Report& report() const { return report_; }
  std::size_t asked() const { return asked_.size(); }  // children
  // The numbers to ask for: each once, those of the asked children and no others.
  hedgerow::import::NhsNumbers take_identifiers() { return std::move(identifiers_); }

  // The pseudonyms of take_identifiers(), in its order. What is new of them, to be stored.
  WipingVector<store::CrosswalkLine> settle(std::span<const ByteArray<32>> pseudonyms);

  // The reply, not yet imported.
  nlohmann::json to_json(const ImportRequest& request, std::optional<Code> stopped) const;
  std::vector<std::pair<std::string, std::string>> log_fields(const SessionId& import) const;

 private:
  struct Asked {
    ByteArray<32> child_key;
    std::uint32_t identifier;
    std::optional<ByteArray<32>> before;
  };

  hedgerow::import::Report report_;
  hedgerow::import::NhsNumbers identifiers_;
  WipingVector<Asked> asked_;
  std::size_t repeated_ = 0;
  std::size_t unknown_ = 0;  // children
  std::size_t kept_ = 0;     // have a number and are not asked for
  std::size_t gained_ = 0;
  std::size_t replaced_ = 0;
  std::size_t unchanged_ = 0;
};

}  // namespace hedgerow::core
