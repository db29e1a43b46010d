#include "node/core/trace_desk.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "crypto/hash.h"
#include "crypto/trace_case.h"
#include "node/core/gate.h"
#include "node/core/lineage_node.h"

namespace hedgerow::core {

using protocol::trace::Outcome;
using protocol::trace::Requester;
using protocol::trace::Signed;

namespace {

constexpr std::chrono::hours kPruneOpenings{24};
// How long what was wiped may still stand in the write-ahead log.
constexpr std::chrono::hours kWalKept{1};

std::vector<std::pair<std::string, std::string>> fields_of(const KeptTrace& t) {
  const auto& order = t.requester.order();
  std::string asked;
  for (const auto& p : order.points) asked += (asked.empty() ? "" : ",") + p.party.str();
  return {{"trace", t.requester.id().hex()},  {"purpose", order.purpose},
          {"basis", order.legal_basis},       {"reason", order.reason},
          {"case", to_hex(order.commitment)}, {"asked", asked}};
}

}  // namespace

TraceDesk::TraceDesk(LineageContext& lineage, const KeyDesk& keys, FetchDesk& directories,
                     const Environment& environment)
    : lineage_(lineage),
      directories_(directories),
      gate_(lineage, keys),
      preparation_(lineage, keys, directories, environment,
                   [this](PreparedTrace prepared, Reply reply, UtcTime now) {
                     return begin(std::move(prepared), std::move(reply), now);
                   }) {}

Result<void> TraceDesk::restore() {
  HR_ASSIGN(const auto rows, lineage_.store.sessions().list(kTraceKind));
  for (const store::Session& row : rows) {
    auto kept = KeptTrace::restore({row.id, lineage_.self, lineage_.id(), lineage_.agreement.hash},
                                   row.state);
    if (!kept.ok())
      return configuration("the store holds a trace that cannot be read",
                           "put back the newest copy of the whole state folder");
    if (row.finished) wiped_at_[row.id] = row.not_after;
    traces_.emplace(row.id, std::move(kept).value());
  }
  return {};
}

Result<Work> TraceDesk::prepare(TraceWanted wanted, ByteView input, Reply reply, UtcTime now) {
  HR_TRY(gate_.check_wanted(wanted, traces_, now));
  if (preparation_.under_way())
    return try_again("another trace is being prepared", "try again in a moment");
  std::size_t open = 0;
  for (const auto& [id, t] : traces_)
    if (t.requester.state() == Requester::State::unsigned_) ++open;
  if (traces_.size() >= kMaxTraces || open >= kMaxUnsigned)
    return try_again("too many traces are under way", "sign, or let expire, what is open");
  return preparation_.begin(std::move(wanted), input, std::move(reply), now);
}

// The trace becomes durable, with the opening of its case reference, before anybody sees its order.
Work TraceDesk::begin(PreparedTrace prepared, Reply reply, UtcTime now) {
  KeptTrace& t = prepared.trace;
  const SessionId id = t.requester.id();
  Work work = keep(t, now);
  // Of a trace that is never asked the opening goes too.
  work.write([id, opening = std::move(prepared.opening),
              until = t.requester.not_after() + kTraceKept](store::LineageStore& store) {
    return store.traces().put_opening(id, opening, until);
  });
  work.note("trace.prepared", fields_of(t));
  work.then.push_back([reply = std::move(reply),
                       shown = show_order(t, lineage_)](const Committed&) { reply.result(shown); });
  traces_.emplace(id, std::move(t));
  return work;
}

Work TraceDesk::keep(const KeptTrace& t, UtcTime now) {
  Work work;
  const bool over = t.over();
  UtcTime until = t.requester.not_after() + kTraceKept;
  if (over) until = wiped_at_.try_emplace(t.requester.id(), now + kTraceKept).first->second;
  work.write([id = t.requester.id(), state = t.save(), over, until](store::LineageStore& s) {
    return s.sessions().put({id, kTraceKind, {}, state, until, over});
  });
  return work;
}

Result<KeptTrace*> TraceDesk::find(const SessionId& id) {
  const auto it = traces_.find(id);
  if (it == traces_.end())
    return bad_input("no trace with this id is kept here", "see `hedgerow trace list`");
  return &it->second;
}

// What a known person may not do goes on the log before that person hears of it.
Work TraceDesk::deny(const KeptTrace& t, const Certificate& person, const Error& why,
                     Reply reply) const {
  Work work;
  auto fields = fields_of(t);
  fields.emplace_back("person", person.subject().urn());
  fields.emplace_back("why", why.text);
  work.note("trace.denied", std::move(fields));
  work.then.push_back([reply, why](const Committed&) { reply.error(why); });
  return work;
}

Result<Work> TraceDesk::take_request(const SessionId& id, ByteView statement, Reply reply,
                                     UtcTime now) {
  HR_ASSIGN(KeptTrace * t, find(id));
  HR_ASSIGN(
      const Signed request,
      protocol::trace::verify_signed(statement, MessageType::trace_request,
                                     lineage_.peers.find(lineage_.self)->root, lineage_.id(), now));
  if (t->requester.request() == request.statement) {  // its reply was lost
    HR_ASSIGN(const nlohmann::json shown, show_trace(*t, lineage_));
    reply.result(shown);
    return Work{};
  }
  if (auto may = gate_.check_request(*t, request.person, traces_, now); !may.ok())
    return deny(*t, request.person, may.error(), std::move(reply));
  if (auto taken = t->requester.take_request(request); !taken.ok())
    return deny(*t, request.person, taken.error(), std::move(reply));
  Work work = keep(*t, now);
  auto fields = fields_of(*t);
  fields.emplace_back("practitioner", request.person.subject().urn());
  work.note("trace.requested", std::move(fields));
  HR_ASSIGN(const nlohmann::json shown, show_trace(*t, lineage_));
  work.then.push_back([reply, shown](const Committed&) { reply.result(shown); });
  return work;
}

Result<Work> TraceDesk::take_approval(const SessionId& id, ByteView statement, Reply reply,
                                      UtcTime now) {
  HR_ASSIGN(KeptTrace * t, find(id));
  HR_ASSIGN(
      const Signed approval,
      protocol::trace::verify_signed(statement, MessageType::trace_approval,
                                     lineage_.peers.find(lineage_.self)->root, lineage_.id(), now));
  if (t->requester.request().empty())
    return denied("the practitioner has not signed this trace yet");
  HR_ASSIGN(const Certificate practitioner, signer_of(t->requester.request()));
  if (auto may = gate_.check_approval(*t, practitioner, approval.person, traces_, now); !may.ok())
    return deny(*t, approval.person, may.error(), std::move(reply));
  std::vector<PartyId> others;
  for (const auto& p : lineage_.agreement.parties)
    if (p.id != lineage_.self && t->requester.order().point_of(p.id) == nullptr)
      others.push_back(p.id);
  auto step = t->requester.take_approval(approval, others, now);
  if (!step.ok()) return deny(*t, approval.person, step.error(), std::move(reply));
  t->asked_at = now;
  Work work = keep(*t, now);
  const auto& retention = lineage_.agreement.retention_log;
  const UtcTime kept_until = now + std::chrono::days(31 * retention.months + retention.days);
  HR_ASSIGN(const auto opening, lineage_.store.traces().find_opening(id));
  if (opening)
    work.write([id, opening = *opening, kept_until](store::LineageStore& s) {
      return s.traces().put_opening(id, opening, kept_until);
    });
  auto fields = fields_of(*t);
  fields.emplace_back("practitioner", practitioner.subject().urn());
  fields.emplace_back("approver", approval.person.subject().urn());
  work.note("trace.approved", std::move(fields));
  for (Outgoing& m : step->send) work.send.push_back({id, std::move(m)});
  HR_ASSIGN(const nlohmann::json shown, show_trace(*t, lineage_));
  work.then.push_back([reply, shown](const Committed&) { reply.result(shown); });
  return work;
}

Result<Work> TraceDesk::result(const SessionId& id, ByteView statement, std::chrono::seconds wait,
                               Reply reply, UtcTime now) {
  HR_ASSIGN(KeptTrace * t, find(id));
  HR_ASSIGN(
      const Signed collect,
      protocol::trace::verify_signed(statement, MessageType::trace_collect,
                                     lineage_.peers.find(lineage_.self)->root, lineage_.id(), now));
  if (auto standing = check_asker(lineage_, collect.person, now); !standing.ok())
    return deny(*t, collect.person, standing.error(), std::move(reply));
  if (collect.id != id || collect.agreement != lineage_.agreement.hash ||
      collect.not_after > now + kLongestCollect)
    return bad_input("the result was called for with another trace's id, or for too long");
  if (t->requester.request().empty()) return denied("this trace has not been signed yet");
  HR_ASSIGN(const Certificate practitioner, signer_of(t->requester.request()));
  if (practitioner.subject().urn() != collect.person.subject().urn())
    return deny(*t, collect.person,
                denied("this trace is another practitioner's", "only who asked is told"),
                std::move(reply));
  if (t->requester.state() == Requester::State::waiting)
    return try_again("this trace waits for its approval",
                     "an approver: hedgerow trace approve " + id.hex());
  Work work;
  work.note("trace.result", {{"trace", id.hex()}, {"person", collect.person.subject().urn()}});
  if (t->over() || wait.count() == 0) {
    work.then.push_back(
        [reply, shown = show_result(*t, lineage_)](const Committed&) { reply.result(shown); });
    return work;
  }
  nlohmann::json open = nlohmann::json::array();
  for (const auto& p : t->requester.parties())
    if (p.outcome == Outcome::none) open.push_back(p.party.str());
  reply.progress({{"step", "waiting"}, {"parties", open}});
  waiting_.push_back({id, now + wait, std::move(reply)});
  return work;
}

Result<nlohmann::json> TraceDesk::show(const SessionId& id) const {
  const auto it = traces_.find(id);
  if (it == traces_.end())
    return bad_input("no trace with this id is kept here", "see `hedgerow trace list`");
  return show_trace(it->second, lineage_);
}

Result<nlohmann::json> TraceDesk::list() const {
  std::vector<const KeptTrace*> by_time;
  for (const auto& [id, t] : traces_) by_time.push_back(&t);
  std::ranges::stable_sort(by_time, std::greater<>(), &KeptTrace::created_at);
  nlohmann::json all = nlohmann::json::array();
  for (const KeptTrace* t : by_time) {
    HR_ASSIGN(nlohmann::json shown, show_trace(*t, lineage_));
    shown.erase("request");
    all.push_back(std::move(shown));
  }
  return nlohmann::json{{"schema", "hedgerow/traces/1"}, {"traces", all}};
}

Result<Work> TraceDesk::opening(const SessionId& id, Reply reply) {
  HR_ASSIGN(const auto found, lineage_.store.traces().find_opening(id));
  if (!found)
    return bad_input("no trace with this id was made here, or its opening is no more kept");
  if (found->size() != CaseCommitment::kSize + kSealedCaseSize)
    return configuration("the store holds an opening that cannot be read");
  const ByteView opening = *found;
  const nlohmann::json shown = {{"schema", "hedgerow/trace-opening/1"},
                                {"id", id.hex()},
                                {"commitment", to_hex(opening.first(CaseCommitment::kSize))},
                                {"opening", to_base64(opening.subspan(CaseCommitment::kSize))}};
  Work work;
  work.note("trace.opening", {{"trace", id.hex()}});
  work.then.push_back([reply, shown](const Committed&) { reply.result(shown); });
  return work;
}

void TraceDesk::forget_reply(std::uint64_t connection) {
  std::erase_if(waiting_, [&](const Waiting& w) { return w.reply.connection == connection; });
  preparation_.forget_reply(connection);
}

Result<Work> TraceDesk::on_message(const Delivery& d, UtcTime now) {
  if (d.type == MessageType::trace_answer || d.type == MessageType::trace_refusal)
    return on_answer(d, now);
  return preparation_.on_message(d, now);
}

// What is found goes into the result and nowhere else: the log says that somebody answered.
Result<Work> TraceDesk::on_answer(const Delivery& d, UtcTime now) {
  const auto it = traces_.find(d.session);
  if (it == traces_.end()) return culprit_error("an answer to no trace of this node", d.from.str());
  KeptTrace& t = it->second;
  const Peer* peer = lineage_.peers.find(d.from);
  HR_CHECK(peer != nullptr);
  if (!wiped_at_.contains(d.session) && t.requester.on_time(now)) return end(t, now);
  const auto before = t.requester.outcome_of(d.from);
  auto taken = t.requester.on_message(d.from, peer->keys().message, d.type, d.body);
  Work work;
  const auto bad = [&](const std::string& why) {
    work.note("trace.bad-answer",
              {{"trace", d.session.hex()}, {"party", d.from.str()}, {"why", why}});
  };
  if (!taken.ok()) {
    if (t.requester.outcome_of(d.from) == before) return taken.error();  // it may still answer
    bad(taken.error().text);
  } else if (taken->has_value()) {
    auto contact = look_up(**taken);
    if (!contact.ok() && is_fatal(contact.error())) return contact.error();
    if (contact.ok()) {
      t.requester.set_outcome(d.from, *std::move(contact));
    } else {
      t.requester.set_bad_answer(d.from);
      bad(contact.error().text);
    }
    work.note(
        "trace.answered",
        {{"trace", d.session.hex()}, {"party", d.from.str()}, {"answer", sha256_id(d.body).hex()}});
  } else if (t.requester.outcome_of(d.from) == before) {
    return work;  // it came twice, or too late
  } else {
    work.note(
        "trace.refused",
        {{"trace", d.session.hex()}, {"party", d.from.str()}, {"answer", sha256_id(d.body).hex()}});
  }
  wipe_by_ = std::min(wipe_by_.value_or(now + kWalKept), now + kWalKept);
  work.add(keep(t, now));
  work.add(answer_waiting(d.session));
  return work;
}

Result<std::optional<std::string>> TraceDesk::look_up(const Requester::Found& found) {
  HR_ASSIGN(const auto record, directories_.find(found.party, found.day, found.keys.tag));
  if (!record) return std::optional<std::string>();
  HR_ASSIGN(std::string contact, open_trace_record(found.keys.key, *record));
  return std::optional<std::string>(std::move(contact));
}

Work TraceDesk::end(const KeptTrace& t, UtcTime now) {
  Work work;
  work.note("trace.ended", {{"trace", t.requester.id().hex()}});
  work.add(keep(t, now));
  work.add(answer_waiting(t.requester.id()));
  wipe_by_ = std::min(wipe_by_.value_or(now + kWalKept), now + kWalKept);
  return work;
}

Work TraceDesk::answer_waiting(const SessionId& id) {
  Work work;
  const KeptTrace& t = traces_.at(id);
  if (!t.over()) return work;
  const nlohmann::json shown = show_result(t, lineage_);
  for (const Waiting& w : waiting_)
    if (w.id == id)
      work.then.push_back([reply = w.reply, shown](const Committed&) { reply.result(shown); });
  std::erase_if(waiting_, [&](const Waiting& w) { return w.id == id; });
  return work;
}

Result<Work> TraceDesk::on_time(UtcTime now) {
  Work work = preparation_.on_time(now);
  for (auto& [id, t] : traces_) {
    if (!wiped_at_.contains(id) && t.requester.on_time(now)) work.add(end(t, now));
  }
  for (auto it = wiped_at_.begin(); it != wiped_at_.end();) {
    if (it->second > now) {
      ++it;
      continue;
    }
    traces_.erase(it->first);
    work.write(
        [id = it->first](store::LineageStore& s) { return s.sessions().remove(id, kTraceKind); });
    it = wiped_at_.erase(it);
    wipe_by_ = std::min(wipe_by_.value_or(now), now);
  }
  if (lineage_.agreement.trace && now >= prune_openings_at_) {
    prune_openings_at_ = now + kPruneOpenings;
    work.write([now](store::LineageStore& store) { return store.traces().prune_openings(now); });
  }
  // What was wiped still stands in the write-ahead log.
  if (wipe_by_ && *wipe_by_ <= now) {
    wipe_by_.reset();
    work.follow.push_back([this](const Committed&) -> Result<Work> {
      HR_TRY(lineage_.store.database().checkpoint());
      return Work{};
    });
  }
  for (const Waiting& w : waiting_)
    if (w.until <= now) w.reply.result(show_result(traces_.at(w.id), lineage_));
  std::erase_if(waiting_, [&](const Waiting& w) { return w.until <= now; });
  return work;
}

std::optional<UtcTime> TraceDesk::next_wake() const {
  std::optional<UtcTime> at = preparation_.next_wake();
  const auto sooner = [&](UtcTime t) {
    if (!at || t < *at) at = t;
  };
  for (const auto& [id, t] : traces_)
    sooner(wiped_at_.contains(id) ? wiped_at_.at(id) : t.requester.not_after());
  for (const Waiting& w : waiting_) sooner(w.until);
  if (wipe_by_) sooner(*wipe_by_);
  return at;
}

}  // namespace hedgerow::core
