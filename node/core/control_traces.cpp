// Commands of traces (docs/design/trace.md).
#include <nlohmann/json.hpp>

#include "node/core/control_desk.h"
#include "policies/calendar.h"

namespace hedgerow::core {

using nlohmann::json;

Result<void> ControlDesk::carry(ConnectionId connection, FetchCommand command, UtcTime now) {
  HR_ASSIGN(LineageNode * node, lineage_of(command.agreement));
  auto work = node->fetches().refresh(
      now, [reply = reply_to(connection)](const std::vector<FetchedDirectory>& all, UtcTime) {
        json parties = json::array();
        for (const FetchedDirectory& f : all) {
          json party = {{"party", f.party.str()},
                        {"day", nullptr},
                        {"records", f.header ? f.header->records : 0U},
                        {"fetched", f.fetched},
                        {"why", f.why}};
          if (f.header) party["day"] = policies::to_text(policies::Day{f.header->day});
          parties.push_back(std::move(party));
        }
        reply.result({{"schema", "hedgerow/trace-fetch/1"}, {"parties", parties}});
        return Work{};
      });
  carry_out(connection, *node, std::move(work), now);
  return {};
}

}  // namespace hedgerow::core
