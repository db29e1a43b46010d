#include "node/core/fetch_desk.h"

#include <algorithm>

#include "crypto/hash.h"
#include "node/core/install.h"
#include "policies/calendar.h"
#include "policies/trace.h"

namespace hedgerow::core {

// A lost question is asked again while its answer is still waited for.
static_assert(kLongestResend <= protocol::trace::kHeaderPatience &&
              kLongestResend <= protocol::trace::kChunkPatience);

using protocol::trace::Chunk;
using protocol::trace::DirectoryFetch;
using protocol::trace::DirectoryHeader;
using protocol::trace::DirectoryRoot;
using protocol::trace::SignedHeader;

namespace {

std::int32_t date_of(UtcTime t) {
  return static_cast<std::int32_t>(
      std::chrono::floor<std::chrono::days>(t).time_since_epoch().count());
}

std::string in_text(std::int32_t day) { return policies::to_text(policies::Day{day}); }

// Of a statement that was verified before it was stored.
Result<DirectoryHeader> header_in(ByteView statement) {
  HR_ASSIGN(const auto s, protocol::Statement::decode(statement));
  return DirectoryHeader::decode(s.body());
}

// The root over the stored chunks and, where it is none of them, the last.
Result<MerkleHash> root_of(store::LineageStore& store, const PartyId& party,
                           const DirectoryHeader& header, const Bytes& last) {
  DirectoryRoot root;
  const std::uint32_t stored = header.chunks() - (last.empty() ? 0U : 1U);
  for (std::uint32_t n = 0; n < stored; ++n) {
    HR_ASSIGN(const auto chunk, store.traces().chunk(party, header.day, n));
    if (!chunk) return internal("a part of a fetched directory is not in the store");
    root.add(*chunk);
  }
  root.add(last);
  return root.root();
}

}  // namespace

bool FetchDesk::Run::ended() const {
  return std::ranges::all_of(parties, [](const Party& p) { return p.ended(); });
}

Result<std::optional<DirectoryHeader>> FetchDesk::whole(const PartyId& party, std::int32_t day) {
  HR_ASSIGN(const auto stored, lineage_.store.traces().find_directory(party, day));
  if (!stored || !stored->complete) return std::optional<DirectoryHeader>();
  HR_ASSIGN(const DirectoryHeader header, header_in(stored->header));
  return std::optional(header);
}

Result<Work> FetchDesk::refresh(UtcTime now, Done done) {
  if (!lineage_.agreement.trace)
    return denied("the agreement " + lineage_.id().str() + " has no grant of traces");
  if (!lineage_.own().roles.contributor)
    return denied(lineage_.self.str() + " holds no records in this agreement",
                  "only contributors trace");
  HR_TRY(check_in_force(lineage_.agreement, now));
  if (run_) {
    if (run_->waiting.size() >= kMaxFetchWaiting)
      return try_again("too many wait for the directories");
    run_->waiting.push_back(std::move(done));
    return Work{};
  }
  Run& run = run_.emplace();
  env_.rng.fill(run.session.bytes);
  run.ends_at = now + kLongestFetch;
  run.touched = now;
  run.waiting.push_back(std::move(done));
  Work work;
  for (const PartyId& id : policies::trace_responders(lineage_.agreement, lineage_.self))
    run.parties.push_back({DirectoryFetch(id)});
  for (Party& p : run.parties) {
    HR_ASSIGN(Work begun, begin(p, now));
    work.add(std::move(begun));
  }
  return std::move(work.add(end_if_ended(now)));
}

Result<Work> FetchDesk::begin(Party& p, UtcTime now) {
  const PartyId& id = p.fetch.responder();
  const std::int32_t today = date_of(now);
  HR_ASSIGN(p.kept, whole(id, today));
  p.nothing_to_do = p.kept.has_value();
  if (p.nothing_to_do) return Work{};
  HR_ASSIGN(p.kept, whole(id, today - 1));
  if (const auto standing = lineage_.peers.find(id)->check_standing(now); !standing.ok()) {
    p.bad = standing.error().text;
    return Work{};
  }
  return after(p, p.fetch.start(now));
}

Result<Work> FetchDesk::on_message(const Delivery& d, UtcTime now) {
  const auto p =
      std::ranges::find(run_->parties, d.from, [](const Party& x) { return x.fetch.responder(); });
  if (p == run_->parties.end())
    return culprit_error("a directory that nobody asked for", d.from.str());
  run_->touched = now;
  HR_ASSIGN(Work work,
            d.type == MessageType::trace_header ? on_header(*p, d, now) : on_chunk(*p, d, now));
  return std::move(work.add(end_if_ended(now)));
}

// The responder's day may have changed already.
Result<SignedHeader> FetchDesk::check_header(const PartyId& party, ByteView statement,
                                             UtcTime now) const {
  const Peer& peer = *lineage_.peers.find(party);
  HR_TRY(peer.check_standing(now));
  const auto verify = [&](UtcTime at) {
    return protocol::trace::verify_header(statement, party, peer.keys().message, lineage_.id(),
                                          lineage_.agreement.hash, date_of(at), now);
  };
  auto header = verify(now);
  return header.ok() ? std::move(header) : verify(now + kClockSkew);
}

Result<Work> FetchDesk::on_header(Party& p, const Delivery& d, UtcTime now) {
  if (p.nothing_to_do || !p.bad.empty()) return Work{};
  auto checked = check_header(d.from, d.body, now);
  if (!checked.ok()) {
    if (!p.ended()) p.bad = "its header does not hold: " + checked.error().text;
    return std::move(checked).error();
  }
  const DirectoryHeader& header = checked->header;
  HR_ASSIGN(const auto stored, lineage_.store.traces().find_directory(d.from, header.day));
  if (!stored) {
    if (p.fetch.state() != DirectoryFetch::State::header) return Work{};
    Work work;
    work.write([party = d.from, day = header.day, statement = d.body](store::LineageStore& s) {
      return s.traces().put_directory(party, day, statement);
    });
    return std::move(work.add(after(p, p.fetch.on_header(*std::move(checked), 0, now))));
  }
  HR_ASSIGN(const DirectoryHeader before, header_in(stored->header));
  if (before != header) return note_difference(p, header.day, stored->header, d.body);
  if (p.fetch.state() != DirectoryFetch::State::header) return Work{};
  if (stored->complete) {  // there is no newer one there
    p.kept = before;
    p.nothing_to_do = true;
    return Work{};
  }
  HR_ASSIGN(const std::uint32_t chunks, lineage_.store.traces().chunks_stored(d.from, header.day));
  Work work = after(p, p.fetch.on_header(*std::move(checked), chunks, now));
  if (p.fetch.state() == DirectoryFetch::State::complete) {
    HR_ASSIGN(Work closed, close(p, {}));
    work.add(std::move(closed));
  }
  return work;
}

// Both are signed: whoever has the two shows that the responder told different things.
Work FetchDesk::note_difference(Party& p, std::int32_t day, ByteView kept, ByteView other) {
  Work work;
  if (!p.ended()) p.bad = "showed two different directories of " + in_text(day);
  if (std::exchange(p.differs, true)) return work;
  work.note("trace.directory.differs", {{"party", p.fetch.responder().str()},
                                        {"day", in_text(day)},
                                        {"kept", to_base64(kept)},
                                        {"refused", to_base64(other)}});
  return work;
}

Result<Work> FetchDesk::on_chunk(Party& p, const Delivery& d, UtcTime now) {
  if (p.ended()) return Work{};
  auto chunk = Chunk::decode(d.body);
  if (!chunk.ok()) {
    p.bad = "sent what is no part of a directory";
    return culprit_error(chunk.error().text, d.from.str());
  }
  const std::uint32_t before = p.fetch.chunks();
  const std::uint32_t number = chunk->chunk;
  Bytes records = chunk->records;
  HR_ASSIGN(protocol::Step step, p.fetch.on_chunk(*std::move(chunk), now));
  if (p.fetch.chunks() == before) return Work{};  // once more
  if (p.fetch.state() == DirectoryFetch::State::complete) return close(p, records);
  Work work;
  work.write([party = d.from, day = p.fetch.header()->header.day, number,
              records = std::move(records)](store::LineageStore& s) {
    return s.traces().put_chunk(party, day, number, records);
  });
  return std::move(work.add(after(p, std::move(step))));
}

Result<Work> FetchDesk::close(Party& p, const Bytes& last) {
  const SignedHeader& have = *p.fetch.header();
  const DirectoryHeader& header = have.header;
  const PartyId& party = p.fetch.responder();
  HR_ASSIGN(const MerkleHash root, root_of(lineage_.store, party, header, last));
  Work work;
  protocol::LogNote note{"trace.directory.fetched",
                         {{"party", party.str()},
                          {"day", in_text(header.day)},
                          {"records", std::to_string(header.records)},
                          {"header", sha256_id(have.statement).hex()}}};
  if (root != header.root) {
    p.bad = "the root of its directory is not the one it signed";
    note.kind = "trace.directory.bad";
    note.fields.emplace_back("root", to_hex(root));
    work.write([party, day = header.day](store::LineageStore& s) {
      return s.traces().drop_directory(party, day);
    });
  } else {
    work.write([party, day = header.day, number = header.chunks() - 1,
                last](store::LineageStore& s) -> Result<void> {
      if (!last.empty()) HR_TRY(s.traces().put_chunk(party, day, number, last));
      return s.traces().set_complete(party, day);
    });
  }
  work.log.push_back(std::move(note));
  return work;
}

Work FetchDesk::after(Party& p, protocol::Step step) {
  Work work;
  for (Outgoing& m : step.send) work.send.push_back({run_->session, std::move(m)});
  if (step.wake_at) p.wake_at = step.wake_at;
  return work;
}

Work FetchDesk::end_if_ended(UtcTime now) {
  Work work;
  if (!run_->ended()) return work;
  std::vector<FetchedDirectory> all;
  for (const Party& p : run_->parties) {
    FetchedDirectory f{p.fetch.responder(), p.kept, false, p.bad};
    if (!p.nothing_to_do && p.bad.empty() && p.fetch.state() == DirectoryFetch::State::complete) {
      f.header = p.fetch.header()->header;
      f.fetched = true;
    } else if (!p.nothing_to_do && p.bad.empty()) {
      f.why = p.fetch.why();
    }
    all.push_back(std::move(f));
  }
  for (Done& done : run_->waiting)
    work.follow.push_back(
        [done = std::move(done), all, now](const Committed&) { return done(all, now); });
  run_.reset();
  return work;
}

Result<Work> FetchDesk::on_time(UtcTime now) {
  Work work;
  if (!run_) return work;
  for (Party& p : run_->parties) {
    if (p.ended()) continue;
    work.add(after(p, p.fetch.on_time(now)));
    if (now >= run_->ends_at) p.fetch.fail("took too long");
  }
  return std::move(work.add(end_if_ended(now)));
}

std::optional<UtcTime> FetchDesk::next_wake() const {
  if (!run_) return std::nullopt;
  if (run_->ended()) return run_->touched;
  UtcTime at = run_->ends_at;
  for (const Party& p : run_->parties)
    if (!p.ended() && p.wake_at) at = std::min(at, *p.wake_at);
  return at;
}

Result<std::optional<Bytes>> FetchDesk::find(const PartyId& party, std::int32_t day,
                                             const TraceTag& tag) {
  HR_ASSIGN(const auto header, whole(party, day));
  if (!header) return bad_input("the directory is not here any more");
  HR_ASSIGN(const auto chunk, lineage_.store.traces().chunk_with(party, day, tag));
  if (!chunk) return std::optional<Bytes>();
  const auto record = protocol::trace::find_record(*chunk, tag);
  return record ? std::optional(to_bytes(*record)) : std::optional<Bytes>();
}

}  // namespace hedgerow::core
