#include "node/ipc/control.h"

#include <nlohmann/json.hpp>

namespace hedgerow::ipc {

Result<ControlKind> control_kind(const Frame& frame) {
  const std::size_t size = frame.payload.size();
  switch (static_cast<ControlKind>(frame.kind)) {
    case ControlKind::request:
      if (size > kMaxRequest) return bad_input("request too long");
      return ControlKind::request;
    case ControlKind::data:
      if (size == 0 || size > kMaxChunk) return bad_input("data frame of a wrong size");
      return ControlKind::data;
    case ControlKind::data_end:
      if (size != 0) return bad_input("end of data with content");
      return ControlKind::data_end;
    case ControlKind::progress:
    case ControlKind::result:
    case ControlKind::error:
      return static_cast<ControlKind>(frame.kind);
  }
  return bad_input("control frame of an unknown kind");
}

Frame control_frame(ControlKind kind, std::string_view json) {
  HR_CHECK(kind == ControlKind::request || kind == ControlKind::progress ||
           kind == ControlKind::result);
  return make_frame(static_cast<std::uint8_t>(kind), as_bytes(json));
}

Frame data_frame(ByteView chunk) {
  HR_CHECK(!chunk.empty() && chunk.size() <= kMaxChunk);
  return make_frame(static_cast<std::uint8_t>(ControlKind::data), chunk);
}

Frame data_end_frame() { return make_frame(static_cast<std::uint8_t>(ControlKind::data_end), {}); }

Frame error_frame(const Error& error) {
  const nlohmann::json json = {{"code", static_cast<int>(error.code)},
                               {"text", error.text},
                               {"culprit", error.culprit},
                               {"hint", error.hint}};
  // `replace`: a file name in the text need not be UTF-8.
  const std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return make_frame(static_cast<std::uint8_t>(ControlKind::error), as_bytes(text));
}

std::string_view text_of(const Frame& frame) { return as_text(frame.view()); }

Error read_error(const Frame& frame) {
  const auto unreadable = [] { return internal("the daemon's error could not be read"); };
  const auto json = nlohmann::json::parse(text_of(frame), nullptr, false);
  if (!json.is_object()) return unreadable();
  for (const char* field : {"text", "culprit", "hint"})
    if (!json.contains(field) || !json[field].is_string()) return unreadable();
  if (!json.contains("code") || !json["code"].is_number_integer()) return unreadable();
  const auto code = static_cast<Code>(json["code"].get<int>());
  switch (code) {
    case Code::usage:
    case Code::bad_input:
    case Code::not_running:
    case Code::internal:
    case Code::try_again:
    case Code::denied:
    case Code::configuration:
      return {code, json["text"].get<std::string>(), json["culprit"].get<std::string>(),
              json["hint"].get<std::string>()};
  }
  return unreadable();
}

}  // namespace hedgerow::ipc
