// What must hold of traces at the end of every run (docs/design/trace.md, The run).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "node/audit/entry.h"
#include "tests/simulation/simulator.h"

namespace hedgerow::simulation {

// `logs`: of each party, without what was abandoned. Faults are added where one of these fails:
//   a responder answers a trace once, and says so in one entry, with what its store was charged;
//   its store was charged nothing, for anybody, that no entry says;
//   no agency and no practitioner has more than the quota of a day;
//   nothing is answered that its requester's log does not have as approved, by two people;
//   an answer that a requester took is one that its responder logged;
//   no entry holds a contact.
void check_traces(Region& region, const std::map<std::string, std::vector<audit::Entry>>& logs,
                  std::vector<std::string>& faults);

}  // namespace hedgerow::simulation
