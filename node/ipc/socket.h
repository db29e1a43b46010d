// Unix stream sockets that carry frames. Paths may be longer than sun_path's 108 bytes. No event
// loop: the owner polls fd() for reading, and for writing while wants_write().
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "node/ipc/frames.h"

namespace hedgerow::ipc {

// A file descriptor that closes itself.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  Fd& operator=(Fd&& o) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// Listens at `path`, mode 0600 from the first moment whatever the umask, non-blocking. A socket
// that is there already is replaced if nobody answers on it. The folder must exist and belong to
// this user or root, writable by nobody else.
// Errors: configuration (somebody answers; not a socket; the folder's owner or mode).
Result<Fd> listen_at(const std::string& path);

// The next connection, non-blocking, of a process of the same user or root; nothing where none
// waits. Errors: denied (another user: the connection is closed; go on listening),
// try_again (out of descriptors or memory; poll again later, not at once).
Result<std::optional<Fd>> accept_from(const Fd& listener);

// Connects; the other side must be of the same user or root. Non-blocking.
// Errors: not_running (nothing there, nobody listens, its queue is full), denied.
Result<Fd> connect_to(const std::string& path);

// One connection's two directions, never blocking.
class Connection {
 public:
  static constexpr std::size_t kMaxQueued = std::size_t{16} << 20;

  explicit Connection(Fd fd, std::size_t max_payload = kMaxPayload)
      : fd_(std::move(fd)), reader_(max_payload) {}

  int fd() const { return fd_.get(); }

  // Reads what is there (at most kReadSize bytes a call: poll again) and gives the frames it
  // completes. The other side's end makes closed() true. Errors: bad_input (a broken frame, an
  // end in the middle of a frame), internal; either closes the connection.
  Result<std::vector<Frame>> on_readable();

  // Takes a frame for sending. Errors: try_again (kMaxQueued would be exceeded; nothing taken),
  // not_running (closed, or the other side went away).
  Result<void> queue(const Frame& frame);
  // Whether a payload of this size can be queued now.
  bool has_room(std::size_t payload_size) const;
  std::size_t queued_bytes() const { return queued_; }

  // Sends what the socket takes. Errors: not_running (the other side went away; nothing more can
  // be sent, but what it said before it went can still be read).
  Result<void> on_writable();
  bool wants_write() const { return queued_ > 0 && !closed(); }

  bool closed() const { return !fd_.valid(); }
  void close();  // what is queued is lost

 private:
  static constexpr std::size_t kReadSize = 256 * 1024;

  Fd fd_;
  FrameReader reader_;
  std::deque<WipingBytes> out_;
  std::size_t out_offset_ = 0;  // sent already, of out_.front()
  std::size_t queued_ = 0;
  bool broken_ = false;  // nothing more can be sent
};

// The CLI's side of the control socket.
class BlockingClient {
 public:
  static Result<BlockingClient> connect(const std::string& path);  // as connect_to

  // Errors: not_running (the daemon ended the connection: receive() still gives what it said
  // last), try_again (time is up). A negative time limit waits for ever.
  Result<void> send(const Frame& frame, int timeout_ms);
  // Whether the daemon has said something already: while a file is streamed, its refusal.
  bool has_frame() const { return !ready_.empty(); }
  // Errors: as send; bad_input.
  Result<Frame> receive(int timeout_ms);

 private:
  explicit BlockingClient(Fd fd) : connection_(std::move(fd)) {}

  Result<void> read_more();

  Connection connection_;
  std::deque<Frame> ready_;
};

}  // namespace hedgerow::ipc
