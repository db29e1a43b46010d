#include "node/core/crosswalk_plan.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "node/core/import_report.h"

namespace hedgerow::core {

CrosswalkPlan::CrosswalkPlan(import::ParsedCrosswalk file, std::span<const store::KnownChild> known,
                             bool replace)
    : report_(std::move(file.report)), repeated_(file.repeated) {
  import::NhsNumberIndex numbers;
  for (const import::CrosswalkEntry& entry : file.entries) {
    const auto child =
        std::ranges::lower_bound(known, entry.child_key, {}, &store::KnownChild::child_key);
    if (child == known.end() || child->child_key != entry.child_key)
      ++unknown_;
    else if (child->pseudonym && !replace)
      ++kept_;
    else
      asked_.push_back({entry.child_key, numbers.position_of(file.identifiers.at(entry.identifier)),
                        child->pseudonym});
  }
  identifiers_ = numbers.take();
}

WipingVector<store::CrosswalkLine> CrosswalkPlan::settle(
    std::span<const ByteArray<32>> pseudonyms) {
  WipingVector<store::CrosswalkLine> lines;
  for (const Asked& asked : asked_) {
    HR_CHECK(asked.identifier < pseudonyms.size());
    const ByteArray<32>& pseudonym = pseudonyms[asked.identifier];
    if (asked.before == pseudonym) {
      ++unchanged_;
      continue;
    }
    ++(asked.before ? replaced_ : gained_);
    lines.push_back({asked.child_key, pseudonym});
  }
  return lines;
}

nlohmann::json CrosswalkPlan::to_json(const ImportRequest& request,
                                      std::optional<Code> stopped) const {
  nlohmann::json report = common_report(report_, request);
  report.update({{"without_number", report_.without_identifier},
                 {"repeated", repeated_},
                 {"children", unknown_ + kept_ + asked_.size()},
                 {"unknown_children", unknown_},
                 {"have_number", kept_},
                 {"asked", asked_.size()}});
  return {{"schema", "hedgerow/crosswalk/1"},
          {"report", report},
          {"imported", false},
          {"dry_run", request.dry_run},
          {"gained", gained_},
          {"replaced", replaced_},
          {"unchanged", unchanged_},
          {"exit", stopped ? static_cast<int>(*stopped) : 0}};
}

std::vector<std::pair<std::string, std::string>> CrosswalkPlan::log_fields(
    const SessionId& import) const {
  return {{"import", import.hex()},
          {"read", std::to_string(report_.read)},
          {"refused", std::to_string(report_.refused)},
          {"unknown", std::to_string(unknown_)},
          {"gained", std::to_string(gained_)},
          {"replaced", std::to_string(replaced_)},
          {"unchanged", std::to_string(unchanged_)}};
}

}  // namespace hedgerow::core
