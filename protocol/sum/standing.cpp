#include "protocol/sum/standing.h"

#include <algorithm>

namespace hedgerow::protocol::sum {

Bytes Standing::encode() const {
  Writer w;
  w.raw(release.view()).u8(takes_part ? 1 : 0);
  w.u32(thresholds.min_children).u32(thresholds.min_agencies).u32(thresholds.round_to);
  w.u8(thresholds.true_zero ? 1 : 0);
  return std::move(w).take();
}

Result<Standing> Standing::decode(ByteView bytes) {
  Reader r(bytes);
  Standing s;
  s.release.bytes = r.array<16>();
  const std::uint8_t takes_part = r.u8();
  s.thresholds.min_children = r.u32();
  s.thresholds.min_agencies = r.u32();
  s.thresholds.round_to = r.u32();
  const std::uint8_t true_zero = r.u8();
  HR_TRY(r.finish("standing"));
  if (takes_part > 1 || true_zero > 1) return bad_input("standing: neither yes nor no");
  const Thresholds& t = s.thresholds;
  if (t.min_children > kMaxStandingThreshold || t.round_to > kMaxStandingThreshold ||
      t.min_agencies > kMaxContributors)
    return bad_input("standing: a threshold that no rule can have");
  s.takes_part = takes_part == 1;
  s.thresholds.true_zero = true_zero == 1;
  return s;
}

Bytes StandingList::encode() const {
  Writer w;
  w.u32(static_cast<std::uint32_t>(statements.size()));
  for (const auto& s : statements) w.bytes(s);
  return std::move(w).take();
}

Result<StandingList> StandingList::decode(ByteView bytes) {
  Reader r(bytes);
  StandingList list;
  const std::size_t n = r.count(kMaxContributors, 4);
  for (std::size_t i = 0; i < n; ++i)
    list.statements.push_back(to_bytes(r.bytes(kMaxSmallStatement)));
  HR_TRY(r.finish("standings"));
  return list;
}

Bytes sign_standing(const SigningKey& key, const PartyId& self, const StandingContext& c,
                    const Standing& standing, UtcTime now) {
  return Statement::sign(key, MessageType::sum_standing,
                         {self, c.lineage, c.agreement, c.session, 0, now + kStandingLifetime},
                         standing.encode())
      .encode();
}

Result<Standing> verify_standing(ByteView statement, const PartyId& party, const VerifyKey& key,
                                 const StandingContext& c, UtcTime now) {
  const auto decoded = Statement::decode(statement);
  if (!decoded.ok()) return culprit_error("standing: not a statement", party.str());
  HR_TRY(decoded->verify(key, MessageType::sum_standing, now));
  const StatementHeader& h = decoded->header();
  if (h.sender != party || h.lineage != c.lineage || h.agreement != c.agreement ||
      h.session != c.session || h.sequence != 0)
    return culprit_error("standing: of another party or attempt", party.str());
  const auto standing = Standing::decode(decoded->body());
  if (!standing.ok()) return culprit_error(standing.error().text, party.str());
  if (standing->release != c.release)
    return culprit_error("standing: towards another release", party.str());
  return *standing;
}

Result<Standings> verify_standings(ByteView list, const std::vector<PartyId>& contributors,
                                   const std::map<PartyId, VerifyKey>& keys, const PartyId& hub,
                                   const StandingContext& context, UtcTime now) {
  const auto decoded = StandingList::decode(list);
  if (!decoded.ok()) return culprit_error(decoded.error().text, hub.str());
  if (decoded->statements.size() != contributors.size())
    return culprit_error("standings: not one of each contributor", hub.str());
  Standings standings;
  for (std::size_t i = 0; i < contributors.size(); ++i) {
    const auto key = keys.find(contributors[i]);
    HR_CHECK(key != keys.end());
    const auto standing =
        verify_standing(decoded->statements[i], contributors[i], key->second, context, now);
    if (!standing.ok())
      return culprit_error("standings: not one of " + contributors[i].str(), hub.str());
    standings.emplace(contributors[i], *standing);
  }
  return standings;
}

std::vector<PartyId> roster_of(const Standings& standings) {
  std::vector<PartyId> roster;
  for (const auto& [party, standing] : standings)
    if (standing.takes_part) roster.push_back(party);
  return roster;
}

}  // namespace hedgerow::protocol::sum
