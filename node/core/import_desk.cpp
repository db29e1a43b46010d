#include "node/core/import_desk.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "node/core/crosswalk_plan.h"
#include "node/core/evaluation.h"
#include "node/core/import_report.h"
#include "node/core/install.h"

namespace hedgerow::core {

namespace {

constexpr std::size_t kBatchesInFlight = 2;

// In the store, 0 is "not given" and a code is its place in the list, counted from 1.
std::uint8_t stored_code(const std::optional<std::uint8_t>& index) {
  return index ? static_cast<std::uint8_t>(*index + 1U) : std::uint8_t{0};
}

store::MovementRow to_row(const import::ParsedMovement& m,
                          const std::vector<ByteArray<32>>& pseudonyms) {
  store::MovementRow row;
  row.source_key = m.source_key;
  row.child_key = m.child_key;
  if (m.identifier) row.pseudonym = pseudonyms.at(*m.identifier);
  row.event = m.event;
  row.started_day = m.started.day.number;
  if (m.started.minute) row.started_minute = *m.started.minute;
  if (m.ended) {
    row.ended_day = m.ended->day.number;
    if (m.ended->minute) row.ended_minute = *m.ended->minute;
  }
  row.origin = m.origin;
  row.destination = m.destination;
  row.place_type = stored_code(m.place_type);
  row.missing_risk = stored_code(m.missing_risk);
  row.exploitation_risk = stored_code(m.exploitation_risk);
  row.factors = static_cast<std::uint16_t>(m.factors);
  row.sex = stored_code(m.sex);
  row.care_status = stored_code(m.care_status);
  row.return_interview = stored_code(m.return_interview);
  row.age = m.age;
  row.birthday18_month = m.adult_month;
  row.case_ref_sealed = m.case_ref;
  return row;
}

}  // namespace

struct ImportDesk::Run {
  ImportRequest request;
  Reply reply;
  std::optional<import::CaseRefSealer> case_refs;
  std::optional<import::MovementParser> movements;  // one of the three
  std::optional<import::ReturnParser> yearly;
  std::optional<import::CrosswalkParser> crosswalk;
  std::optional<CrosswalkPlan> plan;  // of a crosswalk that has been read
  std::optional<import::ReferenceKey> reference_key;
  import::ParsedFile file;
  SessionId session;
  std::optional<protocol::PseudonymiseClient> client;
  std::optional<UtcTime> wake_at;
  std::vector<ByteArray<32>> pseudonyms;

  ~Run() {
    for (auto& p : pseudonyms) wipe(p);
  }
};

ImportDesk::ImportDesk(LineageContext& lineage, const KeyDesk& keys, const Environment& environment,
                       const policies::CodeList& codes)
    : lineage_(lineage), keys_(keys), env_(environment), codes_(codes) {}

ImportDesk::~ImportDesk() = default;

Result<void> ImportDesk::begin(ImportRequest request, Reply reply, UtcTime now) {
  if (run_) return try_again("another import is under way", "try again when it has ended");
  if (!lineage_.own().roles.contributor)
    return denied(lineage_.self.str() + " holds no records in this agreement",
                  "only contributors import");
  HR_TRY(check_in_force(lineage_.agreement, now));
  if (!keys_.key() && !request.dry_run)
    return try_again("the pseudonym key is not there yet: " + keys_.state(),
                     "see `hedgerow keys status`");
  auto run = std::make_unique<Run>();
  run->request = std::move(request);
  run->reply = std::move(reply);
  env_.rng.fill(run->session.bytes);
  run->reference_key = import::ReferenceKey::copy_from(lineage_.store.reference_key().expose());
  if (run->request.crosswalk) {
    run->crosswalk.emplace(run->request.source, *run->reference_key);
    run_ = std::move(run);
    return {};
  }
  HR_ASSIGN(const auto reidentification, lineage_.store.reidentification_key());
  if (reidentification) {
    HR_ASSIGN(const SealPublicKey key, SealPublicKey::decode(*reidentification));
    run->case_refs.emplace(key, env_.rng);
  }
  const policies::Day today = policies::london_day(now);
  import::ParseContext context{codes_,
                               run->request.source,
                               *run->reference_key,
                               run->case_refs ? &*run->case_refs : nullptr,
                               policies::minus(today, lineage_.agreement.retention_records),
                               today};
  if (run->request.parts.empty()) {
    run->movements.emplace(std::move(context));
  } else {
    HR_ASSIGN(auto yearly, import::ReturnParser::create(std::move(context), run->request.parts));
    run->yearly.emplace(std::move(yearly));
  }
  run_ = std::move(run);
  return {};
}

bool ImportDesk::wants_file() const {
  return run_ && (run_->movements || run_->yearly || run_->crosswalk);
}

Result<void> ImportDesk::feed(ByteView chunk) {
  HR_CHECK(wants_file());
  auto fed = run_->movements   ? run_->movements->feed(chunk)
             : run_->crosswalk ? run_->crosswalk->feed(chunk)
                               : run_->yearly->feed(chunk);
  if (!fed.ok()) run_.reset();
  return fed;
}

void ImportDesk::cancel() { run_.reset(); }

void ImportDesk::fail(const Error& error) {
  const Reply reply = run_->reply;
  run_.reset();
  reply.error(error);
}

Result<Work> ImportDesk::end_of_file(UtcTime now) {
  HR_CHECK(wants_file());
  if (run_->crosswalk) return crosswalk_read(now);
  if (run_->yearly) {
    if (auto ended = run_->yearly->end_of_file(); !ended.ok()) {
      run_.reset();
      return std::move(ended).error();
    }
    if (!run_->yearly->complete()) return Work{};
  }
  auto parsed =
      run_->movements ? std::move(*run_->movements).finish() : std::move(*run_->yearly).finish();
  run_->movements.reset();
  run_->yearly.reset();
  if (!parsed.ok()) {
    run_.reset();
    return std::move(parsed).error();
  }
  run_->file = std::move(parsed).value();
  return all_read(now);
}

Result<Work> ImportDesk::all_read(UtcTime now) {
  const import::Report& report = run_->file.report;
  const bool stop = report.refused > 0 && !run_->request.skip_bad;
  if (stop || run_->request.dry_run || run_->file.movements.empty()) {
    nlohmann::json result = {{"schema", "hedgerow/import/1"},
                             {"report", to_json(report, run_->request)},
                             {"imported", false},
                             {"dry_run", run_->request.dry_run},
                             {"added", 0},
                             {"replaced", 0},
                             {"unchanged", 0},
                             {"exit", stop ? static_cast<int>(Code::bad_input) : 0}};
    const Reply reply = run_->reply;
    run_.reset();
    reply.result(result);
    return Work{};
  }
  return ask_keyholders(now);
}

Result<Work> ImportDesk::crosswalk_read(UtcTime now) {
  auto parsed = std::move(*run_->crosswalk).finish();
  run_->crosswalk.reset();
  auto known = lineage_.store.children().known();
  if (!parsed.ok() || !known.ok()) {
    run_.reset();
    return parsed.ok() ? std::move(known).error() : std::move(parsed).error();
  }
  run_->plan.emplace(std::move(parsed).value(), *known, run_->request.replace);
  const bool stop = run_->plan->report().refused > 0 && !run_->request.skip_bad;
  if (stop || run_->request.dry_run || run_->plan->asked() == 0) {
    const nlohmann::json result =
        run_->plan->to_json(run_->request, stop ? Code::bad_input : std::optional<Code>());
    const Reply reply = run_->reply;
    run_.reset();
    reply.result(result);
    return Work{};
  }
  run_->file.identifiers = run_->plan->take_identifiers();
  return ask_keyholders(now);
}

Result<Work> ImportDesk::ask_keyholders(UtcTime now) {
  HR_ASSIGN(protocol::PseudonymiseSetup setup, evaluation_setup(lineage_, keys_, "import"));
  setup.max_in_flight = kBatchesInFlight;
  WipingVector<protocol::NhsDigits> inputs;
  inputs.reserve(run_->file.identifiers.size());
  for (const import::NhsNumber& n : run_->file.identifiers) {
    protocol::NhsDigits digits{};
    std::copy(n.digits().begin(), n.digits().end(), digits.begin());
    inputs.push_back(digits);
    wipe(digits);
  }
  run_->file.identifiers = import::NhsNumbers();
  auto client = protocol::PseudonymiseClient::create(std::move(setup), std::move(inputs));
  if (!client.ok()) {
    run_.reset();
    return std::move(client).error();
  }
  run_->client.emplace(std::move(client).value());
  return after(run_->client->start(now, env_.rng), now);
}

bool ImportDesk::owns(const SessionId& session) const {
  return run_ && run_->client && run_->session == session;
}

Result<Work> ImportDesk::on_message(const Delivery& d, UtcTime now) {
  HR_CHECK(owns(d.session));
  HR_ASSIGN(auto step, run_->client->on_message(d.from, d.type, d.body, now, env_.rng));
  return after(std::move(step), now);
}

Work ImportDesk::on_time(UtcTime now) {
  if (!run_ || !run_->client || !run_->wake_at || *run_->wake_at > now) return {};
  run_->wake_at.reset();
  return after(run_->client->on_time(now, env_.rng), now);
}

std::optional<UtcTime> ImportDesk::next_wake() const { return run_ ? run_->wake_at : std::nullopt; }

Work ImportDesk::after(protocol::Step step, UtcTime now) {
  Work work;
  work.log = std::move(step.log);
  for (Outgoing& m : step.send) {
    m.lifetime = std::min<std::chrono::seconds>(m.lifetime, kEvaluationLifetime);
    work.send.push_back({run_->session, std::move(m)});
  }
  if (step.wake_at) run_->wake_at = step.wake_at;
  if (!run_->client->finished()) {
    run_->reply.progress(
        {{"step", "pseudonyms"}, {"done", run_->client->done()}, {"total", run_->client->total()}});
    return work;
  }
  auto pseudonyms = std::move(*run_->client).take_result();
  run_->client.reset();
  run_->wake_at.reset();
  if (!pseudonyms.ok()) {
    fail(pseudonyms.error());
    return work;
  }
  run_->pseudonyms.reserve(pseudonyms->size());
  for (const Pseudonym& p : *pseudonyms) {
    ByteArray<32> bytes{};
    std::copy(p.expose().begin(), p.expose().end(), bytes.begin());
    run_->pseudonyms.push_back(bytes);
  }
  auto stored = run_->plan ? store_crosswalk(now) : store_rows(now);
  if (!stored.ok())
    fail(stored.error());
  else
    work.add(std::move(stored).value());
  return work;
}

// Everything in one transaction, and the reply only after it is durable.
Result<Work> ImportDesk::store_rows(UtcTime now) {
  std::shared_ptr<Run> run = std::move(run_);
  auto rows = std::make_shared<std::vector<store::MovementRow>>();
  rows->reserve(run->file.movements.size());
  for (const auto& m : run->file.movements) rows->push_back(to_row(m, run->pseudonyms));

  store::ImportBatch batch;
  batch.id = run->session;
  batch.at = now;
  if (run->case_refs) batch.sealed_case_key = run->case_refs->sealed_key();
  auto counts = std::make_shared<store::ImportCounts>();
  Work work;
  const import::Report& report = run->file.report;
  work.note("import", {{"import", run->session.hex()},
                       {"read", std::to_string(report.read)},
                       {"stored", std::to_string(report.good)},
                       {"refused", std::to_string(report.refused)},
                       {"older", std::to_string(report.old)}});
  work.write([batch, rows, counts](store::LineageStore& s) -> Result<void> {
    HR_ASSIGN(*counts, s.records().apply_import(batch, *rows));
    return {};
  });
  work.then.push_back([run, counts](const Committed&) {
    run->reply.result({{"schema", "hedgerow/import/1"},
                       {"import", run->session.hex()},
                       {"report", to_json(run->file.report, run->request)},
                       {"imported", true},
                       {"dry_run", false},
                       {"added", counts->added},
                       {"replaced", counts->replaced},
                       {"unchanged", counts->unchanged},
                       {"exit", 0}});
  });
  return work;
}

// As store_rows. Where nothing differs from what is known there is nothing to write but the log.
Result<Work> ImportDesk::store_crosswalk(UtcTime now) {
  std::shared_ptr<Run> run = std::move(run_);
  auto lines =
      std::make_shared<WipingVector<store::CrosswalkLine>>(run->plan->settle(run->pseudonyms));
  Work work;
  work.note("crosswalk", run->plan->log_fields(run->session));
  if (!lines->empty())
    work.write([batch = store::ImportBatch{run->session, now, {}}, lines](store::LineageStore& s) {
      return s.children().apply_crosswalk(batch, *lines);
    });
  work.then.push_back([run](const Committed&) {
    nlohmann::json result = run->plan->to_json(run->request, std::nullopt);
    result["import"] = run->session.hex();
    result["imported"] = true;
    run->reply.result(result);
  });
  return work;
}

}  // namespace hedgerow::core
