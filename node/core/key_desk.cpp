#include "node/core/key_desk.h"

#include <algorithm>
#include <memory>

#include "crypto/hash.h"
#include "protocol/dkg/key_ready.h"

namespace hedgerow::core {

namespace {

constexpr std::string_view kParticipantKind = "dkg-participant";
constexpr std::string_view kCoordinatorKind = "dkg-coordinator";
constexpr std::string_view kInstalledKind = "installed";
constexpr std::chrono::hours kInstalledLifetime{24 * 30};
constexpr std::chrono::hours kKeptFor{24 * 365 * 10};

// A name for a row about a party, so that it is written once however often the party says it.
SessionId row_about(std::string_view what, const PartyId& party, const AgreementHash& agreement) {
  Writer w;
  w.text(what).text(party.str()).raw(agreement.view());
  const auto h = sha256(w.data());
  return *SessionId::from(ByteView(h).first(16));
}

WipingBytes wiping_copy(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

void send_all(Work& work, const SessionId& session, std::vector<Outgoing>& messages) {
  for (Outgoing& m : messages) work.send.push_back({session, std::move(m)});
}

}  // namespace

KeyDesk::KeyDesk(LineageContext& lineage, const Environment& environment)
    : lineage_(lineage), env_(environment) {}

Result<protocol::DkgSetup> KeyDesk::setup() const {
  std::vector<protocol::Keyholder> keyholders;
  for (const PartyId& id : lineage_.agreement.keyholders()) {
    const Peer* peer = lineage_.peers.find(id);
    HR_CHECK(peer != nullptr);
    keyholders.push_back({id, peer->keys().dkg});
  }
  return protocol::DkgSetup::make(
      lineage_.id(), lineage_.agreement.hash, lineage_.agreement.hub,
      static_cast<std::uint16_t>(lineage_.agreement.pseudonyms.threshold), std::move(keyholders));
}

bool KeyDesk::is_keyholder() const { return lineage_.own().roles.keyholder; }

Result<void> KeyDesk::restore(UtcTime now) {
  HR_ASSIGN(auto active, lineage_.store.key_shares().active());
  if (active) {
    HR_ASSIGN(key_, protocol::KeyInfo::restore(active->public_info));
    if (!active->share.empty()) {
      HR_ASSIGN(share_, protocol::KeyShareRecord::restore(active->share.expose()));
    }
  }
  HR_ASSIGN(const auto sessions, lineage_.store.sessions().list(std::string(kInstalledKind)));
  for (const auto& s : sessions) {
    HR_ASSIGN(PartyId party, PartyId::parse(s.peer));
    if (s.id == row_about(kInstalledKind, party, lineage_.agreement.hash)) installed_.insert(party);
  }
  if (key_) return {};
  HR_ASSIGN(const protocol::DkgSetup dkg, setup());
  if (dkg.index_of(lineage_.self)) {
    HR_ASSIGN(const auto runs, lineage_.store.sessions().list(std::string(kParticipantKind)));
    for (const auto& s : runs) {
      if (s.finished) continue;
      HR_ASSIGN(auto restored,
                protocol::Participant::restore(dkg, lineage_.self, env_.keyring.dkg(), s.state));
      participant_ = std::move(restored.participant);
      // Not empty where the run cannot go on, as after a certificate's renewal: the hub is told.
      if (!restored.step.send.empty()) owed_.add(after_participant(std::move(restored.step), now));
    }
  }
  // The hub begins anew: a run it no longer remembers runs out of time at the keyholders, who
  // give it up when the new one starts.
  if (lineage_.is_hub()) retry_at_ = now;
  return {};
}

Work KeyDesk::announce(UtcTime now) {
  (void)now;
  Work work;
  SessionId session;
  env_.rng.fill(session.bytes);
  work.message(session, lineage_.agreement.hub, MessageType::installed, {}, kInstalledLifetime);
  return work;
}

Result<Work> KeyDesk::on_message(const Delivery& d, UtcTime now) {
  if (d.type == MessageType::installed) return on_installed(d.from, now);
  if (d.type == MessageType::key_ready) return on_key_ready(d, now);
  if (d.type == MessageType::dkg_round1 || d.type == MessageType::dkg_signature)
    return on_coordinator_message(d, now);
  if (d.type == MessageType::dkg_abort && lineage_.is_hub() && d.from != lineage_.self)
    return on_coordinator_message(d, now);
  return on_participant_message(d, now);
}

Result<Work> KeyDesk::on_installed(const PartyId& from, UtcTime now) {
  if (!lineage_.is_hub())
    return culprit_error("a node that is not the hub was told of an installation", from.str());
  Work work;
  if (installed_.insert(from).second) {
    store::Session row;
    row.id = row_about(kInstalledKind, from, lineage_.agreement.hash);
    row.kind = kInstalledKind;
    row.peer = from.str();
    row.not_after = now + kKeptFor;
    work.note("agreement.installed-at", {{"party", from.str()}});
    work.write([row](store::LineageStore& s) { return s.sessions().put(row); });
  }
  work.add(begin_if_all_installed(now));
  return work;
}

std::vector<PartyId> KeyDesk::not_installed() const {
  std::vector<PartyId> out;
  for (const PartyId& id : lineage_.agreement.party_ids())
    if (!installed_.contains(id)) out.push_back(id);
  return out;
}

Work KeyDesk::begin_if_all_installed(UtcTime now) {
  if (key_ || (coordinator_ && !coordinator_->finished()) || !not_installed().empty()) return {};
  auto dkg = setup();
  if (!dkg.ok()) return {};
  retry_at_.reset();
  coordinator_.emplace(std::move(dkg).value(), lineage_.agreement.party_ids(),
                       kKeyGenerationPatience);
  return after_coordinator(coordinator_->start(now, env_.rng), now);
}

Result<Work> KeyDesk::on_participant_message(const Delivery& d, UtcTime now) {
  HR_ASSIGN(const protocol::DkgSetup dkg, setup());
  if (!dkg.index_of(lineage_.self))
    return culprit_error("key generation asked a node that is no keyholder", d.from.str());
  if (d.from != lineage_.agreement.hub)
    return culprit_error("a message of key generation that only the hub sends", d.from.str());
  if (key_) return Work{};  // this lineage has its key; a late message of an older run
  if (d.type == MessageType::dkg_start) {
    // A start of another session replaces a run that did not come to its end.
    const bool same = participant_ && participant_->session() == d.session;
    if (!same) {
      HR_ASSIGN(participant_, protocol::Participant::make(dkg, lineage_.self, env_.keyring.dkg()));
    }
  }
  if (!participant_ || participant_->finished()) return Work{};
  HR_ASSIGN(auto step, participant_->receive(d.from, d.type, d.body, now, env_.rng));
  return after_participant(std::move(step), now);
}

Work KeyDesk::after_participant(protocol::Step step, UtcTime now) {
  Work work;
  const auto& session = participant_->session();
  if (session) {
    if (step.state) {
      auto row = std::make_shared<store::Session>();
      row->id = *session;
      row->kind = kParticipantKind;
      row->state = wiping_copy(step.state->expose());
      row->not_after = now + kInstalledLifetime;  // as long as its certificate may be on its way
      row->finished = participant_->finished();
      work.write([row](store::LineageStore& s) { return s.sessions().put(*row); });
    }
    send_all(work, *session, step.send);
  }
  work.log = std::move(step.log);
  if (participant_->finished()) {
    if (auto record = participant_->take_key()) {
      protocol::KeyInfo info = record->info();
      work.add(keep(std::move(info), std::move(record), now));
    }
  }
  return work;
}

Work KeyDesk::keep(protocol::KeyInfo info, std::optional<protocol::KeyShareRecord> share,
                   UtcTime now) {
  auto row = std::make_shared<store::KeyRecord>();
  row->id = info.key_id;
  row->status = store::KeyStatus::active;
  row->share_version = info.share_version;
  row->public_info = info.save();
  if (share) row->share = share->save();
  row->created_at = now;
  key_ = std::move(info);
  if (share) share_ = std::move(share);
  Work work;
  work.write([row](store::LineageStore& s) { return s.key_shares().put(*row); });
  return work;
}

Result<Work> KeyDesk::on_coordinator_message(const Delivery& d, UtcTime now) {
  if (!lineage_.is_hub())
    return culprit_error("a node that is not the hub was sent a keyholder's message", d.from.str());
  if (!coordinator_) return Work{};
  HR_ASSIGN(auto step, coordinator_->receive(d.from, d.type, d.body, now));
  return after_coordinator(std::move(step), now);
}

Work KeyDesk::after_coordinator(protocol::Step step, UtcTime now) {
  Work work;
  if (coordinator_->session()) send_all(work, *coordinator_->session(), step.send);
  work.log = std::move(step.log);
  if (step.wake_at) coordinator_wake_ = step.wake_at;
  if (!coordinator_->finished()) return work;
  coordinator_wake_.reset();
  if (coordinator_->failure()) {
    retry_at_ = now + retry_pause_;
    retry_pause_ = std::min(retry_pause_ * 2, kLongestKeyRetry);
  } else if (coordinator_->key_info() && !key_ && !is_keyholder()) {
    const protocol::KeyInfo& info = *coordinator_->key_info();
    work.log.push_back(protocol::key_ready_note(*coordinator_->session(), info));
    work.add(keep(info, std::nullopt, now));
  }
  return work;
}

Result<Work> KeyDesk::on_key_ready(const Delivery& d, UtcTime now) {
  if (d.from != lineage_.agreement.hub)
    return culprit_error("a key that does not come from the hub", d.from.str());
  HR_ASSIGN(const protocol::DkgSetup dkg, setup());
  HR_ASSIGN(protocol::KeyInfo info, protocol::accept_key_ready(dkg, d.body));
  if (key_) {
    if (*key_ == info) return Work{};
    return culprit_error("another key than the one that was generated", d.from.str());
  }
  if (dkg.index_of(lineage_.self)) {
    // The certificate itself was lost on the way: key_ready holds the same signatures.
    if (!participant_ || participant_->finished() || participant_->session() != d.session)
      return culprit_error("a key that this keyholder did not help to make", d.from.str());
    HR_ASSIGN(const auto ready, protocol::KeyReady::decode(d.body));
    const protocol::DkgCertificateMessage certificate{ready.session, ready.signatures};
    HR_ASSIGN(auto step, participant_->receive(d.from, MessageType::dkg_certificate,
                                               certificate.encode(), now, env_.rng));
    return after_participant(std::move(step), now);
  }
  Work work;
  work.log.push_back(protocol::key_ready_note(d.session, info));
  work.add(keep(std::move(info), std::nullopt, now));
  return work;
}

Work KeyDesk::on_time(UtcTime now) {
  Work work = std::exchange(owed_, {});
  if (coordinator_wake_ && *coordinator_wake_ <= now && coordinator_ && !coordinator_->finished()) {
    coordinator_wake_.reset();
    work.add(after_coordinator(coordinator_->on_time(now), now));
  }
  if (retry_at_ && *retry_at_ <= now) {
    retry_at_.reset();
    work.add(begin_if_all_installed(now));
  }
  return work;
}

std::optional<UtcTime> KeyDesk::next_wake() const {
  if (coordinator_wake_ && retry_at_) return std::min(*coordinator_wake_, *retry_at_);
  return coordinator_wake_ ? coordinator_wake_ : retry_at_;
}

std::string KeyDesk::state() const {
  if (key_) return share_ ? "active, with a share here" : "active";
  if (lineage_.is_hub() && !not_installed().empty()) {
    std::string names;
    for (const PartyId& id : not_installed()) names += (names.empty() ? "" : ", ") + id.str();
    return "waiting for the agreement to be installed at: " + names;
  }
  return "not generated";
}

}  // namespace hedgerow::core
