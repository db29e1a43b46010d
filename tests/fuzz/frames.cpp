// Everything that arrives over a socket before it is an envelope: the frames on the core's two
// Unix sockets, in any pieces, and the frames between gateways. The first byte chooses.
#include "node/gateway/wire.h"
#include "node/ipc/control.h"
#include "node/ipc/link.h"
#include "tests/fuzz/identities.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::frames {
namespace {

using namespace ipc;

void check_link(const Frame& frame) {
  const auto from = decode_from_gateway(frame);
  check_error(from);
  if (from.ok()) HR_CHECK(encode(*from) == frame);
  const auto to = decode_to_gateway(frame);
  check_error(to);
  if (to.ok()) HR_CHECK(encode(*to) == frame);
  HR_CHECK(!from.ok() || !to.ok());
}

void check_control(const Frame& frame) {
  const auto kind = control_kind(frame);
  check_error(kind);
  if (!kind.ok() || *kind != ControlKind::error) return;
  const Error error = read_error(frame);
  const Error again = read_error(error_frame(error));
  // A text that is not UTF-8 is mended on the way out; what JSON gave is UTF-8 already.
  HR_CHECK(again == error);
}

std::vector<Frame> frames_of(ByteView stream, std::size_t piece, bool& failed, bool& boundary) {
  FrameReader reader;
  std::vector<Frame> all;
  while (!stream.empty()) {
    const ByteView part = stream.first(std::min(piece, stream.size()));
    stream = stream.subspan(part.size());
    const auto fed = reader.feed(part);
    check_error(fed);
    while (auto frame = reader.pop()) all.push_back(std::move(*frame));
    if (!fed.ok()) break;
  }
  failed = reader.failed();
  boundary = reader.at_boundary();
  return all;
}

void run_stream(std::size_t piece, ByteView stream) {
  bool failed_whole = false;
  bool failed_split = false;
  bool boundary_whole = false;
  bool boundary_split = false;
  const auto whole =
      frames_of(stream, std::max<std::size_t>(stream.size(), 1), failed_whole, boundary_whole);
  const auto split = frames_of(stream, piece, failed_split, boundary_split);
  HR_CHECK(failed_whole == failed_split);
  // A reader fed in pieces gives the frames before the broken one; fed whole, it need not.
  if (!failed_whole) HR_CHECK(whole == split && boundary_whole == boundary_split);
  WipingBytes again;
  Credits credits;
  for (const Frame& frame : split) {
    encode_frame(frame, again);
    check_link(frame);
    check_control(frame);
    if (const auto message = decode_from_gateway(frame); message.ok()) credits.apply(*message);
  }
  HR_CHECK(again.size() <= stream.size());
  HR_CHECK(same({again.data(), again.size()}, stream.first(again.size())));
}

void run_wire(ByteView bytes) {
  const auto frame = gateway::decode_wire(bytes);
  check_error(frame);
  if (!frame.ok()) return;
  Bytes again;
  switch (frame->kind) {
    case gateway::WireKind::hello:
      again = gateway::encode_hello(frame->session);
      break;
    case gateway::WireKind::envelope:
      again = gateway::encode_piece(frame->bytes, true);
      break;
    case gateway::WireKind::piece:
      again = gateway::encode_piece(frame->bytes, false);
      break;
    case gateway::WireKind::credit:
      again = gateway::encode_credit(frame->credit);
      break;
    case gateway::WireKind::ping:
      again = gateway::encode_ping();
      break;
    case gateway::WireKind::bye:
      again = gateway::encode_bye();
      break;
  }
  HR_CHECK(same(again, bytes));
}

void run(ByteView input) {
  Parts parts(input);
  switch (parts.byte() % 4) {
    case 0: {
      const std::size_t piece = std::size_t{parts.byte()} + 1;
      run_stream(piece, parts.rest());
      return;
    }
    case 1:
      run_wire(parts.rest());
      return;
    case 2: {  // a frame whose length is right
      const std::uint8_t kind = parts.byte();
      const Frame frame = make_frame(kind, parts.rest());
      check_link(frame);
      check_control(frame);
      return;
    }
    default: {  // wire frames of the sizes at which the rules change
      const std::uint8_t kind = parts.byte();
      const std::size_t size = kPieceSize + parts.byte() % 3 - 1;
      Bytes bytes{gateway::kWireVersion, kind};
      const ByteView some = parts.rest();
      for (std::size_t i = 0; i < size; ++i)
        bytes.push_back(some.empty() ? 0 : some[i % some.size()]);
      run_wire(bytes);
      return;
    }
  }
}

std::vector<Bytes> seeds() {
  const auto key = counting<CurveKey>(1);
  const std::vector<FromGateway> from{Hello{},           PeerUp{key},
                                      PeerDown{key},     Received{key, Bytes{1, 2, 3}},
                                      Credit{key, 4},    Listening{"tcp://127.0.0.1:5670"},
                                      Trouble{"address"}};
  const std::vector<ToGateway> to{
      Configure{Role::hub, "tcp://*:5670", key, {}, {counting<CurveKey>(2), counting<CurveKey>(3)}},
      Configure{Role::node, "tcp://hub:5670", key, counting<CurveKey>(9), {}}, Send{key, Bytes{4}}};
  std::vector<Frame> frames;
  for (const auto& m : from) frames.push_back(encode(m));
  for (const auto& m : to) frames.push_back(encode(m));
  frames.push_back(control_frame(ControlKind::request, R"({"command":"status"})"));
  frames.push_back(data_frame(as_bytes("nhs_number,child_ref\n")));
  frames.push_back(data_end_frame());
  frames.push_back(error_frame(denied("no \"grant\" admits it", "ask the officer")));
  std::vector<Bytes> all;
  WipingBytes stream;
  for (const Frame& frame : frames) {
    encode_frame(frame, stream);
    Bytes one{2, frame.kind};
    one.insert(one.end(), frame.payload.begin(), frame.payload.end());
    all.push_back(std::move(one));
  }
  for (const std::uint8_t piece : Bytes{0, 4, 200}) {
    Bytes s{0, piece};
    s.insert(s.end(), stream.begin(), stream.end());
    all.push_back(std::move(s));
  }
  for (const Bytes& w : {gateway::encode_hello(77), gateway::encode_piece(Bytes{1, 2}, true),
                         gateway::encode_credit(3), gateway::encode_ping(), gateway::encode_bye()})
    all.push_back(chosen(1, w));
  for (const std::uint8_t kind : Bytes{1, 2})
    for (const std::uint8_t size : Bytes{0, 1, 2}) all.push_back(Bytes{3, kind, size, 5, 6});
  return all;
}

const Registration registered({"frames", run, seeds});

}  // namespace
}  // namespace hedgerow::fuzz::frames
