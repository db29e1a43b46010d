#include "node/core/trace_preparation.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "crypto/trace_case.h"
#include "node/core/evaluation.h"
#include "node/import/nhs_number.h"

namespace hedgerow::core {

// The number and the case reference, a line each.
struct TracePreparation::Input {
  protocol::NhsDigits number{};
  SecretBytes case_reference;

  // Errors bad_input, saying nothing of what was given.
  Result<void> read(ByteView lines);

  ~Input() { wipe(number); }
};

Result<void> TracePreparation::Input::read(ByteView all) {
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
struct TracePreparation::Run {
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

TracePreparation::TracePreparation(const LineageContext& lineage, const KeyDesk& keys,
                                   FetchDesk& directories, const Environment& environment,
                                   Done done)
    : lineage_(lineage),
      keys_(keys),
      directories_(directories),
      env_(environment),
      done_(std::move(done)) {}

TracePreparation::~TracePreparation() = default;

Result<Work> TracePreparation::begin(TraceWanted wanted, ByteView input, Reply reply, UtcTime now) {
  HR_CHECK(!under_way());
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

void TracePreparation::fail(const Error& error) {
  const Reply reply = run_->reply;
  run_.reset();
  reply.error(error);
}

Work TracePreparation::directories_here(const std::vector<FetchedDirectory>& parties, UtcTime now) {
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

Work TracePreparation::after(protocol::Step step, UtcTime now) {
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

Result<Work> TracePreparation::order(const Pseudonym& child, UtcTime now) {
  HR_ASSIGN(const CaseOpening opening,
            CaseOpening::make(run_->input.case_reference.expose(), env_.rng));
  const CaseCommitment commitment = opening.commitment();
  protocol::trace::Order words{
      run_->wanted.purpose, run_->wanted.legal_basis, run_->wanted.reason, commitment.bytes, {}};
  KeptTrace kept{protocol::trace::Requester::begin(
                     {run_->id, lineage_.self, lineage_.id(), lineage_.agreement.hash},
                     std::move(words), run_->responders, child, env_.rng),
                 run_->created_at, std::nullopt, run_->unreached};
  const auto& officers = *lineage_.trace_officers;
  const SealedCase sealed = seal_case_opening(opening, officers[0], officers[1], env_.rng);
  // What the opening must fit stands with it: the trace itself is wiped much sooner.
  Bytes opened_by_two = to_bytes(commitment.view());
  opened_by_two.insert(opened_by_two.end(), sealed.begin(), sealed.end());
  Reply reply = run_->reply;
  run_.reset();
  return done_({std::move(kept), std::move(opened_by_two)}, std::move(reply), now);
}

void TracePreparation::forget_reply(std::uint64_t connection) {
  if (run_ && run_->reply.connection == connection) run_.reset();
}

bool TracePreparation::owns(const SessionId& session) const {
  return run_ && run_->client && run_->evaluation == session;
}

Result<Work> TracePreparation::on_message(const Delivery& d, UtcTime now) {
  HR_CHECK(owns(d.session));
  HR_ASSIGN(auto step, run_->client->on_message(d.from, d.type, d.body, now, env_.rng));
  return after(std::move(step), now);
}

Work TracePreparation::on_time(UtcTime now) {
  if (!run_ || !run_->client || !run_->wake_at || *run_->wake_at > now) return {};
  run_->wake_at.reset();
  return after(run_->client->on_time(now, env_.rng), now);
}

std::optional<UtcTime> TracePreparation::next_wake() const {
  return run_ ? run_->wake_at : std::nullopt;
}

}  // namespace hedgerow::core
