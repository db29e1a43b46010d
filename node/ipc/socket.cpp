#include "node/ipc/socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace hedgerow::ipc {
namespace {

std::string reason() { return std::strerror(errno); }

// Where a socket lies: its folder, opened, and a short address through it. sun_path has 108
// bytes; /proc/self/fd/N/name fits whatever the folder's path is.
struct Place {
  Fd folder;
  std::string name;
  sockaddr_un address{};
};

Error no_permission(const std::string& path) {
  return configuration("no permission to use " + path,
                       "run this as the user the node runs as, or as root");
}

Result<Place> place_of(const std::string& path, Code code) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  Place place;
  place.name = slash == std::string::npos ? path : path.substr(slash + 1);
  place.folder = Fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place.folder.valid() && errno == EACCES) return no_permission(folder);
  if (!place.folder.valid()) return Error{code, "cannot open folder " + folder + ": " + reason()};
  const std::string shortened =
      "/proc/self/fd/" + std::to_string(place.folder.get()) + "/" + place.name;
  if (place.name.empty() || shortened.size() >= sizeof place.address.sun_path)
    return configuration("not a usable socket path: " + path);
  place.address.sun_family = AF_UNIX;
  std::copy(shortened.begin(), shortened.end(), place.address.sun_path);
  return place;
}

Result<Fd> new_socket() {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return internal("cannot make a socket: " + reason());
  return fd;
}

int connect_at(const Fd& fd, const Place& place) {
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&place.address),
                   sizeof place.address);
}

Result<void> check_peer(const Fd& fd) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
    return internal("cannot tell who is at the other end: " + reason());
  if (who.uid != ::geteuid() && who.uid != 0)
    return denied("the other end of the socket belongs to another user");
  return {};
}

Result<void> check_folder(const Place& place, const std::string& path) {
  struct stat st {};
  if (::fstat(place.folder.get(), &st) != 0)
    return configuration("cannot examine the folder of " + path + ": " + reason());
  if (st.st_uid != ::geteuid() && st.st_uid != 0)
    return configuration("the folder of " + path + " belongs to another user");
  if ((st.st_mode & 0022) != 0)
    return configuration("others may write to the folder of " + path, "chmod go-w the folder");
  return {};
}

Result<void> remove_stale(const Place& place, const std::string& path) {
  struct stat st {};
  if (::fstatat(place.folder.get(), place.name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return {};
    return configuration("cannot examine " + path + ": " + reason());
  }
  if (!S_ISSOCK(st.st_mode)) return configuration(path + " is there and is not a socket");
  HR_ASSIGN(const Fd probe, new_socket());
  if (connect_at(probe, place) == 0 || (errno != ECONNREFUSED && errno != ENOENT))
    return configuration("somebody answers on " + path + " already",
                         "is another daemon running on this home?");
  if (::unlinkat(place.folder.get(), place.name.c_str(), 0) != 0 && errno != ENOENT)
    return configuration("cannot remove the stale socket " + path + ": " + reason());
  return {};
}

using SteadyClock = std::chrono::steady_clock;

// A time limit of a blocking call; negative is none.
class Deadline {
 public:
  explicit Deadline(int timeout_ms)
      : forever_(timeout_ms < 0),
        end_(SteadyClock::now() + std::chrono::milliseconds(timeout_ms)) {}

  // Waits for `events`. Gives what is ready, 0 when the time is up.
  short wait(int fd, short events) const {
    for (;;) {
      int left_ms = -1;
      if (!forever_) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - SteadyClock::now());
        left_ms = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
      }
      pollfd p{fd, events, 0};
      const int n = ::poll(&p, 1, left_ms);
      if (n > 0) return p.revents;
      if (n == 0) return 0;
      HR_CHECK(errno == EINTR || errno == ENOMEM);
    }
  }

 private:
  bool forever_;
  SteadyClock::time_point end_;
};

}  // namespace

Fd& Fd::operator=(Fd&& o) noexcept {
  std::swap(fd_, o.fd_);
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Fd> listen_at(const std::string& path) {
  HR_ASSIGN(const Place place, place_of(path, Code::configuration));
  HR_TRY(check_folder(place, path));
  HR_TRY(remove_stale(place, path));
  HR_ASSIGN(Fd fd, new_socket());
  // bind makes the file with the socket's own mode, less the umask: 0600 from the first moment.
  if (::fchmod(fd.get(), 0600) != 0)
    return internal("cannot set the mode of " + path + ": " + reason());
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&place.address), sizeof place.address) !=
      0)
    return configuration("cannot listen at " + path + ": " + reason());
  if (::fchmodat(place.folder.get(), place.name.c_str(), 0600, 0) != 0)
    return configuration("cannot set the mode of " + path + ": " + reason());
  if (::listen(fd.get(), 16) != 0)
    return configuration("cannot listen at " + path + ": " + reason());
  return fd;
}

Result<std::optional<Fd>> accept_from(const Fd& listener) {
  Fd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd.valid()) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
      return try_again("cannot take a connection: " + reason());
    return std::optional<Fd>();
  }
  HR_TRY(check_peer(fd));
  return std::optional<Fd>(std::move(fd));
}

Result<Fd> connect_to(const std::string& path) {
  HR_ASSIGN(const Place place, place_of(path, Code::not_running));
  HR_ASSIGN(Fd fd, new_socket());
  const int failed = connect_at(fd, place) == 0 ? 0 : errno;
  if (failed == EACCES) return no_permission(path);
  errno = failed;
  if (failed != 0)
    return Error{Code::not_running,
                 "nobody answers on " + path + ": " + reason(),
                 {},
                 "is hedgerowd running on this home?"};
  HR_TRY(check_peer(fd));
  return fd;
}

Result<std::vector<Frame>> Connection::on_readable() {
  std::vector<Frame> frames;
  if (closed()) return frames;
  WipingBytes buffer(kReadSize);
  const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
  if (n < 0) {
    if (errno == EAGAIN || errno == EINTR) return frames;
    close();
    // The other side went without reading all of what it was sent: an end like any other.
    if (errno == ECONNRESET && reader_.at_boundary()) return frames;
    return internal("cannot read from a socket: " + reason());
  }
  if (n == 0) {
    close();
    if (!reader_.at_boundary()) return bad_input("connection ended in the middle of a frame");
    return frames;
  }
  const auto fed = reader_.feed({buffer.data(), static_cast<std::size_t>(n)});
  if (!fed.ok()) {
    close();
    return fed.error();
  }
  while (auto frame = reader_.pop()) frames.push_back(std::move(*frame));
  return frames;
}

bool Connection::has_room(std::size_t payload_size) const {
  return queued_ + kFrameHeader + payload_size <= kMaxQueued;
}

Result<void> Connection::queue(const Frame& frame) {
  if (closed() || broken_) return Error{Code::not_running, "the connection has ended"};
  if (!has_room(frame.payload.size())) return try_again("too much is waiting to be sent");
  // Small frames share a buffer, so that one call sends many of them.
  constexpr std::size_t kShared = 64 * 1024;
  if (out_.empty() || out_.back().size() + frame.payload.size() > kShared) out_.emplace_back();
  const std::size_t before = out_.back().size();
  encode_frame(frame, out_.back());
  queued_ += out_.back().size() - before;
  return {};
}

Result<void> Connection::on_writable() {
  while (wants_write()) {
    const WipingBytes& front = out_.front();
    const ssize_t n =
        ::send(fd_.get(), front.data() + out_offset_, front.size() - out_offset_, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EAGAIN || errno == EINTR) return {};
      broken_ = true;
      out_.clear();
      out_offset_ = queued_ = 0;
      return Error{Code::not_running, "the other side ended the connection"};
    }
    queued_ -= static_cast<std::size_t>(n);
    out_offset_ += static_cast<std::size_t>(n);
    if (out_offset_ == front.size()) {
      out_.pop_front();
      out_offset_ = 0;
    }
  }
  return {};
}

void Connection::close() {
  fd_ = Fd();
  out_.clear();
  out_offset_ = queued_ = 0;
}

Result<BlockingClient> BlockingClient::connect(const std::string& path) {
  HR_ASSIGN(Fd fd, connect_to(path));
  return BlockingClient(std::move(fd));
}

Result<void> BlockingClient::read_more() {
  HR_ASSIGN(std::vector<Frame> frames, connection_.on_readable());
  for (Frame& frame : frames) ready_.push_back(std::move(frame));
  return {};
}

Result<void> BlockingClient::send(const Frame& frame, int timeout_ms) {
  constexpr std::size_t kEnoughRead = 64;
  const Deadline deadline(timeout_ms);
  HR_TRY(connection_.queue(frame));
  while (connection_.wants_write()) {
    // Reading meanwhile, so that a daemon that speaks while we do cannot wait for us for ever.
    const bool read = ready_.size() < kEnoughRead;
    const short ready =
        deadline.wait(connection_.fd(), static_cast<short>(POLLOUT | (read ? POLLIN : 0)));
    if (ready == 0) return try_again("the daemon takes nothing more");
    if (read && (ready & POLLIN) != 0) HR_TRY(read_more());
    if (connection_.closed()) return Error{Code::not_running, "the daemon ended the connection"};
    if ((ready & (POLLOUT | POLLERR | POLLHUP)) != 0) HR_TRY(connection_.on_writable());
  }
  return {};
}

Result<Frame> BlockingClient::receive(int timeout_ms) {
  const Deadline deadline(timeout_ms);
  while (ready_.empty()) {
    if (connection_.closed()) return Error{Code::not_running, "the daemon ended the connection"};
    if (deadline.wait(connection_.fd(), POLLIN) == 0) return try_again("the daemon did not answer");
    HR_TRY(read_more());
  }
  Frame frame = std::move(ready_.front());
  ready_.pop_front();
  return frame;
}

}  // namespace hedgerow::ipc
