// Exchange: the only place that commits, and the only way in and out for messages of a lineage
// (architecture.md, rule 2; docs/design/exchange.md).
//
// Out: append the log entries and fsync; commit one transaction (writes, outbox, replay marks);
// confirm the generation beside the log; then send. What is not acknowledged is sent again,
// identical, until it is or has expired.
//
// In: an envelope counts once, in order. Its sequence number must be the next of its (sender,
// session); what came before is acknowledged again and dropped, what comes too early is dropped
// and will come again. Everything a handler does with a message stands in one transaction with
// the mark that it was received.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string_view>

#include "node/audit/log.h"
#include "node/core/lineage.h"
#include "node/core/work.h"
#include "node/keys/keyring.h"
#include "protocol/envelope.h"

namespace hedgerow::core {

inline constexpr std::chrono::seconds kClockSkew{120};
// Between two peers; beyond it one of them is not believed (cryptography.md E).
inline constexpr std::chrono::minutes kMostSkew{5};
inline constexpr std::chrono::milliseconds kFirstResend{2'000};
// What is new is sent again within this time at the latest: no longer than anything waits for its
// answer (kKeyholderPatience, kHeaderPatience).
inline constexpr std::chrono::milliseconds kLongestResend{15'000};
// From then on, after so many times without an ack, only once a minute where nothing new is sent.
inline constexpr int kPatientResends = 12;
inline constexpr std::chrono::milliseconds kSilentResend{60'000};
// What is acknowledged leaves the outbox with the next transaction, or with one of its own after
// this time, or from so many sessions on.
inline constexpr std::chrono::milliseconds kAckPatience{500};
inline constexpr std::size_t kMostAcked = 256;
inline constexpr std::size_t kMaxOutbox = 4096;   // messages waiting, a receiver
inline constexpr std::size_t kMaxReplies = 512;   // beyond these, what can be spared is dropped
inline constexpr std::size_t kResendItems = 256;  // messages a pass and receiver
inline constexpr std::size_t kResendBytes = std::size_t{8} << 20U;

// Where frames leave. False: no credit or not connected; the outbox keeps the message.
class Outlet {
 public:
  virtual ~Outlet() = default;
  virtual bool send(const ByteArray<32>& curve_key, ByteView bytes) = 0;
};

// Called between steps that a crash may part, by name, so that a simulator can end the node there,
// by an exception of its own (docs/design/simulator.md). In a commit: "before_commit",
// "after_append", "after_transaction", "after_confirm", "after_send"; "ack_taken" between a
// transaction that only drops what was acknowledged and its confirmation; "charged" before an
// evaluation that has been paid for; "period_frozen" before the tally of what was frozen;
// "start_opened", "start_agreed" around the reconciliation at a start; "install_stored",
// "install_committed" in an installation. Empty in a daemon.
using FaultPoint = std::function<void(std::string_view point)>;

struct Environment {
  const keys::Keyring& keyring;
  Random& rng;
  audit::Log& log;
  Outlet& outlet;
  FaultPoint fault_point = {};
};

struct Delivery {
  PartyId from;
  MessageType type = MessageType::ack;
  SessionId session;
  std::uint64_t sequence = 0;
  UtcTime not_after;
  Bytes body;
};

class Exchange {
 public:
  Exchange(LineageContext& lineage, Environment environment);

  // An envelope addressed to this node, from the peer that the transport names. Nothing where it
  // was an ack, a duplicate or came too early. Errors name the culprit: a stranger, another
  // lineage or agreement, a bad signature, an expired envelope, one not sealed to this node.
  Result<std::optional<Delivery>> receive(const protocol::Envelope& envelope, UtcTime now);

  // Does all of it, or fails and does nothing but what was logged. After an error the node must
  // stop: disk and log no longer agree with memory. With `delivery`, the mark that it was
  // received is part of it, and its ack follows.
  Result<Committed> commit(Work work, UtcTime now, const Delivery* delivery = nullptr);

  // Messages of this node to itself (a hub's own questions): taken by the core after each commit.
  std::optional<Delivery> next_local();

  // The way to this peer is open: everything that waits for it, or goes through it, is sent.
  void on_peer_up(const ByteArray<32>& curve_key, UtcTime now);
  // More may be sent on it: what found no credit before is sent.
  void on_credit(const ByteArray<32>& curve_key, UtcTime now);
  Result<void> on_time(UtcTime now);
  std::optional<UtcTime> next_wake() const;

 private:
  struct Resend {
    UtcTime at;
    std::chrono::milliseconds interval{kFirstResend};
    int times = 0;  // since an ack, or since the way opened
  };

  void at(std::string_view point) const {
    if (env_.fault_point) env_.fault_point(point);
  }
  const ByteArray<32>* route_to(const PartyId& party) const;
  static bool may_be_dropped(MessageType type);
  store::OutboxItem seal_item(const Peer& receiver, const SessionId& session,
                              std::uint64_t sequence, MessageType type, ByteView body,
                              UtcTime not_after, UtcTime now);
  Result<Committed> carry_out(Work work, UtcTime now, const Delivery* delivery);
  Result<void> prune(UtcTime now);
  Result<void> enqueue(Addressed& item, UtcTime now, std::vector<store::OutboxItem>& queued);
  Result<void> write_all(Work& work, UtcTime now, const Delivery* delivery,
                         std::vector<store::OutboxItem>& queued);
  void send_now(const store::OutboxItem& item, UtcTime now);
  void send_ack(const PartyId& to, const SessionId& session, std::uint64_t sequence, UtcTime now);
  Result<void> check_clock(const protocol::EnvelopeHeader& ack, UtcTime now);
  Result<void> take_ack(const PartyId& from, const SessionId& session, ByteView body, UtcTime now);
  // In a transaction: what is acknowledged leaves the outbox. Those for whom nothing is left.
  Result<std::vector<PartyId>> drop_acked();
  void after_drop(const std::vector<PartyId>& nothing_left);
  Result<void> drop_acked_alone();
  Result<void> resend_to(const PartyId& receiver, UtcTime now, std::uint64_t after_position = 0);
  void resend_or_later(const PartyId& receiver, UtcTime now, std::uint64_t after_position = 0);

  LineageContext& lineage_;
  Environment env_;
  std::map<PartyId, Resend> resend_;
  // Peers whose clock is ahead, until when that is believed.
  std::map<PartyId, UtcTime> ahead_;
  // Acknowledged and still in the outbox: up to which sequence. A crash forgets it, and then the
  // message is sent and acknowledged once more.
  std::map<std::pair<PartyId, SessionId>, std::uint64_t> acked_;
  std::optional<UtcTime> drop_at_;  // set while there are any
  // Where nothing could be said of it; the next on_time does.
  std::optional<Error> failed_;
  // A message found no credit; its place in the outbox.
  std::map<PartyId, std::uint64_t> starved_;
  std::deque<Delivery> local_;
  UtcTime next_prune_{};
};

}  // namespace hedgerow::core
