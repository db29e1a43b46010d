#include "node/core/exchange.h"

#include <algorithm>
#include <utility>

namespace hedgerow::core {

namespace {
constexpr std::chrono::minutes kPruneInterval{1};
constexpr std::chrono::hours kSkipLifetime{24 * 30};
// A mark outlives the sender's count, which the outbox keeps 30 days beyond its last message, so
// that the two never disagree about what comes next.
constexpr std::chrono::hours kMarkLifetime{24 * 31};
constexpr std::chrono::minutes kAckLifetime{10};

Error from(std::string text, const PartyId& culprit, Code code = Code::bad_input) {
  return Error{code, std::move(text), culprit.str(), {}};
}
}  // namespace

Exchange::Exchange(LineageContext& lineage, Environment environment)
    : lineage_(lineage), env_(environment) {}

// Nodes reach everyone through the hub; the hub reaches everyone itself.
const ByteArray<32>* Exchange::route_to(const PartyId& party) const {
  const Peer* peer = lineage_.peers.find(lineage_.is_hub() ? party : lineage_.agreement.hub);
  return peer == nullptr ? nullptr : &peer->keys().curve;
}

Result<std::optional<Delivery>> Exchange::receive(const protocol::Envelope& envelope, UtcTime now) {
  const auto& h = envelope.header();
  const Peer* sender = lineage_.peers.find(h.sender);
  if (sender == nullptr) return from("a message of a stranger", h.sender);
  if (h.receiver != lineage_.self) return from("a message for somebody else", h.sender);
  if (h.lineage != lineage_.id()) return from("a message of another lineage", h.sender);
  HR_TRY(envelope.verify(sender->keys().message));
  // What brings the new certificate must come through although the old one has run out.
  if (h.type != MessageType::renewed || sender->has_revoked(sender->node))
    HR_TRY(sender->check_standing(now));
  if (h.agreement != lineage_.agreement.hash)
    return from("a message under another version of the agreement", h.sender, Code::denied);
  HR_TRY(check_clock(h, now));
  // The sender's clock may be behind this one by so much.
  if (now > h.not_after + kClockSkew)
    return from("an expired message: late, or of a clock more than 2 minutes behind this node's",
                h.sender, Code::denied);
  // Bounds how long a replay mark must be kept.
  if (h.not_after > now + std::chrono::hours(24 * 32))
    return from("a message valid for too long", h.sender);

  HR_ASSIGN(Bytes body, envelope.open(env_.keyring.seal(), env_.keyring.public_keys().seal));
  if (h.type == MessageType::ack) {
    HR_TRY(take_ack(h.sender, h.session, body, now));
    return std::optional<Delivery>();
  }
  HR_ASSIGN(const std::uint64_t last, lineage_.store.replay().last(h.sender, h.session));
#ifdef HEDGEROW_PLANT_replay_cache_off
  if (HEDGEROW_PLANT_replay_cache_off)
    return std::optional<Delivery>(
        Delivery{h.sender, h.type, h.session, h.sequence, h.not_after, std::move(body)});
#endif
  if (h.sequence <= last) {
    send_ack(h.sender, h.session, last, now);
    return std::optional<Delivery>();
  }
  if (h.sequence != last + 1) return std::optional<Delivery>();
  return std::optional<Delivery>(
      Delivery{h.sender, h.type, h.session, h.sequence, h.not_after, std::move(body)});
}

// An ack is made when it is sent and lives for kAckLifetime, so it tells its sender's time. One
// that comes late looks as if that clock were behind, so only for a clock that is ahead are the
// peer's other messages refused: for as long as an ack lives, or until an ack or a new connection
// says otherwise. The other side refuses for its part.
Result<void> Exchange::check_clock(const protocol::EnvelopeHeader& h, UtcTime now) {
  const auto refuse = [&](std::string_view how) {
    return Error{
        Code::denied, "its clock is more than 5 minutes " + std::string(how) + " this node's",
        h.sender.str(), "compare both machines' clocks with the time, and set the wrong one right"};
  };
  if (h.type != MessageType::ack) {
    const auto known = ahead_.find(h.sender);
    if (known != ahead_.end() && now < known->second) return refuse("ahead of");
    return {};
  }
  const auto skew = h.not_after - kAckLifetime - now;
  ahead_.erase(h.sender);
  if (skew < -kMostSkew) return refuse("behind");
  if (skew <= kMostSkew) return {};
  ahead_[h.sender] = now + kAckLifetime;
  return refuse("ahead of");
}

store::OutboxItem Exchange::seal_item(const Peer& receiver, const SessionId& session,
                                      std::uint64_t sequence, MessageType type, ByteView body,
                                      UtcTime not_after, UtcTime now) {
  const protocol::EnvelopeHeader header{
      type,    lineage_.self, receiver.id, lineage_.id(), lineage_.agreement.hash,
      session, sequence,      not_after};
  store::OutboxItem row;
  row.receiver = receiver.id;
  row.session = session;
  row.sequence = sequence;
  row.type = std::string(protocol::name_of(type));
  row.bytes = protocol::Envelope::make(header, body, env_.keyring.message(), receiver.keys().seal,
                                       env_.rng);
  row.not_after = not_after;
  row.enqueued_at = now;
  return row;
}

// What a peer may cause without limit, and can do without.
bool Exchange::may_be_dropped(MessageType type) {
  return type == MessageType::evaluate_refusal || type == MessageType::evaluate_response ||
         type == MessageType::evaluate_checked || type == MessageType::question_status ||
         // What begins or ends an attempt: whoever is away for long gets a later one.
         type == MessageType::sum_start || type == MessageType::link_call ||
         type == MessageType::link_refusal || type == MessageType::link_void ||
         type == MessageType::trace_header || type == MessageType::trace_chunk ||
         type == MessageType::trace_refusal;
}

Result<void> Exchange::enqueue(Addressed& item, UtcTime now,
                               std::vector<store::OutboxItem>& queued) {
  const Outgoing& m = item.message;
  const Peer* receiver = lineage_.peers.find(m.to);
  if (receiver == nullptr) return internal("a message for a party that does not exist");
  auto outbox = lineage_.store.outbox();
  HR_ASSIGN(const std::uint64_t waiting, outbox.count_for(m.to));
  if (waiting >= kMaxReplies && may_be_dropped(m.type)) return {};
  if (waiting >= kMaxOutbox) return internal("too many messages wait to be delivered");
  HR_ASSIGN(const std::uint64_t sequence, outbox.next_sequence(m.to, item.session));
  store::OutboxItem row =
      seal_item(*receiver, item.session, sequence, m.type, m.body, now + m.lifetime, now);
  HR_ASSIGN(row.position, outbox.add(row));
  queued.push_back(std::move(row));
  return {};
}

// Drops what has expired, and fills each gap: a receiver takes messages in order only.
Result<void> Exchange::prune(UtcTime now) {
  auto& db = lineage_.store.database();
  HR_ASSIGN(auto t, store::Transaction::begin(db));
  HR_ASSIGN(const auto nothing_left, drop_acked());
  HR_ASSIGN(const auto dropped, lineage_.store.outbox().prune(now));
  for (const store::OutboxItem& item : dropped) {
    const Peer* receiver = lineage_.peers.find(item.receiver);
    if (receiver == nullptr || item.type == protocol::name_of(MessageType::skip)) continue;
    const store::OutboxItem skip = seal_item(*receiver, item.session, item.sequence,
                                             MessageType::skip, {}, now + kSkipLifetime, now);
    HR_TRY(lineage_.store.outbox().add(skip));
    resend_.try_emplace(item.receiver, Resend{now, kFirstResend});
  }
  HR_TRY(lineage_.store.replay().prune(now));
  HR_TRY(lineage_.store.sessions().prune(now));
  HR_ASSIGN(const std::uint64_t generation, t.commit());
  after_drop(nothing_left);
  return env_.log.confirm(lineage_.id().str(), generation);
}

Result<void> Exchange::write_all(Work& work, UtcTime now, const Delivery* delivery,
                                 std::vector<store::OutboxItem>& queued) {
  if (delivery != nullptr && delivery->sequence != 0) {
    HR_ASSIGN(const bool fresh,
              lineage_.store.replay().advance(delivery->from, delivery->session, delivery->sequence,
                                              delivery->not_after + kMarkLifetime));
#ifdef HEDGEROW_PLANT_replay_cache_off
    if (!HEDGEROW_PLANT_replay_cache_off)
#endif
      HR_CHECK(fresh);
  }
  for (auto& write : work.writes) HR_TRY(write(lineage_.store));
  for (Addressed& item : work.send)
    if (item.message.to != lineage_.self) HR_TRY(enqueue(item, now, queued));
  return {};
}

Result<Committed> Exchange::commit(Work work, UtcTime now, const Delivery* delivery) {
  auto done = carry_out(std::move(work), now, delivery);
  // Whatever the reason: memory is ahead of the disk now, and only a restart brings them together.
  if (!done.ok())
    return Error{Code::internal, "a commit failed: " + done.error().text, {}, done.error().hint};
  return done;
}

Result<Committed> Exchange::carry_out(Work work, UtcTime now, const Delivery* delivery) {
  Committed done;
  auto& db = lineage_.store.database();
  const std::string name = lineage_.id().str();

  at("before_commit");
  std::vector<audit::Entry> entries;
  for (LogNote& n : work.log) {
    audit::Entry e = audit::make_entry(n.kind, now, env_.rng);
    e.database = name;
    e.generation = db.generation() + 1;
    e.fields = std::move(n.fields);
    entries.push_back(std::move(e));
  }
  std::optional<store::LogPosition> covered;
#ifdef HEDGEROW_PLANT_log_after_commit
  const bool late = HEDGEROW_PLANT_log_after_commit;
  if (!entries.empty() && !late) {
#else
  if (!entries.empty()) {
#endif
    HR_ASSIGN(done.log, env_.log.append(entries));
    covered = store::LogPosition{done.log.size, done.log.root};
  }
  at("after_append");

  std::vector<store::OutboxItem> queued;
  {
    HR_ASSIGN(store::Transaction t, store::Transaction::begin(db));
    HR_ASSIGN(const auto nothing_left, drop_acked());
    HR_TRY(write_all(work, now, delivery, queued));
    HR_ASSIGN(done.generation, t.commit(covered));
    after_drop(nothing_left);
  }
  at("after_transaction");
#ifdef HEDGEROW_PLANT_log_after_commit
  if (late && !entries.empty()) {
    HR_ASSIGN(done.log, env_.log.append(entries));
  }
#endif
  HR_TRY(env_.log.confirm(name, done.generation));
  at("after_confirm");

  if (delivery != nullptr && delivery->sequence != 0)
    send_ack(delivery->from, delivery->session, delivery->sequence, now);
  for (const store::OutboxItem& item : queued) send_now(item, now);
  at("after_send");
  for (Addressed& item : work.send)
    if (item.message.to == lineage_.self)
      local_.push_back({lineage_.self, item.message.type, item.session, 0,
                        now + item.message.lifetime, std::move(item.message.body)});
  for (auto& then : work.then) then(done);
  for (auto& follow : work.follow) {
    HR_ASSIGN(Work next, follow(done));
    if (!next.empty()) HR_TRY(commit(std::move(next), now));
  }
  return done;
}

std::optional<Delivery> Exchange::next_local() {
  if (local_.empty()) return std::nullopt;
  Delivery d = std::move(local_.front());
  local_.pop_front();
  return d;
}

void Exchange::send_now(const store::OutboxItem& item, UtcTime now) {
  const auto* route = route_to(item.receiver);
  if (route != nullptr && !env_.outlet.send(*route, item.bytes))
    starved_.try_emplace(item.receiver, item.position);
  Resend& r =
      resend_.try_emplace(item.receiver, Resend{now + kFirstResend, kFirstResend}).first->second;
  r.at = std::min(r.at, now + kLongestResend);
}

void Exchange::send_ack(const PartyId& to, const SessionId& session, std::uint64_t sequence,
                        UtcTime now) {
  const Peer* peer = lineage_.peers.find(to);
  const auto* route = route_to(to);
  if (peer == nullptr || route == nullptr) return;
  const protocol::EnvelopeHeader header{
      MessageType::ack,        lineage_.self, to, lineage_.id(),
      lineage_.agreement.hash, session,       0,  now + kAckLifetime};
  env_.outlet.send(*route,
                   protocol::Envelope::make(header, protocol::Ack{sequence}.encode(),
                                            env_.keyring.message(), peer->keys().seal, env_.rng));
}

Result<void> Exchange::take_ack(const PartyId& sender, const SessionId& session, ByteView body,
                                UtcTime now) {
  HR_ASSIGN(const protocol::Ack ack, protocol::Ack::decode(body));
  const auto known = acked_.find({sender, session});
  if (known != acked_.end() && ack.sequence <= known->second) return {};
  HR_ASSIGN(const bool waits, lineage_.store.outbox().waits(sender, session, ack.sequence));
  if (!waits) return {};
  acked_[{sender, session}] = ack.sequence;
  if (!drop_at_) drop_at_ = now + kAckPatience;
  resend_[sender] = {now + kFirstResend, kFirstResend};
  return acked_.size() < kMostAcked ? Result<void>() : drop_acked_alone();
}

Result<std::vector<PartyId>> Exchange::drop_acked() {
  std::vector<PartyId> nothing_left;
  auto outbox = lineage_.store.outbox();
  for (auto it = acked_.begin(); it != acked_.end();) {
    const PartyId& receiver = it->first.first;
    for (; it != acked_.end() && it->first.first == receiver; ++it)
      HR_TRY(outbox.ack(receiver, it->first.second, it->second));
    HR_ASSIGN(const std::uint64_t left, outbox.count_for(receiver));
    if (left == 0) nothing_left.push_back(receiver);
  }
  return nothing_left;
}

void Exchange::after_drop(const std::vector<PartyId>& nothing_left) {
  for (const PartyId& receiver : nothing_left) resend_.erase(receiver);
  acked_.clear();
  drop_at_.reset();
}

Result<void> Exchange::drop_acked_alone() {
  if (acked_.empty()) return {};
  HR_ASSIGN(store::Transaction t, store::Transaction::begin(lineage_.store.database()));
  HR_ASSIGN(const auto nothing_left, drop_acked());
  HR_ASSIGN(const std::uint64_t generation, t.commit());
  at("ack_taken");
  after_drop(nothing_left);
  return env_.log.confirm(lineage_.id().str(), generation);
}

Result<void> Exchange::resend_to(const PartyId& receiver, UtcTime now,
                                 std::uint64_t after_position) {
  HR_TRY(drop_acked_alone());
  const auto* route = route_to(receiver);
  HR_ASSIGN(const auto pending, lineage_.store.outbox().pending_for(receiver, after_position,
                                                                    kResendItems, kResendBytes));
  starved_.erase(receiver);
  if (route == nullptr || pending.empty()) {
    if (after_position == 0) resend_.erase(receiver);
    return {};
  }
  for (const store::OutboxItem& item : pending) {
    if (item.not_after < now || env_.outlet.send(*route, item.bytes)) continue;
    starved_[receiver] = item.position;
    break;  // what follows would come too early
  }
  Resend& r = resend_[receiver];
  const bool silent = ++r.times >= kPatientResends;
  r.interval = std::min(r.interval * 2, silent ? kSilentResend : kLongestResend);
  r.at = now + r.interval;
  return {};
}

void Exchange::resend_or_later(const PartyId& receiver, UtcTime now, std::uint64_t after_position) {
  if (failed_) return;  // nothing after a failure (adr/0007)
  const auto done = resend_to(receiver, now, after_position);
  if (done.ok()) return;
  failed_ = done.error();
  resend_[receiver].at = now;
}

void Exchange::on_peer_up(const ByteArray<32>& curve_key, UtcTime now) {
  for (const auto& [id, peer] : lineage_.peers.all()) {
    if (id == lineage_.self) continue;
    const auto* route = route_to(id);
    if (route != nullptr && *route == curve_key) {
      ahead_.erase(id);
      resend_[id] = {now, kFirstResend / 2};
      resend_or_later(id, now);
    }
  }
}

void Exchange::on_credit(const ByteArray<32>& curve_key, UtcTime now) {
  const auto waiting = starved_;
  for (const auto& [id, position] : waiting) {
    const auto* route = route_to(id);
    // Not from the beginning: what is sent already would take the credit again, and without acks
    // that had no end.
    if (route != nullptr && *route == curve_key) resend_or_later(id, now, position - 1);
  }
}

Result<void> Exchange::on_time(UtcTime now) {
  if (failed_) return *std::exchange(failed_, std::nullopt);
  if (drop_at_ && *drop_at_ <= now) HR_TRY(drop_acked_alone());
  std::vector<PartyId> due;
  for (const auto& [id, r] : resend_)
    if (r.at <= now) due.push_back(id);
  for (const PartyId& id : due) HR_TRY(resend_to(id, now));
  if (now < next_prune_) return {};
  next_prune_ = now + kPruneInterval;
  return prune(now);
}

std::optional<UtcTime> Exchange::next_wake() const {
  std::optional<UtcTime> at = drop_at_;
  for (const auto& [id, r] : resend_)
    if (!at || r.at < *at) at = r.at;
  return at;
}

}  // namespace hedgerow::core
