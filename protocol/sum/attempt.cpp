#include "protocol/sum/attempt.h"

#include <algorithm>

namespace hedgerow::protocol::sum {

namespace {

constexpr std::chrono::seconds kMinLifetime{60};
constexpr std::chrono::seconds kOpeningLifetime = std::chrono::days(7);

// Every kind of statement occurs once for a party in an attempt.
std::uint64_t sequence_of(MessageType type) {
  if (type == MessageType::sum_roster_signature) return 2;
  if (type == MessageType::sum_masked_hash) return 3;
  if (type == MessageType::sum_refusal) return 4;
  return 1;  // the hub's manifest, a contributor's advert
}

Result<void> check_participants(const Parties& parties, const Manifest& manifest) {
  const std::string& hub = parties.hub.str();
  if (manifest.release !=
      release_id(manifest.lineage, manifest.grant, manifest.table, manifest.period))
    return culprit_error("sum manifest: not the id of this release", hub);
  for (const PartyId& p : manifest.contributors) {
    if (p == parties.hub) return culprit_error("sum manifest: the hub is a contributor", hub);
    if (!parties.keys.contains(p))
      return culprit_error("sum manifest: no key is known of " + p.str(), hub);
  }
  return {};
}

}  // namespace

Result<Attempt> Attempt::make(Parties parties, const Manifest& manifest, SessionId session) {
  HR_CHECK(parties.self == parties.hub && parties.key != nullptr);
  const Bytes body = manifest.encode();
  HR_ASSIGN(const Manifest sound, Manifest::decode(body));
  HR_TRY(check_participants(parties, sound));
  Attempt a;
  a.parties_ = std::move(parties);
  a.manifest_ = sound;
  a.session_ = session;
  a.statement_ = a.sign(MessageType::sum_manifest, body);
  return a;
}

Result<Attempt> Attempt::read(Parties parties, ByteView manifest_statement) {
  HR_CHECK(parties.key != nullptr);
  const std::string& hub = parties.hub.str();
  if (manifest_statement.size() > kMaxManifestStatement)
    return culprit_error("sum manifest: too long", hub);
  const auto decoded = Statement::decode(manifest_statement);
  if (!decoded.ok()) return culprit_error(decoded.error().text, hub);
  const Statement& statement = *decoded;
  const auto key = parties.keys.find(parties.hub);
  if (statement.header().sender != parties.hub || key == parties.keys.end())
    return culprit_error("sum manifest: not from the hub", statement.header().sender.str());
  HR_TRY(statement.verify_signature(key->second, MessageType::sum_manifest));

  const auto body = Manifest::decode(statement.body());
  if (!body.ok()) return culprit_error(body.error().text, hub);
  Attempt a;
  a.manifest_ = *body;
  const StatementHeader expected{parties.hub,
                                 a.manifest_.lineage,
                                 a.manifest_.agreement,
                                 statement.header().session,
                                 sequence_of(MessageType::sum_manifest),
                                 a.manifest_.expiry};
  if (statement.header() != expected)
    return culprit_error("sum manifest: header and body differ", hub);
  HR_TRY(check_participants(parties, a.manifest_));
  a.session_ = statement.header().session;
  a.statement_ = to_bytes(manifest_statement);
  a.parties_ = std::move(parties);
  return a;
}

std::optional<std::size_t> Attempt::index_of(const PartyId& party) const {
  const auto& all = manifest_.contributors;
  const auto at = std::ranges::lower_bound(all, party);
  if (at == all.end() || *at != party) return std::nullopt;
  return static_cast<std::size_t>(at - all.begin());
}

std::chrono::seconds Attempt::lifetime(MessageType type, UtcTime now) const {
  if (type == MessageType::sum_masked_hashes || type == MessageType::sum_opening)
    return kOpeningLifetime;
  const auto left = std::chrono::ceil<std::chrono::seconds>(manifest_.expiry - now);
  return std::clamp(left, kMinLifetime, kOpeningLifetime);
}

Bytes Attempt::sign(MessageType type, Bytes body) const {
  StatementHeader header{parties_.self, manifest_.lineage, manifest_.agreement,
                         session_,      sequence_of(type), manifest_.expiry};
  return Statement::sign(*parties_.key, type, std::move(header), std::move(body)).encode();
}

Result<Bytes> Attempt::read_statement(MessageType type, const PartyId& sender, ByteView statement,
                                      const PartyId& blame) const {
  const auto key = parties_.keys.find(sender);
  HR_CHECK(key != parties_.keys.end());
  const StatementHeader expected{sender,   manifest_.lineage, manifest_.agreement,
                                 session_, sequence_of(type), manifest_.expiry};
  return read_statement_of(type, expected, key->second, statement, blame);
}

Result<std::vector<Bytes>> Attempt::read_list(MessageType type, ByteView list) const {
  auto decoded = StatementList::decode(list);
  if (!decoded.ok()) return culprit_error(decoded.error().text, parties_.hub.str());
  HR_TRY(check_id(decoded->id, parties_.hub));
  if (decoded->statements.size() != size())
    return culprit_error("a list that is not of all contributors", parties_.hub.str());
  std::vector<Bytes> bodies;
  for (std::size_t i = 0; i < size(); ++i) {
    HR_ASSIGN(Bytes body, read_statement(type, manifest_.contributors[i], decoded->statements[i],
                                         parties_.hub));
    bodies.push_back(std::move(body));
  }
  return bodies;
}

Result<void> Attempt::check_id(const AttemptId& other, const PartyId& blame) const {
  if (other == id()) return {};
  return culprit_error("a message of another release or attempt", blame.str());
}

Result<std::vector<MaskPublicKey>> read_roster(const Attempt& attempt, ByteView roster) {
  HR_ASSIGN(const std::vector<Bytes> bodies, attempt.read_list(MessageType::sum_advert, roster));
  std::vector<MaskPublicKey> keys;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    const PartyId& sender = attempt.manifest().contributors[i];
    const auto advert = Advert::decode(bodies[i]);
    if (!advert.ok()) return culprit_error(advert.error().text, sender.str());
    HR_TRY(attempt.check_id(advert->id, sender));
    if (std::ranges::find(keys, advert->key) != keys.end())
      return culprit_error("a roster with the same mask key twice", sender.str());
    keys.push_back(advert->key);
  }
  return keys;
}

Result<void> check_roster_signatures(const Attempt& attempt, const Hash64& roster,
                                     ByteView signatures) {
#ifdef HEDGEROW_PLANT_roster_not_signed_by_all
  if (HEDGEROW_PLANT_roster_not_signed_by_all) return {};
#endif
  HR_ASSIGN(const std::vector<Bytes> bodies,
            attempt.read_list(MessageType::sum_roster_signature, signatures));
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    const PartyId& sender = attempt.manifest().contributors[i];
    const auto signature = RosterSignature::decode(bodies[i]);
    if (!signature.ok()) return culprit_error(signature.error().text, sender.str());
    HR_TRY(attempt.check_id(signature->id, sender));
    if (signature->roster != roster)
      return culprit_error("the hub has shown " + sender.str() + " another roster",
                           attempt.parties().hub.str());
  }
  return {};
}

Result<std::vector<Hash64>> read_masked_hashes(const Attempt& attempt, const Hash64& roster,
                                               ByteView hashes) {
  HR_ASSIGN(const std::vector<Bytes> bodies,
            attempt.read_list(MessageType::sum_masked_hash, hashes));
  std::vector<Hash64> out;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    const PartyId& sender = attempt.manifest().contributors[i];
    const auto hash = MaskedHash::decode(bodies[i]);
    if (!hash.ok()) return culprit_error(hash.error().text, sender.str());
    HR_TRY(attempt.check_id(hash->id, sender));
    if (hash->roster != roster)
      return culprit_error("the hub has shown " + sender.str() + " another roster",
                           attempt.parties().hub.str());
    out.push_back(hash->masked_input);
  }
  return out;
}

SecretBytes write_state(ByteView head, ByteView secret, std::span<const std::uint64_t> values) {
  SecretBytes state(4 + head.size() + 4 + secret.size() + 4 + 8 * values.size());
  auto out = state.writable();
  const auto put = [&out](std::uint64_t v, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
      out[i] = static_cast<std::uint8_t>((v >> (8U * i)) & 0xffU);
    out = out.subspan(size);
  };
  const auto put_bytes = [&](ByteView bytes) {
    put(bytes.size(), 4);
    std::copy(bytes.begin(), bytes.end(), out.begin());
    out = out.subspan(bytes.size());
  };
  put_bytes(head);
  put_bytes(secret);
  put(values.size(), 4);
  for (const std::uint64_t v : values) put(v, 8);
  return state;
}

Result<StateView> read_state(ByteView state) {
  Reader r(state);
  StateView v;
  v.head = r.bytes(state.size());
  v.secret = r.bytes(state.size());
  v.values = r.raw(r.count(kVectors * kMaxCells, 8) * 8);
  if (!r.finish("state").ok()) return configuration("the saved state of a sum is damaged");
  return v;
}

WipingVector<std::uint64_t> read_values(ByteView values) {
  Reader r(values);
  WipingVector<std::uint64_t> out;
  out.reserve(values.size() / 8);
  while (r.left() >= 8) out.push_back(r.u64());
  return out;
}

}  // namespace hedgerow::protocol::sum
