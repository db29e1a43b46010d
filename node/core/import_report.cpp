#include "node/core/import_report.h"

#include <nlohmann/json.hpp>

namespace hedgerow::core {

namespace {

nlohmann::json counts_of_return(const import::ReturnCounts& c) {
  return {{"short_breaks", c.short_breaks}, {"no_move", c.no_move},
          {"unplaced", c.unplaced},         {"temporary", c.temporary},
          {"uncovered", c.uncovered},       {"header_rows", c.children},
          {"episode_rows", c.episodes},     {"missing_rows", c.missing},
          {"crosswalk_rows", c.crosswalk},  {"crosswalk_unused", c.crosswalk_unused}};
}

}  // namespace

nlohmann::json common_report(const import::Report& report, const ImportRequest& request) {
  const auto source_of = [&](std::size_t part) -> const std::string& {
    return request.parts.empty() ? request.source : request.parts.at(part).source;
  };
  nlohmann::json by_rule = nlohmann::json::object();
  for (std::size_t i = 0; i < import::kRules; ++i)
    if (report.by_rule[i] != 0)
      by_rule[std::string(import::name(static_cast<import::Rule>(i)))] = report.by_rule[i];
  nlohmann::json problems = nlohmann::json::array();
  for (const auto& p : report.problems)
    problems.push_back({{"source", source_of(p.part)},
                        {"line", p.line},
                        {"column", std::string(import::name(p.column))},
                        {"rule", std::string(import::name(p.rule))},
                        {"text", import::describe(source_of(p.part), p)},
                        {"hint", std::string(import::hint(p.rule))}});
  return {{"source", request.source},
          {"read", report.read},
          {"refused", report.refused},
          {"by_rule", by_rule},
          {"problems", problems}};
}

nlohmann::json to_json(const import::Report& report, const ImportRequest& request) {
  nlohmann::json out = common_report(report, request);
  out.update({{"good", report.good},
              {"older_than_retention", report.old},
              {"without_identifier", report.without_identifier},
              {"unknown_area", report.unknown_area},
              {"ambiguous_area", report.ambiguous_area},
              {"other_day_area", report.other_day_area},
              {"unknown_postcodes", report.unknown_postcodes},
              {"case_refs_dropped", report.case_refs_dropped}});
  if (report.yearly) out["return"] = counts_of_return(*report.yearly);
  return out;
}

}  // namespace hedgerow::core
