#include "node/cli/control_call.h"

#include <istream>
#include <nlohmann/json.hpp>

#include "crypto/base/wiping.h"
#include "node/ipc/control.h"
#include "node/ipc/socket.h"

namespace hedgerow::cli {

namespace {

constexpr int kSendTimeoutMs = 30'000;

Result<void> send_file(ipc::BlockingClient& client, std::istream& file) {
  WipingBytes chunk(ipc::kMaxChunk);
  while (file) {
    file.read(reinterpret_cast<char*>(chunk.data()), static_cast<std::streamsize>(chunk.size()));
    const auto n = static_cast<std::size_t>(file.gcount());
    if (n == 0) break;
    HR_TRY(client.send(ipc::data_frame(ByteView(chunk.data(), n)), kSendTimeoutMs));
    // A file that the daemon has refused is not read to its end, which may never come.
    if (client.has_frame()) return {};
  }
  if (file.bad()) return bad_input("the file cannot be read to its end");
  return client.send(ipc::data_end_frame(), kSendTimeoutMs);
}

Result<nlohmann::json> parse(const ipc::Frame& frame) {
  auto json = nlohmann::json::parse(ipc::text_of(frame), nullptr, false);
  if (json.is_discarded()) return internal("the daemon's reply is not JSON");
  return json;
}

// Whatever the daemon says while it is still being sent a file: an early refusal ends the call.
Result<nlohmann::json> receive_result(ipc::BlockingClient& client,
                                      const std::function<void(const nlohmann::json&)>& on_progress,
                                      int wait_ms) {
  for (;;) {
    HR_ASSIGN(const ipc::Frame frame, client.receive(wait_ms));
    HR_ASSIGN(const ipc::ControlKind kind, ipc::control_kind(frame));
    switch (kind) {
      case ipc::ControlKind::progress: {
        HR_ASSIGN(const auto json, parse(frame));
        if (on_progress) on_progress(json);
        break;
      }
      case ipc::ControlKind::result:
        return parse(frame);
      case ipc::ControlKind::error:
        return ipc::read_error(frame);
      case ipc::ControlKind::request:
      case ipc::ControlKind::data:
      case ipc::ControlKind::data_end:
        return internal("the daemon's reply is out of order");
    }
  }
}

}  // namespace

Result<nlohmann::json> ControlCall::run(
    const Context& context, const nlohmann::json& request, const std::vector<std::istream*>& files,
    const std::function<void(const nlohmann::json&)>& on_progress, int wait_ms) {
  auto connected = ipc::BlockingClient::connect(context.control_socket().string());
  if (!connected.ok()) {
    Error error = std::move(connected).error();
    if (error.hint.empty() && error.code == Code::not_running)
      error.hint = "start hedgerowd, or name its folder with --home";
    return error;
  }
  ipc::BlockingClient client = std::move(connected).value();
  HR_TRY(
      client.send(ipc::control_frame(ipc::ControlKind::request, request.dump()), kSendTimeoutMs));
  for (std::istream* file : files) {
    const auto sent = send_file(client, *file);
    // The daemon may have refused and closed: its reason is worth more than the broken pipe.
    if (sent.ok() && client.has_frame()) break;
    if (!sent.ok()) {
      auto reason = receive_result(client, on_progress, 1'000);
      if (!reason.ok() && reason.error().code != Code::not_running) return reason;
      return sent.error();
    }
  }
  return receive_result(client, on_progress, wait_ms);
}

Result<nlohmann::json> ControlCall::run(const Context& context, const nlohmann::json& request,
                                        int wait_ms) {
  return run(context, request, {}, {}, wait_ms);
}

}  // namespace hedgerow::cli
