// Commands of the control socket (docs/design/control.md): JSON in, JSON out. Each connection
// carries one command.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "node/core/core.h"

namespace hedgerow::core {

inline constexpr std::size_t kMaxControlConnections = 64;

class ControlDesk {
 public:
  explicit ControlDesk(Core& core) : core_(core) {}

  void on_frame(ConnectionId connection, const ipc::Frame& frame, UtcTime now);
  void on_closed(ConnectionId connection);

 private:
  struct Open {
    LineageNode* importing = nullptr;  // takes the files' bytes
    std::optional<std::pair<LineageNode*, SessionId>> asking;
  };

  void on_request(ConnectionId connection, std::string_view text, UtcTime now);
  void on_data(ConnectionId connection, ByteView chunk);
  void on_data_end(ConnectionId connection, UtcTime now);
  // Commands. Each replies itself, or later through a Reply; an error is replied by the caller.
  Result<void> status(ConnectionId connection, UtcTime now);
  Result<void> agreement_install(ConnectionId connection, const nlohmann::json& request,
                                 UtcTime now);
  Result<void> agreement_list(ConnectionId connection, UtcTime now);
  Result<void> keys_status(ConnectionId connection);
  // In control_identities.cpp.
  Result<void> keys_renew(ConnectionId connection, const nlohmann::json& request, UtcTime now);
  Result<void> keys_revoke(ConnectionId connection, const nlohmann::json& request, UtcTime now);
  Result<void> keys_peers(ConnectionId connection, const nlohmann::json& request, UtcTime now);
  nlohmann::json certificates_of(const LineageNode& node, UtcTime now) const;
  // Of movements, or of a return.
  Result<void> import(ConnectionId connection, const nlohmann::json& request, UtcTime now);
  Result<void> ask(ConnectionId connection, const nlohmann::json& request, UtcTime now);
  Result<void> ask_result(ConnectionId connection, const nlohmann::json& request, UtcTime now);
  Result<void> audit_show(ConnectionId connection, const nlohmann::json& request);
  Result<void> audit_read(ConnectionId connection, const nlohmann::json& request);

  Result<LineageNode*> lineage_of(const nlohmann::json& request);
  void carry_out(ConnectionId connection, LineageNode& node, Result<Work> work, UtcTime now);
  Reply reply_to(ConnectionId connection);
  void send(ConnectionId connection, ipc::ControlKind kind, const nlohmann::json& json);
  void fail(ConnectionId connection, const Error& error);

  Core& core_;
  std::map<ConnectionId, Open> open_;
};

}  // namespace hedgerow::core
