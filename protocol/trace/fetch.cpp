#include "protocol/trace/fetch.h"

#include <algorithm>

#include "crypto/trace_record.h"

namespace hedgerow::protocol::trace {

Result<SignedHeader> verify_header(ByteView bytes, const PartyId& responder, const VerifyKey& key,
                                   const Lineage& lineage, const AgreementHash& agreement,
                                   std::int32_t today, UtcTime now) {
  const auto decoded = Statement::decode(bytes);
  if (!decoded.ok()) return culprit_error(decoded.error().text, responder.str());
  const Statement& s = *decoded;
  const auto& h = s.header();
  if (h.sender != responder || h.lineage != lineage || h.agreement != agreement)
    return culprit_error("a directory of another party, lineage or agreement", responder.str());
  HR_TRY(s.verify(key, MessageType::trace_header, now));
  auto header = DirectoryHeader::decode(s.body());
  if (!header.ok()) return culprit_error(header.error().text, responder.str());
  if (header->day > today || header->day < today - 1)
    return culprit_error("a directory of another day than today or yesterday", responder.str());
  return SignedHeader{*header, to_bytes(bytes)};
}

Step DirectoryFetch::start(UtcTime now) {
  Step step;
  deadline_ = now + kHeaderPatience;
  step.send.push_back({responder_, MessageType::trace_header_get, {}, kHeaderPatience});
  step.wake_at = deadline_;
  return step;
}

Step DirectoryFetch::ask(UtcTime now) {
  Step step;
  if (next_ == header_->header.chunks()) {
    state_ = State::complete;
    return step;
  }
  deadline_ = now + kChunkPatience;
  step.send.push_back({responder_, MessageType::trace_chunk_get,
                       ChunkGet{header_->header.day, next_}.encode(), kChunkPatience});
  step.wake_at = deadline_;
  return step;
}

Step DirectoryFetch::on_header(SignedHeader header, std::uint32_t chunks_stored, UtcTime now) {
  if (state_ != State::header) return {};
  header_ = std::move(header);
  next_ = std::min(chunks_stored, header_->header.chunks());
  state_ = State::chunks;
  return ask(now);
}

Result<Step> DirectoryFetch::on_chunk(Chunk chunk, UtcTime now) {
  if (state_ != State::chunks) return Step{};
  const DirectoryHeader& h = header_->header;
  if (chunk.day == h.day && chunk.chunk < next_) return Step{};  // once more
  if (chunk.day != h.day || chunk.chunk != next_ ||
      chunk.records.size() != std::size_t{h.records_in(next_)} * kTraceRecordSize) {
    fail("sent another part of its directory than was asked for");
    return culprit_error("another part of a directory than was asked for", responder_.str());
  }
  ++next_;
  return ask(now);
}

Step DirectoryFetch::on_time(UtcTime now) {
  Step step;
  if (ended()) return step;
  if (now >= deadline_)
    fail("did not answer in time");
  else
    step.wake_at = deadline_;
  return step;
}

void DirectoryFetch::fail(std::string why) {
  if (ended()) return;
  state_ = State::failed;
  why_ = std::move(why);
}

}  // namespace hedgerow::protocol::trace
