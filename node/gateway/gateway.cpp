#include "node/gateway/gateway.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "node/gateway/door.h"

namespace hedgerow::gateway {
namespace {

constexpr Milliseconds kMinConnectPause = 50;
constexpr Milliseconds kMaxConnectPause = 1000;
constexpr Milliseconds kMinOpenPause = 20;
constexpr Milliseconds kMaxOpenPause = 1000;
// Above this the network is not read; one message more still fits the connection's own bound.
constexpr std::size_t kMaxBacklog = std::size_t{8} << 20;

Milliseconds steady_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

bool same_end(const ipc::Configure& a, const ipc::Configure& b) {
  return a.role == b.role && a.endpoint == b.endpoint && a.own == b.own && a.hub == b.hub;
}

}  // namespace

Result<std::unique_ptr<Gateway>> Gateway::open(const std::string& run_folder, CurvePair pair,
                                               std::size_t descriptors) {
  HR_ASSIGN(zmq::context_t context, make_context());
  HR_ASSIGN(Zap zap, Zap::open(context));
  return std::unique_ptr<Gateway>(
      new Gateway(run_folder, std::move(pair), descriptors, std::move(context), std::move(zap)));
}

void Gateway::tell(const ipc::FromGateway& message) {
  if (!core_ || core_lost_) return;
  if (!core_->queue(ipc::encode(message)).ok()) core_lost_ = true;
}

bool Gateway::accepting() const {
  return core_ && !core_lost_ && core_->queued_bytes() < kMaxBacklog;
}

void Gateway::trouble(const std::string& text) {
  if (text == last_trouble_) return;
  last_trouble_ = text;
  spdlog::error("{}", text);
  tell(ipc::Trouble{text});
}

void Gateway::keep_connected(Milliseconds now) {
  if (core_ || now < next_connect_) return;
  connect_pause_ = std::clamp(2 * connect_pause_, kMinConnectPause, kMaxConnectPause);
  next_connect_ = now + connect_pause_;
  auto fd = ipc::connect_to(core_path_);
  if (!fd.ok()) {
    if (fd.error().code != Code::not_running) spdlog::error("{}", fd.error().text);
    return;
  }
  connect_pause_ = 0;
  core_.emplace(std::move(*fd));
  core_lost_ = false;
  configured_ = false;
  last_trouble_.clear();
  spdlog::info("connected to the core");
  tell(ipc::Hello{});
}

void Gateway::lose_core(const std::string& why) {
  if (!core_) return;
  spdlog::warn("lost the core: {}", why);
  core_.reset();
  core_lost_ = false;
  configured_ = false;
  if (end_) end_->detach();
}

void Gateway::read_core(Milliseconds now) {
  auto frames = core_->on_readable();
  if (!frames.ok()) return lose_core(frames.error().text);
  for (const ipc::Frame& frame : *frames) {
    auto message = ipc::decode_to_gateway(frame);
    if (!message.ok()) return lose_core(message.error().text);
    if (auto* configure = std::get_if<ipc::Configure>(&*message))
      on_configure(std::move(*configure), now);
    else if (end_ && configured_)
      end_->send(std::get<ipc::Send>(*message));
    if (core_lost_) break;
  }
  if (core_->closed()) lose_core("it ended the connection");
}

void Gateway::on_configure(ipc::Configure configure, Milliseconds now) {
  configured_ = false;
  if (configure.own != pair_.own) {
    close_end();
    configure_.reset();
    trouble("the core's CURVE key is not the one in keys/curve.key");
    return;
  }
  zap_.allow({configure.allowed.begin(), configure.allowed.end()});
  const bool keep = end_ && configure_ && same_end(*configure_, configure);
  configure_ = std::move(configure);
  if (!keep) {
    close_end();
    next_open_ = 0;
    open_pause_ = 0;
  }
  configured_ = true;
  if (end_) {
    end_->drop_unlisted();
    end_->attach();
  } else {
    keep_end_open(now);
  }
}

void Gateway::close_end() {
  if (end_) end_->detach();
  end_.reset();
}

void Gateway::keep_end_open(Milliseconds now) {
  if (end_ || !configured_ || now < next_open_) return;
  // At first quickly: a socket of our own that was just closed may hold the address a moment yet.
  open_pause_ = std::clamp(2 * open_pause_, kMinOpenPause, kMaxOpenPause);
  next_open_ = now + open_pause_;
  // By way of its folder's descriptor, since the address of a Unix socket is short. The folder is
  // the core's, which may have begun after this process.
  if (!run_.valid()) run_ = ipc::Fd(::open(run_folder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!run_.valid()) return trouble(run_folder_ + ": " + std::strerror(errno));
  const std::string inner = "/proc/self/fd/" + std::to_string(run_.get()) + "/hub.sock";
  auto end = configure_->role == ipc::Role::hub
                 ? open_hub_end(context_, pair_, zap_, *this,
                                {configure_->endpoint, inner, door_limits(descriptors_)})
                 : open_node_end(context_, pair_, *this, configure_->endpoint, configure_->hub);
  if (!end.ok()) {
    run_ = ipc::Fd();  // it may have been another folder of that name
    return trouble(end.error().text);
  }
  end_ = std::move(*end);
  last_trouble_.clear();
  end_->attach();
}

void Gateway::write_core() {
  if (const auto written = core_->on_writable(); !written.ok()) lose_core(written.error().text);
}

Milliseconds Gateway::pause(Milliseconds now) const {
  Milliseconds until = 1000;
  if (!core_) until = std::min(until, next_connect_ - now);
  if (configured_ && !end_) until = std::min(until, next_open_ - now);
  return std::max<Milliseconds>(until, 0);
}

void Gateway::run(int stop_fd) {
  for (;;) {
    Milliseconds now = steady_now();
    keep_connected(now);
    keep_end_open(now);
    Milliseconds timeout = pause(now);
    if (end_) timeout = std::min(timeout, std::max<Milliseconds>(end_->tick(now), 0));
    if (core_ && !core_lost_) write_core();
    if (core_lost_) lose_core("it does not read what it is told");

    std::vector<zmq_pollitem_t> items = {
        {nullptr, stop_fd, ZMQ_POLLIN, 0},
        {nullptr, core_ ? core_->fd() : -1,
         static_cast<short>(ZMQ_POLLIN | (core_ && core_->wants_write() ? ZMQ_POLLOUT : 0)), 0},
        {zap_.handle(), -1, ZMQ_POLLIN, 0},
    };
    const std::size_t own = items.size();
    if (end_)
      for (const zmq_pollitem_t& item : end_->poll_items()) items.push_back(item);
    if (zmq_poll(items.data(), static_cast<int>(items.size()), timeout) < 0) {
      HR_CHECK(zmq_errno() == EINTR);
      continue;
    }
    if (items[0].revents != 0) return;
    now = steady_now();
    if ((items[2].revents & ZMQ_POLLIN) != 0) zap_.on_readable();
    // Before the core is read: what it says may replace the end that was polled.
    if (end_) end_->on_poll(std::span(items).subspan(own), now);
    if (core_ && items[1].revents != 0) read_core(now);
  }
}

}  // namespace hedgerow::gateway
