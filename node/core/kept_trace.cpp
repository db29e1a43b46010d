#include "node/core/kept_trace.h"

#include <nlohmann/json.hpp>

namespace hedgerow::core {

using protocol::trace::Outcome;
using protocol::trace::Requester;

WipingBytes KeptTrace::save() const {
  Writer w;
  w.time(created_at)
      .u8(asked_at ? 1 : 0)
      .time(asked_at.value_or(UtcTime{}))
      .u32(static_cast<std::uint32_t>(unreached.size()));
  for (const auto& [party, why] : unreached) w.text(party.str()).text(why);
  const SecretBytes role = requester.save();
  WipingBytes out;
  out.reserve(w.data().size() + role.size());
  out.insert(out.end(), w.data().begin(), w.data().end());
  out.insert(out.end(), role.expose().begin(), role.expose().end());
  return out;
}

Result<KeptTrace> KeptTrace::restore(protocol::trace::RequesterSetup setup, ByteView saved) {
  Reader r(saved);
  const UtcTime created_at = r.time();
  const std::uint8_t asked = r.u8();
  const UtcTime at = r.time();
  if (asked > 1 || (asked == 0 && at != UtcTime{})) r.fail();
  const std::optional<UtcTime> asked_at = asked == 1 ? std::optional(at) : std::nullopt;
  std::vector<std::pair<PartyId, std::string>> unreached;
  const std::size_t count = r.count(protocol::trace::kMaxResponders, 8);
  for (std::size_t i = 0; i < count; ++i) {
    const auto party = PartyId::parse(r.text(64));
    std::string why = r.text(kMaxUnreachedText);
    if (r.failed() || !party.ok()) return bad_input("a kept trace that is none");
    unreached.emplace_back(*party, std::move(why));
  }
  if (r.failed()) return bad_input("a kept trace that is none");
  HR_ASSIGN(Requester requester, Requester::restore(std::move(setup), r.raw(r.left())));
  return KeptTrace{std::move(requester), created_at, asked_at, std::move(unreached)};
}

Result<Certificate> signer_of(ByteView person_statement) {
  HR_ASSIGN(const auto s, protocol::Statement::decode(person_statement));
  Reader r(s.body());
  return Certificate::decode_der(r.bytes(kMaxCertificateSize));
}

namespace {

std::string_view state_of(const KeptTrace& t) {
  if (t.requester.complete()) return "complete";
  switch (t.requester.state()) {
    case Requester::State::unsigned_:
      return "unsigned";
    case Requester::State::waiting:
      return "waiting";
    case Requester::State::asked:
      return "asked";
    case Requester::State::ended:
      return "expired";
  }
  return {};
}

std::string_view answered(const Requester::Party& p) {
  if (p.outcome == Outcome::none) return "waiting";
  return p.outcome == Outcome::refused      ? "refused"
         : p.outcome == Outcome::bad_answer ? "bad-answer"
                                            : "answered";
}

std::string name_of(const PartyId& party, const LineageContext& lineage) {
  const policies::Party* p = lineage.agreement.party(party);
  return p == nullptr ? party.str() : p->name;
}

nlohmann::json list_unreached(const KeptTrace& trace) {
  nlohmann::json all = nlohmann::json::array();
  for (const auto& [party, why] : trace.unreached)
    all.push_back({{"party", party.str()}, {"why", why}});
  return all;
}

nlohmann::json outcome_of(const Requester::Party& p, bool over) {
  switch (p.outcome) {
    case Outcome::contact:
      return {{"status", "contact"}, {"contact", p.contact}, {"why", ""}};
    case Outcome::nothing:
      return {{"status", "nothing-to-share"}, {"contact", ""}, {"why", ""}};
    case Outcome::refused:
      return {{"status", "refused"}, {"contact", ""}, {"why", protocol::trace::in_words(p.reason)}};
    case Outcome::bad_answer:
      return {{"status", "bad-answer"},
              {"contact", ""},
              {"why", "its answer does not fit its directory's key; see the log"}};
    case Outcome::none:
      break;
  }
  return {{"status", "not-reached"},
          {"contact", ""},
          {"why", over ? "it has not answered in time" : "no answer yet"}};
}

}  // namespace

nlohmann::json show_order(const KeptTrace& trace, const LineageContext& lineage) {
  const Requester& r = trace.requester;
  nlohmann::json responders = nlohmann::json::array();
  for (const auto& p : r.order().points)
    responders.push_back({{"party", p.party.str()}, {"day", p.day}});
  return {{"schema", "hedgerow/trace-request/1"},
          {"id", r.id().hex()},
          {"agreement", lineage.id().str()},
          {"agreement_hash", to_sha256_name(lineage.agreement.hash.view())},
          {"not_after", to_unix_ms(r.not_after())},
          {"order", to_base64(r.order().encode())},
          {"responders", responders},
          {"unreachable", list_unreached(trace)}};
}

Result<nlohmann::json> show_trace(const KeptTrace& trace, const LineageContext& lineage) {
  const Requester& r = trace.requester;
  const auto urn_of = [](const Bytes& statement) -> Result<std::string> {
    if (statement.empty()) return std::string();
    HR_ASSIGN(const Certificate person, signer_of(statement));
    return person.subject().urn();
  };
  HR_ASSIGN(const std::string practitioner, urn_of(r.request()));
  HR_ASSIGN(const std::string approver, urn_of(r.approval()));
  nlohmann::json responders = nlohmann::json::array();
  for (const auto& p : r.parties())
    responders.push_back({{"party", p.party.str()}, {"day", p.day}, {"state", answered(p)}});
  return nlohmann::json{{"schema", "hedgerow/trace/1"},
                        {"id", r.id().hex()},
                        {"agreement", lineage.id().str()},
                        {"state", state_of(trace)},
                        {"request", to_base64(r.request())},
                        {"practitioner", practitioner},
                        {"approver", approver},
                        {"purpose", r.order().purpose},
                        {"legal_basis", r.order().legal_basis},
                        {"reason", r.order().reason},
                        {"commitment", to_hex(r.order().commitment)},
                        {"not_after", to_unix_ms(r.not_after())},
                        {"responders", responders},
                        {"unreachable", list_unreached(trace)}};
}

nlohmann::json show_result(const KeptTrace& trace, const LineageContext& lineage) {
  nlohmann::json parties = nlohmann::json::array();
  for (const auto& p : trace.requester.parties()) {
    nlohmann::json party = outcome_of(p, trace.over());
    party["party"] = p.party.str();
    party["name"] = name_of(p.party, lineage);
    parties.push_back(std::move(party));
  }
  for (const auto& [party, why] : trace.unreached)
    parties.push_back({{"party", party.str()},
                       {"name", name_of(party, lineage)},
                       {"status", "not-reached"},
                       {"contact", ""},
                       {"why", why}});
  return {{"schema", "hedgerow/trace-result/1"},
          {"id", trace.requester.id().hex()},
          {"complete", trace.requester.complete()},
          {"over", trace.over()},
          {"parties", parties}};
}

}  // namespace hedgerow::core
