// What is to be done as one: log entries, writes, messages. Built by whoever handles an event,
// carried out by Exchange alone, in its order.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "node/audit/log.h"
#include "node/store/lineage_store.h"
#include "protocol/step.h"

namespace hedgerow::core {

using protocol::LogNote;
using protocol::MessageType;
using protocol::Outgoing;

struct Addressed {
  SessionId session;
  Outgoing message;
};

// What a commit came to.
struct Committed {
  audit::Appended log;  // of this work's entries; size 0 where it logged none
  std::uint64_t generation = 0;
};

struct Work {
  using Write = std::function<Result<void>(store::LineageStore&)>;

  std::vector<LogNote> log;
  std::vector<Write> writes;
  std::vector<Addressed> send;
  // After all is durable: replies on the control socket, and work that needs the outcome (a
  // receipt for an entry just logged).
  std::vector<std::function<void(const Committed&)>> then;
  std::vector<std::function<Result<Work>(const Committed&)>> follow;

  bool empty() const {
    return log.empty() && writes.empty() && send.empty() && then.empty() && follow.empty();
  }

  Work& note(std::string kind, std::vector<std::pair<std::string, std::string>> fields) {
    log.push_back({std::move(kind), std::move(fields)});
    return *this;
  }
  Work& write(Write w) {
    writes.push_back(std::move(w));
    return *this;
  }
  Work& message(const SessionId& session, const PartyId& to, MessageType type, Bytes body,
                std::chrono::seconds lifetime) {
    send.push_back({session, {to, type, std::move(body), lifetime}});
    return *this;
  }
  Work& add(Work other) {
    for (auto& x : other.log) log.push_back(std::move(x));
    for (auto& x : other.writes) writes.push_back(std::move(x));
    for (auto& x : other.send) send.push_back(std::move(x));
    for (auto& x : other.then) then.push_back(std::move(x));
    for (auto& x : other.follow) follow.push_back(std::move(x));
    return *this;
  }
};

}  // namespace hedgerow::core
