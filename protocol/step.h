// What a role returns: effects to be carried out by exchange, in its order. A role performs
// none of them itself (architecture.md, the first rule).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crypto/base/ids.h"
#include "crypto/base/seams.h"
#include "crypto/base/secret.h"
#include "protocol/message.h"

namespace hedgerow::protocol {

// A debit that must be durable before anything of this step is sent.
struct Charge {
  std::string account;       // which quota
  std::uint64_t amount = 0;  // units: elements
};

// A message for one party. It may be sent again, identical, until it is acknowledged or
// `lifetime` has passed.
struct Outgoing {
  PartyId to;
  MessageType type = MessageType::ack;
  Bytes body;
  std::chrono::seconds lifetime{600};
};

// Something for the audit log. Never a pseudonym, an identifier or an unreleased figure.
struct LogNote {
  std::string kind;
  std::vector<std::pair<std::string, std::string>> fields;
};

struct Step {
  std::vector<Charge> charges;
  std::optional<SecretBytes> state;  // replaces the session's durable state; absent: unchanged
  std::vector<Outgoing> send;
  std::vector<LogNote> log;
  std::optional<UtcTime> wake_at;  // call on_time then at the latest; absent: the earlier stays
  bool finished = false;           // the role's result can be taken; its session ends
};

}  // namespace hedgerow::protocol
