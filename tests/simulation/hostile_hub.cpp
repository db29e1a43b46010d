#include "tests/simulation/hostile_hub.h"

#include "protocol/sum/messages.h"

namespace hedgerow::simulation {

using protocol::Envelope;
using protocol::MessageType;

HostileHub::HostileHub(Region& region, Hostility kind)
    : region_(region), kind_(kind), victim_(region.shape().contributors().back()) {
  if (kind == Hostility::none) return;
  if (kind == Hostility::is_set_back) {
    const std::string hub(kHub);
    region_.crash(hub);
    region_.keep_copy(hub);
    region_.start(hub);
  }
  region_.intercept([this](const SentFrame& f) { return on_frame(f); });
}

bool HostileHub::on_frame(const SentFrame& frame) {
  if (acted_) return false;
  const auto envelope = Envelope::decode(frame.bytes);
  if (!envelope.ok()) return false;
  return kind_ == Hostility::is_set_back ? set_back(*envelope) : skip_signature(frame, *envelope);
}

bool HostileHub::skip_signature(const SentFrame& frame, const Envelope& envelope) {
  const auto& h = envelope.header();
  if (frame.from == 0 && h.sender.str() == kHub) {
    if (h.type == MessageType::sum_roster && !session_) session_ = h.session;
    if (session_ && *session_ != h.session) return false;
    sequence_[h.receiver.str() + h.session.hex()] =
        std::max(sequence_[h.receiver.str() + h.session.hex()], h.sequence);
    return h.type == MessageType::sum_roster && h.receiver.str() == victim_;
  }
  if (!session_ || h.session != *session_ || h.type != MessageType::sum_roster_signature)
    return false;
  const auto& hub = region_.keyring(std::string(kHub));
  const auto body = envelope.open(hub.seal(), hub.public_keys().seal);
  if (!body.ok()) return false;
  signatures_[h.sender.str()] = *body;
  if (signatures_.size() + 1 == region_.shape().contributors().size()) {
    acted_ = true;
    region_.note("the hub says that all have signed; " + victim_ + " has not");
    region_.at(region_.now(), [this, to = h.sender] { forge(to); });
  }
  return false;
}

void HostileHub::forge(const PartyId& to) {
  const std::string name = to.str();
  const auto own = protocol::Statement::decode(signatures_.at(name)).value();
  const auto signature = protocol::sum::RosterSignature::decode(own.body()).value();
  protocol::sum::StatementList list{signature.id, {}};
  for (const std::string& party : region_.shape().contributors())
    list.statements.push_back(signatures_.at(party == victim_ ? name : party));
  const auto agreement = AgreementHash{sha256(as_bytes(region_.identities().agreement))};
  const protocol::EnvelopeHeader header{MessageType::sum_roster_signatures,
                                        PartyId::parse(kHub).value(),
                                        to,
                                        Lineage::parse("vale-cse").value(),
                                        agreement,
                                        *session_,
                                        sequence_.at(name + session_->hex()) + 1,
                                        region_.now() + std::chrono::minutes(1)};
  SeededRandom rng(seed_of("hostile hub", 1));
  const Bytes bytes =
      Envelope::make(header, list.encode(), region_.keyring(std::string(kHub)).message(),
                     region_.identities().nodes.at(name).node_keys().seal, rng);
  region_.inject(name, region_.curve_of(std::string(kHub)), bytes);
}

bool HostileHub::set_back(const Envelope& envelope) {
  if (envelope.header().type != MessageType::sum_opening) return false;
  if (session_) return true;
  session_ = envelope.header().session;
  region_.at(region_.now() + std::chrono::milliseconds(300), [this] {
    acted_ = true;
    const std::string hub(kHub);
    region_.crash(hub);
    region_.put_copy_back(hub);
    region_.start(hub);
  });
  return true;
}

}  // namespace hedgerow::simulation
