#include "node/core/match_rate.h"

namespace hedgerow::core {

using protocol::MessageType;
using protocol::Statement;
using protocol::sum::MatchRate;
using protocol::sum::ReleaseId;

Bytes sign_match_rate(const SigningKey& key, protocol::StatementHeader header,
                      const ReleaseId& release, policies::MatchBand band) {
  return Statement::sign(key, MessageType::sum_match_rate, std::move(header),
                         MatchRate{release, static_cast<std::uint8_t>(band)}.encode())
      .encode();
}

Result<Statement> read_match_rate(ByteView bytes, const PartyId& sender, const Lineage& lineage,
                                  const ReleaseId& release) {
  if (bytes.size() > protocol::sum::kMaxMatchStatement)
    return culprit_error("a match rate that is too long", sender.str());
  auto statement = Statement::decode(bytes);
  if (!statement.ok()) return culprit_error("not a statement of a match rate", sender.str());
  const auto rate = MatchRate::decode(statement->body());
  if (statement->type() != MessageType::sum_match_rate || !rate.ok())
    return culprit_error("not a statement of a match rate", sender.str());
  const auto& header = statement->header();
  if (header.sender != sender || header.lineage != lineage || rate->release != release)
    return culprit_error("a match rate of another party or release", sender.str());
  return statement;
}

std::string match_rate_in_words(ByteView bytes, const VerifyKey& key) {
  const auto not_stated = std::string(policies::to_text(policies::MatchBand::not_stated));
  if (bytes.empty()) return not_stated;
  const auto statement = Statement::decode(bytes);
  if (!statement.ok() || !statement->verify_signature(key, MessageType::sum_match_rate).ok())
    return "not verifiable";
  const auto rate = MatchRate::decode(statement->body());
  const auto band = policies::match_band_from(rate.ok() ? rate->band : std::uint8_t{0});
  return band ? std::string(policies::to_text(*band)) : not_stated;
}

Result<void> check_notes(const Answer& answer, const policies::Agreement& agreement) {
  const std::string hub = agreement.hub.str();
  const policies::Grant* grant = agreement.grant(answer.grant);
  const policies::Table* table = grant == nullptr ? nullptr : grant->table(answer.table);
  if (table == nullptr || answer.notes != notes_of(answer, *table, grant->disclosure))
    return culprit_error("an answer with other notes than its figures call for", hub);
  const auto contributors = agreement.contributors();
  for (const auto& p : answer.periods) {
    if (p.parties.size() != contributors.size())
      return culprit_error("an answer of other parties than the contributors", hub);
    const auto release =
        protocol::sum::release_id(agreement.id, grant->id, table->name, p.period.label());
    for (std::size_t i = 0; i < contributors.size(); ++i) {
      const PartyStatus& s = p.parties[i];
      if (s.party != contributors[i])
        return culprit_error("an answer of other parties than the contributors", hub);
      // It goes to terminals and spreadsheets as it is.
      if (s.status != kAnswered && s.status != kStoodAside)
        return culprit_error("an answer with an unknown status of a party", hub);
      if (!s.match_rate.empty() &&
          !read_match_rate(s.match_rate, s.party, agreement.id, release).ok())
        return culprit_error("an answer with a match rate of another party or release", hub);
    }
  }
  return {};
}

}  // namespace hedgerow::core
