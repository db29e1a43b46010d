#include "node/core/directory_desk.h"

#include <limits>
#include <memory>

#include "crypto/hash.h"
#include "node/core/duty_contact.h"
#include "policies/calendar.h"

namespace hedgerow::core {

using protocol::trace::Chunk;
using protocol::trace::ChunkGet;
using protocol::trace::Directory;
using protocol::trace::DirectoryBuilder;

namespace {

static_assert(store::kMaxTraceChunk == protocol::trace::kChunkRecords * kTraceRecordSize);
static_assert(store::kMaxTraceChunks * protocol::trace::kChunkRecords ==
              protocol::trace::kMaxRecords);
static_assert(store::kMaxDutyContact + 2 <= kMaxTraceContact);

std::int32_t day_of(UtcTime t) {
  return static_cast<std::int32_t>(
      std::chrono::floor<std::chrono::days>(t).time_since_epoch().count());
}

UtcTime beginning_of(std::int32_t day) { return std::chrono::sys_days(std::chrono::days(day)); }

// One transaction, so that what is served is always whole.
Work::Write keep(const PartyId& self, std::shared_ptr<const Directory> d, Bytes statement) {
  return [=](store::LineageStore& s) -> Result<void> {
    store::Traces traces = s.traces();
    const std::int32_t day = d->header.day;
    HR_TRY(traces.put_day(day, d->secret, statement));
    HR_TRY(traces.put_directory(self, day, statement));
    for (std::uint32_t n = 0; n < d->header.chunks(); ++n)
      HR_TRY(traces.put_chunk(self, day, n, d->chunk(n)));
    return traces.set_complete(self, day);
  };
}

}  // namespace

DirectoryDesk::DirectoryDesk(LineageContext& lineage, const KeyDesk& keys,
                             const Environment& environment)
    : lineage_(lineage), keys_(keys), env_(environment) {}

bool DirectoryDesk::takes_part() const {
  return lineage_.agreement.trace && lineage_.own().roles.contributor;
}

bool DirectoryDesk::may_make(UtcTime now) const {
  return takes_part() && lineage_.agreement.in_force(now) && keys_.key().has_value();
}

Result<Work> DirectoryDesk::restore(UtcTime now) {
  if (!lineage_.own().roles.contributor) return Work{};
  HR_ASSIGN(const bool keeps,
            lineage_.store.traces().any_before(std::numeric_limits<std::int32_t>::max()));
  if (!takes_part() && !keeps) return Work{};
  // What was erased before a crash may still stand in the write-ahead log, and nothing else says
  // so.
  HR_TRY(lineage_.store.database().checkpoint());
  day_ = day_of(now);
  wake_at_ = beginning_of(day_ + 1);
  HR_ASSIGN(Work work, forget_old(now));
  HR_ASSIGN(const auto newest, lineage_.store.traces().newest_own_day());
  if (newest == day_ - 1) {
    HR_ASSIGN(Work begun, begin(now));
    work.add(std::move(begun));
  }
  return work;
}

Result<Work> DirectoryDesk::forget_old(UtcTime now) {
  const std::int32_t first = day_of(now) - 1;
  HR_ASSIGN(const bool any, lineage_.store.traces().any_before(first));
  Work work;
  if (!any) return work;
  work.write([self = lineage_.self, first](store::LineageStore& s) -> Result<void> {
    HR_TRY(s.traces().erase_days_before(self, first));
    return s.traces().drop_directories_before(first);
  });
  // What was overwritten in the file may still stand in the write-ahead log.
  work.follow.push_back([this](const Committed&) -> Result<Work> {
    HR_TRY(lineage_.store.database().checkpoint());
    return Work{};
  });
  return work;
}

// In one line, as it is shown to whoever traces.
Result<std::string> DirectoryDesk::contact() {
  HR_ASSIGN(const ShownContact shown, shown_contact(lineage_));
  if (shown.words.hours.empty()) return shown.words.contact;
  return shown.words.contact + ", " + shown.words.hours;
}

// Of the present day; one that was begun before is left where it is, with its secret.
Result<Work> DirectoryDesk::begin(UtcTime now) {
  builder_.reset();
  Work work;
  if (!may_make(now)) {
    waiting_.clear();
    return work;
  }
  const std::int32_t day = day_of(now);
  const auto first = policies::minus(policies::Day{day}, lineage_.agreement.trace->history);
  HR_ASSIGN(const auto shared, lineage_.store.children().shared(first.number));
  WipingVector<Pseudonym> children;
  children.reserve(shared.size());
  for (const auto& bytes : shared) {
    if (children.size() == protocol::trace::kMaxRecords) {
      work.note("trace.directory.full", {{"day", policies::to_text(policies::Day{day})}});
      break;
    }
    HR_ASSIGN(const Pseudonym child, Pseudonym::from_store(bytes));
    children.push_back(child);
  }
  ready_at_ = now + std::chrono::ceil<std::chrono::milliseconds>(
                        kDirectoryPace * protocol::trace::bucket_of(children.size()));
  HR_ASSIGN(std::string words, contact());
  builder_.emplace(lineage_.id(), lineage_.self, day, std::move(children), std::move(words),
                   env_.rng);
  wake_at_ = now;
  return work;
}

Result<Work> DirectoryDesk::go_on(UtcTime now) {
  builder_->add(kDirectorySlice);
  if (builder_->left() != 0 || now < ready_at_) {
    wake_at_ = builder_->left() != 0 ? now : ready_at_;
    return Work{};
  }
  const auto made = std::make_shared<const Directory>(std::move(*builder_).finish(env_.rng));
  builder_.reset();
  wake_at_ = beginning_of(day_ + 1);
  SessionId session;
  env_.rng.fill(session.bytes);
  const auto& h = made->header;
  const Bytes statement =
      protocol::Statement::sign(env_.keyring.message(), MessageType::trace_header,
                                {lineage_.self, lineage_.id(), lineage_.agreement.hash, session, 0,
                                 beginning_of(h.day + 2)},
                                h.encode())
          .encode();
  Work work;
  work.note("trace.directory", {{"day", policies::to_text(policies::Day{h.day})},
                                {"records", std::to_string(h.records)},
                                {"header", sha256_id(statement).hex()}});
  work.write(keep(lineage_.self, made, statement));
  for (const auto& [party, asked] : std::exchange(waiting_, {}))
    work.message(asked, party, MessageType::trace_header, statement, kDirectoryLifetime);
  return work;
}

Result<Work> DirectoryDesk::on_message(const Delivery& d, UtcTime now) {
  if (!takes_part()) return culprit_error("asks for a directory where none is made", d.from.str());
  const auto* party = lineage_.agreement.party(d.from);
  if (d.from == lineage_.self || party == nullptr || !party->roles.contributor)
    return culprit_error("asks for a directory, and may not trace", d.from.str());
  return d.type == MessageType::trace_header_get ? on_header_get(d, now) : on_chunk_get(d, now);
}

Result<Work> DirectoryDesk::on_header_get(const Delivery& d, UtcTime now) {
  if (!d.body.empty()) return culprit_error("a request for a header with a body", d.from.str());
  store::Traces traces = lineage_.store.traces();
  HR_ASSIGN(const auto newest, traces.newest_own_day());
  Work work;
  if (newest && *newest >= day_of(now) - 1) {
    HR_ASSIGN(const auto own, traces.own_day(*newest));
    if (!own) return internal("a directory without its day");
    work.message(d.session, d.from, MessageType::trace_header, own->header, kDirectoryLifetime);
    return work;
  }
  if (!builder_) {
    HR_ASSIGN(work, begin(now));
  }
  if (builder_) waiting_[d.from] = d.session;
  return work;
}

Result<Work> DirectoryDesk::on_chunk_get(const Delivery& d, UtcTime now) {
  const auto asked = ChunkGet::decode(d.body);
  if (!asked.ok()) return culprit_error(asked.error().text, d.from.str());
  Served& served = served_[d.from];
  if (now - served.since >= kDirectoryLifetime) served = {now, 0};
  if (served.chunks >= kMaxChunksServed)
    return culprit_error("asks for more of a directory than there is", d.from.str());
  HR_ASSIGN(auto records, lineage_.store.traces().chunk(lineage_.self, asked->day, asked->chunk));
  if (!records)
    return culprit_error("asks for a part of a directory that is not here", d.from.str());
  ++served.chunks;
  Work work;
  work.message(d.session, d.from, MessageType::trace_chunk,
               Chunk{asked->day, asked->chunk, *std::move(records)}.encode(), kDirectoryLifetime);
  return work;
}

Result<Work> DirectoryDesk::on_time(UtcTime now) {
  Work work;
  if (!wake_at_) return work;
  if (const std::int32_t today = day_of(now); today != day_) {
    day_ = today;
    wake_at_ = beginning_of(today + 1);
    HR_ASSIGN(work, forget_old(now));
    HR_ASSIGN(Work begun, begin(now));
    work.add(std::move(begun));
  }
  if (builder_) {
    HR_ASSIGN(Work more, go_on(now));
    work.add(std::move(more));
  }
  return work;
}

std::optional<UtcTime> DirectoryDesk::next_wake() const { return wake_at_; }

}  // namespace hedgerow::core
