#include "node/core/trace_desk.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "crypto/hash.h"
#include "crypto/trace_case.h"
#include "node/core/evaluation.h"
#include "node/core/gate.h"
#include "node/core/install.h"
#include "node/import/nhs_number.h"

namespace hedgerow::core {

using protocol::trace::Outcome;
using protocol::trace::Requester;
using protocol::trace::Signed;

namespace {

constexpr std::chrono::hours kPruneOpenings{24};
// How long what was wiped may still stand in the write-ahead log.
constexpr std::chrono::hours kWalKept{1};

std::chrono::sys_days utc_day(UtcTime t) { return std::chrono::floor<std::chrono::days>(t); }

std::vector<std::pair<std::string, std::string>> fields_of(const KeptTrace& t) {
  const auto& order = t.requester.order();
  std::string asked;
  for (const auto& p : order.points) asked += (asked.empty() ? "" : ",") + p.party.str();
  return {{"trace", t.requester.id().hex()},  {"purpose", order.purpose},
          {"basis", order.legal_basis},       {"reason", order.reason},
          {"case", to_hex(order.commitment)}, {"asked", asked}};
}

}  // namespace

// The number and the case reference, a line each.
struct TraceDesk::Input {
  protocol::NhsDigits number{};
  SecretBytes case_reference;

  // Errors bad_input, saying nothing of what was given.
  Result<void> read(ByteView lines);

  ~Input() { wipe(number); }
};

Result<void> TraceDesk::Input::read(ByteView all) {
  const auto end = std::ranges::find(all, std::uint8_t{'\n'});
  const auto first = static_cast<std::size_t>(end - all.begin());
  if (first == all.size()) return bad_input("a trace needs an NHS number and a case reference");
  const import::NhsNumberParse parse(all.first(first));
  if (!parse.ok())
    return bad_input(parse.fault() == import::NhsNumberFault::format
                         ? "the NHS number has not ten digits"
                         : "the NHS number's check digit is wrong",
                     "look for a mistyped digit");
  std::ranges::copy(parse.number().digits(), number.begin());
  ByteView rest = all.subspan(first + 1);
  while (!rest.empty() && (rest.back() == '\n' || rest.back() == '\r'))
    rest = rest.first(rest.size() - 1);
  case_reference = SecretBytes::copy_from(rest);
  return check_case_reference(rest);
}

// What is being prepared. The number leaves with the keyholders' client, that with the points.
struct TraceDesk::Run {
  TraceWanted wanted;
  Reply reply;
  Input input;
  SessionId id;
  SessionId evaluation;
  UtcTime created_at;
  std::vector<protocol::trace::Responder> responders;
  std::vector<std::pair<PartyId, std::string>> unreached;
  std::optional<protocol::PseudonymiseClient> client;
  std::optional<UtcTime> wake_at;
};

TraceDesk::TraceDesk(LineageContext& lineage, const KeyDesk& keys, FetchDesk& directories,
                     const Environment& environment)
    : lineage_(lineage), keys_(keys), directories_(directories), env_(environment) {}

TraceDesk::~TraceDesk() = default;

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

Result<void> TraceDesk::check_wanted(const TraceWanted& wanted, UtcTime now) const {
  const auto& grant = lineage_.agreement.trace;
  if (!grant) return denied("the agreement grants no traces", "see `hedgerow agreement explain`");
  if (!lineage_.own().roles.contributor)
    return denied(lineage_.self.str() + " holds no records in this agreement",
                  "only contributors trace");
  HR_TRY(check_in_force(lineage_.agreement, now));
  if (!lineage_.trace_officers)
    return denied("this node has no trace officers", "see trace_officers in hedgerow.toml");
  if (!keys_.key())
    return try_again("the pseudonym key is not there yet: " + keys_.state(),
                     "see `hedgerow keys status`");
  if (wanted.purpose != grant->purpose)
    return denied("traces are not granted for the purpose " + wanted.purpose,
                  "the agreement grants them for " + grant->purpose);
  if (std::ranges::find(grant->legal_bases, wanted.legal_basis) == grant->legal_bases.end())
    return denied("the legal basis " + wanted.legal_basis + " is none of the grant's",
                  "see `hedgerow agreement explain`");
  if (!policies::is_canonical({lineage_.id(), wanted.purpose, wanted.legal_basis, wanted.reason}) ||
      wanted.reason.empty())
    return Error{Code::usage, "a trace needs a reason, one line of at most 500 bytes", {}, {}};
  if (import::contains_nhs_number(as_bytes(wanted.reason)))
    return Error{Code::usage,
                 "the reason holds an NHS number",
                 {},
                 "it goes on every party's log: say why, and nothing of the child"};
  const policies::TracePermit quota{grant->id, grant->line, grant->daily_quota,
                                    grant->practitioner_quota};
  return check_quota(std::nullopt, quota, {}, now);
}

// What this node knows of the quotas that every responder keeps: better refused here than there.
Result<void> TraceDesk::check_quota(const std::optional<std::string>& practitioner,
                                    const policies::TracePermit& permit, const SessionId& except,
                                    UtcTime now) const {
  std::uint32_t of_agency = 0;
  std::uint32_t of_practitioner = 0;
  for (const auto& [id, t] : traces_) {
    // The responders charge a trace for the day it is asked.
    const bool open = t.requester.state() == Requester::State::waiting;
    if (!open && (!t.asked_at || utc_day(*t.asked_at) != utc_day(now))) continue;
    if (id == except) continue;
    ++of_agency;
    if (!practitioner) continue;
    HR_ASSIGN(const Certificate by, signer_of(t.requester.request()));
    if (by.subject().urn() == *practitioner) ++of_practitioner;
  }
  if (of_agency >= permit.daily_quota)
    return try_again(
        "this agency's quota of " + std::to_string(permit.daily_quota) + " traces a day is used up",
        "the next day begins at 00:00 UTC");
  if (of_practitioner >= permit.practitioner_quota)
    return try_again("this practitioner's quota of " + std::to_string(permit.practitioner_quota) +
                         " traces a day is used up",
                     "the next day begins at 00:00 UTC");
  return {};
}

Result<Work> TraceDesk::prepare(TraceWanted wanted, ByteView input, Reply reply, UtcTime now) {
  HR_TRY(check_wanted(wanted, now));
  if (run_) return try_again("another trace is being prepared", "try again in a moment");
  std::size_t open = 0;
  for (const auto& [id, t] : traces_)
    if (t.requester.state() == Requester::State::unsigned_) ++open;
  if (traces_.size() >= kMaxTraces || open >= kMaxUnsigned)
    return try_again("too many traces are under way", "sign, or let expire, what is open");
  auto run = std::make_unique<Run>();
  HR_TRY(run->input.read(input));
  run->wanted = std::move(wanted);
  run->reply = std::move(reply);
  run->created_at = now;
  env_.rng.fill(run->id.bytes);
  env_.rng.fill(run->evaluation.bytes);
  run_ = std::move(run);
  run_->reply.progress({{"step", "directories"}, {"text", "fetching the parties' directories"}});
  auto fetching = directories_.refresh(
      now, [this, id = run_->id](const std::vector<FetchedDirectory>& parties, UtcTime then) {
        return run_ && run_->id == id ? directories_here(parties, then) : Work{};
      });
  if (!fetching.ok()) run_.reset();
  return fetching;
}

void TraceDesk::fail(const Error& error) {
  const Reply reply = run_->reply;
  run_.reset();
  reply.error(error);
}

Work TraceDesk::directories_here(std::vector<FetchedDirectory> parties, UtcTime now) {
  for (const FetchedDirectory& p : parties) {
    const bool ends_soon =
        p.header && protocol::trace::ends_at(p.header->day) < now + kShortestTrace;
    if (ends_soon)
      run_->unreached.emplace_back(p.party,
                                   "only its directory of yesterday is here, which ends soon: " +
                                       p.why.substr(0, kMaxUnreachedText / 2));
    else if (p.header)
      run_->responders.push_back({p.party, *p.header});
    else
      run_->unreached.emplace_back(p.party, p.why.substr(0, kMaxUnreachedText));
  }
  std::ranges::sort(run_->responders, {}, &protocol::trace::Responder::party);
  if (run_->responders.empty()) {
    fail(try_again("no party can be reached: " + (run_->unreached.empty()
                                                      ? std::string("there is none")
                                                      : run_->unreached.front().second)));
    return {};
  }
  run_->reply.progress({{"step", "pseudonym"}, {"text", "asking the keyholders"}});
  auto setup = evaluation_setup(lineage_, keys_, "trace");
  if (!setup.ok()) {
    fail(setup.error());
    return {};
  }
  WipingVector<protocol::NhsDigits> inputs(1, run_->input.number);
  wipe(run_->input.number);
  auto client = protocol::PseudonymiseClient::create(std::move(setup).value(), std::move(inputs));
  if (!client.ok()) {
    fail(client.error());
    return {};
  }
  run_->client.emplace(std::move(client).value());
  return after(run_->client->start(now, env_.rng), now);
}

Work TraceDesk::after(protocol::Step step, UtcTime now) {
  Work work;
  work.log = std::move(step.log);
  for (Outgoing& m : step.send) {
    m.lifetime = std::min<std::chrono::seconds>(m.lifetime, kEvaluationLifetime);
    work.send.push_back({run_->evaluation, std::move(m)});
  }
  if (step.wake_at) run_->wake_at = step.wake_at;
  if (!run_->client->finished()) return work;
  auto pseudonyms = std::move(*run_->client).take_result();
  run_->client.reset();
  run_->wake_at.reset();
  if (!pseudonyms.ok()) {
    fail(pseudonyms.error());
    return work;
  }
  auto made = order(pseudonyms->front(), now);
  if (!made.ok())
    fail(made.error());
  else
    work.add(std::move(made).value());
  return work;
}

// The trace becomes durable, with the opening of its case reference, before anybody sees its order.
Result<Work> TraceDesk::order(const Pseudonym& child, UtcTime now) {
  HR_ASSIGN(const CaseOpening opening,
            CaseOpening::make(run_->input.case_reference.expose(), env_.rng));
  protocol::trace::Order words{run_->wanted.purpose,
                               run_->wanted.legal_basis,
                               run_->wanted.reason,
                               opening.commitment().bytes,
                               {}};
  KeptTrace kept{Requester::begin({run_->id, lineage_.self, lineage_.id(), lineage_.agreement.hash},
                                  std::move(words), run_->responders, child, env_.rng),
                 run_->created_at, std::nullopt, run_->unreached};
  const auto& officers = *lineage_.trace_officers;
  const SealedCase sealed = seal_case_opening(opening, officers[0], officers[1], env_.rng);
  const SessionId id = run_->id;
  // What the opening must fit stands with it: the trace itself is wiped much sooner. Of a trace
  // that is never asked it goes too.
  const CaseCommitment commitment = opening.commitment();
  Bytes opened_by_two = to_bytes(commitment.view());
  opened_by_two.insert(opened_by_two.end(), sealed.begin(), sealed.end());
  Work work = keep(kept, now);
  work.write([id, opened_by_two,
              until = kept.requester.not_after() + kTraceKept](store::LineageStore& store) {
    return store.traces().put_opening(id, opened_by_two, until);
  });
  work.note("trace.prepared", fields_of(kept));
  const Reply reply = run_->reply;
  run_.reset();
  const auto& r = traces_.emplace(id, std::move(kept)).first->second.requester;
  nlohmann::json responders = nlohmann::json::array();
  for (const auto& p : r.order().points)
    responders.push_back({{"party", p.party.str()}, {"day", p.day}});
  nlohmann::json unreachable = nlohmann::json::array();
  for (const auto& [party, why] : traces_.at(id).unreached)
    unreachable.push_back({{"party", party.str()}, {"why", why}});
  const nlohmann::json result = {{"schema", "hedgerow/trace-request/1"},
                                 {"id", id.hex()},
                                 {"agreement", lineage_.id().str()},
                                 {"agreement_hash", to_sha256_name(lineage_.agreement.hash.view())},
                                 {"not_after", to_unix_ms(r.not_after())},
                                 {"order", to_base64(r.order().encode())},
                                 {"responders", responders},
                                 {"unreachable", unreachable}};
  work.then.push_back([reply, result](const Committed&) { reply.result(result); });
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

Result<policies::TracePermit> TraceDesk::permit(const protocol::trace::Order& order,
                                                const Certificate& practitioner,
                                                const Certificate* approver, UtcTime now) const {
  policies::TraceContext context{lineage_.self,
                                 lineage_.self,
                                 identity_of(practitioner),
                                 std::nullopt,
                                 state_of(keys_),
                                 now,
                                 {lineage_.id(), order.purpose, order.legal_basis, order.reason},
                                 lineage_.restrictions};
  if (approver != nullptr) context.approver = identity_of(*approver);
  const auto decision = policies::evaluate_trace(lineage_.agreement, context);
  if (const auto* deny = std::get_if<policies::Deny>(&decision)) return deny->error();
  return std::get<policies::TracePermit>(decision);
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
  if (auto standing = check_asker(lineage_, request.person, now); !standing.ok())
    return deny(*t, request.person, standing.error(), std::move(reply));
  auto permitted = permit(t->requester.order(), request.person, nullptr, now);
  if (!permitted.ok()) return deny(*t, request.person, permitted.error(), std::move(reply));
  if (auto left = check_quota(request.person.subject().urn(), *permitted, id, now); !left.ok())
    return deny(*t, request.person, left.error(), std::move(reply));
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
  for (const Certificate* person : {&approval.person, &practitioner})
    if (auto standing = check_asker(lineage_, *person, now); !standing.ok())
      return deny(*t, approval.person, standing.error(), std::move(reply));
  if (practitioner.verify_key() == approval.person.verify_key())
    return deny(*t, approval.person,
                denied("practitioner and approver have the same key", "another person approves"),
                std::move(reply));
  auto permitted = permit(t->requester.order(), practitioner, &approval.person, now);
  if (!permitted.ok()) return deny(*t, approval.person, permitted.error(), std::move(reply));
  if (auto left = check_quota(practitioner.subject().urn(), *permitted, id, now); !left.ok())
    return deny(*t, approval.person, left.error(), std::move(reply));
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
  if (run_ && run_->reply.connection == connection) run_.reset();
}

bool TraceDesk::owns(const SessionId& session) const {
  return run_ && run_->client && run_->evaluation == session;
}

Result<Work> TraceDesk::on_message(const Delivery& d, UtcTime now) {
  if (d.type == MessageType::trace_answer || d.type == MessageType::trace_refusal)
    return on_answer(d, now);
  HR_CHECK(owns(d.session));
  HR_ASSIGN(auto step, run_->client->on_message(d.from, d.type, d.body, now, env_.rng));
  return after(std::move(step), now);
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
  Work work;
  if (run_ && run_->client && run_->wake_at && *run_->wake_at <= now) {
    run_->wake_at.reset();
    work.add(after(run_->client->on_time(now, env_.rng), now));
  }
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
  std::optional<UtcTime> at = run_ ? run_->wake_at : std::nullopt;
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
