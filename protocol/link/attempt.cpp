#include "protocol/link/attempt.h"

#include <algorithm>

#include "crypto/domains.h"
#include "crypto/hash.h"
#include "protocol/link/checks.h"

namespace hedgerow::protocol::link {

namespace {

constexpr std::chrono::seconds kMinLifetime{60};

// Every kind of statement occurs once for a party in an attempt; a party may be contributor and
// mixer.
std::uint64_t sequence_of(MessageType type) {
  if (type == MessageType::link_manifest_signature) return 2;
  if (type == MessageType::link_list) return 3;
  if (type == MessageType::link_entries) return 4;
  if (type == MessageType::link_counts) return 5;
  if (type == MessageType::link_confirmation) return 6;
  if (type == MessageType::link_refusal) return 7;
  return 1;  // the hub's manifest
}

std::optional<std::size_t> place_of(const std::vector<PartyId>& all, const PartyId& party) {
  const auto at = std::ranges::lower_bound(all, party);
  if (at == all.end() || *at != party) return std::nullopt;
  return static_cast<std::size_t>(at - all.begin());
}

std::string printable(std::string_view text) {
  std::string out(text.substr(0, kMaxReasonText));
  std::ranges::replace_if(
      out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

}  // namespace

Result<void> Attempt::check() const {
  const Plan& p = plan();
  const std::string& hub_name = hub().str();
  if (p.id.release != release_id(p.lineage, p.grant, p.table, p.period))
    return culprit_error("link plan: not the id of this release", hub_name);
  for (const auto* list : {&p.contributors, &p.mixers})
    for (const PartyId& party : *list) {
      if (party == hub())
        return culprit_error("link plan: the hub is a contributor or mixer", hub_name);
      if (!parties_.keys.contains(party))
        return culprit_error("link plan: no key is known of " + party.str(), hub_name);
    }
  return {};
}

Result<Attempt> Attempt::plan(Parties parties, const Plan& plan, SessionId session) {
  HR_CHECK(parties.key != nullptr);
  Attempt a;
  a.parties_ = std::move(parties);
  a.session_ = session;
  HR_ASSIGN(a.manifest_.plan, Plan::decode(plan.encode()));
  HR_TRY(a.check());
  return a;
}

Result<Attempt> Attempt::with_keys(std::vector<MixerKeys> keys,
                                   const SealPublicKey& hub_key) const {
  HR_CHECK(self() == hub());
  Attempt a = *this;
  a.manifest_.keys = std::move(keys);
  a.manifest_.hub_key = hub_key;
  return read(parties_, a.sign(MessageType::link_manifest, a.manifest_.encode()));
}

Result<Attempt> Attempt::read(Parties parties, ByteView manifest_statement) {
  HR_CHECK(parties.key != nullptr);
  const PartyId hub = parties.hub;
  if (manifest_statement.size() > kMaxManifestStatement)
    return culprit_error("link manifest: too long", hub.str());
  const auto statement = Statement::decode(manifest_statement);
  if (!statement.ok()) return culprit_error(statement.error().text, hub.str());
  const auto manifest = Manifest::decode(statement->body());
  if (!manifest.ok()) return culprit_error(manifest.error().text, hub.str());
  Attempt a;
  a.parties_ = std::move(parties);
  a.manifest_ = *manifest;
  a.session_ = statement->header().session;
  HR_TRY(a.read_statement(MessageType::link_manifest, hub, manifest_statement, hub));
  HR_TRY(a.check());
  for (std::size_t i = 0; i < a.keys().size(); ++i) {
    const MixerKeys& k = a.keys()[i];
    const PartyId& mixer = a.plan().mixers[i];
    const Element g[] = {Element::base()};
    const Element s[] = {k.evaluation};
    const auto held =
        verify_proof(Element::base(), k.evaluation, g, s, key_context(a.id(), mixer), k.proof);
    if (HEDGEROW_LINK_CHECK(key_proof) && !held.ok())
      return culprit_error("link manifest: the key of " + mixer.str() + " has no valid proof",
                           mixer.str());
  }
  a.statement_ = to_bytes(manifest_statement);
  a.qh_ = manifest_hash(a.statement_);
  return a;
}

std::chrono::seconds Attempt::lifetime(UtcTime now) const {
  return std::max(kMinLifetime, std::chrono::ceil<std::chrono::seconds>(plan().expiry - now));
}

bool Attempt::is_party(const PartyId& party) const {
  return party == hub() || contributor(party) || mixer(party);
}

std::optional<std::size_t> Attempt::contributor(const PartyId& party) const {
  return place_of(plan().contributors, party);
}

std::optional<std::size_t> Attempt::mixer(const PartyId& party) const {
  return place_of(plan().mixers, party);
}

std::vector<SealPublicKey> Attempt::seal_keys_from(std::size_t mixer) const {
  std::vector<SealPublicKey> out;
  for (std::size_t i = mixer; i < keys().size(); ++i) out.push_back(keys()[i].seal);
  return out;
}

Bytes Attempt::sign(MessageType type, Bytes body) const {
  const StatementHeader header{self(),   plan().lineage,    plan().agreement,
                               session_, sequence_of(type), plan().expiry};
  return Statement::sign(*parties_.key, type, header, std::move(body)).encode();
}

Result<Bytes> Attempt::read_statement(MessageType type, const PartyId& sender, ByteView statement,
                                      const PartyId& blame) const {
  const auto key = parties_.keys.find(sender);
  HR_CHECK(key != parties_.keys.end());
  const StatementHeader expected{sender,   plan().lineage,    plan().agreement,
                                 session_, sequence_of(type), plan().expiry};
  return read_statement_of(type, expected, key->second, statement, blame);
}

Result<Vouched> Attempt::read_vouched(MessageType type, const PartyId& sender, ByteView statement,
                                      std::size_t count, const PartyId& blame) const {
  HR_ASSIGN(const Bytes body, read_statement(type, sender, statement, blame));
  const auto vouched = Vouched::decode(body);
  if (!vouched.ok()) return culprit_error(vouched.error().text, sender.str());
  HR_TRY(check_id(vouched->id, sender));
  if (vouched->qh != qh_)
    // In what the hub puts together it is the hub's doing; else the sender's own words.
    return culprit_error("a statement of " + sender.str() + " about another manifest",
                         (blame == hub() ? hub() : sender).str());
  if (vouched->count != count)
    return culprit_error("a statement about another number than the manifest asks for",
                         sender.str());
  return *vouched;
}

Result<Part> Attempt::read_part(ByteView body, std::size_t have, std::size_t all, std::size_t size,
                                std::size_t most, const PartyId& blame) const {
  auto part = Part::decode(body);
  if (!part.ok()) return culprit_error(part.error().text, blame.str());
  HR_TRY(check_id(part->id, blame));
  if (HEDGEROW_LINK_CHECK(number) && have >= all)
    return culprit_error("more than the manifest asks for", blame.str());
  const std::size_t expected = std::min(most, all - have);
  if (HEDGEROW_LINK_CHECK(number) && (part->first != have || part->items.size() != expected * size))
    return culprit_error("a part of another place or size than the manifest asks for", blame.str());
  return std::move(*part);
}

Result<void> Attempt::check_id(const AttemptId& other, const PartyId& blame) const {
  if (!HEDGEROW_LINK_CHECK(attempt) || other == id()) return {};
  return culprit_error("a message of another release or attempt", blame.str());
}

Outgoing Attempt::to(const PartyId& party, MessageType type, Bytes body, UtcTime now) const {
  return {party, type, std::move(body), lifetime(now)};
}

void Attempt::send_parts(Step& step, const PartyId& party, MessageType type, ByteView items,
                         std::size_t size, std::size_t most, UtcTime now) const {
  const std::size_t all = items.size() / size;
  for (std::size_t first = 0; first < all; first += most) {
    const std::size_t n = std::min(most, all - first);
    const Part part{id(), static_cast<std::uint32_t>(first),
                    to_bytes(items.subspan(first * size, n * size))};
    step.send.push_back(to(party, type, part.encode(), now));
  }
}

Void Attempt::void_body(RefusalReason reason, const Error& why) const {
  const auto accused = PartyId::parse(why.culprit);
  const bool named = accused.ok() && is_party(*accused);
  return {id(), reason, named ? why.culprit : std::string(), printable(why.text)};
}

Outgoing Attempt::refusal(RefusalReason reason, const Error& why, UtcTime now) const {
  const Bytes body = void_body(reason, why).encode();
  return to(hub(), MessageType::link_refusal, sign(MessageType::link_refusal, body), now);
}

LogNote Attempt::note(std::string_view kind) const {
  LogNote note{std::string(kind),
               {{"release", id().release.hex()}, {"attempt", std::to_string(id().attempt)}}};
  if (!qh_.is_zero()) note.fields.emplace_back("manifest", qh_.hex());
  return note;
}

namespace {

Step ended(LogNote note, const Error& why) {
  Step step;
  step.finished = true;
  note.fields.emplace_back("party", why.culprit);
  note.fields.emplace_back("why", why.text);
  step.log.push_back(std::move(note));
  return step;
}

}  // namespace

Step Attempt::failed(RefusalReason reason, const Error& why, UtcTime now) const {
  Step step = ended(note("link-failed"), why);
  step.send.push_back(refusal(reason, why, now));
  return step;
}

Result<Attempt::Voided> Attempt::read_void(ByteView body) const {
  const auto v = Void::decode(body);
  if (!v.ok()) return culprit_error(v.error().text, hub().str());
  HR_TRY(check_id(v->id, hub()));
  const Error why{code_of(v->reason), v->text, v->culprit, {}};
  return Voided{why, ended(note("link-void"), why)};
}

Error not_expected(const PartyId& from, MessageType type) {
  return culprit_error("not expected now: " + std::string(protocol::name_of(type)), from.str());
}

Hash64 link_roster_hash(const std::vector<PartyId>& contributors) {
  Writer w;
  w.text(kDomainLinkRoster);
  write_parties(w, contributors);
  return Hash64{sha512(w.data())};
}

}  // namespace hedgerow::protocol::link
