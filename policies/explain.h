// An agreement in plain English, for the officer who answers for it: who does what, who may ask
// what, what leaves the agency and what each party learns from it, how long things are kept. Every
// fact with the line of the signed file that it comes from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policies/agreement.h"
#include "policies/code_list.h"

namespace hedgerow::policies {

struct ExplainedFact {
  std::uint32_t line = 0;  // 0: follows from how the programs work, not from a line
  std::string text;
};

struct ExplainedPart {
  std::string
      id;  // "agreement", "party.vale-council", "grant.movements", "leaves", "learns", "kept"
  std::string title;
  std::vector<ExplainedFact> facts;
};

// `codes` is the list that the agreement pins, as parsing has checked.
std::vector<ExplainedPart> explain(const Agreement& agreement, const CodeList& codes);

std::string in_words(const Duration& duration);  // "24 months", "7 years", "14 days"

}  // namespace hedgerow::policies
