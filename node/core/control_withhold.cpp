// The control socket's commands about withheld children and the duty contact.
#include <nlohmann/json.hpp>

#include "node/core/control_desk.h"
#include "node/core/withhold_desk.h"

namespace hedgerow::core {

Result<void> ControlDesk::carry(ConnectionId connection, WithholdAdd command, UtcTime) {
  HR_ASSIGN(LineageNode * node, lineage_of(command.agreement));
  take_lines(connection, [this, connection, node, wanted = std::move(command)](ByteView reference,
                                                                               UtcTime now) {
    WithholdDesk desk(node->context());
    carry_out(connection, *node, desk.add(wanted, reference, reply_to(connection), now), now);
  });
  return {};
}

Result<void> ControlDesk::carry(ConnectionId connection, WithholdEnded command, UtcTime now) {
  HR_ASSIGN(LineageNode * node, lineage_of(command.agreement));
  WithholdDesk desk(node->context());
  carry_out(connection, *node, desk.end(command, reply_to(connection), now), now);
  return {};
}

Result<void> ControlDesk::carry(ConnectionId connection, WithholdList command, UtcTime now) {
  HR_ASSIGN(LineageNode * node, lineage_of(command.agreement));
  HR_ASSIGN(const auto page, WithholdDesk(node->context()).list(command, now));
  reply_to(connection).result(page);
  return {};
}

Result<void> ControlDesk::carry(ConnectionId connection, DutySet command, UtcTime now) {
  HR_ASSIGN(LineageNode * node, lineage_of(command.agreement));
  WithholdDesk desk(node->context());
  carry_out(connection, *node, desk.set_duty(command, reply_to(connection)), now);
  return {};
}

Result<void> ControlDesk::carry(ConnectionId connection, DutyShow command, UtcTime) {
  HR_ASSIGN(LineageNode * node, lineage_of(command.agreement));
  HR_ASSIGN(const auto shown, WithholdDesk(node->context()).duty());
  reply_to(connection).result(shown);
  return {};
}

}  // namespace hedgerow::core
