#include "policies/disclosure_rule.h"

#include <algorithm>

namespace hedgerow::policies {

std::uint32_t local_floor(const DisclosureRule& in_force, const DisclosureRule& agreed) {
  const std::uint32_t agencies = std::max(1u, agreed.min_agencies);
  return (in_force.min_children + agencies - 1) / agencies;
}

std::string in_words(const DisclosureRule& rule) {
  const std::uint32_t agencies = std::max(1u, rule.min_agencies);
  const std::string children = std::to_string(rule.min_children);
  std::string text = "A figure is released only if at least " + std::to_string(agencies) +
                     (agencies == 1 ? " agency holds" : " agencies each hold") + " " + children +
                     (rule.min_children == 1 ? " child" : " or more distinct children") +
                     " in the cell";
  if (agencies == 1) text += "; if only one does, no other agency may hold any";
  text += ". ";
  text += rule.round_to == 1 ? std::string("Figures are not rounded. ")
                             : "Figures are rounded to the nearest " +
                                   std::to_string(rule.round_to) + ", halves up. ";
  text += rule.true_zero ? "Cells that are empty at every agency are shown as zero."
                         : "Empty cells and suppressed cells look alike.";
  return text;
}

void write_rule(Writer& out, const DisclosureRule& rule) {
  out.u32(rule.min_children).u32(rule.min_agencies).u32(rule.round_to).u8(rule.true_zero ? 1 : 0);
}

DisclosureRule read_rule(Reader& in) {
  DisclosureRule rule;
  rule.min_children = in.u32();
  rule.min_agencies = in.u32();
  rule.round_to = in.u32();
  const std::uint8_t true_zero = in.u8();
  rule.true_zero = true_zero == 1;
  const bool possible = rule.min_children >= 1 && rule.min_children <= kMaxMinChildren &&
                        rule.min_agencies <= kMaxMinAgencies && rule.round_to >= 1 &&
                        rule.round_to <= kMaxRoundTo && rule.round_to <= 2 * rule.min_children &&
                        true_zero <= 1;
  if (!in.failed() && !possible) in.fail();
  return rule;
}

}  // namespace hedgerow::policies
