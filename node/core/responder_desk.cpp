#include "node/core/responder_desk.h"

#include <algorithm>

#include "crypto/hash.h"
#include "node/core/gate.h"

namespace hedgerow::core {

using protocol::trace::Examined;
using protocol::trace::RefusalReason;
using protocol::trace::Refused;

namespace {

std::int32_t utc_day_of(UtcTime t) {
  return static_cast<std::int32_t>(
      std::chrono::floor<std::chrono::days>(t).time_since_epoch().count());
}

UtcTime begin_of(std::int32_t day) { return std::chrono::sys_days(std::chrono::days(day)); }

constexpr std::chrono::hours kPruneInterval{24};
constexpr std::chrono::hours kAnswerLifetime{48};

// What every party's log has of a trace.
std::vector<std::pair<std::string, std::string>> fields_of(const PartyId& from,
                                                           const Examined& asked) {
  return {{"trace", asked.request.id.hex()},
          {"requester", from.str()},
          {"practitioner", asked.request.person.subject().urn()},
          {"approver", asked.approval.person.subject().urn()},
          {"purpose", asked.order.purpose},
          {"basis", asked.order.legal_basis},
          {"reason", asked.order.reason},
          {"case", to_hex(asked.order.commitment)},
          {"request", asked.request_hash.hex()}};
}

}  // namespace

Result<Work> ResponderDesk::on_message(const Delivery& d, UtcTime now) {
  if (lineage_.agreement.trace && lineage_.agreement.party(d.from) != nullptr)
    return d.type == MessageType::trace_ask ? on_ask(d, now) : on_notice(d, now);
  return culprit_error("a trace under an agreement that grants none", d.from.str());
}

// Where two people's signatures held, it says who they were and why: `asked` is null elsewhere.
// Words out of bounds stay off the log.
Work ResponderDesk::refuse(const Delivery& d, const Refused& refused, const Examined* asked) const {
  Work work;
  const bool known =
      asked != nullptr && policies::is_canonical({lineage_.id(), asked->order.purpose,
                                                  asked->order.legal_basis, asked->order.reason});
  auto fields = known ? fields_of(d.from, *asked)
                      : std::vector<std::pair<std::string, std::string>>{
                            {"trace", d.session.hex()},
                            {"requester", d.from.str()},
                            {"request", refused.request_hash.hex()}};
  fields.emplace_back("refused", std::string(name_of(refused.reason)));
  fields.emplace_back("why", refused.why);
  work.note("trace.refused", std::move(fields));
  const auto statement = protocol::Statement::sign(
      env_.keyring.message(), MessageType::trace_refusal,
      {lineage_.self, lineage_.id(), lineage_.agreement.hash, d.session, 0, d.not_after},
      protocol::trace::Refusal{refused.request_hash, refused.reason}.encode());
  work.message(d.session, d.from, MessageType::trace_refusal, statement.encode(), kAnswerLifetime);
  return work;
}

std::variant<policies::TracePermit, Refused> ResponderDesk::permit(const PartyId& from,
                                                                   const Examined& asked,
                                                                   UtcTime now) const {
  for (const Certificate* person : {&asked.request.person, &asked.approval.person})
    if (auto standing = check_asker(lineage_, *person, now); !standing.ok())
      return Refused{RefusalReason::signature, asked.request_hash, standing.error().text};
  if (asked.request.person.verify_key() == asked.approval.person.verify_key())
    return Refused{RefusalReason::not_permitted, asked.request_hash,
                   "practitioner and approver have the same key"};
  const auto decision = policies::evaluate_trace(
      lineage_.agreement,
      {lineage_.self,
       from,
       identity_of(asked.request.person),
       identity_of(asked.approval.person),
       state_of(keys_),
       now,
       {lineage_.id(), asked.order.purpose, asked.order.legal_basis, asked.order.reason},
       lineage_.restrictions});
  if (const auto* deny = std::get_if<policies::Deny>(&decision))
    return Refused{RefusalReason::not_permitted, asked.request_hash, deny->text};
  return std::get<policies::TracePermit>(decision);
}

Result<std::optional<Work>> ResponderDesk::seen_before(const Delivery& d,
                                                       const Examined& ask) const {
  auto traces = lineage_.store.traces();
  HR_ASSIGN(const auto seen, traces.find_seen(d.from, ask.request.id));
  if (seen && seen->request_hash == ask.request_hash && seen->point_hash == ask.point_hash) {
    Work again;
    // Whoever asks without end and takes nothing gets no more.
    HR_ASSIGN(const std::uint64_t waiting, lineage_.store.outbox().count_for(d.from));
    if (waiting >= kMaxReplies) return std::optional<Work>(std::move(again));
    again.message(d.session, d.from, MessageType::trace_answer, seen->answer, kAnswerLifetime);
    return std::optional<Work>(std::move(again));
  }
  HR_ASSIGN(const bool point_seen, traces.point_seen(ask.point_hash));
  if (seen || point_seen)
    return std::optional<Work>(
        refuse(d,
               {RefusalReason::reused, ask.request_hash,
                seen ? "its id was used for another request" : "its point was answered before"},
               &ask));
  return std::optional<Work>();
}

Result<std::optional<Refused>> ResponderDesk::over_quota(const PartyId& from, const Examined& ask,
                                                         const policies::TracePermit& permit,
                                                         std::int32_t today) const {
  auto traces = lineage_.store.traces();
  HR_ASSIGN(const std::uint32_t of_agency, traces.asked_of_agency(from, today));
  HR_ASSIGN(const std::uint32_t of_practitioner,
            traces.asked_of_practitioner(from, ask.request.person.subject().urn(), today));
  if (of_agency >= permit.daily_quota)
    return std::optional<Refused>(
        Refused{RefusalReason::quota, ask.request_hash,
                "the agency has had its " + std::to_string(permit.daily_quota) + " of today"});
  if (of_practitioner >= permit.practitioner_quota)
    return std::optional<Refused>(Refused{
        RefusalReason::quota, ask.request_hash,
        "the practitioner has had its " + std::to_string(permit.practitioner_quota) + " of today"});
  return std::optional<Refused>();
}

Result<Work> ResponderDesk::on_ask(const Delivery& d, UtcTime now) {
  if (!lineage_.own().roles.contributor)
    return culprit_error("a trace for a party that holds no records", d.from.str());
  if (count(asks_, d.from, now) > kMaxAsksADay)
    return culprit_error("more traces in a day than anybody may ask", d.from.str());
  const auto examination =
      protocol::trace::examine_ask(d.body, d.from, lineage_.self, lineage_.id(),
                                   lineage_.agreement.hash, lineage_.peers.find(d.from)->root, now);
  if (const auto* bad = std::get_if<Refused>(&examination)) return refuse(d, *bad, nullptr);
  const auto& ask = std::get<Examined>(examination);
  const auto refused = [&](RefusalReason reason, std::string why) {
    return refuse(d, {reason, ask.request_hash, std::move(why)}, &ask);
  };
  if (ask.request.id != d.session)
    return refused(RefusalReason::malformed, "it came under another id than its own");
  HR_ASSIGN(auto before, seen_before(d, ask));
  if (before) return *std::move(before);
  const auto permitted = permit(d.from, ask, now);
  if (const auto* no = std::get_if<Refused>(&permitted)) return refuse(d, *no, &ask);
  const std::int32_t today = utc_day_of(now);
  if (ask.day < today - 1 || ask.day > utc_day_of(now + kClockSkew))
    return refused(RefusalReason::day, "it asks for another day than today or yesterday");
  if (ask.request.not_after > begin_of(ask.day + 2))
    return refused(RefusalReason::expired, "it lasts longer than its day's key");
  HR_ASSIGN(const auto day, lineage_.store.traces().own_day(ask.day));
  if (!day) return refused(RefusalReason::day, "there is no directory of its day");
  const auto& allowed = std::get<policies::TracePermit>(permitted);
  HR_ASSIGN(const auto over, over_quota(d.from, ask, allowed, today));
  if (over) return refuse(d, *over, &ask);

  HR_ASSIGN(const auto header, protocol::Statement::decode(day->header));
  HR_ASSIGN(const auto directory, protocol::trace::DirectoryHeader::decode(header.body()));
  HR_ASSIGN(const auto answer,
            protocol::trace::evaluate(day->secret, directory.key, ask, env_.rng));
  const Bytes statement =
      protocol::Statement::sign(env_.keyring.message(), MessageType::trace_answer,
                                {lineage_.self, lineage_.id(), lineage_.agreement.hash,
                                 ask.request.id, 0, ask.request.not_after},
                                answer.encode())
          .encode();
  // Charge, entry and answer are one commit: nothing leaves that was not paid for.
  Work work;
  auto fields = fields_of(d.from, ask);
  fields.emplace_back("clause", allowed.grant);
  fields.emplace_back("answer", sha256_id(statement).hex());
  work.note("trace.answer", std::move(fields));
  store::SeenTrace seen{d.from,    ask.request.id,       ask.request.person.subject().urn(),
                        today,     ask.request_hash,     ask.point_hash,
                        statement, ask.request.not_after};
  work.write([seen](store::LineageStore& s) { return s.traces().add_seen(seen); });
  work.message(d.session, d.from, MessageType::trace_answer, statement, kAnswerLifetime);
  return work;
}

// Who is not asked keeps it on record all the same, also where it comes late: what had not expired
// when it was signed counts. Only what the agreement permits is kept in its own words.
Result<Work> ResponderDesk::on_notice(const Delivery& d, UtcTime now) {
  Work work;
  // What it may ask in a day, with what may be left of the day before.
  if (count(notices_, d.from, now) > 4 * lineage_.agreement.trace->daily_quota) return work;
  const auto refused = [&](const std::string& why) {
    work.note("trace.notice-refused",
              {{"trace", d.session.hex()}, {"requester", d.from.str()}, {"why", why}});
    return work;
  };
  const auto message = protocol::trace::Notice::decode(d.body);
  if (!message.ok()) return refused(message.error().text);
  const auto request = protocol::Statement::decode(message->request);
  if (!request.ok()) return refused(request.error().text);
  const UtcTime then = std::min(now, request->header().not_after);
  const auto examination =
      protocol::trace::examine_notice(d.body, d.from, lineage_.id(), lineage_.agreement.hash,
                                      lineage_.peers.find(d.from)->root, then);
  if (const auto* bad = std::get_if<Refused>(&examination)) return refused(bad->why);
  const auto& notice = std::get<Examined>(examination);
  if (notice.request.id != d.session) return refused("it came under another id than its own");
  const auto permitted = permit(d.from, notice, then);
  if (const auto* no = std::get_if<Refused>(&permitted)) return refused(no->why);
  work.note("trace.notice", fields_of(d.from, notice));
  return work;
}

// How many of one party there were on this day.
std::uint32_t ResponderDesk::count(Counts& counts, const PartyId& from, UtcTime now) {
  const std::int32_t today = utc_day_of(now);
  auto& [day, number] = counts[from];
  if (day != today) number = 0;
  day = today;
  return ++number;
}

Work ResponderDesk::on_time(UtcTime now) {
  Work work;
  if (!lineage_.agreement.trace || !lineage_.own().roles.contributor || now < next_prune_)
    return work;
  next_prune_ = now + kPruneInterval;
  work.write([now](store::LineageStore& s) -> Result<void> {
    HR_TRY(s.traces().prune_seen(now));
    return {};
  });
  return work;
}

}  // namespace hedgerow::core
