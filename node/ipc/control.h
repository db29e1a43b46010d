// Kinds of frames on the control socket, between the CLI and the core.
//
// One command is one connection: the client sends `request`, then, where the command takes a
// file, any number of `data` and one `data_end` for each file in the order the request names
// them. The core answers with any number of `progress` (and `data` ... `data_end`, where the
// command gives a file), and ends with exactly one `result` or `error`. JSON texts are UTF-8 and
// opaque here, except the error's.
#pragma once

#include <string>
#include <string_view>

#include "node/ipc/frames.h"

namespace hedgerow::ipc {

enum class ControlKind : std::uint8_t {
  request = 1,   // JSON, client to core
  data = 2,      // a piece of a streamed file, 1 to kMaxChunk bytes; both ways
  data_end = 3,  // the file is complete; empty; both ways
  progress = 4,  // JSON, core to client
  result = 5,    // JSON, core to client: the last frame
  error = 6,     // JSON {"code","text","culprit","hint"}, core to client: the last frame
};

inline constexpr std::size_t kMaxChunk = std::size_t{1} << 20;
inline constexpr std::size_t kMaxRequest = std::size_t{1} << 20;  // the JSON of a request

// The kind, once the frame's size fits it: bad_input for an unknown kind, an empty or oversized
// `data`, a `data_end` with content, a request above kMaxRequest.
Result<ControlKind> control_kind(const Frame& frame);

Frame control_frame(ControlKind kind, std::string_view json);  // request, progress, result
Frame data_frame(ByteView chunk);                              // at most kMaxChunk
Frame data_end_frame();
Frame error_frame(const Error& error);

std::string_view text_of(const Frame& frame);
// What an `error` frame says; `internal` where it is not what error_frame makes.
Error read_error(const Frame& frame);

}  // namespace hedgerow::ipc
