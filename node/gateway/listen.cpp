#include "node/gateway/listen.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace hedgerow::gateway {
namespace {

constexpr int kBacklog = 1024;

struct Place {
  std::string host;
  std::string port;
};

Result<Place> parse(const std::string& endpoint) {
  constexpr std::string_view kScheme = "tcp://";
  const std::size_t colon = endpoint.rfind(':');
  const auto wrong = [&] {
    return configuration("cannot listen on " + endpoint + ": it is no endpoint",
                         "it has the form tcp://host:port");
  };
  if (!endpoint.starts_with(kScheme) || colon < kScheme.size()) return wrong();
  Place place{endpoint.substr(kScheme.size(), colon - kScheme.size()), endpoint.substr(colon + 1)};
  if (place.host.size() > 2 && place.host.front() == '[' && place.host.back() == ']')
    place.host = place.host.substr(1, place.host.size() - 2);
  if (place.port == "*") place.port = "0";
  if (place.host.empty() || place.port.empty() || place.port.size() > 5 ||
      place.port.find_first_not_of("0123456789") != std::string::npos ||
      std::stoul(place.port) > 65535)
    return wrong();
  return place;
}

std::string bound_endpoint(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      ::getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host.data(), host.size(),
                    port.data(), port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return {};
  const std::string text = host.data();
  return "tcp://" + (address.ss_family == AF_INET6 ? "[" + text + "]" : text) + ":" + port.data();
}

ipc::Fd try_listen(const addrinfo& at) {
  ipc::Fd fd(::socket(at.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!fd.valid()) return fd;
  const int one = 1;
  const int zero = 0;
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (at.ai_family == AF_INET6)  // every address means IPv4's too
    (void)::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
  if (::bind(fd.get(), at.ai_addr, at.ai_addrlen) != 0 || ::listen(fd.get(), kBacklog) != 0)
    return ipc::Fd();
  return fd;
}

}  // namespace

Result<Listener> listen_on(const std::string& endpoint) {
  HR_ASSIGN(const Place place, parse(endpoint));
  addrinfo wanted{};
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const char* host = place.host == "*" ? nullptr : place.host.c_str();
  if (const int e = ::getaddrinfo(host, place.port.c_str(), &wanted, &found); e != 0)
    return configuration("cannot listen on " + endpoint + ": " + ::gai_strerror(e));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(found, &::freeaddrinfo);
  // IPv6 first: bound to every address it takes IPv4's connections as well.
  int error = 0;
  for (const int family : {AF_INET6, AF_INET}) {
    for (const addrinfo* at = all.get(); at != nullptr; at = at->ai_next) {
      if (at->ai_family != family) continue;
      if (ipc::Fd fd = try_listen(*at); fd.valid()) {
        std::string bound = bound_endpoint(fd.get());
        return Listener{std::move(fd), std::move(bound)};
      }
      error = errno;
    }
  }
  return try_again("cannot listen on " + endpoint + ": " + std::strerror(error));
}

}  // namespace hedgerow::gateway
