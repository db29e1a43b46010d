// Commands of the control socket (docs/design/control.md): JSON in, JSON out. Each connection
// carries one command.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "crypto/base/wiping.h"
#include "node/core/control_request.h"
#include "node/core/core.h"

namespace hedgerow::core {

inline constexpr std::size_t kMaxControlConnections = 64;
inline constexpr std::size_t kMaxLines = 1024;  // bytes of what is given beside a request

class ControlDesk {
 public:
  explicit ControlDesk(Core& core) : core_(core) {}

  void on_frame(ConnectionId connection, const ipc::Frame& frame, UtcTime now);
  void on_closed(ConnectionId connection);

 private:
  using OnLines = std::function<void(ByteView text, UtcTime now)>;
  // What must not stand in JSON, where nothing wipes it: an identifier.
  struct Lines {
    WipingBytes text;
    OnLines then;
  };
  struct Open {
    LineageNode* importing = nullptr;  // takes the files' bytes
    std::optional<Lines> lines;        // takes them instead
    std::optional<std::pair<LineageNode*, SessionId>> asking;
    LineageNode* tracing = nullptr;
  };

  void on_request(ConnectionId connection, std::string_view text, UtcTime now);
  void on_data(ConnectionId connection, ByteView chunk);
  void on_data_end(ConnectionId connection, UtcTime now);
  // Commands. Each replies itself, or later through a Reply; an error is replied by the caller.
  Result<void> carry(ConnectionId connection, StatusCommand command, UtcTime now);
  Result<void> carry(ConnectionId connection, InstallCommand command, UtcTime now);
  Result<void> carry(ConnectionId connection, ListCommand command, UtcTime now);
  Result<void> carry(ConnectionId connection, KeysStatusCommand command, UtcTime now);
  Result<void> carry(ConnectionId connection, ImportCommand command, UtcTime now);
  Result<void> carry(ConnectionId connection, AskCommand command, UtcTime now);
  Result<void> carry(ConnectionId connection, ResultCommand command, UtcTime now);
  Result<void> carry(ConnectionId connection, ShowCommand command, UtcTime now);
  Result<void> carry(ConnectionId connection, ReadCommand command, UtcTime now);
  // In control_identities.cpp.
  Result<void> carry(ConnectionId connection, RenewCommand command, UtcTime now);
  Result<void> carry(ConnectionId connection, RevokeCommand command, UtcTime now);
  Result<void> carry(ConnectionId connection, PeersCommand command, UtcTime now);
  // In control_withhold.cpp.
  Result<void> carry(ConnectionId connection, WithholdAdd command, UtcTime now);
  Result<void> carry(ConnectionId connection, WithholdEnded command, UtcTime now);
  Result<void> carry(ConnectionId connection, WithholdList command, UtcTime now);
  Result<void> carry(ConnectionId connection, DutySet command, UtcTime now);
  Result<void> carry(ConnectionId connection, DutyShow command, UtcTime now);
  // In control_traces.cpp.
  Result<void> carry(ConnectionId connection, TracePrepare command, UtcTime now);
  Result<void> carry(ConnectionId connection, TraceSigned command, UtcTime now);
  Result<void> carry(ConnectionId connection, TraceCollect command, UtcTime now);
  Result<void> carry(ConnectionId connection, TraceShow command, UtcTime now);
  Result<void> carry(ConnectionId connection, TraceList command, UtcTime now);
  Result<void> carry(ConnectionId connection, FetchCommand command, UtcTime now);
  Result<TraceDesk*> traces_of(LineageNode& node);
  nlohmann::json certificates_of(const LineageNode& node, UtcTime now) const;

  // The command goes on with the lines that come as data, at most kMaxLines, once they are whole.
  void take_lines(ConnectionId connection, OnLines then);
  Result<LineageNode*> lineage_of(const std::optional<std::string>& agreement);
  void carry_out(ConnectionId connection, LineageNode& node, Result<Work> work, UtcTime now);
  Reply reply_to(ConnectionId connection);
  void send(ConnectionId connection, ipc::ControlKind kind, const nlohmann::json& json);
  void fail(ConnectionId connection, const Error& error);

  Core& core_;
  std::map<ConnectionId, Open> open_;
};

}  // namespace hedgerow::core
