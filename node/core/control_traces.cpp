// The commands of traces (docs/design/control.md).
#include <nlohmann/json.hpp>

#include "node/core/control_desk.h"
#include "policies/calendar.h"

namespace hedgerow::core {

using nlohmann::json;

Result<TraceDesk*> ControlDesk::traces_of(LineageNode& node) {
  if (!node.context().agreement.trace)
    return denied("the agreement grants no traces", "see `hedgerow agreement explain`");
  return &node.traces();
}

Result<void> ControlDesk::carry(ConnectionId connection, TracePrepare command, UtcTime) {
  HR_ASSIGN(LineageNode * node, lineage_of(command.agreement));
  HR_TRY(traces_of(*node));
  open_[connection].tracing = node;
  take_lines(connection, [this, connection, node, wanted = std::move(command.wanted)](
                             ByteView text, UtcTime then) {
    carry_out(connection, *node, node->traces().prepare(wanted, text, reply_to(connection), then),
              then);
  });
  return {};
}

Result<void> ControlDesk::carry(ConnectionId connection, TraceSigned command, UtcTime now) {
  HR_ASSIGN(LineageNode * node, lineage_of(command.agreement));
  HR_ASSIGN(TraceDesk * traces, traces_of(*node));
  const Reply reply = reply_to(connection);
  auto work = command.approval ? traces->take_approval(command.id, command.statement, reply, now)
                               : traces->take_request(command.id, command.statement, reply, now);
  carry_out(connection, *node, std::move(work), now);
  return {};
}

Result<void> ControlDesk::carry(ConnectionId connection, TraceCollect command, UtcTime now) {
  HR_ASSIGN(LineageNode * node, lineage_of(command.agreement));
  HR_ASSIGN(TraceDesk * traces, traces_of(*node));
  open_[connection].tracing = node;
  carry_out(connection, *node,
            traces->result(command.id, command.statement, command.wait, reply_to(connection), now),
            now);
  return {};
}

Result<void> ControlDesk::carry(ConnectionId connection, TraceShow command, UtcTime now) {
  HR_ASSIGN(LineageNode * node, lineage_of(command.agreement));
  HR_ASSIGN(TraceDesk * traces, traces_of(*node));
  if (command.opening) {
    carry_out(connection, *node, traces->opening(command.id, reply_to(connection)), now);
    return {};
  }
  HR_ASSIGN(const json shown, traces->show(command.id));
  reply_to(connection).result(shown);
  return {};
}

Result<void> ControlDesk::carry(ConnectionId connection, TraceList command, UtcTime) {
  HR_ASSIGN(LineageNode * node, lineage_of(command.agreement));
  HR_ASSIGN(TraceDesk * traces, traces_of(*node));
  HR_ASSIGN(const json shown, traces->list());
  reply_to(connection).result(shown);
  return {};
}

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
