// The tests that concern no grant: of a question (policies/examine.h) and of a trace
// (policies/trace.h) alike; and what both make their findings with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policies/examine.h"

namespace hedgerow::policies {

Finding passed(Condition condition, std::uint32_t line, std::string text);
Finding failed(Condition condition, std::uint32_t line, DenyReason reason, std::string text,
               std::string hint = {}, Code code = Code::denied);
// The first that did not pass, or null.
const Finding* first_failure_in(const std::vector<Finding>& findings);

std::string text_of(const Asker& asker);  // "role:analyst", or the name of the certificate
bool names(const Asker& entry, const AskerIdentity& asker);

struct GeneralContext {
  PartyId local;
  PartyId home;
  AskerIdentity asker;
  LineageState state = LineageState::installed;
  UtcTime now;
  Lineage agreement;
  std::string purpose;
};

// Agreement, local party, state, first day, last day, ready, asker's agency, home, purpose.
std::vector<Finding> examine_general(const Agreement& agreement, const GeneralContext& context);

}  // namespace hedgerow::policies
